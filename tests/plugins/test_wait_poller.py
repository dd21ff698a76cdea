"""All waits of one triggerer share one query per poll, and are woken when the database says so, never sooner."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from sla_airflow import wait_poller as module
from sla_airflow.wait_poller import WaitPoller, wait_poller

PAST = datetime(2026, 1, 1, tzinfo=UTC)


class Database:
    """Answers every poll with the runs that were answered so far, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answered: set[str] = set()
        self.polls: list[tuple[str, timedelta]] = []
        self.fails = 0

    def __call__(self, url: str, decided_within: timedelta) -> frozenset[str]:
        self.polls.append((url, decided_within))
        if self.fails:
            self.fails -= 1
            raise ConnectionError("the database is away")
        return frozenset(self.answered)


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Database:
    database = Database()
    monkeypatch.setattr(module, "answered_runs", database)
    monkeypatch.setattr(module, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(module, "POLL_AFTER_FAILURE_SECONDS", 0.02)
    return database


async def until(reached: Callable[[], bool], seconds: float = 300) -> None:
    async with asyncio.timeout(seconds):
        while not reached():  # noqa: ASYNC110 - nobody sets an event for what these tests wait for
            await asyncio.sleep(0.005)


def test_a_thousand_waits_cost_one_query_per_poll(database: Database) -> None:
    async def scene() -> None:
        waits = [asyncio.create_task(wait_poller("db").wait(f"run-{n}", not_before=PAST)) for n in range(1000)]
        await until(lambda: len(database.polls) >= 3)
        polls, began = len(database.polls), time.monotonic()
        assert not any(wait.done() for wait in waits)
        await asyncio.sleep(0.1)
        assert len(database.polls) - polls <= (time.monotonic() - began) / module.POLL_SECONDS + 1
        database.answered = {f"run-{n}" for n in range(1000)}
        await asyncio.gather(*waits)

    asyncio.run(scene())


def test_only_waits_that_were_answered_are_woken(database: Database) -> None:
    async def scene() -> None:
        mine, other = (asyncio.create_task(wait_poller("db").wait(run, not_before=PAST)) for run in ("mine", "other"))
        database.answered = {"mine", "somebody-elses"}
        await until(mine.done)
        await asyncio.sleep(0.06)
        assert not other.done()
        other.cancel()

    asyncio.run(scene())


def test_a_wait_that_asks_for_a_look_anyway_is_woken_once_the_database_answers(database: Database) -> None:
    async def scene() -> None:
        database.fails = 2
        await wait_poller("db").wait("run", not_before=PAST, anyway=True)
        assert len(database.polls) == 3

    asyncio.run(scene())


def test_no_wait_is_woken_before_its_first_look_is_allowed(database: Database) -> None:
    async def scene() -> None:
        database.answered = {"run"}
        allowed = datetime.now(UTC) + timedelta(seconds=0.2)
        await wait_poller("db").wait("run", not_before=allowed)
        assert datetime.now(UTC) >= allowed

    asyncio.run(scene())


def test_two_triggers_of_one_run_are_both_woken(database: Database) -> None:
    async def scene() -> None:
        database.answered = {"run"}
        await asyncio.gather(*(wait_poller("db").wait("run", not_before=PAST) for _ in range(2)))

    asyncio.run(scene())


def test_a_wait_outlives_a_database_that_is_away(database: Database) -> None:
    async def scene() -> None:
        database.fails, database.answered = 3, {"run"}
        await wait_poller("db").wait("run", not_before=PAST)

    asyncio.run(scene())
    assert len(database.polls) == 4


def test_the_event_loop_goes_on_while_the_database_is_slow(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    answer = threading.Event()

    def slow(url: str, decided_within: timedelta) -> frozenset[str]:
        answer.wait(300)
        return frozenset({"run"})

    monkeypatch.setattr(module, "answered_runs", slow)

    async def scene() -> None:
        wait = asyncio.create_task(wait_poller("db").wait("run", not_before=PAST))
        await asyncio.sleep(0.05)
        answer.set()
        await wait

    asyncio.run(scene())


def test_a_wait_that_registers_late_hears_of_earlier_decisions(database: Database) -> None:
    async def scene() -> None:
        deferred = datetime.now(UTC) - timedelta(hours=3)
        database.answered = {"run"}
        await wait_poller("db").wait("run", not_before=deferred)
        assert database.polls[0][1] > timedelta(hours=3)

    asyncio.run(scene())


def test_polls_reach_far_back_until_one_succeeds(database: Database) -> None:
    database.fails = 3

    async def scene() -> None:
        wait = asyncio.create_task(wait_poller("db").wait("run", not_before=PAST))
        await until(lambda: len(database.polls) >= 5)
        wait.cancel()

    asyncio.run(scene())
    *far, near = (within for _, within in database.polls[:5])
    assert min(far) > datetime.now(UTC) - PAST
    assert near < timedelta(hours=1)


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_an_hour_wrong_neither_hides_a_decision_nor_delays_the_poll(
    database: Database, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    monkeypatch.setattr(module, "LONGEST_PAUSE", timedelta(seconds=0.05))
    deferred = datetime.now(UTC)

    async def scene() -> None:
        database.answered = {"run"}
        async with asyncio.timeout(300):
            await wait_poller("db").wait("run", not_before=deferred)

    with time_machine.travel(deferred + timedelta(hours=hours), tick=True):
        asyncio.run(scene())
    assert database.polls[0][1] > timedelta(hours=1)


def test_polling_ends_with_the_last_wait_and_begins_again_with_the_next(database: Database) -> None:
    async def scene() -> None:
        database.answered = {"one", "two"}
        one = wait_poller("db")
        await one.wait("one", not_before=PAST)
        await asyncio.sleep(0.1)
        polls = len(database.polls)
        await asyncio.sleep(0.1)
        assert len(database.polls) == polls
        await one.wait("two", not_before=PAST)
        assert len(database.polls) == polls + 1

    asyncio.run(scene())


def test_a_cancelled_wait_is_forgotten(database: Database) -> None:
    async def scene() -> None:
        wait = asyncio.create_task(wait_poller("db").wait("run", not_before=PAST))
        await until(lambda: bool(database.polls))
        wait.cancel()
        await asyncio.gather(wait, return_exceptions=True)
        await asyncio.sleep(0.3)
        polls = len(database.polls)
        await asyncio.sleep(0.06)
        assert len(database.polls) == polls

    asyncio.run(scene())


def test_each_database_and_each_event_loop_has_its_own_poller() -> None:
    async def scene() -> tuple[WaitPoller, WaitPoller]:
        assert wait_poller("one") is wait_poller("one")
        return wait_poller("one"), wait_poller("two")

    first, again = asyncio.run(scene()), asyncio.run(scene())
    assert len({*first, *again}) == 4
