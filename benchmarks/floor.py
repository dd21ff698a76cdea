"""The incident DAG against a DAG of the same shape with empty tasks, on the real components: wall time and CPU seconds.

Run with `PYTHONPATH=.:plugins python -m benchmarks floor [--at-once 20] [--singles 2] [--cohort 0]`.
CPU is that of the whole process tree: components, workers, the metadata server. What other programs do on the machine
at the same time makes the wall times longer, not the ratio of the CPU seconds.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from benchmarks.aims import aim
from benchmarks.town import open_town
from benchmarks.ways import BRANCHES
from deploy.postgres import PostgresServer
from deploy.stack import AirflowStack
from deploy.stack.settings import ROOT, OperationsDatabase, StackSettings, sqlite_url
from sla_airflow.cohorts import conf_of_cohort

OURS, FLOOR = "sla_violation", "floor"
KEY = 4  # of the town's incidents: a problem at Resource Provisioning that needs no operator


def cpu_seconds() -> float:
    """Return what this process's descendants have spent, the ended ones included."""
    spent = 0.0
    for process in psutil.Process().children(recursive=True):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        spent += times.user + times.system + times.children_user + times.children_system
    return spent


def measured(start: Callable[[], list[tuple[str, str]]], stack: AirflowStack) -> tuple[float, float]:
    """Return wall and CPU seconds from the start of the runs to the end of the last."""
    cpu, wall = cpu_seconds(), time.perf_counter()
    for dag_id, run_id in start():
        state = stack.api.wait_run(dag_id, run_id, timeout_seconds=900)
        if state != "success":
            raise SystemExit(f"{run_id} of {dag_id} ended as {state}")
    return time.perf_counter() - wall, cpu_seconds() - cpu


def dags_folder(folder: Path) -> Path:
    """Lay our DAG and the floor side by side; nothing else is scheduled."""
    folder.mkdir()
    for source in (ROOT / "dags" / "sla_violation.py", ROOT / "dags" / "premium_problem_fix.py"):
        (folder / source.name).write_text(source.read_text())
    (folder / "floor.py").write_text((ROOT / "benchmarks" / "floor_dag.py").read_text())
    return folder


def main() -> None:
    """Warm both DAGs up, then measure them in turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--at-once", type=int, default=20)
    parser.add_argument("--singles", type=int, default=2)
    parser.add_argument("--cohort", type=int, default=0, help="also one run with so many incidents")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, PostgresServer() as server:
        home = Path(name)
        operations = f"sqlite:///{(home / 'teleco.db').resolve()}"
        wanted = 26 * (options.singles + options.at_once + 1) + options.cohort
        office, confs = open_town(home, wanted, url=operations)
        settings = StackSettings(
            home=home / "airflow",
            dags_folder=dags_folder(home / "dags"),
            operations=OperationsDatabase(sqlite_url(home / "teleco.db")),
            metadata_url=server.create_database("airflow_floor"),
        )
        with AirflowStack(settings) as stack:
            stack.wait_for_dags([OURS, FLOOR])
            measure(stack, office, confs, options)


def measure(stack: AirflowStack, office: Any, confs: list[dict[str, Any]], options: argparse.Namespace) -> None:
    """Print both DAGs, alone and at once, and their ratios."""
    number, ways = iter(range(10_000)), {}

    def start(dag_id: str, runs: int) -> list[tuple[str, str]]:
        started = []
        for _ in range(runs):
            one = next(number)
            run_id = f"{dag_id}-{one}"
            conf = ways if dag_id == FLOOR else confs[13 * one + KEY]
            stack.api.start_run(dag_id, conf=conf, run_id=run_id)
            started.append((dag_id, run_id))
        return started

    measured(lambda: start(OURS, 1), stack)
    path = {step.task: step.choice for step in office.case(f"{OURS}-0").path}
    ways.update({task: path.get(task) or "" for task in BRANCHES})
    measured(lambda: start(FLOOR, 1), stack)
    print(f"{len(path)} executed tasks each\nruns   what           wall s   CPU s/run   tasks' CPU s")
    for runs in [1] * options.singles + [options.at_once] * bool(options.at_once):
        figures = {}
        for dag_id in (FLOOR, OURS):
            wall, cpu = measured(lambda dag_id=dag_id, runs=runs: start(dag_id, runs), stack)
            figures[dag_id] = wall, cpu
            print(f"{runs:4d}   {dag_id:14s} {wall:6.1f} {cpu / runs:10.2f} {cpu / runs / len(path):12.3f}", flush=True)
        for part, what in enumerate(("wall time", "CPU seconds")):
            aim(f"ours / floor, {runs} at once, {what}", figures[OURS][part] / figures[FLOOR][part], at_most=1.15)
    if options.cohort:
        tail = confs[-options.cohort :]
        tickets = [office.accept(c, run_id=f"own-{i}", origin="benchmark").id for i, c in enumerate(tail)]
        conf = conf_of_cohort(tickets)
        wall, cpu = measured(
            lambda: [(OURS, stack.api.start_run(OURS, conf=conf, run_id="cohort") and "cohort")], stack
        )
        print(f"one cohort of {options.cohort}: {wall:.1f} s, {cpu / options.cohort:.3f} CPU s per ticket", flush=True)


if __name__ == "__main__":
    main()
