"""Send what is in the outbox, look at it, retry it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from include.sla_logic.domain.lanes import Lane
from include.sla_logic.letters.operator_mail import Envelope, Payload, failed_task_mail, given_up_mail
from include.sla_logic.persistence.audit import Act, acts_about, note_act
from include.sla_logic.persistence.event_listeners import refuse_suspended
from include.sla_logic.persistence.flush import file_messages, flush, message_row
from include.sla_logic.persistence.incident_records import find_number, find_number_of_run, ticket_number
from include.sla_logic.persistence.installation import installation_id
from include.sla_logic.persistence.letter_archive import Moved, move_letters
from include.sla_logic.persistence.outbox import (
    Outgoing,
    count_due,
    has_message,
    list_messages,
    note_sent,
    release_message,
    retry_message,
)
from include.sla_logic.persistence.pending_messages import CALLBACK, EVENT, Message
from include.sla_logic.persistence.ticket_locks import lock_tickets
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.installation import refuse_moved

if TYPE_CHECKING:
    from include.sla_logic.gateways.sender import DeliveryReport

TASK_FAILED = "task failed"  # in the audit
MOVED_TOGETHER = 50  # letters in one transaction: no other writer waits for more
_CENTURY = 36_500  # days: no letter is older
_SENDERS = {"mail": Lane.CUSTOMER_SERVICE, "billing": Lane.BILLING}


@dataclass(frozen=True)
class Outbox:
    """Deliver at least once, under a key that never changes; what cannot leave stays with its reason."""

    work: UnitOfWork

    def deliver(self, *, ticket: str | None = None, limit: int = 100, seconds: float | None = None) -> "DeliveryReport":
        """Send what is due in the outbox, of one incident (ticket, reference or run) or of all; events leave apart.

        After about `seconds` the rest stays due.
        """
        with self.work.reading() as connection:
            number = None if ticket is None else find_number(connection, ticket)
        return self._deliver(number, limit, seconds)

    def due(self) -> int:
        """Return how many messages may leave now; events leave apart."""
        with self.work.reading() as connection:
            return count_due(connection, now=self.work.database.now(connection), kinds=tuple(_SENDERS))

    def deliver_run(self, run_id: str, *, limit: int = 100) -> "DeliveryReport":
        """Send what is due of the incident of one run."""
        with self.work.reading() as connection:
            number = find_number_of_run(connection, run_id)
        return self._deliver(number, limit)

    def _deliver(self, number: int | None, limit: int, seconds: float | None = None) -> "DeliveryReport":
        from include.sla_logic.gateways.retry_schedule import schedules_in_force
        from include.sla_logic.gateways.sender import Sender
        from include.sla_logic.services.transports import transports

        with self.work.reading() as connection:
            refuse_moved(connection)
        ways = transports(self.work.settings, self.work.database)
        leaving = {kind: way for kind, way in ways.items() if kind not in {EVENT, CALLBACK}}
        sender = Sender(self.work.database, leaving, schedules_in_force(), self._record_dead)
        return sender.deliver(ticket=number, limit=limit, seconds=seconds)

    def deliver_events(self, *, limit: int = 1_000, seconds: float = 40.0) -> "DeliveryReport":
        """Pass events on to those who listen, and tell listeners what is due, no longer than about `seconds`.

        Returns what became of the messages to listeners. Raises `UnableToTellListeners` or `UnableToReadOpenApis`
        before anything is claimed: without the file of partners nobody knows whom an event is for.
        """
        from include.sla_logic.gateways.retry_schedule import schedules_in_force
        from include.sla_logic.gateways.sender import Sender
        from include.sla_logic.persistence.event_listeners import claim_callbacks
        from include.sla_logic.services.event_transports import check_partners
        from include.sla_logic.services.transports import transports

        with self.work.reading() as connection:
            refuse_moved(connection)
            check_partners(connection, self.work.settings)
        ways, times = transports(self.work.settings, self.work.database), schedules_in_force()
        Sender(self.work.database, {EVENT: ways[EVENT]}, times, _leave_dead).deliver(limit=limit)
        told = Sender(self.work.database, {CALLBACK: ways[CALLBACK]}, times, _leave_dead, claim_callbacks)
        return told.deliver(limit=limit, seconds=seconds)

    def messages(self, *, state: str | None = None, ticket: str | None = None, limit: int = 100) -> Sequence[Outgoing]:
        """Return messages without payload, newest first; `state` is waiting, claimed, sent or dead."""
        with self.work.reading() as connection:
            number = None if ticket is None else find_number(connection, ticket)
            return list_messages(connection, state=state, ticket=number, limit=limit)

    def given_up(self, *, limit: int = 100) -> Sequence[Outgoing]:
        """Return messages that are dead, newest first, but not those that wait for a suspended listener to go on."""
        with self.work.reading() as connection:
            return list_messages(connection, state="dead", limit=limit, suspended=False)

    def archive(self, *, days: int, limit: int = 500) -> Moved:
        """Move letters about what has been over for more than `days` days into the archive, a few in one transaction.

        They are found and shown as before. At most `limit` are moved, those that were sent first.
        """
        moved, after = Moved(), timedelta(days=min(days, _CENTURY))
        while moved.letters < limit:
            most = min(MOVED_TOGETHER, limit - moved.letters)
            with self.work.writing() as connection:
                now = self.work.database.now(connection)
                part = move_letters(connection, before=now - after, now=now, limit=most)
            moved += part
            if part.letters < most:
                break
        return moved

    def retry(self, number: int, *, by: str, reason: str = "") -> Outgoing:
        """Make a message due now; raise `UnableToFindMessage` or `UnableToRetryMessage`."""
        with self.work.writing() as connection:
            now = self.work.database.now(connection)
            message = retry_message(connection, number, now=now)
            refuse_suspended(connection, message)
            detail = f"{message.key}: {reason}" if reason else message.key
            note_act(connection, Act(now, by, "message retried", message.ticket or message.key, detail))
            return message

    def release(self, number: int, *, by: str, reason: str, posting: str | None = None) -> Outgoing:
        """Take a person's word for what billing holds: this posting, or nothing, so that it is posted once more.

        Raises `UnableToFindMessage`, and `UnableToRetryMessage` where the message does not wait for that word.
        """
        from include.sla_logic.gateways.billing.searched import UnableToLookForCredit
        from include.sla_logic.gateways.simulated_ledger import mark_posted

        with self.work.writing() as connection:
            now = self.work.database.now(connection)
            message = release_message(connection, number, reason=UnableToLookForCredit.__name__, now=now)
            if posting is not None:
                note_sent(connection, [(message, {"posting": posting, "said_by": by})], now=now)
                mark_posted(connection, [message.payload["credit"]], now)
            said = f"posted as {posting}" if posting is not None else "not posted"
            detail = f"{message.key} is {said}: {reason}"
            note_act(connection, Act(now, by, "message released", message.ticket or message.key, detail))
            return message

    def tell_operators(self, dag: str, task: str, why: str) -> bool:
        """Mail the operators, once a day, that a task for all incidents failed for good; False if they know already.

        Without their address, only the audit has it.
        """
        with self.work.writing() as connection:
            now = self.work.database.now(connection)
            subject = f"{dag}.{task} {now:%Y-%m-%d}"
            if self.work.database.is_postgresql:
                connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:subject))"), {"subject": subject})
            if any(act.action == TASK_FAILED for act in acts_about(connection, subject)):
                return False
            note_act(connection, Act(now, "Airflow", TASK_FAILED, subject, why))
            if self.work.settings.operators:
                self.mail_once(connection, partial(failed_task_mail, dag, task, why), now)
            return True

    def mail_once(self, connection: Connection, write: Callable[[Envelope], Payload], now: datetime) -> None:
        """Put a mail to the operators into the outbox, unless one with its Message-ID is there."""
        sender = self.work.settings.smtp.sender if self.work.settings.smtp else None
        mail = write(Envelope(installation_id(connection), sender, self.work.settings.operators or "", now))
        message = Message(kind="mail", key=mail["message_id"], payload=mail)
        if not has_message(connection, message.key):
            file_messages(connection, [message_row(message, ticket=None, now=now)])

    def _record_dead(self, connection: Connection, dead: Sequence[tuple[Outgoing, str]]) -> None:
        """Record in the timelines that messages will not leave by themselves; mail the operators about money."""
        if self.work.settings.operators:
            now = self.work.database.now(connection)
            for message, reason in (one for one in dead if one[0].kind == "billing"):
                self.mail_once(connection, partial(given_up_mail, message.id, message.kind, reason), now)
        numbers = {number for message, _ in dead if message.ticket and (number := ticket_number(message.ticket))}
        lock_tickets(connection, sorted(numbers))
        files = self.work.open_files(connection, sorted(numbers), task="deliver")
        by_ticket = {file.ticket.id: file for file in files}
        for message, reason in dead:
            if message.ticket is not None:
                lane = _SENDERS.get(message.kind, Lane.CUSTOMER_SERVICE)
                event = f"Message {message.id} ({message.kind}) could not be delivered: {reason}"
                by_ticket[message.ticket].record(event, lane=lane)
        flush(connection, files)


def _leave_dead(_connection: Connection, _dead: Sequence[tuple[Outgoing, str]]) -> None:
    """Record nothing at a ticket: whether a partner's listener answers is no part of it."""
