"""What an operator may do: one table for pages and API alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from include.sla_logic.services import UseCases
from include.sla_logic.web import performed
from include.sla_logic.web.forms import reason_of
from include.sla_logic.web.performed import ActionRequest


@dataclass(frozen=True)
class Action:
    """One action: how the desk explains it, how it is performed, and the notice that follows.

    `subject` is what it is performed on: ticket, credit, run (of settlement), report (customer and month), entry (of
    the quarantine), imports (their rejected rows) or message (of the outbox).
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


def action_request(subject: str, fields: Mapping[str, str], *, by: str, roles: tuple[str, ...] = ()) -> ActionRequest:
    """Read the fields of a form; raise `UnableToReadReason` without a reason."""
    owner, amount, day = (fields.get(name, "") for name in ("owner", "amount", "received_on"))
    return ActionRequest(subject, by, reason_of(fields.get("reason")), owner, amount, day, roles)


_ALL = (
    Action(
        "release",
        "ticket",
        "Release the restoration request",
        "The request is sent to Resource Provisioning at once and the run goes on. This cannot be undone.",
        "Send the request now",
        "released",
        performed.release,
    ),
    Action(
        "reject",
        "ticket",
        "Reject the restoration request",
        "Nothing is restored. The run goes on, the ticket stays open and escalated, and the customer is told.",
        "Reject for good",
        "rejected",
        performed.reject,
        danger=True,
    ),
    Action(
        "hold",
        "ticket",
        "Put the ticket on hold",
        "While the customer owes the next step, the clock of their contract is stopped; while we owe it, it runs on.",
        "Put on hold",
        "on_hold",
        performed.hold,
        asks_owner=True,
    ),
    Action(
        "resume",
        "ticket",
        "Resume the ticket",
        "The hold ends now; its length stays in the history of the ticket.",
        "Resume",
        "resumed",
        performed.resume,
    ),
    Action(
        "approve",
        "credit",
        "Approve the credit",
        "The credit is booked on the customer's open invoice and posted; the customer is told.",
        "Approve and book",
        "credit_approved",
        performed.approve,
    ),
    Action(
        "enter",
        "credit",
        "Enter the amount of the credit",
        "The amount is kept with your name and waits: another person approves it before it is booked.",
        "Enter the amount",
        "amount_entered",
        performed.enter,
        asks_amount=True,
    ),
    Action(
        "paid-out",
        "credit",
        "Note that the credit was paid out",
        "The account has no open invoice, so the money left in another way. The credit leaves the list.",
        "Paid out",
        "credit_paid_out",
        performed.paid_out,
    ),
    Action(
        "claim",
        "credit",
        "Book the claim of the customer",
        "What was claimed in time is booked on the customer's open invoice; the last day of a claim counts.",
        "Book the claim",
        "credit_claimed",
        performed.claim,
        asks_day=True,
    ),
    Action(
        "decline",
        "credit",
        "Decline the credit",
        "Nothing is booked, now or by a later judgement of the same facts, and the customer is told.",
        "Decline for good",
        "credit_declined",
        performed.decline,
        danger=True,
    ),
    Action(
        "send",
        "report",
        "Mail the service report to the customer",
        "It is sent as it stands now, once for each thing that it says.",
        "Send the report",
        "report_sent",
        performed.send_report,
    ),
    Action(
        "release",
        "run",
        "Release the settlement run",
        "The run may book what its page shows, and nothing beyond it: the next run of the DAG or of the command does.",
        "Let it book",
        "run_released",
        performed.release_run,
    ),
    Action(
        "retry",
        "entry",
        "Run the quarantined notification again",
        "It is checked again as it arrived. If it is accepted now, its ticket belongs to the run that brought it.",
        "Run again",
        "accepted",
        performed.retry_entry,
    ),
    Action(
        "dismiss",
        "imports",
        "Dismiss the rejected rows of imports",
        "All of them leave the list; the files that they came from still have them. Reports of customers stay.",
        "Dismiss all",
        "imports_dismissed",
        performed.dismiss_imports,
        danger=True,
    ),
    Action(
        "resend",
        "message",
        "Send the message again",
        "It is due at once, under the same key: a receiver that has it already ignores it.",
        "Send again",
        "resent",
        performed.retry_message,
    ),
)
ACTIONS: Mapping[tuple[str, str], Action] = MappingProxyType({(action.subject, action.name): action for action in _ALL})
