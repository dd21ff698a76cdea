"""What Service Management reports to Customer Service (rows 17 and 25)."""

from collections.abc import Sequence
from enum import StrEnum

from pydantic import AwareDatetime

from include.sla_logic.domain.corrective_actions import CorrectiveActions
from include.sla_logic.domain.document import Document
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.restoration import RestorationOutcome, RestorationTermination, TroubleshootingReport
from include.sla_logic.domain.service_performance import ServicePerformance
from include.sla_logic.domain.status_report import FinalStatusReport
from include.sla_logic.domain.verification import Check


class Outcome(StrEnum):
    """How the search for the problem and its correction ended."""

    NO_PROBLEM_FOUND = "no_problem_found"
    NOT_EXAMINED = "not_examined"
    RESTORED = "restored"
    CORRECTION_NOT_VERIFIED = "correction_not_verified"
    RESTORATION_TOO_LATE = "restoration_too_late"
    RESTORATION_REJECTED = "restoration_rejected"

    @property
    def is_settled(self) -> bool:
        """Tell whether the ticket may be resolved; everything else stays open and escalated."""
        return self in {Outcome.NO_PROBLEM_FOUND, Outcome.RESTORED}


class ServicePerformanceReport(Document):
    """The actual service performance, where no problem was detected.

    `unexamined` says why that proves nothing: no probe answered, or nothing is known on which the service runs.
    """

    ticket: str
    performance: ServicePerformance
    checks: tuple[Check, ...]
    type_of_problem: str | None
    sent_at: AwareDatetime
    unexamined: str | None = None

    @property
    def outcome(self) -> Outcome:
        """Say that no problem was found, unless a fresh measurement breaks a promise or nothing was examined."""
        if self.shortcomings:
            return Outcome.CORRECTION_NOT_VERIFIED
        return Outcome.NOT_EXAMINED if self.unexamined else Outcome.NO_PROBLEM_FOUND

    @property
    def shortcomings(self) -> tuple[str, ...]:
        """Name each measurement that breaks a promise; a measurement without an answer breaks none."""
        return tuple(c.shortcoming for c in self.checks if c.measured is not None and not c.passed)

    @property
    def actions(self) -> CorrectiveActions | None:
        """Say that nothing was corrected."""
        return None


def why_not_examined(checks: Sequence[Check], resources: int | None) -> str | None:
    """Say why nothing was examined, or None; `resources` is how many were checked, None where none had to be."""
    reasons = [] if resources is None or resources > 0 else ["no resource of the service is known"]
    if all(check.measured is None for check in checks):
        reasons.append("no probe of the service answered")
    return "; ".join(reasons) or None


class ProblemResolutionReport(Document):
    """What was done about the problem, and whether a measurement proves that it helped."""

    ticket: str
    outcome: Outcome
    type_of_problem: str | None
    actions: CorrectiveActions | None
    checks: tuple[Check, ...]
    shortcomings: tuple[str, ...]
    sent_at: AwareDatetime


_TERMINATED = {
    RestorationOutcome.TOO_LATE: Outcome.RESTORATION_TOO_LATE,
    RestorationOutcome.REJECTED: Outcome.RESTORATION_REJECTED,
}


class UnableToConclude(ForeseenError):
    """There is neither a correction nor the end of a restoration to report."""


def conclude(
    final: FinalStatusReport,
    *,
    termination: RestorationTermination | None,
    troubleshooting: TroubleshootingReport | None,
    actions: CorrectiveActions | None,
    now: AwareDatetime,
) -> ProblemResolutionReport:
    """Report the outcome of the correction; a service is restored only if a measurement verified it."""
    done = troubleshooting.actions if troubleshooting else actions
    shortcomings: tuple[str, ...]
    if termination is not None:
        outcome, shortcomings = _TERMINATED[termination.outcome], ("not restored",)
    elif done is not None:
        outcome = Outcome.RESTORED if done.verified else Outcome.CORRECTION_NOT_VERIFIED
        shortcomings = done.shortcomings
    else:
        msg = f"{final.ticket} has no corrective actions and no terminated restoration to report."
        raise UnableToConclude(msg)
    return ProblemResolutionReport(
        ticket=final.ticket,
        outcome=outcome,
        type_of_problem=final.trouble.type_of_problem if final.trouble else None,
        actions=None if termination else done,
        checks=() if termination or done is None else done.checks,
        shortcomings=shortcomings,
        sent_at=now,
    )
