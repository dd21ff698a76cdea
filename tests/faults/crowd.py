"""A crowd of incidents on hold on one real triggerer: its memory and CPU, and the seconds from request to resumption.

Each incident has customer, service and resources of its own and is led up to its wait without Airflow. The runs have
the wait alone (`crowd_dag`): the other thirty tasks of each would cost the machine an hour and the triggerer nothing.
Resumed is a wait when its task has decided it. Run with `python -m benchmarks crowd [--waits 100 1000]`.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import insert

from benchmarks.leading import ORDER, WAIT, lead
from benchmarks.town import _TABLES, _renamed
from deploy.postgres import PostgresServer
from deploy.stack import AirflowStack, OperationsDatabase, StackSettings, UnableToReachAirflow
from deploy.stack.settings import ROOT
from include.sla_logic.adapters.small_teleco import SmallTeleco, load_small_teleco, small_teleco
from include.sla_logic.office import Office, Settings

DAG = "sla_violation"
KEY = "held_and_released"
COHORT = 500
CALLERS = 8
ANSWERED = 20
IDLE_SECONDS = 30
MIB = 1024 * 1024
BEFORE, AFTER = ORDER[: ORDER.index(WAIT) + 1], ORDER[ORDER.index(WAIT) + 1 :]


@dataclass(frozen=True)
class Crowd:
    """The office, and the ticket of each run that waits."""

    office: Office
    runs: dict[str, str]


def gather(url: str, folder: Path, waits: int) -> Crowd:
    """Open so many incidents in an empty database and lead each up to its held request."""
    office = Office(Settings(url, folder / "letters"))
    office.migrate()
    teleco = small_teleco(7, datetime.now(UTC), history_days=32)
    with office.database.write() as connection:
        load_small_teleco(connection, teleco)
        for table in _TABLES:
            rows = _of_one(teleco, teleco.rows.get(table.name, ()))
            if copies := [_renamed(row, copy) for copy in range(1, waits + 1) for row in rows]:
                connection.execute(insert(table), copies)
    conf = teleco.notifications[KEY].model_dump(mode="json")
    runs = {}
    for copy in range(1, waits + 1):
        own = {name: f"{conf[name]}.{copy}" for name in ("customer", "service", "external_reference")}
        run_id = f"incident.CROWD-{copy}"
        runs[run_id] = office.accept(conf | own, run_id=run_id, origin="crowd").id
    left = lead_all(office, "led", list(runs.values()), BEFORE)
    if left != set(runs.values()):
        raise RuntimeError(f"only {len(left)} of {waits} incidents came to their wait")
    return Crowd(office, runs)


def lead_all(office: Office, name: str, tickets: Sequence[str], tasks: Sequence[str]) -> set[str]:
    """Lead these tickets through the tasks without Airflow; return those that left to wait."""
    parts = [tickets[start : start + COHORT] for start in range(0, len(tickets), COHORT)]
    return {left for number, part in enumerate(parts) for left in lead(office, f"{name}-{number}", part, tasks=tasks)}


def _of_one(teleco: SmallTeleco, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep what belongs to the one customer whose request is held: herself, her service, its resources."""
    told = teleco.notifications[KEY]
    mine = {told.customer, told.service}
    mine |= {row["resource"] for row in teleco.rows["topology"] if row["service"] == told.service}
    named = ("service", "customer", "resource", "id")  # the first of them that a row has says whose it is
    return [row for row in rows if next((row[name] for name in named if name in row), None) in mine]


def settings_of(home: Path, url: str, metadata_url: str, **environment: str) -> StackSettings:
    """Set up an Airflow whose only DAG is the wait."""
    dags = home / "dags"
    dags.mkdir(parents=True)
    (dags / "sla_violation.py").write_text((ROOT / "benchmarks" / "crowd_dag.py").read_text())
    return StackSettings(
        home=home / "airflow",
        dags_folder=dags,
        operations=OperationsDatabase(url),
        metadata_url=metadata_url,
        extra_environment=environment,
    )


def start_all(stack: AirflowStack, crowd: Crowd) -> None:
    """Start a run for each incident and wait until all of them are deferred."""
    with ThreadPoolExecutor(CALLERS) as callers:
        list(callers.map(lambda run_id: stack.api.start_run(DAG, conf=_conf(crowd, run_id), run_id=run_id), crowd.runs))
    waits = len(crowd.runs)
    until(lambda: tasks_in(stack, "deferred") == waits, 300 + 5 * waits, lambda: said(stack, waits))


def _conf(crowd: Crowd, run_id: str) -> dict[str, Any]:
    return dict(crowd.office.notification(run_id))


def tasks_in(stack: AirflowStack, state: str) -> int:
    """Count the waits whose task is in this state."""
    path = f"/api/v2/dags/{DAG}/dagRuns/~/taskInstances"
    return _total(stack, path, {"task_id": WAIT, "state": state})


def runs_in(stack: AirflowStack, state: str) -> int:
    """Count the runs in this state."""
    return _total(stack, f"/api/v2/dags/{DAG}/dagRuns", {"state": state})


def _total(stack: AirflowStack, path: str, asked: dict[str, str]) -> int:
    return int(stack.api.call("GET", path, params={**asked, "limit": 1})["total_entries"])


def said(stack: AirflowStack, waits: int) -> str:
    """Say where the waits are."""
    with suppress(UnableToReachAirflow):
        states = ("queued", "running", "deferred", "scheduled", "up_for_retry", "success", "failed")
        return f"of {waits} waits { ({state: tasks_in(stack, state) for state in states}) }"
    return "the api-server does not answer"


def until(reached: Callable[[], bool], seconds: float, situation: Callable[[], str]) -> None:
    """Wait until it is so; after the time given say how things stand."""
    end = time.monotonic() + seconds
    while True:
        with suppress(UnableToReachAirflow):
            if reached():
                return
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds:g} s: {situation()}")
        time.sleep(1)


@dataclass(frozen=True)
class Spent:
    """What a triggerer and its children have in memory and have used of the CPU so far."""

    mib: float
    cpu_seconds: float

    @classmethod
    def by(cls, stack: AirflowStack) -> "Spent":
        """Count shared pages in parts."""
        process = psutil.Process(stack.components.pids["triggerer"])
        family = [process, *process.children(recursive=True)]
        times = [one.cpu_times() for one in family]
        cpu = sum(time.user + time.system for time in times)
        return cls(sum(one.memory_full_info().pss for one in family) / MIB, cpu)


def resumed(crowd: Crowd, runs: Sequence[str]) -> list[float]:
    """Release these waits one after the other; return the seconds until each was decided by its task, sorted."""
    for run_id in runs:
        crowd.office.release_restoration(run_id, by="operator", reason="The reserve route has room.")
        time.sleep(0.3)
    office = crowd.office
    until(lambda: all(office.restoration(run).outcome for run in runs), 600, lambda: f"{len(runs)} were released")
    waits = [office.restoration(run) for run in runs]
    return sorted((one.decided_at - one.sent_at).total_seconds() for one in waits if one.decided_at and one.sent_at)


def measure(waits: int) -> None:
    """Print one row."""
    with tempfile.TemporaryDirectory() as name, PostgresServer() as server:
        home = Path(name)
        url = server.create_database("teleco")
        crowd = gather(url, home, waits)
        with AirflowStack(settings_of(home, url, server.create_database("airflow"))) as stack:
            stack.wait_for_dags([DAG])
            empty, began = Spent.by(stack), time.monotonic()
            start_all(stack, crowd)
            deferring = time.monotonic() - began
            print(row(stack, crowd, empty, deferring), flush=True)


def row(stack: AirflowStack, crowd: Crowd, empty: Spent, deferring: float) -> str:
    """Measure a triggerer that watches over the whole crowd."""
    time.sleep(IDLE_SECONDS)
    before, began = Spent.by(stack), time.monotonic()
    time.sleep(IDLE_SECONDS)
    after, seconds = Spent.by(stack), time.monotonic() - began
    delays = resumed(crowd, random.Random(7).sample(list(crowd.runs), min(ANSWERED, len(crowd.runs))))
    cores = (after.cpu_seconds - before.cpu_seconds) / seconds
    return (
        f"{len(crowd.runs):>7} {deferring:>12.0f} {cores:>7.3f} {after.mib:>7.0f} {after.mib - empty.mib:>10.0f}"
        f" {statistics.median(delays):>12.1f} {delays[-1]:>8.1f}"
    )


def main() -> None:
    """Measure each size in an Airflow of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waits", type=int, nargs="+", default=[100, 1_000])
    options = parser.parse_args()
    print(
        f"{'waits':>7} {'deferred s':>12} {'cores':>7} {'MiB':>7} {'MiB added':>10} {'resumed p50':>12} {'worst s':>8}"
    )
    for waits in options.waits:
        measure(waits)


if __name__ == "__main__":
    main()
