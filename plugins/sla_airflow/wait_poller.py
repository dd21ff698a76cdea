"""One poller per operations database for all waits of a triggerer: one query per poll, however many runs wait.

All triggers of a triggerer share one event loop; the registry is keyed by it, so that nothing outlives a loop.
"""

import asyncio
import logging
import time
from datetime import UTC, datetime, timedelta
from weakref import WeakKeyDictionary

POLL_SECONDS = 5.0
POLL_AFTER_FAILURE_SECONDS = 30.0
OVERLAP = timedelta(minutes=1)
SKEW = timedelta(hours=2)  # the most by which the clocks of our machines and of the database may differ
LONGEST_PAUSE = timedelta(seconds=30)  # the longest time between a deferral and its first look, by any clock

log = logging.getLogger(__name__)


class Wait:
    """One run on hold, not to be woken before `not_before`; decisions since then, and shortly before, concern it.

    With `anyway` it is woken by the first poll that the database answers, whatever the answer is.
    Measured is how long this process has waited: its clock may be wrong, or be set, meanwhile.
    """

    def __init__(self, run_id: str, not_before: datetime, *, anyway: bool = False) -> None:
        self.run_id = run_id
        self.anyway = anyway
        self.over = asyncio.Event()
        self.polled = False
        left = not_before - datetime.now(UTC)
        self._due = time.monotonic() + min(left, LONGEST_PAUSE).total_seconds()

    @property
    def is_due(self) -> bool:
        return time.monotonic() >= self._due

    @property
    def concerned_within(self) -> timedelta:
        """Return how far back a decision may lie that no poll has asked for yet."""
        return timedelta(seconds=max(0.0, time.monotonic() - self._due)) + SKEW


class WaitPoller:
    """Ask one database for all waits, in a thread, and wake those that may be over."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._waits: set[Wait] = set()
        self._task: asyncio.Task[None] | None = None
        self._polled_at = time.monotonic()

    async def wait(self, run_id: str, *, not_before: datetime, anyway: bool = False) -> None:
        """Return when a poll says that this wait can be decided; the task that is woken decides."""
        wait = Wait(run_id, not_before, anyway=anyway)
        self._waits.add(wait)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._poll_while_waiting())
        try:
            await wait.over.wait()
        finally:
            self._waits.discard(wait)

    async def _poll_while_waiting(self) -> None:
        while self._waits:
            pause = POLL_SECONDS
            try:
                await self._poll()
            except Exception:
                # A database that is away must not end a wait: the next poll may reach it.
                log.exception("The waits could not be polled from the operations database")
                pause = POLL_AFTER_FAILURE_SECONDS
            await asyncio.sleep(pause)

    async def _poll(self) -> None:
        """Ask once for all waits, and wake those that were answered, decided elsewhere, or are past their deadline.

        The database compares deadlines and decisions with its own clock: the clocks of triggerers do not matter.
        """
        due = [wait for wait in self._waits if wait.is_due]
        if not due:
            return
        began = time.monotonic()
        since_last = timedelta(seconds=began - self._polled_at) + OVERLAP
        back = max([since_last, *(wait.concerned_within for wait in due if not wait.polled)])
        answered = await asyncio.to_thread(answered_runs, self._database_url, back)
        self._polled_at = began
        for wait in due:
            wait.polled = True
            if wait.anyway or wait.run_id in answered:
                wait.over.set()


def wait_poller(database_url: str) -> WaitPoller:
    """Return the one poller of this database in this event loop."""
    of_loop = _wait_pollers.setdefault(asyncio.get_running_loop(), {})
    return of_loop.setdefault(database_url, WaitPoller(database_url))


def answered_runs(database_url: str, decided_within: timedelta) -> frozenset[str]:
    """Ask in one query for the runs whose wait can be decided now, or was decided lately."""
    from dataclasses import replace

    from include.sla_logic.services import Settings, UseCases

    settings = replace(Settings.from_environment(), database_url=database_url)
    return UseCases(settings).restorations.answered(decided_within=decided_within)


_wait_pollers: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, WaitPoller]] = WeakKeyDictionary()
