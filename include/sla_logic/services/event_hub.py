"""The hub of the open APIs: partners register listeners; operators see which of them do not answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from include.sla_logic.domain.callbacks import UnableToUseCallback, read_callback
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.events import UnableToReadEventQuery, read_event_query
from include.sla_logic.domain.numbers import number_in
from include.sla_logic.importers.open_apis import UnableToReadOpenApis, read_open_apis
from include.sla_logic.persistence.audit import Act, note_act
from include.sla_logic.persistence.event_listeners import (
    Listener,
    Registration,
    UnableToFindListener,
    UnableToResumeListener,
    count_unsent,
    find_listener,
    listeners_of,
    register,
    remove,
    resume,
)
from include.sla_logic.persistence.unit_of_work import UnitOfWork

__all__ = [
    "EventHub",
    "Listener",
    "ListenerView",
    "UnableToFindListener",
    "UnableToReadEventQuery",
    "UnableToRegisterListener",
    "UnableToResumeListener",
    "UnableToUseCallback",
]

MOST = 20  # listeners of one partner


class UnableToRegisterListener(ForeseenError):
    """The partner has this listener already, or too many."""


@dataclass(frozen=True)
class ListenerView:
    """A listener, how many messages have not left for it, and whether its partner is one still.

    Of its address only the origin is shown: the rest may hold a secret of the partner's.
    """

    listener: Listener
    unsent: int
    forgotten: bool = False

    @property
    def origin(self) -> str:
        """Return scheme, host and port of its address."""
        return read_callback(self.listener.callback).origin

    @property
    def is_well(self) -> bool:
        """Tell whether there is nothing to do about it."""
        one = self.listener
        return not (self.forgotten or one.suspended_at or one.failing_since)

    def __str__(self) -> str:
        """Say in one sentence what is wrong with it."""
        one = self.listener
        who = f"the listener {one.id} of {one.partner} ({self.origin})"
        if self.forgotten:
            return (
                f"{who} is told nothing: the file of the open APIs has no such partner; `sla listener remove {one.id}`"
            )
        if one.suspended_at is not None:
            go_on = f"once it works, `sla listener resume {one.id}`"
            return f"{who} is suspended since {_day(one.suspended_at)}: {one.last_error} {self._waiting()}; {go_on}"
        if one.failing_since is not None:
            return f"{who} has taken nothing since {_day(one.failing_since)}: {one.last_error} {self._waiting()}"
        return f"{who} works; {self._waiting()}"

    def _waiting(self) -> str:
        return "1 message has not reached it" if self.unsent == 1 else f"{self.unsent} messages have not reached it"


@dataclass(frozen=True)
class EventHub:
    """A partner sees and removes their own listeners alone; nothing is sent from here."""

    work: UnitOfWork

    def register(self, *, api: str, partner: str, callback: str, query: str, root: str) -> Listener:
        """Register a listener; raise `UnableToUseCallback`, `UnableToReadEventQuery`, `UnableToRegisterListener`."""
        from include.sla_logic.gateways.event_callbacks import check_callback

        types = read_event_query(query, api)
        hosts = read_open_apis(self.work.settings.open_apis).event_hosts(partner)
        check_callback(callback, hosts)  # and again each time it is told anything
        with self.work.writing() as connection:
            now = self.work.database.now(connection)
            if len(listeners_of(connection, partner=partner)) >= MOST:
                raise UnableToRegisterListener(f"There are {MOST} listeners of yours already; remove one first.")
            listener = register(connection, Registration(api, partner, callback, query, types, root), now=now)
            if listener is None:
                raise UnableToRegisterListener("A listener of yours with this callback and query is registered.")
            self._note(connection, partner, "listener registered", listener, read_callback(callback).origin)
            return listener

    def find(self, number: str, *, api: str, partner: str) -> Listener:
        """Return a listener of this partner; raise `UnableToFindListener` for anything else."""
        with self.work.reading() as connection:
            return _own(connection, number, api, partner)

    def remove_own(self, number: str, *, api: str, partner: str) -> None:
        """Remove a listener of this partner with what has not left for it; raise `UnableToFindListener`."""
        with self.work.writing() as connection:
            listener = _own(connection, number, api, partner)
            self._remove(connection, listener, partner, "")

    def views(self) -> Sequence[ListenerView]:
        """Return every listener, and how many messages have not left for it."""
        with self.work.reading() as connection:
            unsent, listeners = count_unsent(connection), listeners_of(connection)
        try:
            partners = set(read_open_apis(self.work.settings.open_apis).partners)
        except UnableToReadOpenApis:
            partners = {one.partner for one in listeners}  # the sending says that it cannot be read
        return [ListenerView(one, unsent.get(one.id, 0), one.partner not in partners) for one in listeners]

    def troubles(self) -> list[ListenerView]:
        """Return the listeners that are told nothing or have not answered lately, the suspended ones first."""
        found = [one for one in self.views() if not one.is_well]
        return sorted(found, key=lambda one: one.listener.suspended_at is None)

    def resume(self, number: int, *, by: str, reason: str) -> int:
        """Let a suspended listener have what it missed; return how many messages that are.

        Raises `UnableToFindListener` and `UnableToResumeListener`.
        """
        with self.work.writing() as connection:
            again = resume(connection, number, now=self.work.database.now(connection))
            self._note(connection, by, "listener resumed", find_listener(connection, number), reason)
            return again

    def remove(self, number: int, *, by: str, reason: str) -> int:
        """Remove a listener for a partner; return how many messages will not reach it."""
        with self.work.writing() as connection:
            return self._remove(connection, find_listener(connection, number, lock=True), by, reason)

    def _remove(self, connection: Connection, listener: Listener, by: str, reason: str) -> int:
        unsent = remove(connection, listener.id)
        said = f"{read_callback(listener.callback).origin}, {unsent} not sent{f': {reason}' if reason else ''}"
        self._note(connection, by, "listener removed", listener, said)
        return unsent

    def _note(self, connection: Connection, by: str, action: str, listener: Listener, detail: str) -> None:
        now = self.work.database.now(connection)
        note_act(connection, Act(now, by, action, f"listener {listener.id}", detail))


def _own(connection: Connection, number: str, api: str, partner: str) -> Listener:
    row_number = number_in("", number)
    if row_number is None:
        raise UnableToFindListener(f"There is no listener {number[:64]}.")
    listener = find_listener(connection, row_number)
    if (listener.api, listener.partner) != (api, partner):
        raise UnableToFindListener(f"There is no listener {number}.")
    return listener


def _day(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
