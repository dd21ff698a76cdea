"""What is stored of a past incident, as far as its decisions rest on it."""

from collections.abc import Sequence
from dataclasses import dataclass

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.counter_measures import CounterMeasurePlan
from include.sla_logic.domain.diagnosis import Investigation, ResourceCheck, TroubleReport
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.network import Severity
from include.sla_logic.domain.problem_report import ProblemReport
from include.sla_logic.domain.restoration import RestorationRequest
from include.sla_logic.domain.significance import CustomerSignificance
from include.sla_logic.domain.sla import SlaComparison
from include.sla_logic.domain.status_report import FinalStatusReport


class UnableToReplay(ForeseenError):
    """An incident cannot be decided again: what the other way needs was never looked at."""


@dataclass(frozen=True)
class StoredCase:
    """What is stored of an incident; what it has not reached is None.

    `route` is what it chose in the remedy table; `informational` are the severities that are no errors by the tables in
    force.
    """

    ticket: str
    contract: Contract
    report: ProblemReport
    comparison: SlaComparison
    plans: Sequence[CounterMeasurePlan]
    significance: CustomerSignificance | None = None
    investigation: Investigation | None = None
    check: ResourceCheck | None = None
    trouble: TroubleReport | None = None
    final: FinalStatusReport | None = None
    route: str | None = None
    informational: tuple[Severity, ...] = ()
    request: RestorationRequest | None = None
