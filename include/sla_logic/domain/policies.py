"""The business tables in force, read and checked together."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Self

from pydantic import ValidationError, model_validator
from pydantic_core import ErrorDetails

from include.sla_logic.domain.alarm_policy import AlarmPolicy
from include.sla_logic.domain.attachments import AttachmentPolicy
from include.sla_logic.domain.contract.reading import UnableToReadContract, read_fields
from include.sla_logic.domain.contract.yaml_text import Lines, shortened
from include.sla_logic.domain.counter_measures import CounterMeasurePolicy
from include.sla_logic.domain.credit_policy import CreditPolicy
from include.sla_logic.domain.diagnosis_table import DiagnosisPolicy
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.fault_words import fault_in_words
from include.sla_logic.domain.notice_policy import NoticePolicy
from include.sla_logic.domain.policy_hours import ALWAYS, HoursTable, lie_within
from include.sla_logic.domain.priorities import Priority, PriorityPolicy
from include.sla_logic.domain.remedies import RemedyPolicy
from include.sla_logic.domain.service_hours import Opening, ServiceHours
from include.sla_logic.domain.significance import SignificancePolicy
from include.sla_logic.domain.sla_clock import ClockPolicy
from include.sla_logic.domain.tables import Table

NAMES = (
    *("priorities", "counter_measures", "significance", "diagnosis", "remedies", "credits"),
    *("sla_clock", "alarms", "notices", "attachments"),
)


class UnableToReadPolicies(ForeseenError):
    """A business table is missing, is not YAML, or contradicts itself or another table."""

    concerns_all = True


class Policies(Table):
    """All tables of policies/; they are only loaded if they fit together."""

    priorities: PriorityPolicy
    counter_measures: CounterMeasurePolicy
    significance: SignificancePolicy
    diagnosis: DiagnosisPolicy
    remedies: RemedyPolicy
    credits: CreditPolicy
    sla_clock: ClockPolicy
    alarms: AlarmPolicy
    notices: NoticePolicy
    attachments: AttachmentPolicy

    @model_validator(mode="after")
    def _has_a_remedy_for_every_diagnosis(self) -> Self:
        remedies = {remedy.type for remedy in self.remedies.remedies}
        if missing := sorted(self.diagnosis.types - remedies):
            msg = f"remedies has no remedy for {', '.join(missing)}"
            raise ValueError(msg)
        if unused := sorted(remedies - self.diagnosis.types):
            msg = f"diagnosis never ends with {', '.join(unused)}, which remedies names"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _knows_every_alarm_by_its_code(self) -> Self:
        known = {rule.alarm for rule in self.diagnosis.alarms}
        named = {*self.alarms.codes.values(), *(code for rule in self.alarms.incidents for code in rule.codes)}
        if unknown := sorted(named - known):
            msg = f"alarms names {', '.join(unknown)}, which diagnosis does not know"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _is_due_sooner_the_higher(self) -> Self:
        for higher, lower in pairwise(Priority):
            (table, inner), (other, outer) = self._written(lower), self._written(higher)
            same = (table.zone, table.calendar) == (other.zone, other.calendar)
            if not lie_within(inner, outer) or not (same or outer == ALWAYS):
                msg = (
                    f"priorities: {lower} could be due sooner than {higher}: give it service_hours that lie within "
                    f"those of {higher}, in the same zone and calendar"
                )
                raise ValueError(msg)
        return self

    def _written(self, priority: Priority) -> tuple[HoursTable, tuple[Opening, ...]]:
        """Return the hours of a priority and the table in which they stand: its own, else those of the clock."""
        own = self.priorities.service_hours.get(priority)
        return (self.sla_clock, self.sla_clock.service_hours) if own is None else (self.priorities, own)

    def hours_of(self, priority: Priority, agreed: ServiceHours | None) -> ServiceHours:
        """Return the hours in which the due time of a priority counts, under a contract whose own are `agreed`."""
        table, hours = self._written(priority)
        return table.hours_for(hours, agreed)

    @property
    def versions(self) -> dict[str, str]:
        """The version of each table, by its name."""
        return {name: getattr(self, name).version for name in NAMES}


def read_policies(texts: Mapping[str, str]) -> Policies:
    """Read the tables from the texts of `<name>.yaml`, by name; raise `UnableToReadPolicies` with every fault."""
    if missing := [name for name in NAMES if name not in texts]:
        msg = f"The business table {missing[0]}.yaml is missing."
        raise UnableToReadPolicies(msg)
    read = {name: _fields(name, texts[name]) for name in NAMES}
    try:
        return Policies.model_validate({name: fields for name, (fields, _) in read.items()})
    except ValidationError as error:
        lines = {name: known for name, (_, known) in read.items()}
        faults = "; ".join(_fault(fault, lines) for fault in error.errors())
        msg = f"The business tables cannot be used: {faults}."
        raise UnableToReadPolicies(msg) from error


def _fields(name: str, text: str) -> tuple[dict[str, Any], Lines]:
    """Read one table as contracts are read: exact numbers, and no key twice."""
    try:
        return read_fields(text, name=f"{name}.yaml")
    except UnableToReadContract as error:
        msg = f"{name}.yaml, line {error.line}, is no business table: {error.reason}."
        raise UnableToReadPolicies(msg) from error


def _fault(fault: ErrorDetails, lines: Mapping[str, Lines]) -> str:
    """Name the field, what is wrong with it, and what stands there."""
    reason, given = fault_in_words(fault), fault["input"]
    if not fault["loc"]:
        return reason
    name, *path = fault["loc"]
    field = f", {'.'.join(map(str, path))}" if path else ""
    shown = "" if given is None or isinstance(given, dict | list) else f" (given: {shortened(str(given))})"
    return f"{name}.yaml, line {lines[str(name)][tuple(path)]}{field}: {reason}{shown}"
