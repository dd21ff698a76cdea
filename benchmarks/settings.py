"""What Airflow's settings do for the incident DAG: one incident alone and several at once, a fresh Airflow for each.

Run with `PYTHONPATH=.:plugins python -m benchmarks settings [--parallelism 2 4 8 16] [--at-once 12]`; `--help` names
the others. The cohort's size is a matter of `backlog --cohort`.
"""

import argparse
import tempfile
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.floor import KEY
from benchmarks.sample import open_sample
from benchmarks.stack import OURS, Setting, measured, open_stack
from deploy.stack import AirflowStack
from deploy.stack.settings import LOOKED_AT_TOGETHER, SCHEDULER_LOOK_SECONDS

PER_SAMPLE = 13  # incidents of the small TELECO; number KEY takes the longest path without a person
WARM_UP, ALONE = 1, 2


def main() -> None:
    """Measure each choice of settings: warm up, two single runs, then all at once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parallelism", type=int, nargs="+", default=[2, 4, 8, 16])
    parser.add_argument(
        "--examined", type=int, nargs="+", default=[LOOKED_AT_TOGETHER], help="max_dagruns_per_loop_to_schedule"
    )
    parser.add_argument("--heartbeat", type=int, nargs="+", default=[1], help="min_heartbeat_interval")
    parser.add_argument(
        "--look", type=float, nargs="+", default=[SCHEDULER_LOOK_SECONDS], help="scheduler_idle_sleep_time"
    )
    parser.add_argument("--at-once", type=int, default=12)
    parser.add_argument("--database", choices=("postgres", "sqlite"), default="postgres")
    options = parser.parse_args()
    print("parallelism   examined   heartbeat s   look s   runs   wall s   incidents/min   CPU s/run", flush=True)
    choices = product(options.parallelism, options.examined, options.heartbeat, options.look)
    for parallelism, examined, heartbeat, look in choices:
        environment = {
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": str(look),
            "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": str(heartbeat),
            "AIRFLOW__SCHEDULER__MAX_DAGRUNS_PER_LOOP_TO_SCHEDULE": str(examined),
        }
        setting = Setting(options.database, parallelism, (OURS,), environment)
        with tempfile.TemporaryDirectory() as name, open_stack(Path(name), setting) as (url, start):
            _, confs = open_sample(Path(name), PER_SAMPLE * (WARM_UP + ALONE + options.at_once), url=url)
            stack = start()
            try:
                longest = iter(enumerate(confs[KEY::PER_SAMPLE]))
                run(stack, longest, WARM_UP)
                for runs in [1] * ALONE + [options.at_once]:
                    wall, cpu = run(stack, longest, runs)
                    told = f"{runs:6d} {wall:8.1f} {60 * runs / wall:15.1f} {cpu / runs:11.2f}"
                    print(f"{parallelism:11d} {examined:10d} {heartbeat:13d} {look:8.2f} {told}", flush=True)
            finally:
                stack.stop()


def run(stack: AirflowStack, confs: Any, runs: int) -> tuple[float, float]:
    """Start that many incidents at once; return wall and CPU seconds until the last has ended."""

    def start() -> list[tuple[str, str]]:
        taken = [next(confs) for _ in range(runs)]
        return [(OURS, stack.api.start_run(OURS, conf=conf, run_id=f"incident-{number}")) for number, conf in taken]

    return measured(start, stack)


if __name__ == "__main__":
    main()
