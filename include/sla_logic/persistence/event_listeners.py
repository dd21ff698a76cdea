"""Listeners to events: who is registered, what is due for each, and which of them no longer answer."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection, Row, and_, delete, exists, func, or_, select, update

from include.sla_logic.domain.errors import ForeseenError, NotFoundError
from include.sla_logic.persistence.database import insert_once
from include.sla_logic.persistence.outbox import SUSPENDED, Failure, Outgoing, UnableToRetryMessage, due, take
from include.sla_logic.persistence.pending_messages import CALLBACK
from include.sla_logic.persistence.schema.events import event_listeners
from include.sla_logic.persistence.schema.system_t import outbox

IN_TURN = 10  # messages of one listener before the others have theirs
_l = event_listeners.c
_UNSENT = outbox.c.state.in_(("waiting", "claimed"))


class UnableToFindListener(NotFoundError):
    """There is no such listener, or it is another partner's."""


class UnableToResumeListener(ForeseenError):
    """The listener is not suspended."""


@dataclass(frozen=True)
class Listener:
    """One registered listener as it stands; without `types` it gets all of its API."""

    id: int
    api: str
    partner: str
    callback: str
    query: str
    types: Sequence[str] | None
    root: str
    registered_at: datetime
    failures: int
    failing_since: datetime | None
    resting_until: datetime | None
    last_error: str | None
    suspended_at: datetime | None


@dataclass(frozen=True)
class Registration:
    """What a partner registers; `root` is the path of the open APIs as they see it."""

    api: str
    partner: str
    callback: str
    query: str
    types: Sequence[str] | None
    root: str

    @property
    def digest(self) -> str:
        """Name what makes two registrations the same."""
        types = None if self.types is None else sorted(self.types)
        return sha256(repr((self.api, self.partner, self.callback, types)).encode()).hexdigest()


def register(connection: Connection, wanted: Registration, *, now: datetime) -> Listener | None:
    """Register a listener and return it; None where the partner has registered the same already."""
    digest = wanted.digest
    row = vars(wanted) | {"digest": digest, "registered_at": now, "failures": 0}
    if not insert_once(connection, event_listeners, "id", row):
        return None
    return _listener(connection.execute(select(event_listeners).where(_l.digest == digest)).one())


def find_listener(connection: Connection, number: int, *, lock: bool = False) -> Listener:
    """Return a listener; raise `UnableToFindListener`."""
    query = select(event_listeners).where(_l.id == number)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise UnableToFindListener(f"There is no listener {number}.")
    return _listener(row)


def listeners_of(connection: Connection, *, partner: str | None = None, hold: bool = False) -> list[Listener]:
    """Return the listeners of one partner or of all; `hold` keeps them as they are until the transaction ends."""
    query = select(event_listeners).order_by(_l.id)
    query = query if partner is None else query.where(_l.partner == partner)
    rows = connection.execute(query.with_for_update(read=True) if hold else query).all()
    return [_listener(row) for row in rows]


def count_unsent(connection: Connection) -> Mapping[int, int]:
    """Return how many messages of each listener have not left, those that were given up included."""
    left = outbox.c.state.in_(("waiting", "claimed", "dead"))  # the sent ones are many, and not read
    query = select(outbox.c.listener, func.count()).where(outbox.c.kind == CALLBACK, left)
    return Counter({row[0]: row[1] for row in connection.execute(query.group_by(outbox.c.listener))})


def remove(connection: Connection, number: int) -> int:
    """Remove a listener with all that has not left for it; return how many messages that were."""
    unsent = and_(outbox.c.kind == CALLBACK, outbox.c.listener == number, outbox.c.state != "sent")
    removed = connection.execute(delete(outbox).where(unsent)).rowcount
    connection.execute(delete(event_listeners).where(_l.id == number))
    return removed


def suspend(connection: Connection, numbers: Sequence[int], *, why: str, now: datetime) -> None:
    """Send these listeners nothing any more; their messages are given up until a person lets them go on."""
    if numbers:
        values = {"suspended_at": now, "last_error": why[:2000]}
        connection.execute(update(event_listeners).where(_l.id.in_(numbers), _l.suspended_at.is_(None)).values(values))
        dead = {"state": "dead", "last_error": SUSPENDED, "claimed_until": None}
        of_them = and_(outbox.c.kind == CALLBACK, outbox.c.listener.in_(numbers), _UNSENT)
        connection.execute(update(outbox).where(of_them).values(dead))


def suspend_all(connection: Connection, *, why: str, now: datetime) -> None:
    """Send no listener anything any more."""
    suspend(connection, [one.id for one in listeners_of(connection)], why=why, now=now)


def resume(connection: Connection, number: int, *, now: datetime) -> int:
    """Let a suspended listener have what it has missed, in its order; return how many messages that are."""
    if find_listener(connection, number, lock=True).suspended_at is None:
        raise UnableToResumeListener(f"The listener {number} is not suspended.")
    connection.execute(
        update(event_listeners)
        .where(_l.id == number)
        .values(failures=0, failing_since=None, resting_until=None, suspended_at=None, last_error=None)
    )
    kept_back = and_(outbox.c.state == "dead", outbox.c.last_error == SUSPENDED)  # not what was refused to the last
    given_up = and_(outbox.c.kind == CALLBACK, outbox.c.listener == number, kept_back)
    again = {"state": "waiting", "attempts": 0, "next_attempt_at": now, "last_error": None}
    return connection.execute(update(outbox).where(given_up).values(again)).rowcount


def refuse_suspended(connection: Connection, message: Outgoing) -> None:
    """Raise `UnableToRetryMessage` where the message is for a listener that is suspended: it would wait for ever."""
    if message.listener is not None and find_listener(connection, message.listener).suspended_at is not None:
        msg = f"Message {message.id} cannot be retried alone: its listener is suspended"
        raise UnableToRetryMessage(f"{msg}. Run `sla listener resume {message.listener}` once it works.")


def claim_callbacks(
    connection: Connection, *, now: datetime, leases: dict[str, int], by: str, limit: int, ticket: int | None = None
) -> list[Outgoing]:
    """Claim what is due for listeners that do not rest, a few messages of each in turn.

    What has failed before comes last: where one ticket's event is refused again and again, the others' still leave.
    """
    if ticket is not None or CALLBACK not in leases:
        return []
    awake = and_(_l.suspended_at.is_(None), or_(_l.resting_until.is_(None), _l.resting_until <= now))
    may_leave = (outbox.c.kind == CALLBACK, *due(now), exists().where(_l.id == outbox.c.listener, awake))
    turn = (
        func.row_number().over(partition_by=outbox.c.listener, order_by=(outbox.c.attempts, outbox.c.id)).label("turn")
    )
    ranked = select(outbox.c.id, turn).where(*may_leave).subquery()
    # The conditions stand here again: what another sender claims meanwhile no longer meets them.
    query = select(outbox).where(outbox.c.id.in_(select(ranked.c.id).where(ranked.c.turn <= IN_TURN)), *may_leave)
    return take(connection, query.order_by(outbox.c.attempts, outbox.c.id).limit(limit), now=now, leases=leases, by=by)


def note_answered(connection: Connection, messages: Sequence[Outgoing]) -> None:
    """Note that the listeners of these messages have taken one."""
    well = {"failures": 0, "failing_since": None, "resting_until": None, "last_error": None}
    numbers = {message.listener for message in messages}
    troubled = or_(_l.failures > 0, _l.last_error.is_not(None))
    connection.execute(
        update(event_listeners).where(_l.id.in_(numbers), troubled, _l.suspended_at.is_(None)).values(well)
    )


def note_unanswered(
    connection: Connection,
    failures: Sequence[Failure],
    *,
    rest: Callable[[int], timedelta],
    patience: timedelta,
    now: datetime,
) -> list[Listener]:
    """Let listeners that failed rest, longer each time, and suspend those that have failed for `patience`.

    Returns those that are suspended now.
    """
    errors = {one.message.listener: one.error for one in failures}
    suspended = []
    rows = connection.execute(select(event_listeners).where(_l.id.in_(errors)).order_by(_l.id).with_for_update())
    for row in rows.all():
        since, count, why = row.failing_since or now, row.failures + 1, errors[row.id][:2000]
        values = {"failures": count, "failing_since": since, "resting_until": now + rest(count), "last_error": why}
        connection.execute(update(event_listeners).where(_l.id == row.id).values(values))
        if row.suspended_at is None and now - since >= patience:
            suspend(connection, [row.id], why=why, now=now)
            suspended.append(_listener(row))
    return suspended


def _listener(row: Row[tuple[object, ...]]) -> Listener:
    values = row._asdict()
    del values["digest"]
    return Listener(**values)
