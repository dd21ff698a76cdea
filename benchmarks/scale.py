"""How far tasks below the scheduler and workers of Celery carry: backlogs of N tickets, incidents at once and at rates.

Run with `PYTHONPATH=.:plugins python -m benchmarks scale [--sizes 2500 5000 10000] [--executors local celery]
[--at-once 1 6 12] [--rates 0.2] [--keep docs/scale.json] [--afresh]`, which renews docs/scale.md too. Each backlog
has an Airflow of its own. Its tickets are those of the ServiceNow log in the shared data beside the checkout, or in the
folder named by SHARED_DATA.
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.__main__ import machine
from benchmarks.kept_trials import add, forget
from benchmarks.real_log import find_log
from benchmarks.scale_figures import FILE, ratio, renew, slopes
from benchmarks.trials import Trial, backlog, open_singles

RATE_SECONDS, IDLE_SECONDS = 90.0, 20.0
PARTS = ("tasks", "workers", "scheduler", "api-server", "PostgreSQL", "Redis", "triggerer", "dag-processor", "others")


def main() -> int:
    """Measure what is asked for by each executor; print it, and keep it where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[250, 500, 1000], help="tickets of each backlog")
    parser.add_argument("--executors", nargs="+", choices=("local", "celery"), default=["local", "celery"])
    parser.add_argument("--cohort", type=int, default=500, help="tickets in one run of a backlog")
    parser.add_argument("--at-once", type=int, nargs="*", default=[1, 6, 12], help="incidents started together")
    parser.add_argument("--rates", type=float, nargs="*", default=[0.2], help="incidents a second")
    parser.add_argument("--keep", type=Path, help="file of JSON into which the trials go, each for its forerunner")
    parser.add_argument("--afresh", action="store_true", help="keep none of these executors' earlier trials")
    options = parser.parse_args()
    where = machine()
    if options.keep and options.afresh:
        forget(options.keep, options.executors)
    log = find_log()
    if log is None and options.sizes:
        print("no backlogs: the shared data are not beside this checkout; name their folder in SHARED_DATA")
    print(f"executor  trial             wall s   CPU s  CPU ms each  CPU ms of a task   {', '.join(PARTS)}", flush=True)
    found: list[Trial] = []

    def keep(trial: Trial) -> None:
        show(trial)
        found.append(trial)
        if options.keep:
            add(options.keep, trial, where, os.cpu_count() or 1)

    for executor in options.executors:
        if options.at_once or options.rates:
            singles(executor, options, keep)
        for size in options.sizes:
            if log is None:
                break
            keep(backlog(executor, size, options.cohort, log, tell=lambda text: print(text, flush=True)))
    print(slopes(found))
    print(ratio(found))
    if options.keep and options.keep.resolve() == FILE:
        renew()
    return 0


def singles(executor: str, options: argparse.Namespace, keep: Callable[[Trial], None]) -> None:
    """Measure one executor's incidents that come one by one."""
    incidents = sum(options.at_once) + sum(max(1, round(rate * RATE_SECONDS)) for rate in options.rates)
    with open_singles(executor, incidents) as opened:
        keep(opened.idle(IDLE_SECONDS))
        for number in options.at_once:
            keep(opened.at_once(number))
        for rate in options.rates:
            keep(opened.at_rate(rate, RATE_SECONDS))


def show(trial: Trial) -> None:
    """Print one trial."""
    what = f"{trial.incidents} {trial.kind}" if not trial.rate else f"{trial.rate:g} a second"
    each = 1000 * trial.spent / max(1, trial.incidents)
    task = 1000 * trial.spent / max(1, trial.tasks)
    parts = ", ".join(f"{trial.cpu.get(part, 0.0):.1f}" for part in PARTS)
    print(
        f"{trial.executor:9s} {what:16s} {trial.wall:7.1f} {trial.spent:7.1f} {each:12.0f} {task:17.0f}   {parts}"
        f"   (others {trial.others:.2f} cores, {trial.tasks} tasks)",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
