"""The outbox: claims what is due, keeps the answers, waits longer after each failure, gives up with a reason.

A claim ends by itself, so what a killed sender held is sent again under the same key: at least once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, case, func, or_, select, update

from include.sla_logic.domain.errors import ForeseenError, NotFoundError
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.paging import Page, cut_page
from include.sla_logic.persistence.schema.system_t import outbox


class UnableToFindMessage(NotFoundError):
    """The outbox has no such message."""


class UnableToRetryMessage(ForeseenError):
    """The message has left already, or is being sent now."""


@dataclass(frozen=True)
class Outgoing:
    """One message of the outbox as it stands; `payload` only where it was asked for."""

    id: int
    key: str
    ticket: str | None
    kind: str
    state: str
    attempts: int
    created_at: datetime
    next_attempt_at: datetime
    sent_at: datetime | None
    answer: Any
    last_error: str | None
    payload: Any = None


def claim_next(
    connection: Connection, *, now: datetime, leases: dict[str, int], by: str, ticket: int | None = None
) -> Outgoing | None:
    """Claim one due message of the kinds in `leases` (seconds for each), or None where nothing is due.

    On PostgreSQL, messages that somebody else is claiming are passed over.
    """
    expired = and_(outbox.c.state == "claimed", outbox.c.claimed_until < now)
    due = and_(outbox.c.state == "waiting", outbox.c.next_attempt_at <= now)
    query = select(outbox).where(or_(due, expired), outbox.c.kind.in_(leases)).order_by(outbox.c.id).limit(1)
    if ticket is not None:
        query = query.where(outbox.c.ticket == ticket)
    row = connection.execute(query.with_for_update(skip_locked=True)).one_or_none()
    if row is None:
        return None
    claim = {
        "state": "claimed",
        "attempts": row.attempts + 1,
        "claimed_by": by,
        "claimed_until": now + timedelta(seconds=leases[row.kind]),
    }
    connection.execute(update(outbox).where(outbox.c.id == row.id).values(claim))
    return _outgoing(row, with_payload=True, attempts=row.attempts + 1, state="claimed")


def note_sent(connection: Connection, number: int, *, answer: Any, now: datetime) -> None:
    """Keep the answer. Whoever held the claim: the message has left under its key."""
    sent = {"state": "sent", "sent_at": now, "answer": answer, "claimed_until": None, "last_error": None}
    connection.execute(update(outbox).where(outbox.c.id == number, outbox.c.state != "sent").values(sent))


def note_failed(connection: Connection, number: int, *, error: str, again_at: datetime | None, by: str) -> bool:
    """Put the message off, or bury it where there is no `again_at`; returns False where the claim was lost."""
    state = "waiting" if again_at else "dead"
    values: dict[str, Any] = {"state": state, "last_error": error[:2000], "claimed_until": None}
    if again_at:
        values["next_attempt_at"] = again_at
    mine = and_(outbox.c.id == number, outbox.c.state == "claimed", outbox.c.claimed_by == by)
    return connection.execute(update(outbox).where(mine).values(values)).rowcount == 1


def retry_message(connection: Connection, number: int, *, now: datetime) -> Outgoing:
    """Make a waiting or dead message due now and count its attempts anew; its key stays."""
    row = connection.execute(select(outbox).where(outbox.c.id == number).with_for_update()).one_or_none()
    if row is None:
        raise UnableToFindMessage(f"The outbox has no message {number}.")
    if row.state not in {"waiting", "dead"}:
        raise UnableToRetryMessage(f"Message {number} cannot be retried: it is {row.state}.")
    due = {"state": "waiting", "attempts": 0, "next_attempt_at": now}
    connection.execute(update(outbox).where(outbox.c.id == number).values(due))
    return _outgoing(row, state="waiting", attempts=0, next_attempt_at=now)


def list_messages(
    connection: Connection, *, state: str | None = None, ticket: int | None = None, limit: int = 100
) -> Sequence[Outgoing]:
    """Return messages without their payload, the newest first."""
    query = _without_payload().order_by(outbox.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(outbox.c.state == state)
    if ticket is not None:
        query = query.where(outbox.c.ticket == ticket)
    return [_outgoing(row) for row in connection.execute(query)]


def page_of_messages(connection: Connection, *, states: Sequence[str], number: int, size: int) -> Page[Outgoing]:
    """Return messages in these states without their payload: those given up first, then the newest."""
    query = _without_payload().where(outbox.c.state.in_(states))
    query = query.order_by(case((outbox.c.state == "dead", 0), else_=1), outbox.c.id.desc())
    return cut_page(connection, query, _outgoing, number=number, size=size)


def _without_payload() -> Select[Any]:
    return select(*(column for column in outbox.c if column.name != "payload"))


def count_messages(connection: Connection) -> dict[str, int]:
    """Return how many messages are in each state."""
    query = select(outbox.c.state, func.count()).group_by(outbox.c.state)
    return {row[0]: row[1] for row in connection.execute(query)}


def _outgoing(row: Row[Any], *, with_payload: bool = False, **changed: Any) -> Outgoing:
    values = row._asdict()
    for name in ("claimed_by", "claimed_until"):
        del values[name]
    payload = values.pop("payload", None)
    values["ticket"] = None if row.ticket is None else ticket_id(row.ticket)
    return Outgoing(**(values | changed), payload=payload if with_payload else None)
