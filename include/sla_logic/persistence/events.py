"""Events wait in the outbox, written with the change that they tell of; each listener gets a message of its own."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, exists, insert, select

from include.sla_logic.domain.events import Event, notice_of
from include.sla_logic.domain.outgoing_keys import outgoing_key
from include.sla_logic.persistence.event_listeners import Listener, listeners_of
from include.sla_logic.persistence.installation import installation_id
from include.sla_logic.persistence.outbox import SUSPENDED, Outgoing
from include.sla_logic.persistence.pending_messages import CALLBACK, EVENT
from include.sla_logic.persistence.schema.events import event_listeners
from include.sla_logic.persistence.schema.system_t import outbox

Rows = list[dict[str, Any]]


def heard_apis(connection: Connection) -> set[str]:
    """Return the APIs to which anybody listens."""
    return set(connection.scalars(select(event_listeners.c.api).distinct()))


def is_heard(api: str) -> ColumnElement[bool]:
    """Return the column `heard`, whether anybody listens to the API: asked with the rows that events would tell of."""
    return exists().where(event_listeners.c.api == api).label("heard")


def note_events(connection: Connection, events: Sequence[Event], *, now: datetime) -> None:
    """Put events into the outbox, in the transaction of what they tell; nothing where nobody listens to their API."""
    heard = heard_apis(connection) if events else set()
    told = [event for event in events if event.api in heard]
    if not told:
        return
    installation = installation_id(connection)
    rows = []
    for event in told:
        name = uuid4().hex
        notice = notice_of(event, name, now=now)
        payload = {"api": event.api, "type": event.type, "customers": list(event.customers), "notice": notice}
        key = outgoing_key(installation, f"event:{name}")
        rows.append(_row(key, EVENT, payload, now=now, stream=f"{event.api} {event.subject}"))
    connection.execute(insert(outbox), rows)


def pass_on(
    connection: Connection, events: Sequence[Outgoing], *, customers_of: Callable[[str], Collection[str]], now: datetime
) -> None:
    """Write the message of each listener that an event is for: of its API, type and customers, and since it listens."""
    listeners = listeners_of(connection, hold=True)
    rows: Rows = []
    for event in events:
        for listener in listeners:
            if _is_for(event, listener, customers_of):
                rows.append(_for_listener(event, listener, now))
    if rows:
        connection.execute(insert(outbox), rows)


def _is_for(event: Outgoing, listener: Listener, customers_of: Callable[[str], Collection[str]]) -> bool:
    told = event.payload
    if told["api"] != listener.api or event.created_at < listener.registered_at:
        return False
    if listener.types is not None and told["type"] not in listener.types:
        return False
    return not set(told["customers"]).isdisjoint(customers_of(listener.partner))


def _for_listener(event: Outgoing, listener: Listener, now: datetime) -> dict[str, Any]:
    key, stream = f"{event.key}:{listener.id}", f"{listener.id} {event.stream}"
    row = _row(key, CALLBACK, event.payload, now=now, stream=stream, listener=listener.id)
    return row if listener.suspended_at is None else row | {"state": "dead", "last_error": SUSPENDED}


def _row(
    key: str, kind: str, payload: dict[str, Any], *, now: datetime, stream: str, listener: int | None = None
) -> dict[str, Any]:
    return {
        "key": key,
        "ticket": None,
        "kind": kind,
        "payload": payload,
        "state": "waiting",
        "attempts": 0,
        "created_at": now,
        "next_attempt_at": now,
        "last_error": None,
        "listener": listener,
        "stream": stream,
    }
