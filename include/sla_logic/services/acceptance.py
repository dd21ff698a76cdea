"""Accept a notification: into System T with a ticket, or into the quarantine with a reason."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.notification_check import INSTANTS, Received, Refusal, Rejection, receive
from include.sla_logic.domain.raw_payload import printable
from include.sla_logic.domain.run_ids import RUN_ID
from include.sla_logic.domain.trouble_ticket import TroubleTicket
from include.sla_logic.persistence.audit import Act, note_act
from include.sla_logic.persistence.first_documents import load_first_documents
from include.sla_logic.persistence.incident_records import number_of_run, ticket_number, ticket_of
from include.sla_logic.persistence.quarantine import quarantine_notification, was_corrected
from include.sla_logic.persistence.schema.system_t import tickets
from include.sla_logic.persistence.tickets import Opening, key_of, open_ticket
from include.sla_logic.services.register_check import faults_in_register


class UnableToAcceptNotification(ForeseenError):
    """The notification was refused, with all its `faults`; `quarantine` is its entry there.

    None where its incident exists already: `known_run` is the run that works on it.
    """

    def __init__(
        self,
        message: str,
        *,
        faults: tuple[Rejection, ...] = (),
        quarantine: int | None = None,
        known_run: str | None = None,
    ) -> None:
        super().__init__(message)
        self.faults, self.quarantine, self.known_run = faults, quarantine, known_run


def accept_notification(
    connection: Connection, conf: object, *, run_id: str, origin: str, now: datetime, proactive: bool = False
) -> TroubleTicket | UnableToAcceptNotification:
    """Return the ticket, or the refusal as a value: the caller commits what was written of it, then raises it.

    A run that has a ticket gets it again for the same notification; another notification is refused.
    """
    received = receive(conf, now=now)
    number = number_of_run(connection, printable(run_id))
    if number is not None:
        return _again(connection, number, received, conf, run_id=run_id, now=now)
    result = _check(connection, received, run_id)
    if isinstance(result, Refusal):
        kept = quarantine_notification(connection, received.body, result, run_id=run_id, origin=origin, now=now)
        msg = f"{result}. The notification is kept in quarantine as {kept}."
        return UnableToAcceptNotification(msg, faults=result.faults, quarantine=kept)
    opening = Opening(
        key=key_of(result, run_id),
        notification=result,
        run_id=run_id,
        origin=printable(origin, 64),
        reason=f"The notification is accepted; it came in by {printable(origin, 64)}.",
        proactive=proactive,
    )
    ticket, opened = open_ticket(connection, opening, now=now)
    if opened:
        return ticket
    if ticket.run_id != run_id:
        return _known_already(connection, ticket, run_id, now)
    return _again(connection, ticket_number(ticket.id) or 0, received, conf, run_id=run_id, now=now)


def _again(
    connection: Connection, number: int, received: Received, conf: object, *, run_id: str, now: datetime
) -> TroubleTicket | UnableToAcceptNotification:
    """Return the ticket that the run has, unless something else was sent than it was opened with.

    A run whose notification was corrected in quarantine still sends the old one when it is cleared.
    """
    ticket = ticket_of(connection.execute(select(tickets).where(tickets.c.number == number)).one())
    if _is_first_document(connection, number, received, conf, ticket.created_at) or was_corrected(connection, number):
        return ticket
    return _known_already(connection, ticket, run_id, now)


def _is_first_document(
    connection: Connection, number: int, received: Received, conf: object, opened_at: datetime
) -> bool:
    """Compare what was sent with what the ticket was opened with, apart from what the intake fills in."""
    if isinstance(received.result, Refusal) or not isinstance(conf, Mapping):
        return False
    document = load_first_documents(connection, [number], ProblemNotification.kind()).get(number)
    if document is None:
        return False
    first = ProblemNotification.model_validate_json(document.body)
    sent = received.result
    if conf.get("reported_at") is None:
        sent = sent.model_copy(update={"reported_at": first.reported_at})
    return _by_our_clock(sent, opened_at) == _by_our_clock(first, opened_at)


def _by_our_clock(notification: ProblemNotification, opened_at: datetime) -> ProblemNotification:
    """Limit instants to the moment of opening, as the intake did: the sender's clock may be fast."""
    instants = {name: getattr(notification, name) for name in INSTANTS}
    return notification.model_copy(update={name: at and min(at, opened_at) for name, at in instants.items()})


def _check(connection: Connection, received: Received, run_id: str) -> ProblemNotification | Refusal:
    """Check what the body alone cannot show: the run id and the contract register."""
    if not RUN_ID.fullmatch(run_id):
        return _wrong_run("a run id has 1 to 250 characters out of A-Z a-z 0-9 _ . ~ : + -")
    if ticket_number(run_id) is not None:
        return _wrong_run("a run id must not look like a ticket id; start the run under another id")
    return received.with_faults(faults_in_register(connection, received)).result


def _wrong_run(reason: str) -> Refusal:
    return Refusal((Rejection(".run_id", reason),))


def _known_already(
    connection: Connection, ticket: TroubleTicket, run_id: str, now: datetime
) -> UnableToAcceptNotification:
    """Refuse a second caller and name the first; the refusal is in the audit."""
    what = f".external_reference: {ticket.external_reference}" if ticket.external_reference else f".run_id: {run_id}"
    other = ", with another notification" if ticket.run_id == run_id else ""
    message = f"{what} is processed already, as ticket {ticket.id} by run {ticket.run_id}{other}"
    note_act(connection, Act(now, f"run {run_id}"[:250], "notification refused", ticket.id, message))
    return UnableToAcceptNotification(f"{message}.", known_run=ticket.run_id)
