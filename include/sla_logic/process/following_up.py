"""What people do about an incident after its run: these are no steps of the graph, but write as steps do."""

from datetime import datetime

from include.sla_logic.domain.credit import BillingAdjustment, Rebate
from include.sla_logic.domain.customer_report import CreditStatement, CustomerReport
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.follow_up import (
    Basis,
    FollowUp,
    FollowUpState,
    Remeasurement,
    Reopening,
    Resolution,
    WorkDone,
)
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.domain.sla import SlaComparison
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.process.case_documents import agreement_and_contract, compare_now
from include.sla_logic.process.correcting import measure
from include.sla_logic.process.crediting import rebate_now
from include.sla_logic.process.customer_letters import draft_report, send_report
from include.sla_logic.process.ports import CaseFile

OVER = frozenset({TicketStatus.CLOSED, TicketStatus.REJECTED, TicketStatus.CANCELLED})
_ON_HOLD = frozenset({TicketStatus.PENDING, TicketStatus.HELD})


class UnableToFollowUp(ForeseenError):
    """An incident in this state does not allow the action; the sentence says what can be done."""


def is_over(file: CaseFile) -> bool:
    """Tell whether nothing more is done about the incident, and nobody is written to."""
    return file.ticket.status in OVER


def record_work(file: CaseFile, *, done: str, done_at: datetime, by: str) -> bool:
    """Record what was done about the service and when; return False where the same was recorded before."""
    since = file.read(ProblemNotification).observed_from
    if not since <= done_at <= file.now:
        msg = "Work on %(ticket)s at %(at)s: it lies between %(since)s and now, %(now)s."
        raise UnableToFollowUp(Sentence(msg, ticket=file.ticket.id, at=done_at, since=since, now=file.now))
    last = file.find(WorkDone)
    if last is not None and (last.done, last.done_at, last.recorded_by) == (done, done_at, by):
        return False
    file.write(WorkDone(ticket=file.ticket.id, done=done, done_at=done_at, recorded_by=by, recorded_at=file.now))
    file.record(f"Done at {_at(done_at)}, says {by}: {done}", lane=file.ticket.assigned_to)
    return True


def measure_again(file: CaseFile, *, by: str) -> None:
    """Measure the service as the process does, and keep what was measured."""
    found = Remeasurement(ticket=file.ticket.id, checks=measure(file), measured_by=by, measured_at=file.now)
    file.write(found)
    file.record(f"Measured again for {by}: {found.verdict}.", lane=file.ticket.assigned_to)


def resolve(file: CaseFile, *, basis: Basis, by: str, reason: str) -> None:
    """Resolve the ticket on the newest measurement, which must have passed, or on a person's reason alone."""
    if file.ticket.status is TicketStatus.RESOLVED:
        raise UnableToFollowUp(Sentence("%(ticket)s is resolved already.", ticket=file.ticket.id))
    found = _measurement(file) if basis is Basis.MEASUREMENT else None
    rests_on = "without a measurement" if found is None else f"as measured at {_at(found.measured_at)}"
    if file.ticket.status in {TicketStatus.ACKNOWLEDGED, *_ON_HOLD}:
        file.move_ticket(TicketStatus.IN_PROGRESS, reason=f"It is about to be resolved ({by}).")
    file.move_ticket(TicketStatus.RESOLVED, reason=f"{reason} ({by}, {rests_on})")
    file.write(
        Resolution(
            ticket=file.ticket.id,
            basis=basis,
            measured_at=None if found is None else found.measured_at,
            reason=reason,
            resolved_by=by,
            resolved_at=file.now,
        )
    )
    file.record(f"Resolved {rests_on}, says {by}: {reason}", lane=file.ticket.assigned_to)


def reopen(file: CaseFile, *, by: str, reason: str) -> None:
    """Open a resolved ticket again, for specialists."""
    file.move_ticket(TicketStatus.IN_PROGRESS, reason=f"{reason} ({by})")
    file.write(Reopening(ticket=file.ticket.id, reason=reason, reopened_by=by, reopened_at=file.now))
    file.escalate(f"reopened by {by}: {reason}")


def judge_again(file: CaseFile) -> None:
    """Judge the window as it is known now, and book what it owes beyond what was credited before.

    While a credit of the incident waits for a person nothing changes: what they decide about stays what they saw, and
    settlement brings the rest when the window is over. Nor does anything while the window is disputed. A decision on
    the same facts stands.
    """
    agreement, contract = agreement_and_contract(file)
    comparison = compare_now(file, agreement, contract, file.read(SlaComparison).window)
    if any(one.is_open for one in file.billing.disputes(agreement, comparison.window)):
        file.record("Not judged again: the window is disputed.", lane=Lane.BILLING)
        return
    rebate, before = rebate_now(file, agreement, comparison), file.read(BillingAdjustment)
    same = rebate.facts == file.read(Rebate).facts
    if same and (before.decided is not None or not rebate.lines):
        file.write(comparison)
        return
    adjustment = file.billing.book(rebate, agreement, again=True)
    if adjustment.references and adjustment.references == before.references:
        file.record(f"Not judged again: {adjustment.reason}", lane=Lane.BILLING)
        return
    for document in (comparison, rebate, adjustment):
        file.write(document)
    file.record(f"Judged again: {adjustment.booked} booked now. {adjustment.reason}", lane=Lane.BILLING)


def check_news(file: CaseFile) -> None:
    """Raise `UnableToFollowUp` where a letter would say nothing new, or more than the newest measurement shows.

    Nothing is new where the customer was written to today and nothing was recorded since.
    """
    found, ended = file.find(Remeasurement), file.find(Resolution)
    failed = None if found is None or found.passed or not found.checks else found
    newest = failed is not None and (ended is None or ended.resolved_at < failed.measured_at)
    if failed is not None and newest and file.ticket.status is TicketStatus.RESOLVED:
        msg = "%(ticket)s is resolved, but measured at %(at)s: %(verdict)s. Reopen it."
        values = {"ticket": file.ticket.id, "at": failed.measured_at, "verdict": failed.verdict}
        raise UnableToFollowUp(Sentence(msg, **values))
    before = file.read(CustomerReport).created_at
    if _last_change(file) <= before and before.date() == file.now.date():
        msg = "The customer was written to at %(at)s, and nothing was recorded for %(ticket)s since."
        raise UnableToFollowUp(Sentence(msg, at=before, ticket=file.ticket.id))


def write_again(file: CaseFile, *, by: str) -> CreditStatement:
    """Judge the money again, and tell the customer in one letter how the incident stands and what is credited.

    Whatever is booked after the run is told in the letter that is written with it.
    """
    judge_again(file)
    how = follow_up(file)
    if how is None and file.ticket.status is not TicketStatus.RESOLVED:
        how = FollowUp(state=FollowUpState.STILL_OPEN, wrote_at=file.read(CustomerReport).created_at)
    file.record(f"The customer is written to for {by}.", lane=Lane.CUSTOMER_SERVICE)
    return send_report(file, draft_report(file).model_copy(update={"follow_up": how}))


def follow_up(file: CaseFile) -> FollowUp | None:
    """Say how the incident stands for a further letter; None where nothing was done about it since its run."""
    work, found = file.find(WorkDone), file.find(Remeasurement)
    state = _state(file)
    if state is None:
        return None
    return FollowUp(
        state=state,
        wrote_at=file.read(CustomerReport).created_at,
        worked_at=() if work is None else (work.done_at,),
        checks=() if found is None else found.checks,
    )


def _state(file: CaseFile) -> FollowUpState | None:
    """Say that the service works only where the newest measurement shows it."""
    opened, ended, found = file.find(Reopening), file.find(Resolution), file.find(Remeasurement)
    if file.ticket.status is TicketStatus.RESOLVED:
        if ended is None:
            return None
        shown = ended.basis is Basis.MEASUREMENT and found is not None and found.passed
        return FollowUpState.WORKS_AGAIN if shown else FollowUpState.CLOSED
    if opened is not None:
        return FollowUpState.REOPENED
    return None if file.find(WorkDone) is None and found is None else FollowUpState.STILL_OPEN


def _measurement(file: CaseFile) -> Remeasurement:
    """Return the measurement on which the ticket may be resolved."""
    found, work, opened = file.find(Remeasurement), file.find(WorkDone), file.find(Reopening)
    if found is None:
        msg = "%(ticket)s was not measured again: measure it first, or resolve it on a reason."
        raise UnableToFollowUp(Sentence(msg, ticket=file.ticket.id))
    if not found.passed:
        msg = "The measurement of %(at)s does not show that the service works: %(verdict)s."
        raise UnableToFollowUp(Sentence(msg, at=found.measured_at, verdict=found.verdict))
    since = [work.done_at] if work else []
    since += [opened.reopened_at] if opened else []
    if since and found.measured_at < max(since):
        msg = "Measure again: since the measurement of %(at)s it was worked on or reopened."
        raise UnableToFollowUp(Sentence(msg, at=found.measured_at))
    return found


def _last_change(file: CaseFile) -> datetime:
    """Return when a person last recorded, measured, resolved or reopened, or the window was contested or decided.

    If nothing of it ever was, the beginning of the problem.
    """
    moments = [file.read(ProblemNotification).observed_from]
    moments += [one.recorded_at for one in (file.find(WorkDone),) if one]
    moments += [one.measured_at for one in (file.find(Remeasurement),) if one]
    moments += [one.reopened_at for one in (file.find(Reopening),) if one]
    moments += [one.resolved_at for one in (file.find(Resolution),) if one]
    agreement, window = agreement_and_contract(file)[0], file.read(SlaComparison).window
    for one in file.billing.disputes(agreement, window):
        moments += [one.recorded_at, one.decided_at or one.recorded_at]
    return max(moments)


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
