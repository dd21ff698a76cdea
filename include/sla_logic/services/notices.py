"""Notices to the team about open incidents: found by the housekeeping, put into the outbox, told in the timeline."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, select

from include.sla_logic.domain.notices import Notice, NoticeKind
from include.sla_logic.domain.priorities import Priority
from include.sla_logic.domain.trouble_ticket import TroubleTicket
from include.sla_logic.letters.operator_mail import Envelope, Payload
from include.sla_logic.letters.team_mail import assigned_mail, notice_mail, notices_mail, sentence
from include.sla_logic.persistence.exposure import at_stake
from include.sla_logic.persistence.flush import file_messages, message_row
from include.sla_logic.persistence.incident_records import ticket_id, ticket_number
from include.sla_logic.persistence.installation import installation_id
from include.sla_logic.persistence.outbox import has_message
from include.sla_logic.persistence.pending_messages import Message
from include.sla_logic.persistence.policy_tables import policies_in_force
from include.sla_logic.persistence.queue_positions import change_places
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.system_t import tickets
from include.sla_logic.persistence.schema.team import desk_people, ticket_owners
from include.sla_logic.persistence.sla_clocks import DueNotice, notices_due, read_clocks, with_due_notices
from include.sla_logic.persistence.team import mail_of
from include.sla_logic.persistence.ticket_locks import lock_tickets
from include.sla_logic.persistence.timelines import tell_timelines
from include.sla_logic.persistence.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Notices:
    """Each notice is sent once: the mail, its line in the timeline and the row that remembers it are one transaction.

    Without an address of the team nothing is sent.
    """

    work: UnitOfWork

    def put_due(self, *, limit: int) -> int:
        """Put the notices that are due into the outbox, looking at `limit` tickets; return how many notices."""
        if self.work.settings.team is None:
            return 0
        with self.work.writing() as connection:
            now = self.work.database.now(connection)
            numbers = connection.scalars(with_due_notices(now).limit(limit)).all()
            if not numbers:
                return 0
            lock_tickets(connection, sorted(numbers))
            found = self._look(connection, numbers, now)
            for to, notices in found.items():
                self._send(connection, to, notices, now)
            return sum(map(len, found.values()))

    def _look(self, connection: Connection, numbers: Sequence[int], now: datetime) -> dict[str, list[Notice]]:
        """Return what is due, by the address to which it goes, and remember it as sent."""
        clocks = read_clocks(connection, numbers, as_of=now)
        found: dict[str, list[Notice]] = defaultdict(list)
        told: dict[int, dict[str, Any]] = {number: {} for number in numbers}
        for row in connection.execute(_rows(numbers)):
            for due in notices_due(row._asdict(), clocks[row.ticket]) if row.open else ():
                to = mail_of(row.owner, row.mail) or self.work.settings.team or ""
                found[to].append(_notice(row, due, now))
                told[row.ticket] |= due.told
        change_places(connection, told, now=now)
        return found

    def _send(self, connection: Connection, to: str, notices: Sequence[Notice], now: datetime) -> None:
        if len(notices) > policies_in_force().notices.single_mails:
            self._put(connection, partial(notices_mail, notices), to, now)
        else:
            for notice in notices:
                self._put(connection, partial(notice_mail, notice), to, now, notice.ticket)
        for notice in notices:
            number = ticket_number(notice.ticket) or 0
            tell_timelines(connection, [number], f"{sentence(notice)} Notice to {to}.", now=now)

    def _put(
        self,
        connection: Connection,
        write: Callable[[Envelope], Payload],
        to: str,
        now: datetime,
        ticket: str | None = None,
    ) -> None:
        mail = write(Envelope(installation_id(connection), self.work.sender, to, now))
        message = Message(kind="mail", key=mail["message_id"], payload=mail)
        if not has_message(connection, message.key):
            number = None if ticket is None else ticket_number(ticket)
            file_messages(connection, [message_row(message, ticket=number, now=now)])

    def tell_owner(self, connection: Connection, ticket: TroubleTicket, owner: str, *, by: str, reason: str) -> None:
        """Mail a person that somebody else has assigned a ticket to them, if their address is known."""
        kept = connection.scalar(select(desk_people.c.mail).where(desk_people.c.name == owner))
        to = mail_of(owner, kept)
        if self.work.settings.team is None or to is None or owner == by or not policies_in_force().notices.assignments:
            return
        now = self.work.database.now(connection)
        self._put(connection, partial(assigned_mail, ticket, by, reason), to, now, ticket.id)
        said = f"Assigned to {owner} by {by}. Notice to {to}."
        tell_timelines(connection, [ticket_number(ticket.id) or 0], said, now=now)


def _rows(numbers: Sequence[int]) -> Any:
    return (
        select(queue, tickets.c.service, ticket_owners.c.owner, desk_people.c.mail)
        .join(tickets, tickets.c.number == queue.c.ticket)
        .outerjoin(ticket_owners, ticket_owners.c.ticket == queue.c.ticket)
        .outerjoin(desk_people, desk_people.c.name == ticket_owners.c.owner)
        .where(queue.c.ticket.in_(numbers))
        .order_by(queue.c.place)
    )


def _notice(row: Row[Any], due: DueNotice, now: datetime) -> Notice:
    tier = due.kind is NoticeKind.NEXT_TIER
    return Notice(
        kind=due.kind,
        ticket=ticket_id(row.ticket),
        service=row.service,
        owner=row.owner,
        priority=Priority(row.priority) if row.priority else None,
        share=due.told.get("noticed_share", 0),
        standing=due.standing,
        tier=due.told.get("noticed_tier", ""),
        costs=at_stake(row, None, now).amount if tier else None,
        promised=row.write_by if due.kind is NoticeKind.BROKEN_PROMISE else None,
    )
