"""Waits for a restoration on one triggerer's event loop: the shared look-out against one poller for each wait.

Both run the same number of waits in the same database for the same time, one after the other, each in a process of its
own. Memory is what the waits add to the imported program; the delay is from the release to the trigger's event.
What Airflow itself spends on a trigger (heartbeats, its row) is the same for both and is not in the figures.

Run with `PYTHONPATH=.:plugins python -m benchmarks.waits [--waits 100 1000 10000] [--seconds 30]`.
"""

import argparse
import asyncio
import importlib
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from sqlalchemy import insert, select, update

ANSWERED = 20
POLL_SECONDS = 5.0
MIB = 1024 * 1024

Wait = Callable[[str, str], Awaitable[None]]


def prepare(url: str, waits: int) -> None:
    """Open as many incidents as there are waits, each with a held request."""
    from include.sla_logic.persistence.schema.system_t import restorations, tickets
    from include.sla_logic.services import Settings, UseCases

    use_cases = UseCases(Settings(url, Path(tempfile.gettempdir()) / "no-letters"))
    use_cases.work.migrate()
    now = datetime.now(UTC)
    common: dict[str, object] = {
        "origin": "bench",
        "customer": "C",
        "service": "S",
        "status": "inProgress",
        "assigned_to": "x",
    }
    common |= {"escalated": False, "created_at": now}
    with use_cases.work.database.write() as connection:
        rows = [{"number": n, "external_key": f"run {n}", "run_id": f"run-{n}", **common} for n in range(1, waits + 1)]
        connection.execute(insert(tickets), rows)
        held = {"opened_at": now, "deadline": now + timedelta(days=2), "held_because": "bench"}
        connection.execute(insert(restorations), [{"ticket": n, **held} for n in range(1, waits + 1)])


def release(url: str, number: int) -> None:
    from include.sla_logic.persistence.database import open_database
    from include.sla_logic.persistence.schema.system_t import restorations

    with open_database(url).write() as connection:
        sent = update(restorations).where(restorations.c.ticket == number)
        connection.execute(sent.values(sent_at=datetime.now(UTC), sent_by="bench"))


async def shared(run_id: str, _url: str) -> None:
    """Wait as the product's trigger does."""
    from sla_airflow.restoration import RestorationTrigger

    now = datetime.now(UTC)
    async for _event in RestorationTrigger(run_id, (now + timedelta(days=2)).isoformat(), now.isoformat()).run():
        return


async def alone(run_id: str, url: str) -> None:
    """Wait as the plain trigger of a textbook does: ask for one's own row, sleep, ask again."""
    number = int(run_id.removeprefix("run-"))
    await asyncio.sleep(random.uniform(0, POLL_SECONDS))
    while not await asyncio.to_thread(is_answered, url, number):  # noqa: ASYNC110 - the row knows no events
        await asyncio.sleep(POLL_SECONDS)


def is_answered(url: str, number: int) -> bool:
    from include.sla_logic.persistence.database import open_database
    from include.sla_logic.persistence.schema.system_t import restorations

    with open_database(url).read() as connection:
        query = select(restorations.c.sent_at).where(restorations.c.ticket == number)
        return connection.scalar(query) is not None


async def measure(
    wait: Callable[[str, str], Awaitable[None]], url: str, waits: int, seconds: float
) -> dict[str, float]:
    # What is imported once is not a cost of the waits.
    is_answered(url, 1)
    importlib.import_module("sla_airflow.restoration")
    importlib.import_module("include.sla_logic.services")
    process = psutil.Process()
    before = process.memory_info().rss
    ended: dict[int, float] = {}

    async def one(number: int) -> None:
        await wait(f"run-{number}", url)
        ended[number] = time.monotonic()

    tasks = [asyncio.create_task(one(number)) for number in range(1, waits + 1)]
    await asyncio.sleep(2 * POLL_SECONDS)
    cpu, began = process.cpu_times(), time.monotonic()
    await asyncio.sleep(seconds)
    spent, now = process.cpu_times(), time.monotonic()
    memory = process.memory_info().rss - before
    asked = {}
    for number in random.sample(range(1, waits + 1), min(ANSWERED, waits)):
        await asyncio.to_thread(release, url, number)
        asked[number] = time.monotonic()
        await asyncio.sleep(0.3)
    limit = time.monotonic() + 120
    while len(ended) < len(asked) and time.monotonic() < limit:  # noqa: ASYNC110 - for a while at most
        await asyncio.sleep(0.05)
    delays = sorted(ended[number] - at for number, at in asked.items() if number in ended)
    for task in tasks:
        task.cancel()
    return {
        "cores": (spent.user + spent.system - cpu.user - cpu.system) / (now - began),
        "mib": memory / MIB,
        "p50": statistics.median(delays) if delays else float("inf"),
        "worst": delays[-1] if len(delays) == len(asked) else float("inf"),
    }


def worker(kind: str, url: str, waits: int, seconds: float) -> None:
    wait = {"shared": shared, "alone": alone}[kind]
    print(json.dumps(asyncio.run(measure(wait, url, waits, seconds))))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waits", type=int, nargs="+", default=[100, 1_000, 10_000])
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--url", help="an empty PostgreSQL database; by default one SQLite file for each size")
    parser.add_argument("--worker", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        kind, url, waits = given.worker
        worker(kind, url, int(waits), given.seconds)
        return 0
    print(f"{'waits':>7} {'pollers':<18} {'cores':>7} {'MiB':>7} {'delay p50 s':>12} {'worst s':>8}")
    for waits in given.waits:
        for kind, called in (("shared", "one for all"), ("alone", "one for each wait")):
            with tempfile.TemporaryDirectory() as folder:
                url = given.url or f"sqlite:///{folder}/teleco.db"
                prepare(url, waits)
                figures = run(kind, url, waits, given.seconds)
            print(
                f"{waits:>7} {called:<18} {figures['cores']:>7.3f} {figures['mib']:>7.0f}"
                f" {figures['p50']:>12.2f} {figures['worst']:>8.2f}",
                flush=True,
            )
    return 0


def run(kind: str, url: str, waits: int, seconds: float) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.waits", "--seconds", str(seconds), "--worker", kind, url, str(waits)]
    environment = {**os.environ, "AIRFLOW_CONN_TELECO_DB": url, "TELECO_DB_URL": url}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


if __name__ == "__main__":
    sys.exit(main())
