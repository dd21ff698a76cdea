"""How events leave the outbox: each is passed on to the listeners whom it is for, and handed to each of them."""

import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.events import with_root
from include.sla_logic.gateways.retry_schedule import schedules_in_force
from include.sla_logic.gateways.sender import UNTRIED, Transport
from include.sla_logic.persistence.database import Database
from include.sla_logic.persistence.event_listeners import (
    Listener,
    listeners_of,
    note_answered,
    note_unanswered,
)
from include.sla_logic.persistence.events import pass_on
from include.sla_logic.persistence.outbox import Failure, Outgoing
from include.sla_logic.persistence.pending_messages import CALLBACK, EVENT
from include.sla_logic.settings import Settings

if TYPE_CHECKING:
    from include.sla_logic.importers.open_apis import OpenApiSettings

AT_ONCE = 8  # listeners that are told side by side, so that a slow one delays no other
_SECONDS = 20.0  # of one listener in one portion; then the others' next messages have their turn


class UnableToTellPartner(ForeseenError):
    """The event is not for this listener any more."""


class UnableToTellListeners(ForeseenError):
    """There are listeners, but no file that says who is a partner."""


def check_partners(connection: Connection, settings: Settings) -> None:
    """Raise `UnableToTellListeners` or `UnableToReadOpenApis` where it is not known whom events are for."""
    if settings.open_apis is None and listeners_of(connection):
        msg = "There are listeners, but TELECO_OPEN_APIS names no file of partners here: set it for the workers."
        raise UnableToTellListeners(msg)
    _partners(settings)


def _partners(settings: Settings) -> "OpenApiSettings":
    from include.sla_logic.importers.open_apis import read_open_apis  # what no task of an incident needs

    return read_open_apis(settings.open_apis)


def event_transports(settings: Settings, database: Database) -> dict[str, Transport]:
    """Return the transports of events and of what their listeners are told."""
    return {EVENT: _events(settings, database), CALLBACK: _callbacks(settings, database)}


def _events(settings: Settings, database: Database) -> Transport:
    def acknowledged(connection: Connection, messages: Sequence[Outgoing]) -> None:
        """Write the listeners' messages in the transaction in which the events count as passed on."""
        allowed = _partners(settings)
        pass_on(connection, messages, customers_of=allowed.customers_of, now=database.now(connection))

    return Transport(lambda _: None, refused=(), acknowledged=acknowledged)


def _callbacks(settings: Settings, database: Database) -> Transport:
    def deliver_all(messages: Sequence[Outgoing]) -> Sequence[Any]:
        with database.read() as connection:
            listeners = {listener.id: listener for listener in listeners_of(connection)}
        answers = _tell_all(messages, listeners, _partners(settings))
        return [answers.get(message.id, UNTRIED) for message in messages]

    def deliver(message: Outgoing) -> Any:
        [answer] = deliver_all([message])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def put_off(connection: Connection, failures: Sequence[Failure]) -> None:
        failed = [one for one in failures if not one.error.startswith(UnableToTellPartner.__name__)]
        _let_rest(connection, failed, now=database.now(connection))

    return Transport(
        deliver,
        refused=(UnableToTellPartner,),
        deliver_all=deliver_all,
        acknowledged=note_answered,
        put_off=put_off,
    )


def _let_rest(connection: Connection, failures: Sequence[Failure], *, now: datetime) -> None:
    """Let the listeners that failed rest, and suspend those that have failed for too long."""
    schedules = schedules_in_force()
    times = schedules.kinds[CALLBACK]
    longest = timedelta(seconds=times.longest_wait)
    patience = timedelta(seconds=schedules.listener_suspended_after)
    note_unanswered(
        connection, failures, rest=lambda failure: times.wait_after(failure) or longest, patience=patience, now=now
    )


def _tell_all(
    messages: Sequence[Outgoing], listeners: dict[int, Listener], allowed: "OpenApiSettings"
) -> dict[int, Any]:
    """Tell several listeners side by side, each its messages in their order; return the answers by message."""
    turns: dict[int | None, list[Outgoing]] = defaultdict(list)
    for message in messages:
        turns[message.listener].append(message)
    answers: dict[int, Any] = {}
    with ThreadPoolExecutor(min(AT_ONCE, len(turns)), thread_name_prefix="listeners") as threads:
        for told in threads.map(lambda turn: _tell(turn, listeners, allowed), turns.values()):
            answers |= told
    return answers


def _tell(turn: Sequence[Outgoing], listeners: dict[int, Listener], allowed: "OpenApiSettings") -> dict[int, Any]:
    """Tell one listener its messages in their order, until one fails or its time is over."""
    from include.sla_logic.gateways.event_callbacks import tell_listener

    answers: dict[int, Any] = {}
    ends = time.monotonic() + _SECONDS
    for message in turn:
        listener = listeners.get(message.listener or 0)
        if listener is None or allowed.customers_of(listener.partner).isdisjoint(message.payload["customers"]):
            why = "it was removed" if listener is None else f"{listener.partner} is no longer told of its customers"
            answers[message.id] = UnableToTellPartner(f"The listener {message.listener}: {why}.")
            continue
        try:
            notice = with_root(message.payload["notice"], listener.root)
            answers[message.id] = tell_listener(listener.callback, notice, allowed.event_hosts(listener.partner))
        except Exception as error:  # noqa: BLE001 - kept with the message; it is tried again later
            answers[message.id] = error
            break
        if time.monotonic() > ends:
            break
    return answers
