"""Erase the personal data of a customer with whom everything is over; what was owed and decided stays."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, func, select

from include.sla_logic.domain.erasure import MARK
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.sentence import Code, Sentence
from include.sla_logic.domain.settlement import RoundState
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.persistence.audit import Act, note_act
from include.sla_logic.persistence.contracts import ContractRegister, Subscription, UnableToFindRecord
from include.sla_logic.persistence.disputes import disputes_of
from include.sla_logic.persistence.erasure import erase_rows, messages_of, tickets_of
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.schema.reference import agreements, customers
from include.sla_logic.persistence.settlement import newest_rounds, subscriptions, undecided_credits
from include.sla_logic.persistence.ticket_locks import lock_tickets
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.ended_windows import windows_until

AT_ONCE = 100  # customers that are erased in one round
_OVER = {TicketStatus.RESOLVED, TicketStatus.CLOSED, TicketStatus.REJECTED, TicketStatus.CANCELLED}


class UnableToErase(ForeseenError):
    """Something about the customer is still open, unsent or in force; the sentence says what to do."""


@dataclass(frozen=True)
class Erased:
    """How many incidents and files of letters were rewritten or removed, and how many records were changed."""

    customer: str
    incidents: int
    files: int
    records: int


@dataclass(frozen=True)
class Erasure:
    """One transaction; what cannot be undone is refused while anything about the customer can still happen."""

    work: UnitOfWork

    def erase(self, customer: str, *, by: str, reason: str, undelivered: bool = False) -> Erased:
        """Replace name, address, words and letters by a mark; raise `UnableToErase`, or where nobody has that number.

        With `undelivered` letters whose delivery was given up are erased too.
        """
        with self.work.writing() as connection:
            now = self.work.database.now(connection)
            name = connection.scalar(select(customers.c.name).where(customers.c.id == customer))
            _check_name(customer, name)
            if not reason.strip():
                raise UnableToErase(Sentence("Say why the customer is erased; do not name them."))
            numbers = sorted(row.number for row in tickets_of(connection, customer))
            lock_tickets(connection, numbers)
            for why in _still_open(connection, customer, now, undelivered=undelivered):
                raise UnableToErase(why)
            done = erase_rows(connection, customer)
            found = [file for file in map(Path, done.files) if file.is_file()]
            counts = f"{done.rows} records, {len(numbers)} incidents, {len(found)} files"
            note_act(connection, Act(now, by, "customer erased", customer, f"{reason} ({counts})"))
            for file in found:  # inside the transaction: an error of the disk keeps the rows as well
                with suppress(FileNotFoundError):
                    file.unlink()
        return Erased(customer, len(numbers), len(found), done.rows)

    def check(self, customer: str) -> None:
        """Raise what an erasure would be refused with now; letters whose delivery was given up keep none."""
        with self.work.reading() as connection:
            _check_name(customer, connection.scalar(select(customers.c.name).where(customers.c.id == customer)))
            now = self.work.database.now(connection)
            for why in _still_open(connection, customer, now, undelivered=True):
                raise UnableToErase(why)

    def after(self, days: int, *, limit: int = AT_ONCE) -> Mapping[str, str | None]:
        """Erase customers whose last agreement ended more than `days` ago; say of each why it is still refused.

        At most `limit` are erased; those that are refused keep nobody waiting.
        """
        with self.work.reading() as connection:
            before = self.work.database.now(connection).date() - timedelta(days=days)
            names = _whose_time_is_over(connection, before)
        found: dict[str, str | None] = {}
        for name in names:
            if limit == 0:
                break
            try:
                self.erase(name, by="retention", reason=f"The last agreement ended more than {days} days ago.")
            except UnableToErase as refused:
                found[name] = str(refused)
            else:
                found[name], limit = None, limit - 1
        return found


def _check_name(customer: str, name: str | None) -> None:
    if name is None:
        raise UnableToFindRecord(Sentence("No customer has the number %(customer)s.", customer=repr(customer)))
    if name == MARK:
        raise UnableToErase(Sentence("%(customer)s was erased before.", customer=customer))


def _whose_time_is_over(connection: Connection, before: date) -> list[str]:
    """Return customers who are not erased and whose last agreement ended before that day."""
    last = func.max(func.coalesce(agreements.c.ends, date.max))
    ended = select(agreements.c.customer).group_by(agreements.c.customer).having(last < before)
    query = select(customers.c.id).where(customers.c.name != MARK, customers.c.id.in_(ended))
    return list(connection.scalars(query.order_by(customers.c.id)))


def _still_open(connection: Connection, customer: str, now: datetime, *, undelivered: bool) -> Iterator[str]:
    """Say what is left to do, one sentence each."""
    tickets = tickets_of(connection, customer)
    for row in tickets:
        if row.status not in _OVER:
            msg = "%(ticket)s is %(status)s: end its run and resolve it first."
            yield Sentence(msg, ticket=ticket_id(row.number), status=TicketStatus(row.status))
    done = {"sent", "dead"} if undelivered else {"sent"}
    for message in messages_of(connection, customer, [row.number for row in tickets]):
        if message.state not in done:
            how = "`sla outbox retry`, or --undelivered" if message.state == "dead" else "`sla outbox send`"
            msg = "The message %(key)s is %(state)s: send it first (%(how)s)."
            yield Sentence(msg, key=message.key, state=Code(message.state), how=how)
    mine = [one for one in subscriptions(connection) if one[0] == customer]
    for several in disputes_of(connection, mine).values():
        msg = "%(dispute)s is open: decide it first."
        yield from (Sentence(msg, dispute=one.reference) for one in several if one.is_open)
    for credit in undecided_credits(connection, mine):
        msg = "The credit %(credit)s is %(state)s: decide it, or book its claim, first."
        yield Sentence(msg, credit=credit.id, state=Code(credit.state))
    for subscription in mine:
        yield from _not_over(connection, subscription, now)


def _not_over(connection: Connection, subscription: Subscription, now: datetime) -> Iterator[str]:
    """Name agreements in force and windows that are not settled."""
    register = ContractRegister(connection=connection, subscriptions=[subscription])
    for agreement in register.agreements(subscription):
        if agreement.over is None or agreement.over > now:
            msg = "The agreement %(agreement)s is in force: import its end first."
            yield Sentence(msg, agreement=agreement.id)
    rounds = newest_rounds(connection, subscription)
    for ended in windows_until(register, now, subscription):
        newest = rounds.get(ended.window.span)
        if newest is None or newest.state != RoundState.DONE:
            msg = "%(subscription)s %(window)s is not settled: `sla settlement run` first."
            yield Sentence(msg, subscription=" ".join(subscription), window=str(ended.window))
