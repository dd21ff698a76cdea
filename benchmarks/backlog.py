"""A backlog of real tickets, worked off by real runs of `sla_backlog` and `sla_violation` on a real Airflow.

Run with `PYTHONPATH=.:plugins python -m benchmarks backlog [--tickets 15000] [--cohort 1000] [--database postgres]`.
The log is the ServiceNow log of UCI in the shared data beside the checkout, or in the folder named by SHARED_DATA.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import func, select

from benchmarks.aims import aim
from benchmarks.real_log import fill, find_log
from benchmarks.stack import BACKLOG, OURS, Setting, cpu_seconds, open_stack
from deploy.stack import AirflowStack
from include.sla_logic.persistence.schema.system_t import steps
from include.sla_logic.services import Settings, UseCases

LOOK = 15.0  # seconds between two lines
MINUTES = 20


def closed(use_cases: UseCases) -> int:
    """Count the tickets that are through."""
    with use_cases.work.reading() as connection:
        query = select(func.count()).select_from(steps).where(steps.c.task == "close_incident")
        return connection.scalar(query) or 0


def work_off(stack: AirflowStack, use_cases: UseCases, tickets: int, options: argparse.Namespace) -> bool:
    """Start one run of the backlog and tell how it goes until all are through; False where time is up before."""
    for name, value in (("active", 2 * tickets), ("at_once", options.cohort), ("cohort", options.cohort)):
        stack.api.set_variable(f"sla_backlog_{name}", str(value))
    cpu, began = cpu_seconds(), time.perf_counter()
    stack.api.start_run(BACKLOG, conf={}, run_id="bench")
    print("minutes   tickets through   in the last minute   CPU s", flush=True)
    before = [(0.0, 0)]
    while (done := closed(use_cases)) < tickets and before[-1][0] < 60 * options.patience:
        time.sleep(LOOK)
        wall = time.perf_counter() - began
        lately = [entry for entry in before if entry[0] >= wall - 60] or before[-1:]
        pace = 60 * (done - lately[0][1]) / (wall - lately[0][0])
        before.append((wall, done))
        print(f"{wall / 60:7.1f} {done:17d} {pace:20.0f} {cpu_seconds() - cpu:7.0f}", flush=True)
    wall, spent = time.perf_counter() - began, cpu_seconds() - cpu
    states = sorted(stack.api.run_states(OURS).values())
    print(f"{done} of {tickets} tickets in {len(states)} runs ({', '.join(sorted(set(states)))}):")
    print(
        f"{wall:.0f} s, {60 * done / wall:.0f} tickets a minute, {spent:.0f} CPU s, {1000 * spent / done:.0f} ms each"
    )
    print(f"on two cores of their own, {spent / 2 / 60:.1f} minutes")
    aim(f"minutes for {done} tickets", wall / 60, at_most=MINUTES * tickets / 15_000)
    return done >= tickets


def main() -> int:
    """Fill System T from the log, start Airflow, work it off."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=15_000)
    parser.add_argument("--cohort", type=int, default=1_000)
    parser.add_argument("--parallelism", type=int)
    parser.add_argument("--database", choices=("postgres", "sqlite"), default="postgres")
    parser.add_argument("--patience", type=float, default=60, help="minutes after which to stop")
    options = parser.parse_args()
    log = find_log()
    if log is None:
        print("not measured: the shared data are not beside this checkout; name their folder in SHARED_DATA")
        return 0
    setting = Setting(options.database, options.parallelism, (OURS, BACKLOG))
    with tempfile.TemporaryDirectory() as name, open_stack(Path(name), setting) as (url, start):
        use_cases = UseCases(Settings(url, Path(name) / "letters"))
        use_cases.work.migrate()
        tickets = fill(use_cases, log, limit=options.tickets)
        print(f"{tickets} tickets of the log wait", flush=True)
        stack = start()
        try:
            return 0 if work_off(stack, use_cases, tickets, options) else 1
        finally:
            stack.stop()


if __name__ == "__main__":
    sys.exit(main())
