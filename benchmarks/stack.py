"""A real Airflow to measure on: both databases, our DAGs, and the CPU seconds of everything that runs for it."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from deploy.postgres import PostgresServer
from deploy.stack import AirflowStack
from deploy.stack.settings import ROOT, OperationsDatabase, StackSettings, sqlite_url

OURS, FLOOR, BACKLOG = "sla_violation", "floor", "sla_backlog"
FILES = {OURS: ROOT / "dags" / "sla_violation.py", BACKLOG: ROOT / "dags" / "sla_backlog.py"}
FILES |= {"premium_problem_fix": ROOT / "dags" / "premium_problem_fix.py", FLOOR: ROOT / "benchmarks" / "floor_dag.py"}


PARTS = {
    "LocalExecutor": "workers",
    "airflow supervisor": "workers",
    "ForkPoolWorker": "workers",
    "scheduler": "scheduler",
    "api_server": "api-server",
    "dag-processor": "dag-processor",
    "triggerer": "triggerer",
    "celery": "workers",
    "redis-server": "Redis",
    "postgres": "PostgreSQL",
}


@dataclass(frozen=True)
class Setting:
    """What is set of a stack; `database` is that of Airflow's metadata and of System T alike."""

    database: str = "postgres"
    parallelism: int | None = None
    dags: tuple[str, ...] = (OURS, FLOOR)
    environment: dict[str, str] = field(default_factory=dict)
    celery_workers: int = 0


@contextmanager
def open_stack(home: Path, setting: Setting) -> Iterator[tuple[str, Callable[[], AirflowStack]]]:
    """Yield the URL of an empty operations database, and what starts Airflow over it once it is filled."""
    dags = home / "dags"
    dags.mkdir()
    for name in {*setting.dags, "premium_problem_fix"}:
        (dags / f"{name}.py").write_text(FILES[name].read_text())
    with PostgresServer() as server:
        on_server = setting.database == "postgres"
        operations = server.create_database("operations") if on_server else sqlite_url(home / "teleco.db")
        settings = StackSettings(
            home=home / "airflow",
            dags_folder=dags,
            operations=OperationsDatabase(operations),
            metadata_url=server.create_database("airflow") if on_server else sqlite_url(home / "airflow.db"),
            parallelism=setting.parallelism,
            celery_workers=setting.celery_workers,
            extra_environment={"TELECO_LETTERS": str(home / "letters"), **setting.environment},
        )

        def start() -> AirflowStack:
            stack = AirflowStack(settings)
            stack.start(dags=setting.dags)
            return stack

        yield operations, start


def cpu_seconds() -> float:
    """Return what this process's descendants have spent, the ended ones included."""
    return sum(cpu_by_part().values())


def cpu_by_part() -> dict[str, float]:
    """Return the same by part: the tasks are what the executor's workers have forked, the rest goes by its name."""
    spent: defaultdict[str, float] = defaultdict(float)
    for process in psutil.Process().children(recursive=True):
        try:
            times, words = process.cpu_times(), " ".join(process.cmdline())
        except psutil.NoSuchProcess:
            continue
        part = next((part for sign, part in PARTS.items() if sign in words), "others")
        spent[part] += times.user + times.system
        spent["tasks" if part == "workers" else part] += times.children_user + times.children_system
    return spent


def measured(
    start: Callable[[], list[tuple[str, str]]], stack: AirflowStack, *, patience: float = 900
) -> tuple[float, float]:
    """Return wall and CPU seconds from the start of the runs to the end of the last."""
    cpu, wall = cpu_seconds(), time.perf_counter()
    for dag_id, run_id in start():
        state = stack.api.wait_run(dag_id, run_id, timeout_seconds=patience)
        if state != "success":
            raise SystemExit(f"{run_id} of {dag_id} ended as {state}")
    return time.perf_counter() - wall, cpu_seconds() - cpu
