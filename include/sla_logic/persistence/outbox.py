"""The outbox: claims what is due, keeps the answers, waits longer after each failure, gives up with a reason.

A claim ends by itself, so what a killed sender held is sent again under the same key: at least once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, case, exists, func, or_, select, update

from include.sla_logic.domain.errors import ForeseenError, NotFoundError
from include.sla_logic.domain.sentence import Code, Sentence
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.paging import Page, cut_page
from include.sla_logic.persistence.schema.system_t import outbox

SUSPENDED = "The listener is suspended."  # why its messages do not leave


class UnableToFindMessage(NotFoundError):
    """The outbox has no such message."""


class UnableToRetryMessage(ForeseenError):
    """The message has left already, or is being sent now."""


@dataclass(frozen=True)
class Outgoing:
    """One message of the outbox as it stands; `payload` only where it was asked for.

    `listener` is the number of the listener whom it is for, `stream` what has to leave one after the other.
    """

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
    listener: int | None = None
    stream: str | None = None


@dataclass(frozen=True)
class Failure:
    """One attempt that failed; without `again_at` the message is given up."""

    message: Outgoing
    error: str
    again_at: datetime | None


def claim_due(
    connection: Connection, *, now: datetime, leases: dict[str, int], by: str, limit: int, ticket: int | None = None
) -> list[Outgoing]:
    """Claim due messages of the kinds in `leases` (seconds for each), the oldest first."""
    query = select(outbox).where(*due(now), outbox.c.kind.in_(leases)).order_by(outbox.c.id).limit(limit)
    if ticket is not None:
        query = query.where(outbox.c.ticket == ticket)
    return take(connection, query, now=now, leases=leases, by=by)


def due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for messages that may leave now; one of a stream waits for those before it."""
    expired = and_(outbox.c.state == "claimed", outbox.c.claimed_until < now)
    waits = and_(outbox.c.state == "waiting", outbox.c.next_attempt_at <= now)
    before = outbox.alias("before_it")
    unfinished = before.c.state.in_(("waiting", "claimed"))
    earlier = exists().where(before.c.stream == outbox.c.stream, before.c.id < outbox.c.id, unfinished)
    return or_(waits, expired), or_(outbox.c.stream.is_(None), ~earlier)


def take(
    connection: Connection, query: Select[Any], *, now: datetime, leases: dict[str, int], by: str
) -> list[Outgoing]:
    """Claim the messages of a query, but those that another sender is claiming."""
    rows = connection.execute(query.with_for_update(skip_locked=True)).all()
    claims = [
        {
            "its_id": row.id,
            "state": "claimed",
            "attempts": row.attempts + 1,
            "claimed_by": by,
            "claimed_until": now + timedelta(seconds=leases[row.kind]),
        }
        for row in rows
    ]
    _change(connection, claims)
    return [_outgoing(row, with_payload=True, attempts=row.attempts + 1, state="claimed") for row in rows]


def note_sent(connection: Connection, answers: Sequence[tuple[Outgoing, Any]], *, now: datetime) -> None:
    """Keep the answers, even where another sender holds the claim by now: the messages have left under their keys."""
    sent = {"state": "sent", "sent_at": now, "claimed_until": None, "last_error": None}
    rows = [{"its_id": message.id, "answer": answer, **sent} for message, answer in answers]
    _change(connection, rows, outbox.c.state != "sent")


def note_failed(connection: Connection, failures: Sequence[Failure], *, by: str) -> list[Failure]:
    """Put these messages off or give them up; leave out, and do not return, those whose claim was lost."""
    mine = _claimed_by(connection, [one.message for one in failures], by)
    kept = [one for one in failures if one.message.id in mine]
    _change(
        connection,
        [
            {
                "its_id": one.message.id,
                "state": "waiting" if one.again_at else "dead",
                "last_error": one.error[:2000],
                "claimed_until": None,
                "next_attempt_at": one.again_at or one.message.next_attempt_at,
            }
            for one in kept
        ],
    )
    return kept


def give_back(connection: Connection, messages: Sequence[Outgoing], *, by: str) -> None:
    """Let messages that were claimed and not tried wait as before."""
    mine = _claimed_by(connection, messages, by)
    rows = [
        {"its_id": one.id, "state": "waiting", "attempts": one.attempts - 1, "claimed_until": None}
        for one in messages
        if one.id in mine
    ]
    _change(connection, rows)


def _claimed_by(connection: Connection, messages: Sequence[Outgoing], by: str) -> set[int]:
    if not messages:
        return set()
    mine = and_(outbox.c.state == "claimed", outbox.c.claimed_by == by)
    query = select(outbox.c.id).where(outbox.c.id.in_([one.id for one in messages]), mine)
    return set(connection.scalars(query.with_for_update()))


def _change(connection: Connection, rows: Sequence[dict[str, Any]], *conditions: ColumnElement[bool]) -> None:
    """Write the same columns of several messages in one statement."""
    if rows:
        connection.execute(update(outbox).where(outbox.c.id == bindparam("its_id"), *conditions), list(rows))


def retry_message(connection: Connection, number: int, *, now: datetime) -> Outgoing:
    """Make a waiting or dead message due now and reset its attempts; its key stays."""
    row = _locked(connection, number)
    if row.state not in {"waiting", "dead"}:
        msg = "Message %(number)s cannot be retried: it is %(state)s."
        raise UnableToRetryMessage(Sentence(msg, number=number, state=Code(row.state)))
    due = {"state": "waiting", "attempts": 0, "next_attempt_at": now}
    connection.execute(update(outbox).where(outbox.c.id == number).values(due))
    return _outgoing(row, state="waiting", attempts=0, next_attempt_at=now)


def release_message(connection: Connection, number: int, *, reason: str, now: datetime) -> Outgoing:
    """Make a message that was given up for this kind of reason as due as one that was never sent; its key stays."""
    row = _locked(connection, number)
    if row.state != "dead" or not (row.last_error or "").startswith(f"{reason}:"):
        msg = f"Message {number} does not wait for a person to look for it: it is {row.state}"
        raise UnableToRetryMessage(f"{msg} ({row.last_error}).")
    due = {"state": "waiting", "attempts": 0, "next_attempt_at": now, "last_error": None}
    connection.execute(update(outbox).where(outbox.c.id == number).values(due))
    return _outgoing(row, with_payload=True, **due)


def _locked(connection: Connection, number: int) -> Row[Any]:
    row = connection.execute(select(outbox).where(outbox.c.id == number).with_for_update()).one_or_none()
    if row is None:
        raise UnableToFindMessage(Sentence("The outbox has no message %(number)s.", number=number))
    return row


def list_messages(
    connection: Connection,
    *,
    state: str | None = None,
    ticket: int | None = None,
    limit: int = 100,
    suspended: bool = True,
) -> Sequence[Outgoing]:
    """Return messages without their payload, the newest first; `suspended` as for `page_of_messages`."""
    query = _without_payload(suspended=suspended).order_by(outbox.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(outbox.c.state == state)
    if ticket is not None:
        query = query.where(outbox.c.ticket == ticket)
    return [_outgoing(row) for row in connection.execute(query)]


def page_of_messages(
    connection: Connection, *, states: Sequence[str], suspended: bool = True, **cut: int
) -> Page[Outgoing]:
    """Return messages in these states without their payload: those given up first, then the newest.

    Without `suspended`, those that wait until a suspended listener goes on are left out. `cut` is that of `cut_page`.
    """
    query = _without_payload(suspended=suspended).where(outbox.c.state.in_(states))
    query = query.order_by(case((outbox.c.state == "dead", 0), else_=1), outbox.c.id.desc())
    return cut_page(connection, query, _outgoing, **cut)


def not_suspended() -> ColumnElement[bool]:
    """Return the condition for messages that do not wait until a suspended listener goes on."""
    return outbox.c.last_error.is_distinct_from(SUSPENDED)


def _without_payload(*, suspended: bool) -> Select[Any]:
    query = select(*(column for column in outbox.c if column.name != "payload"))
    return query if suspended else query.where(not_suspended())


def withhold_unsent(connection: Connection, installation: str) -> int:
    """Give up every message that has not left, since the original of this copy sends it; return how many."""
    values = {"state": "dead", "claimed_until": None, "last_error": f"The installation {installation} sends it."}
    unsent = outbox.c.state.in_(("waiting", "claimed"))
    return connection.execute(update(outbox).where(unsent).values(values)).rowcount


def keys_of_kind(connection: Connection, kind: str) -> set[str]:
    """Return the keys of all messages of one kind."""
    return set(connection.scalars(select(outbox.c.key).where(outbox.c.kind == kind)))


def has_message(connection: Connection, key: str) -> bool:
    """Tell whether a message has this key."""
    return connection.scalar(select(outbox.c.id).where(outbox.c.key == key)) is not None


def count_due(connection: Connection, *, now: datetime, kinds: Sequence[str]) -> int:
    """Return how many messages of these kinds may leave now."""
    return connection.scalar(select(func.count()).select_from(outbox).where(*due(now), outbox.c.kind.in_(kinds))) or 0


def _outgoing(row: Row[Any], *, with_payload: bool = False, **changed: Any) -> Outgoing:
    values = row._asdict()
    for name in ("claimed_by", "claimed_until", "archived_at"):
        del values[name]
    payload = values.pop("payload", None)
    values["ticket"] = None if row.ticket is None else ticket_id(row.ticket)
    return Outgoing(**(values | changed), payload=payload if with_payload else None)
