"""How alarms are read, and which open incidents before a customer has noticed anything (policies/alarms.yaml)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from include.sla_logic.domain.network import Severity
from include.sla_logic.domain.notification import Symptom, ToldLevel
from include.sla_logic.domain.tables import Table

Labels = Annotated[tuple[str, ...], Field(min_length=1)]


class AlarmLabels(Table):
    """Which labels of an alert say what; of several the first that the alert has counts."""

    code: Labels
    resource: Labels
    service: Labels
    severity: Labels
    text: Labels


class ProactiveRule(Table):
    """Alarms that open incidents, and what is put into them; an empty list means whatever it is."""

    codes: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    symptom: Symptom
    impact: ToldLevel
    urgency: ToldLevel

    def holds(self, code: str, severity: Severity) -> bool:
        """Tell whether an alarm of this code and severity is meant."""
        return (not self.codes or code in self.codes) and (not self.severities or severity in self.severities)


class AlarmPolicy(Table):
    """The table of alarms: words of monitoring systems in ours, and which alarms open incidents."""

    version: str
    labels: AlarmLabels
    codes: Mapping[str, str]
    severities: Mapping[str, Severity]
    other_severities: Severity
    raised_too_long: Annotated[timedelta, Field(gt=timedelta(0))]
    incidents: tuple[ProactiveRule, ...]

    def code(self, name: str) -> str:
        """Return what the diagnosis table calls an alarm of this name; other names stay as they are."""
        return self.codes.get(name, name)

    def severity(self, word: str | None) -> Severity:
        """Return the severity that a word means."""
        return self.severities.get((word or "").strip().lower(), self.other_severities)

    def rule(self, code: str, severity: Severity) -> ProactiveRule | None:
        """Return the first rule by which such an alarm opens incidents."""
        return next((rule for rule in self.incidents if rule.holds(code, severity)), None)
