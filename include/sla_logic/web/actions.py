"""What an operator may do: one table for pages and API alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from include.sla_logic.domain.errors import InvalidInputError
from include.sla_logic.services import UseCases
from include.sla_logic.services.holds import ClockOwner
from include.sla_logic.web.forms import UnableToReadReason, reason_of


@dataclass(frozen=True)
class ActionRequest:
    """One action to perform: on what, by whom and why; others only where they are asked."""

    subject: str
    by: str
    reason: str
    owner: str = ""
    amount: str = ""
    received_on: str = ""
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class Action:
    """One action: how the desk explains it, how it is performed, and the notice that follows.

    `subject` is what it is performed on: ticket, credit, report (customer and month), entry (of the quarantine),
    imports (their rejected rows) or message (of the outbox).
    """

    name: str
    subject: str
    title: str
    explanation: str
    button: str
    done: str
    perform: Callable[[UseCases, ActionRequest], str | None]
    danger: bool = False
    asks_owner: bool = False
    asks_amount: bool = False
    asks_day: bool = False


class UnableToReadAddress(InvalidInputError):
    """The address names nothing that an action can be performed on."""


def action_request(subject: str, fields: Mapping[str, str], *, by: str, roles: tuple[str, ...] = ()) -> ActionRequest:
    """Read the fields of a form; raise `UnableToReadReason` without a reason."""
    owner, amount, day = (fields.get(name, "") for name in ("owner", "amount", "received_on"))
    return ActionRequest(subject, by, reason_of(fields.get("reason")), owner, amount, day, roles)


def _release(use_cases: UseCases, request: ActionRequest) -> str:
    return use_cases.restorations.release(request.subject, by=request.by, reason=request.reason).ticket


def _reject(use_cases: UseCases, request: ActionRequest) -> str:
    return use_cases.restorations.reject(request.subject, by=request.by, reason=request.reason).ticket


def _hold(use_cases: UseCases, request: ActionRequest) -> str:
    owners = [owner for owner in ClockOwner if owner == request.owner]
    if not owners:
        raise UnableToReadReason(f"Say who owes the next step: {' or '.join(ClockOwner)}.")
    return use_cases.holds.hold(request.subject, owner=owners[0], by=request.by, reason=request.reason).id


def _resume(use_cases: UseCases, request: ActionRequest) -> str:
    return use_cases.holds.resume(request.subject, by=request.by, reason=request.reason).id


def _approve(use_cases: UseCases, request: ActionRequest) -> str | None:
    use_cases.credits.approve(request.subject, by=request.by, reason=request.reason, roles=request.roles)
    return _ticket_of(request.subject)


def _enter(use_cases: UseCases, request: ActionRequest) -> str | None:
    use_cases.credits.enter(request.subject, amount=request.amount, by=request.by, reason=request.reason)
    return _ticket_of(request.subject)


def _claim(use_cases: UseCases, request: ActionRequest) -> str | None:
    try:
        day = date.fromisoformat(request.received_on)
    except ValueError as error:
        raise UnableToReadReason("Say on which day the claim was received, as 2026-11-20.") from error
    use_cases.credits.claim(request.subject, by=request.by, claimed_at=day, reason=request.reason)
    return _ticket_of(request.subject)


def _paid_out(use_cases: UseCases, request: ActionRequest) -> str | None:
    use_cases.credits.paid_out(request.subject, by=request.by, reason=request.reason)
    return _ticket_of(request.subject)


def _decline(use_cases: UseCases, request: ActionRequest) -> str | None:
    use_cases.credits.decline(request.subject, by=request.by, reason=request.reason)
    return _ticket_of(request.subject)


def _ticket_of(credit: str) -> str | None:
    """Return the incident that a credit names; a round of settlement has no page of an incident."""
    name = credit.partition(":")[0]
    return name if name.startswith("TT-") else None


def _send_report(use_cases: UseCases, request: ActionRequest) -> None:
    customer, _, month = request.subject.rpartition(":")
    use_cases.monthly_reports.send(customer, month, by=request.by)


def _retry_entry(use_cases: UseCases, request: ActionRequest) -> str:
    return use_cases.quarantine.retry(_number(request.subject), by=request.by, reason=request.reason).id


def _dismiss_imports(use_cases: UseCases, request: ActionRequest) -> None:
    if request.subject != "all":
        raise UnableToReadAddress("Rejected rows of imports are dismissed all together.")
    use_cases.quarantine.dismiss_imports(by=request.by, reason=request.reason)


def _retry_message(use_cases: UseCases, request: ActionRequest) -> str | None:
    return use_cases.outbox.retry(_number(request.subject), by=request.by, reason=request.reason).ticket


def _number(subject: str) -> int:
    if not (subject.isascii() and subject.isdigit() and len(subject) < 16):  # noqa: PLR2004 - far beyond any row
        raise UnableToReadAddress(f"{subject[:20]!r} is not a number.")
    return int(subject)


_ALL = (
    Action(
        "release",
        "ticket",
        "Release the restoration request",
        "The request is sent to Resource Provisioning at once and the run goes on. This cannot be undone.",
        "Send the request now",
        "released",
        _release,
    ),
    Action(
        "reject",
        "ticket",
        "Reject the restoration request",
        "Nothing is restored. The run goes on, the ticket stays open and escalated, and the customer is told.",
        "Reject for good",
        "rejected",
        _reject,
        danger=True,
    ),
    Action(
        "hold",
        "ticket",
        "Put the ticket on hold",
        "While the customer owes the next step, the clock of their contract is stopped; while we owe it, it runs on.",
        "Put on hold",
        "on_hold",
        _hold,
        asks_owner=True,
    ),
    Action(
        "resume",
        "ticket",
        "Resume the ticket",
        "The hold ends now; its length stays in the history of the ticket.",
        "Resume",
        "resumed",
        _resume,
    ),
    Action(
        "approve",
        "credit",
        "Approve the credit",
        "The credit is booked on the customer's open invoice and posted; the customer is told.",
        "Approve and book",
        "credit_approved",
        _approve,
    ),
    Action(
        "enter",
        "credit",
        "Enter the amount of the credit",
        "The amount is kept with your name and waits: another person approves it before it is booked.",
        "Enter the amount",
        "amount_entered",
        _enter,
        asks_amount=True,
    ),
    Action(
        "paid-out",
        "credit",
        "Note that the credit was paid out",
        "The account has no open invoice, so the money left in another way. The credit leaves the list.",
        "Paid out",
        "credit_paid_out",
        _paid_out,
    ),
    Action(
        "claim",
        "credit",
        "Book the claim of the customer",
        "What was claimed in time is booked on the customer's open invoice; the last day of a claim counts.",
        "Book the claim",
        "credit_claimed",
        _claim,
        asks_day=True,
    ),
    Action(
        "decline",
        "credit",
        "Decline the credit",
        "Nothing is booked, now or by a later judgement of the same facts, and the customer is told.",
        "Decline for good",
        "credit_declined",
        _decline,
        danger=True,
    ),
    Action(
        "send",
        "report",
        "Mail the service report to the customer",
        "It is sent as it stands now, once for each thing that it says.",
        "Send the report",
        "report_sent",
        _send_report,
    ),
    Action(
        "retry",
        "entry",
        "Run the quarantined notification again",
        "It is checked again as it arrived. If it is accepted now, its ticket belongs to the run that brought it.",
        "Run again",
        "accepted",
        _retry_entry,
    ),
    Action(
        "dismiss",
        "imports",
        "Dismiss the rejected rows of imports",
        "All of them leave the list; the files that they came from still have them. Reports of customers stay.",
        "Dismiss all",
        "imports_dismissed",
        _dismiss_imports,
        danger=True,
    ),
    Action(
        "resend",
        "message",
        "Send the message again",
        "It is due at once, under the same key: a receiver that has it already ignores it.",
        "Send again",
        "resent",
        _retry_message,
    ),
)
ACTIONS: Mapping[tuple[str, str], Action] = MappingProxyType({(action.subject, action.name): action for action in _ALL})
