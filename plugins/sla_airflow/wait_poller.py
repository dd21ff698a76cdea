"""One look-out per operations database for all waits of a triggerer: one query per look, however many wait.

All triggers of a triggerer live in one event loop; the registry is keyed by it, so that nothing outlives a loop.
"""

import asyncio
import logging
import time
from datetime import UTC, datetime, timedelta
from weakref import WeakKeyDictionary

LOOK_SECONDS = 5.0
LOOK_AFTER_FAILURE_SECONDS = 30.0
OVERLAP = timedelta(minutes=1)
SKEW = timedelta(hours=2)  # the clocks of the machine that deferred, of ours and of the database may differ by so much
LONGEST_PAUSE = timedelta(seconds=30)  # nobody defers for longer before the first look; by whose clock does not matter

log = logging.getLogger(__name__)


class Wait:
    """One run on hold, not to be woken before `not_before`; decisions since then, and some time before, concern it.

    What counts is how long this process has waited: its clock may be wrong, or be set, while it waits.
    """

    def __init__(self, run_id: str, not_before: datetime) -> None:
        self.run_id = run_id
        self.over = asyncio.Event()
        self.looked_for = False
        left = not_before - datetime.now(UTC)
        self._due = time.monotonic() + min(left, LONGEST_PAUSE).total_seconds()

    @property
    def is_due(self) -> bool:
        return time.monotonic() >= self._due

    @property
    def concerned_within(self) -> timedelta:
        """Return how far back a decision may lie that nobody has looked for yet."""
        return timedelta(seconds=max(0.0, time.monotonic() - self._due)) + SKEW


class WaitPoller:
    """Look into one database for all who wait, in a thread, and wake those for whom the wait may be over."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._waits: set[Wait] = set()
        self._task: asyncio.Task[None] | None = None
        self._looked_at = time.monotonic()

    async def wait(self, run_id: str, *, not_before: datetime) -> None:
        """Return when a look says that this wait can be decided; the decision itself is made elsewhere."""
        wait = Wait(run_id, not_before)
        self._waits.add(wait)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._poll())
        try:
            await wait.over.wait()
        finally:
            self._waits.discard(wait)

    async def _poll(self) -> None:
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

        The database compares deadlines and decisions with its own clock: the clocks of triggerers do not matter.
        """
        due = [wait for wait in self._waits if wait.is_due]
        if not due:
            return
        began = time.monotonic()
        since_last = timedelta(seconds=began - self._looked_at) + OVERLAP
        back = max([since_last, *(wait.concerned_within for wait in due if not wait.looked_for)])
        answered = await asyncio.to_thread(answered_runs, self._database_url, back)
        self._looked_at = began
        for wait in due:
            wait.looked_for = True
            if wait.run_id in answered:
                wait.over.set()


def wait_poller(database_url: str) -> WaitPoller:
    """Find the one look-out of this database in this event loop."""
    of_loop = _wait_pollers.setdefault(asyncio.get_running_loop(), {})
    return of_loop.setdefault(database_url, WaitPoller(database_url))


def answered_runs(database_url: str, decided_within: timedelta) -> frozenset[str]:
    """Ask the use_cases, in one query, whose wait can be decided or has been decided lately."""
    from dataclasses import replace

    from include.sla_logic.services import Settings, UseCases

    settings = replace(Settings.from_environment(), database_url=database_url)
    return UseCases(settings).restorations.answered(decided_within=decided_within)


_wait_pollers: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, WaitPoller]] = WeakKeyDictionary()
