"""What each action of an operator does; each returns the ticket whose page follows, if there is one."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from include.sla_logic.domain.errors import InvalidInputError
from include.sla_logic.domain.follow_up import Basis
from include.sla_logic.domain.numbers import number_in
from include.sla_logic.services import UseCases
from include.sla_logic.services.holds import ClockOwner
from include.sla_logic.web.forms import UnableToReadReason
from include.sla_logic.web.translations import gettext


@dataclass(frozen=True)
class ActionRequest:
    """One action to perform: on what, by whom and why; others only where they are asked."""

    subject: str
    by: str
    reason: str
    owner: str = ""
    amount: str = ""
    received_on: str = ""
    person: str = ""
    text: str = ""
    done_at: str = ""
    basis: str = ""
    with_children: str = ""
    contested: str = ""
    undelivered: str = ""
    attachments: tuple[int, ...] = ()
    roles: tuple[str, ...] = ()


class UnableToReadAddress(InvalidInputError):
    """The address names nothing that an action can be performed on."""


def release(use_cases: UseCases, request: ActionRequest) -> str:
    """Send the held restoration request."""
    return use_cases.restorations.release(request.subject, by=request.by, reason=request.reason).ticket


def check_answer(use_cases: UseCases, ticket: str) -> None:
    """Refuse where the request was answered already, or is too late."""
    use_cases.restorations.check(ticket)


def reject(use_cases: UseCases, request: ActionRequest) -> str:
    """Reject it for good."""
    return use_cases.restorations.reject(request.subject, by=request.by, reason=request.reason).ticket


def hold(use_cases: UseCases, request: ActionRequest) -> str:
    """Put the ticket on hold."""
    owners = [owner for owner in ClockOwner if owner == request.owner]
    if not owners:
        raise UnableToReadReason(gettext("Say who owes the next step: %(choices)s.", choices=" or ".join(ClockOwner)))
    return use_cases.holds.hold(request.subject, owner=owners[0], by=request.by, reason=request.reason).id


def resume(use_cases: UseCases, request: ActionRequest) -> str:
    """End the hold."""
    return use_cases.holds.resume(request.subject, by=request.by, reason=request.reason).id


def take(use_cases: UseCases, request: ActionRequest) -> str:
    """Take a ticket that nobody has."""
    return use_cases.team.take(request.subject, by=request.by).id


def assign(use_cases: UseCases, request: ActionRequest) -> str:
    """Give a ticket to somebody."""
    return use_cases.team.assign(request.subject, request.person, by=request.by, reason=request.reason).id


def give_back(use_cases: UseCases, request: ActionRequest) -> str:
    """Let nobody have the ticket."""
    return use_cases.team.give_back(request.subject, by=request.by).id


def note(use_cases: UseCases, request: ActionRequest) -> str:
    """Keep a work note."""
    return use_cases.team.note(request.subject, request.text, by=request.by).id


def write_to_customer(use_cases: UseCases, request: ActionRequest) -> str:
    """Send the customer a message."""
    return use_cases.team.message(request.subject, request.text, by=request.by, attachments=request.attachments).id


def record(use_cases: UseCases, request: ActionRequest) -> str:
    """Record work on the service; the moment is UTC unless it says otherwise."""
    try:
        done_at = datetime.fromisoformat(request.done_at)
    except ValueError as error:
        raise UnableToReadReason(gettext("Say when it was done, as 2026-11-20T14:30 (UTC).")) from error
    moment = done_at.replace(tzinfo=UTC) if done_at.tzinfo is None else done_at
    return use_cases.follow_ups.record(request.subject, done=request.reason, done_at=moment, by=request.by).id


def measure(use_cases: UseCases, request: ActionRequest) -> str:
    """Measure the service again."""
    return use_cases.follow_ups.measure(request.subject, by=request.by, reason=request.reason).id


def resolve(use_cases: UseCases, request: ActionRequest) -> str:
    """Resolve the incident on its measurement or on the reason."""
    found = [basis for basis in Basis if basis == request.basis]
    if not found:
        raise UnableToReadReason(gettext("Say what the resolution rests on: %(choices)s.", choices=" or ".join(Basis)))
    return use_cases.follow_ups.resolve(
        request.subject,
        basis=found[0],
        by=request.by,
        reason=request.reason,
        with_children=request.with_children == "yes",
    ).id


def reopen(use_cases: UseCases, request: ActionRequest) -> str:
    """Open a resolved incident again."""
    return use_cases.follow_ups.reopen(request.subject, by=request.by, reason=request.reason).id


def write(use_cases: UseCases, request: ActionRequest) -> str:
    """Tell the customer how the incident stands."""
    return use_cases.follow_ups.write(request.subject, by=request.by, reason=request.reason).id


def approve(use_cases: UseCases, request: ActionRequest) -> str | None:
    """Book a held credit."""
    use_cases.credits.approve(request.subject, by=request.by, reason=request.reason, roles=request.roles)
    return _ticket_of(request.subject)


def enter(use_cases: UseCases, request: ActionRequest) -> str | None:
    """Name the amount of a held credit."""
    use_cases.credits.enter(request.subject, amount=request.amount, by=request.by, reason=request.reason)
    return _ticket_of(request.subject)


def claim(use_cases: UseCases, request: ActionRequest) -> str | None:
    """Book what the customer has claimed."""
    try:
        day = date.fromisoformat(request.received_on)
    except ValueError as error:
        raise UnableToReadReason(gettext("Say on which day the claim was received, as 2026-11-20.")) from error
    use_cases.credits.claim(request.subject, by=request.by, claimed_at=day, reason=request.reason)
    return _ticket_of(request.subject)


def paid_out(use_cases: UseCases, request: ActionRequest) -> str | None:
    """Note that a credit was paid out."""
    use_cases.credits.paid_out(request.subject, by=request.by, reason=request.reason)
    return _ticket_of(request.subject)


def decline(use_cases: UseCases, request: ActionRequest) -> str | None:
    """Decline a held credit."""
    use_cases.credits.decline(request.subject, by=request.by, reason=request.reason)
    return _ticket_of(request.subject)


def _ticket_of(credit: str) -> str | None:
    """Return the incident that a credit names; a round of settlement has no page of an incident."""
    name = credit.partition(":")[0]
    return name if name.startswith("TT-") else None


def release_run(use_cases: UseCases, request: ActionRequest) -> None:
    """Let a held run of settlement book what its preview shows."""
    use_cases.settlement.release(_number(request.subject), by=request.by, reason=request.reason)


def send_report(use_cases: UseCases, request: ActionRequest) -> None:
    """Mail the service report of a month, named as customer and month."""
    customer, _, month = request.subject.rpartition(":")
    use_cases.monthly_reports.send(customer, month, by=request.by)


def retry_entry(use_cases: UseCases, request: ActionRequest) -> str:
    """Accept a quarantined notification after all."""
    return use_cases.quarantine.retry(_number(request.subject), by=request.by, reason=request.reason).id


def dismiss_imports(use_cases: UseCases, request: ActionRequest) -> None:
    """Dismiss all rejected rows of imports."""
    if request.subject != "all":
        raise UnableToReadAddress(gettext("Rejected rows of imports are dismissed all together."))
    use_cases.quarantine.dismiss_imports(by=request.by, reason=request.reason)


def retry_message(use_cases: UseCases, request: ActionRequest) -> str | None:
    """Send a message again."""
    return use_cases.outbox.retry(_number(request.subject), by=request.by, reason=request.reason).ticket


def _number(subject: str) -> int:
    number = number_in("", subject)
    if number is None:
        raise UnableToReadAddress(gettext("%(text)s is not a number.", text=repr(subject[:20])))
    return number
