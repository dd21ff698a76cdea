"""What an operator does about disputes: records one at an incident or a window, and decides another person's."""

from datetime import datetime

from include.sla_logic.services import UseCases
from include.sla_logic.web.action import Action
from include.sla_logic.web.performed import ActionRequest, UnableToReadAddress

FROZEN = "Until another person has decided, nothing is booked, settled or told as final for the window."


def dispute(use_cases: UseCases, request: ActionRequest) -> str | None:
    """Record what the customer of an incident contests."""
    done = use_cases.disputes.record(request.subject, contested=request.contested, words=request.text, by=request.by)
    return done.ticket


def dispute_window(use_cases: UseCases, request: ActionRequest) -> None:
    """Record what a customer contests of a window, named as customer, service and an instant."""
    named = request.subject.split("|")
    try:
        customer, service, at = named[0], named[1], datetime.fromisoformat(named[2])
    except (IndexError, ValueError) as error:
        msg = "Name the window as customer|service|20261005T000000Z: any instant in it, with its offset."
        raise UnableToReadAddress(msg) from error
    if len(named) != 3 or at.tzinfo is None:  # noqa: PLR2004 - the three parts
        raise UnableToReadAddress("Name the window as customer|service|20261005T000000Z.")
    use_cases.disputes.record_window(
        customer, service, at=at, contested=request.contested, words=request.text, by=request.by
    )


def accept(use_cases: UseCases, request: ActionRequest) -> str | None:
    """Agree with the customer."""
    return use_cases.disputes.accept(request.subject, by=request.by, reason=request.reason).ticket


def decline(use_cases: UseCases, request: ActionRequest) -> str | None:
    """Let the records stand."""
    return use_cases.disputes.decline(request.subject, by=request.by, reason=request.reason).ticket


DISPUTE_ACTIONS = (
    Action(
        "dispute",
        "ticket",
        "Record a dispute",
        f"The customer contests what is on record about the window of this incident. {FROZEN} Letters quote the words.",
        "Record the dispute",
        "dispute_recorded",
        dispute,
        asks_text=True,
        asks_reason=False,
        asks_contested=True,
    ),
    Action(
        "dispute",
        "window",
        "Record a dispute",
        f"The customer contests what is on record about this window. {FROZEN} Letters quote the words.",
        "Record the dispute",
        "dispute_recorded",
        dispute_window,
        asks_text=True,
        asks_reason=False,
        asks_contested=True,
    ),
    Action(
        "accept",
        "dispute",
        "Accept the dispute",
        "Correct the facts first, by an import. The window is judged again, and the next letter says what has changed "
        "and your reason.",
        "Accept it",
        "dispute_accepted",
        accept,
        tells_reason=True,
    ),
    Action(
        "decline",
        "dispute",
        "Decline the dispute",
        "The records stand, and the window is judged as it is on record. The next letter says your reason.",
        "Decline it",
        "dispute_declined",
        decline,
        danger=True,
        tells_reason=True,
    ),
)
