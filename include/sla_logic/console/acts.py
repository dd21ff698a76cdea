"""What an operator may do: one table for pages and API alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from include.sla_logic.console.forms import UnableToReadReason, reason_of
from include.sla_logic.office import Office
from include.sla_logic.office.holding_room import ClockOwner


@dataclass(frozen=True)
class Wish:
    """What somebody wants done: on what, by whom, why; `owner` only for a hold."""

    subject: str
    by: str
    reason: str
    owner: str = ""


@dataclass(frozen=True)
class Act:
    """One act: how it is announced, how it is done, and what is said afterwards.

    `subject` is what it is done on: ticket, credit, entry (of the quarantine) or message (of the outbox).
    """

    name: str
    subject: str
    title: str
    explanation: str
    button: str
    done: str
    perform: Callable[[Office, Wish], str | None]
    danger: bool = False
    asks_owner: bool = False


class UnableToReadAddress(Exception):
    """The address names nothing that an act can be done on."""


def wish(subject: str, fields: Mapping[str, str], *, by: str) -> Wish:
    """Read what a form says; raise `UnableToReadReason` without a reason."""
    return Wish(subject, by, reason_of(fields.get("reason")), fields.get("owner", ""))


def _release(office: Office, wished: Wish) -> str:
    return office.release_restoration(wished.subject, by=wished.by, reason=wished.reason).ticket


def _reject(office: Office, wished: Wish) -> str:
    return office.reject_restoration(wished.subject, by=wished.by, reason=wished.reason).ticket


def _hold(office: Office, wished: Wish) -> str:
    owners = [owner for owner in ClockOwner if owner == wished.owner]
    if not owners:
        raise UnableToReadReason(f"Say who owes the next step: {' or '.join(ClockOwner)}.")
    return office.hold_ticket(wished.subject, owner=owners[0], by=wished.by, reason=wished.reason).id


def _resume(office: Office, wished: Wish) -> str:
    return office.resume_ticket(wished.subject, by=wished.by, reason=wished.reason).id


def _approve(office: Office, wished: Wish) -> str:
    office.approve_credit(wished.subject, by=wished.by, reason=wished.reason)
    return wished.subject.partition(":")[0]


def _decline(office: Office, wished: Wish) -> str:
    office.decline_credit(wished.subject, by=wished.by, reason=wished.reason)
    return wished.subject.partition(":")[0]


def _retry_entry(office: Office, wished: Wish) -> str:
    return office.retry_quarantined(_number(wished.subject), by=wished.by, reason=wished.reason).id


def _retry_message(office: Office, wished: Wish) -> str | None:
    return office.retry_message(_number(wished.subject), by=wished.by, reason=wished.reason).ticket


def _number(subject: str) -> int:
    if not (subject.isascii() and subject.isdigit() and len(subject) < 16):  # noqa: PLR2004 - far beyond any row
        raise UnableToReadAddress(f"{subject[:20]!r} is not a number.")
    return int(subject)


_ALL = (
    Act(
        "release",
        "ticket",
        "Release the restoration request",
        "The request is sent to Resource Provisioning at once and the run goes on. This cannot be taken back.",
        "Send the request now",
        "released",
        _release,
    ),
    Act(
        "reject",
        "ticket",
        "Reject the restoration request",
        "Nothing is restored. The run goes on, the ticket stays open and escalated, and the customer is told.",
        "Reject for good",
        "rejected",
        _reject,
        danger=True,
    ),
    Act(
        "hold",
        "ticket",
        "Put the ticket on hold",
        "While the customer owes the next step the clock of her contract stands still; while we owe it, it runs on.",
        "Put on hold",
        "on_hold",
        _hold,
        asks_owner=True,
    ),
    Act(
        "resume",
        "ticket",
        "Resume the ticket",
        "The hold ends now; its length stays in the history of the ticket.",
        "Resume",
        "resumed",
        _resume,
    ),
    Act(
        "approve",
        "credit",
        "Approve the credit",
        "The credit is booked on the customer's open invoice and posted to Billing & Collections.",
        "Approve and book",
        "credit_approved",
        _approve,
    ),
    Act(
        "decline",
        "credit",
        "Decline the credit",
        "Nothing is booked, and the credit cannot be approved afterwards.",
        "Decline for good",
        "credit_declined",
        _decline,
        danger=True,
    ),
    Act(
        "retry",
        "entry",
        "Run the quarantined notification again",
        "It is checked once more as it came. If it is accepted now, its ticket belongs to the run that brought it.",
        "Run again",
        "accepted",
        _retry_entry,
    ),
    Act(
        "resend",
        "message",
        "Send the message again",
        "It becomes due now, under the same key: a receiver that has it already ignores it.",
        "Send again",
        "resent",
        _retry_message,
    ),
)
ACTS: Mapping[tuple[str, str], Act] = MappingProxyType({(act.subject, act.name): act for act in _ALL})
