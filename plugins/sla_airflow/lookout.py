"""One look-out per operations database for all waits of a triggerer: one query per look, however many wait.

All triggers of a triggerer live in one event loop; the registry is keyed by it, so that nothing outlives a loop.
"""

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from weakref import WeakKeyDictionary

LOOK_SECONDS = 5.0
LOOK_AFTER_FAILURE_SECONDS = 30.0
OVERLAP = timedelta(minutes=1)  # clocks of the machines that decide may differ from ours

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Wait:
    """One run on hold, not to be woken before `not_before`."""

    run_id: str
    not_before: datetime
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Lookout:
    """Look into one database for all who wait, in a thread, and wake those for whom the wait may be over."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._waits: set[Wait] = set()
        self._task: asyncio.Task[None] | None = None
        self._decided_since = _now()

    async def wait(self, run_id: str, *, not_before: datetime) -> None:
        """Return when a look says that this wait can be decided; the decision itself is made elsewhere."""
        wait = Wait(run_id, not_before)
        self._decided_since = min(self._decided_since, not_before - OVERLAP)
        self._waits.add(wait)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look_out())
        try:
            await wait.over.wait()
        finally:
            self._waits.discard(wait)

    async def _look_out(self) -> None:
        while self._waits:
            pause = LOOK_SECONDS
            try:
                await self._look()
            except Exception:
                # A database that is away must not end a wait: the next look may find it again.
                log.exception("The look-out could not read the operations database")
                pause = LOOK_AFTER_FAILURE_SECONDS
            await asyncio.sleep(pause)

    async def _look(self) -> None:
        """Ask once for all, and wake those who were answered, were decided elsewhere, or are past their deadline.

        The database compares deadlines with its own clock: the clocks of triggerers do not matter.
        """
        now = _now()
        due = [wait for wait in self._waits if wait.not_before <= now]
        if not due:
            return
        answered = await asyncio.to_thread(answered_runs, self._database_url, self._decided_since)
        # Whom this look was not for may have been decided before it began.
        others = [wait.not_before for wait in self._waits.difference(due)]
        self._decided_since = min([now, *others]) - OVERLAP
        for wait in due:
            if wait.run_id in answered:
                wait.over.set()


def lookout(database_url: str) -> Lookout:
    """Find the one look-out of this database in this event loop."""
    of_loop = _lookouts.setdefault(asyncio.get_running_loop(), {})
    return of_loop.setdefault(database_url, Lookout(database_url))


def answered_runs(database_url: str, decided_since: datetime) -> frozenset[str]:
    """Ask the office, in one query, whose wait can be decided or has been decided lately."""
    from dataclasses import replace

    from include.sla_logic.office import Office, Settings

    settings = replace(Settings.from_environment(), database_url=database_url)
    return Office(settings).answered_restorations(decided_since=decided_since)


def _now() -> datetime:
    return datetime.now(UTC)


_lookouts: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Lookout]] = WeakKeyDictionary()
