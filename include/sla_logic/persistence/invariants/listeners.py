"""Messages for listeners are for registered ones, wait where one is suspended, and leave in order (I13)."""

from collections.abc import Iterator

from sqlalchemy import Connection, and_, exists, func, select

from include.sla_logic.persistence.invariants.violation import Violation
from include.sla_logic.persistence.pending_messages import CALLBACK
from include.sla_logic.persistence.schema.events import event_listeners
from include.sla_logic.persistence.schema.system_t import outbox

_UNSENT = outbox.c.state.in_(("waiting", "claimed"))


def check_listeners(connection: Connection) -> Iterator[Violation]:
    """Look at what has not left: what has left may belong to a listener that was removed since."""
    listener = event_listeners.c
    known = exists().where(listener.id == outbox.c.listener)
    lost = select(outbox.c.id).where(outbox.c.kind == CALLBACK, outbox.c.state != "sent", ~known).order_by(outbox.c.id)
    for number in connection.scalars(lost):
        yield Violation("I13", f"message {number}", "is for a listener that is not registered")
    suspended = exists().where(listener.id == outbox.c.listener, listener.suspended_at.is_not(None))
    leaving = select(outbox.c.id).where(outbox.c.kind == CALLBACK, _UNSENT, suspended).order_by(outbox.c.id)
    for number in connection.scalars(leaving):
        yield Violation("I13", f"message {number}", "waits to leave for a listener that is suspended")
    claimed = and_(outbox.c.stream.is_not(None), outbox.c.state == "claimed")
    twice = select(outbox.c.stream).where(claimed).group_by(outbox.c.stream).having(func.count() > 1)
    for stream in connection.scalars(twice):
        yield Violation("I13", f"stream {stream}", "has two messages that are being sent at once")
