"""Automatic resource restoration: request, wait, errors, end (rows 19 to 24)."""

from enum import StrEnum

from pydantic import AwareDatetime

from include.sla_logic.domain.corrective_actions import CorrectiveActions
from include.sla_logic.domain.diagnosis_table import Finding
from include.sla_logic.domain.document import Document
from include.sla_logic.domain.service_problem import ProblemTie


class RestorationOutcome(StrEnum):
    """How the wait of Resource Provisioning ended; exactly one of them is true (process.md, rule 6)."""

    IN_TIME = "in_time"
    REJECTED = "rejected"
    TOO_LATE = "too_late"


class RestorationRequest(Document):
    """Service Management's request; with `held_because` it waits for an operator's release."""

    ticket: str
    service: str
    types_of_problem: tuple[str, ...]
    remedy: str
    requested_at: AwareDatetime
    deadline: AwareDatetime
    held_because: str | None
    policy_version: str


class TrackedErrors(Document):
    """Every alarm and every resource out of service in the topology of the service.

    What was corrected meanwhile under another ticket of the same service problem is among the errors too.
    """

    ticket: str
    service: str
    resources_tracked: int
    errors: tuple[Finding, ...]
    tracked_at: AwareDatetime
    policy_version: str
    service_problems: tuple[ProblemTie, ...] = ()


class TroubleshootingReport(Document):
    """What Resource Provisioning tracked, did and measured; it ends its part."""

    ticket: str
    errors: tuple[Finding, ...]
    actions: CorrectiveActions
    restored: bool
    shortcomings: tuple[str, ...]
    sent_at: AwareDatetime


class RestorationTermination(Document):
    """Resource Provisioning ended its part without a restoration: too late, or rejected."""

    ticket: str
    outcome: RestorationOutcome
    deadline: AwareDatetime
    terminated_at: AwareDatetime
