"""Many held incidents on one real triggerer, and what they cost: memory, CPU, seconds until one goes on.

Each incident has customer, service and resources of its own and is led up to its wait without Airflow. The runs have
only the wait (`wait_alone_dag`): the other thirty tasks of each would take an hour and cost the triggerer nothing.
"""

import statistics
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

from benchmarks.leading import ORDER, lead
from benchmarks.sample import COPIED, renamed
from deploy.stack import AirflowStack, OperationsDatabase, StackSettings, UnableToReachAirflow
from deploy.stack.settings import ROOT
from include.sla_logic.process.graph import WAIT
from include.sla_logic.sample_data import Sample, load_sample, make_sample
from include.sla_logic.services import Settings, UseCases

DAG = "sla_violation"
KEY = "held_and_released"
COHORT = 500
CALLERS = 8
IDLE_SECONDS = 30
SECONDS_APART = 2  # so that no request waits for the task of another
MIB = 1024 * 1024
BEFORE, AFTER = ORDER[: ORDER.index(WAIT) + 1], ORDER[ORDER.index(WAIT) + 1 :]


@dataclass(frozen=True)
class HeldIncidents:
    """The ticket of each run that waits, and the use cases that hold them."""

    use_cases: UseCases
    runs: dict[str, str]


def gather(url: str, folder: Path, waits: int) -> HeldIncidents:
    """Open that number of incidents in an empty database and lead each up to its held request."""
    use_cases = UseCases(Settings(url, folder / "letters"))
    use_cases.work.migrate()
    teleco = make_sample(7, datetime.now(UTC), history_days=32)
    with use_cases.work.database.write() as connection:
        load_sample(connection, teleco)
        for table in COPIED:
            rows = _of_one(teleco, teleco.rows.get(table.name, ()))
            if copies := [renamed(row, copy) for copy in range(1, waits + 1) for row in rows]:
                connection.execute(insert(table), copies)
    conf = teleco.notifications[KEY].model_dump(mode="json")
    runs = {}
    for copy in range(1, waits + 1):
        own = {name: f"{conf[name]}.{copy}" for name in ("customer", "service", "external_reference")}
        run_id = f"incident.HELD-{copy}"
        runs[run_id] = use_cases.incidents.accept(conf | own, run_id=run_id, origin="test").id
    left = lead_all(use_cases, "led", list(runs.values()), BEFORE)
    if left != set(runs.values()):
        raise RuntimeError(f"only {len(left)} of {waits} incidents came to their wait")
    return HeldIncidents(use_cases, runs)


def lead_all(use_cases: UseCases, name: str, tickets: Sequence[str], tasks: Sequence[str]) -> set[str]:
    """Lead these tickets through the tasks without Airflow; return those that left to wait."""
    parts = [tickets[start : start + COHORT] for start in range(0, len(tickets), COHORT)]
    return {
        left for number, part in enumerate(parts) for left in lead(use_cases, f"{name}-{number}", part, tasks=tasks)
    }


def _of_one(teleco: Sample, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep what belongs to the customer whose request is held: the customer, their service, its resources."""
    told = teleco.notifications[KEY]
    mine = {told.customer, told.service}
    mine |= {row["resource"] for row in teleco.rows["topology"] if row["service"] == told.service}
    named = ("service", "customer", "resource", "id")  # the first that a row has tells the owner
    return [row for row in rows if next((row[name] for name in named if name in row), None) in mine]


def settings_of(home: Path, url: str, metadata_url: str, **environment: str) -> StackSettings:
    """Set up an Airflow whose only DAG is the wait."""
    dags = home / "dags"
    dags.mkdir(parents=True)
    (dags / "sla_violation.py").write_text((ROOT / "tests" / "faults" / "wait_alone_dag.py").read_text())
    return StackSettings(
        home=home / "airflow",
        dags_folder=dags,
        operations=OperationsDatabase(url),
        metadata_url=metadata_url,
        extra_environment=environment,
    )


def start_all(stack: AirflowStack, held: HeldIncidents) -> None:
    """Start a run for each incident and wait until all of them are deferred."""
    with ThreadPoolExecutor(CALLERS) as callers:
        list(callers.map(lambda run_id: stack.api.start_run(DAG, conf=_conf(held, run_id), run_id=run_id), held.runs))
    waits = len(held.runs)
    until(lambda: tasks_in(stack, "deferred") == waits, 300 + 5 * waits, lambda: said(stack, waits))


def _conf(held: HeldIncidents, run_id: str) -> dict[str, Any]:
    return dict(held.use_cases.monitoring.notification(run_id))


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
    """Wait until the condition holds; after the time given report the situation."""
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


def cost(stack: AirflowStack, held: HeldIncidents, before_any: Spent) -> str:
    """Say what a triggerer spends on all waits while none is answered."""
    time.sleep(IDLE_SECONDS)
    before, began = Spent.by(stack), time.monotonic()
    time.sleep(IDLE_SECONDS)
    after, seconds = Spent.by(stack), time.monotonic() - began
    cores = (after.cpu_seconds - before.cpu_seconds) / seconds
    added = after.mib - before_any.mib
    return (
        f"{len(held.runs)} waits: triggerer {cores:.3f} cores, {after.mib:.0f} MiB, {added:.0f} of them for the waits"
    )


def answer_slowly(held: HeldIncidents, runs: Sequence[str]) -> None:
    """Release these waits one after the other and wait until the tasks of all have decided."""
    for run_id in runs:
        held.use_cases.restorations.release(run_id, by="operator", reason="The reserve route has room.")
        time.sleep(SECONDS_APART)
    use_cases = held.use_cases
    until(
        lambda: all(use_cases.restorations.find(run).outcome for run in runs), 600, lambda: f"{len(runs)} were released"
    )


def delays(held: HeldIncidents, runs: Sequence[str]) -> str:
    """Say how long after its request each of these waits was decided by its task."""
    waits = [held.use_cases.restorations.find(run) for run in runs]
    seconds = [(one.decided_at - one.sent_at).total_seconds() for one in waits if one.decided_at and one.sent_at]
    median, worst = statistics.median(seconds), max(seconds)
    return f"request to resumption of {len(seconds)}: median {median:.1f} s, worst {worst:.1f} s"
