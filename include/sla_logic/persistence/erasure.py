"""Rewrite the rows that hold personal data of one customer; money, windows, decisions and instants are not touched."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, Text, and_, cast, delete, insert, or_, select, update

from include.sla_logic.domain.attachments import FileKind
from include.sla_logic.domain.erasure import MARK, erase_in, erased_mail, eraser, parts_of_name
from include.sla_logic.domain.mail_message import read_message, text_of
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.letter_archive import change_payload, payloads_of
from include.sla_logic.persistence.pending_messages import CALLBACK, EVENT
from include.sla_logic.persistence.schema import system_t as s
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.persistence.schema.attachments import attachments
from include.sla_logic.persistence.schema.disputes import disputes
from include.sla_logic.persistence.schema.erasing import erasing
from include.sla_logic.persistence.schema.reference import customers
from include.sla_logic.persistence.schema.search import search_words
from include.sla_logic.persistence.schema.settlement import settlement_rounds, settlement_statements
from include.sla_logic.persistence.schema.sla_violations import sla_violations
from include.sla_logic.persistence.schema.team import notes
from include.sla_logic.persistence.schema.uploads import uploads
from include.sla_logic.persistence.search import keep_words
from include.sla_logic.persistence.settlement import round_name

Erase = Callable[[str], str]
MAIL = "mail"


def tickets_of(connection: Connection, customer: str) -> Sequence[Row[Any]]:
    """Return the tickets of a customer."""
    return connection.execute(select(s.tickets).where(s.tickets.c.customer == customer)).all()


def messages_of(
    connection: Connection, customer: str, numbers: Sequence[int], *, lock: bool = False
) -> Sequence[Row[Any]]:
    """Return every message about a customer: of incidents, settled windows and months, and events for partners.

    With `lock` none of them is moved into the archive until the transaction ends.
    """
    c, told = s.outbox.c, settlement_statements.c
    of_windows = select(told.key).where(told.customer == customer)
    events = and_(c.kind.in_((EVENT, CALLBACK)), cast(c.payload, Text).contains(f'"{customer}"', autoescape=True))
    of_months = c.id.in_(_reports_of_months(connection, customer))
    mine = or_(c.ticket.in_(numbers), c.key.in_(of_windows), of_months, events)
    query = select(s.outbox).where(mine).order_by(c.id)
    return connection.execute(query.with_for_update() if lock else query).all()


def _reports_of_months(connection: Connection, customer: str) -> list[int]:
    """Return the reports of months; their Message-ID may begin as that of a similar number, so the letter is read."""
    c, name = s.outbox.c, re.sub("[^A-Za-z0-9-]", "-", customer)
    asked = select(c.id, c.payload, c.archived_at).where(c.kind == MAIL, c.key.like(f"<{name}-____-__.%"))
    found = payloads_of(connection, connection.execute(asked).all())
    return [one for one, said in found.items() if customer in text_of(read_message(str(said["message"]))).split()]


@dataclass(frozen=True)
class Rewritten:
    """How many rows were changed, and the files that letters were written to."""

    rows: int
    files: Sequence[str]


def erase_rows(connection: Connection, customer: str) -> Rewritten:
    """Rewrite all rows of a customer."""
    connection.execute(insert(erasing).values(customer=customer))
    tickets = tickets_of(connection, customer)
    numbers = [row.number for row in tickets]
    erase = eraser(_texts(connection, customer, numbers))
    messages, files = _erase_messages(connection, customer, numbers, erase)
    rows = messages + _erase_notes(connection, numbers) + _erase_attachments(connection, numbers)
    rows += _rewrite_incidents(connection, numbers, erase)
    rows += _rewrite_money(connection, customer, erase) + _erase_disputes(connection, customer, erase)
    rows += _rewrite(connection, s.audit, _acts_about(connection, customer, tickets), erase, "detail")
    named = [cast(uploads.c[name], Text).contains(customer, autoescape=True) for name in ("rehearsed", "imported")]
    rows += _rewrite(connection, uploads, or_(*named), erase, "rehearsed", "imported")
    rows += _erase_quarantine(connection, customer, numbers, erase)
    of_theirs = update(customers).where(customers.c.id == customer)
    rows += connection.execute(of_theirs.values(name=MARK, email=None, address=None)).rowcount
    connection.execute(delete(search_words).where(search_words.c.ticket.in_(numbers)))
    if numbers:
        keep_words(connection, dict.fromkeys(numbers, ""))
    connection.execute(delete(erasing))
    return Rewritten(rows, files)


def _acts_about(connection: Connection, customer: str, tickets: Sequence[Row[Any]]) -> ColumnElement[bool]:
    rounds = settlement_rounds.c
    names = [name for row in tickets for name in (ticket_id(row.number), row.run_id, row.external_reference)]
    names += map(round_name, connection.scalars(select(rounds.number).where(rounds.customer == customer)))
    return or_(s.audit.c.subject.in_(names), s.audit.c.subject.startswith(f"{customer} ", autoescape=True))


def _rewrite_incidents(connection: Connection, numbers: Sequence[int], erase: Erase) -> int:
    columns = {
        s.documents: ("body",),
        s.timeline: ("event",),
        s.ticket_status_history: ("reason",),
        s.restorations: ("reason", "held_because"),
    }
    found = columns.items()
    return sum(_rewrite(connection, table, table.c.ticket.in_(numbers), erase, *names) for table, names in found)


def _rewrite_money(connection: Connection, customer: str, erase: Erase) -> int:
    columns = {
        settlement_statements: ("document",),
        sla_violations: ("told",),
        applied_billing_credits: ("text", "decision_reason"),
    }
    found = columns.items()
    return sum(_rewrite(connection, table, table.c.customer == customer, erase, *names) for table, names in found)


def _erase_disputes(connection: Connection, customer: str, erase: Erase) -> int:
    """Erase all their words; in the reason of the decision only what is known of them."""
    mine = disputes.c.customer == customer
    rows = connection.execute(update(disputes).where(mine).values(words=MARK)).rowcount
    _rewrite(connection, disputes, mine, erase, "reason")
    return rows


def _texts(connection: Connection, customer: str, numbers: Sequence[int]) -> Iterator[str | None]:
    """Yield the name, the address and what was written by and about the customer."""
    row = connection.execute(select(customers).where(customers.c.id == customer)).one()
    yield from (*parts_of_name(row.name), row.email, row.address, *(row.address or "").split(";"))
    yield from connection.scalars(select(notes.c.text).where(notes.c.ticket.in_(numbers)))
    yield from connection.scalars(select(attachments.c.name).where(attachments.c.ticket.in_(numbers)))
    yield from connection.scalars(select(disputes.c.words).where(disputes.c.customer == customer))
    kinds = ("ProblemNotification", "ProblemReport", "CustomerReport")
    bodies = select(s.documents.c.body).where(s.documents.c.ticket.in_(numbers), s.documents.c.kind.in_(kinds))
    for body in connection.scalars(bodies):
        document = json.loads(body)
        yield from (document.get("description"), document.get("customer_name"))


def _rewrite(connection: Connection, table: Table, mine: ColumnElement[bool], erase: Erase, *columns: str) -> int:
    """Erase in these columns of these rows, a text that is JSON stays JSON; return how many rows were changed."""
    key, changed = list(table.primary_key), 0
    for row in connection.execute(select(table).where(mine)).all():
        before = {name: getattr(row, name) for name in columns}
        after = {name: _erased(value, erase) for name, value in before.items()}
        if after != before:
            same = [column == getattr(row, column.name) for column in key]
            changed += connection.execute(update(table).where(*same).values(after)).rowcount
    return changed


def _erased(value: Any, erase: Erase) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.dumps(erase_in(json.loads(value), erase), ensure_ascii=False, separators=(",", ":"))
        except ValueError:
            return erase(value)
    return erase(value) if isinstance(value, str) else erase_in(value, erase)


def _erase_messages(
    connection: Connection, customer: str, numbers: Sequence[int], erase: Erase
) -> tuple[int, list[str]]:
    """Erase what was sent; return how many messages were changed, and the files that they were written to."""
    files: list[str] = []
    changed = 0
    rows = messages_of(connection, customer, numbers, lock=True)
    payloads = payloads_of(connection, rows)
    for row in rows:
        said = payloads[row.id]
        mail = row.kind == MAIL and "message" in said
        left = erased_mail(said) if mail else erase_in(said, erase)
        change_payload(connection, row, left)
        answer = row.answer
        if isinstance(answer, dict) and "written" in answer:
            files += answer["written"]
            answer = {**answer, "written": []}
        values = {"answer": answer, "last_error": None if row.last_error is None else erase(row.last_error)}
        changed += left != said or values != {"answer": row.answer, "last_error": row.last_error}
        connection.execute(update(s.outbox).where(s.outbox.c.id == row.id).values(values))
    return changed, files


def _erase_notes(connection: Connection, numbers: Sequence[int]) -> int:
    """Erase the texts; the digest of a short text would tell it, so that it becomes one of the number."""
    found = connection.scalars(select(notes.c.id).where(notes.c.ticket.in_(numbers))).all()
    for number in found:
        digest = sha256(f"erased {number}".encode()).hexdigest()
        connection.execute(update(notes).where(notes.c.id == number).values(text=MARK, digest=digest))
    return len(found)


def _erase_attachments(connection: Connection, numbers: Sequence[int]) -> int:
    """Put the mark in place of every file; its digest is that of what is kept now."""
    c = attachments.c
    found = connection.scalars(select(c.id).where(c.ticket.in_(numbers))).all()
    for number in found:
        content = f"{MARK} {number}".encode()
        values = {"name": f"erased-{number}.txt", "kind": FileKind.TEXT.value, "size": len(content)}
        values |= {"digest": sha256(content).hexdigest(), "content": content}
        connection.execute(update(attachments).where(c.id == number).values(values))
    return len(found)


def _erase_quarantine(connection: Connection, customer: str, numbers: Sequence[int], erase: Erase) -> int:
    c = s.quarantine.c
    named = or_(c.ticket.in_(numbers), c.body.contains(f'"{customer}"', autoescape=True))
    found = connection.execute(select(s.quarantine).where(named)).all()
    for row in found:
        values = {"body": "{}", "complete": False, "reason": erase(row.reason)}
        connection.execute(update(s.quarantine).where(c.id == row.id).values(values))
    return len(found)
