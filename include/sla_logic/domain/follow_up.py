"""What people do about an incident after its run has ended, and what the customer is told of it."""

from enum import StrEnum

from pydantic import AwareDatetime

from include.sla_logic.domain.document import Document, Value
from include.sla_logic.domain.verification import Check


class Basis(StrEnum):
    """What a resolution rests on."""

    MEASUREMENT = "measurement"
    REASON = "reason"


class WorkDone(Document):
    """Work on the service that a person recorded: what was done and when; who recorded it and when."""

    ticket: str
    done: str
    done_at: AwareDatetime
    recorded_by: str
    recorded_at: AwareDatetime


class Remeasurement(Document):
    """The service measured again against every bound of its contract, asked for by a person."""

    ticket: str
    checks: tuple[Check, ...]
    measured_by: str
    measured_at: AwareDatetime

    @property
    def passed(self) -> bool:
        """Tell whether every bound was reached; a measurement without an answer reaches none."""
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def verdict(self) -> str:
        """Say for the timeline what was measured."""
        missed = [check.shortcoming for check in self.checks if not check.passed]
        return "every bound is reached" if self.passed else "; ".join(missed) or "nothing was measured"


class Resolution(Document):
    """The end of an incident that its run had left open; `measured_at` names the measurement that it rests on."""

    ticket: str
    basis: Basis
    measured_at: AwareDatetime | None
    reason: str
    resolved_by: str
    resolved_at: AwareDatetime


class Reopening(Document):
    """A resolved incident that is open again; what was measured before proves nothing any more."""

    ticket: str
    reason: str
    reopened_by: str
    reopened_at: AwareDatetime


class FollowUpState(StrEnum):
    """How an incident stands when the customer is written to again."""

    WORKS_AGAIN = "works_again"
    CLOSED = "closed"
    REOPENED = "reopened"
    STILL_OPEN = "still_open"


class FollowUp(Value):
    """What a further letter about an incident tells: how it stands, when work was done, and the letter before."""

    state: FollowUpState
    wrote_at: AwareDatetime
    worked_at: tuple[AwareDatetime, ...] = ()
    checks: tuple[Check, ...] = ()

    @property
    def is_settled(self) -> bool:
        """Tell whether the incident is resolved."""
        return self.state in {FollowUpState.WORKS_AGAIN, FollowUpState.CLOSED}
