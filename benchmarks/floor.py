"""The incident DAG against a DAG of the same shape with empty tasks, on the real components: wall time and CPU seconds.

Run with `PYTHONPATH=.:plugins python -m benchmarks floor [--at-once 20] [--singles 2] [--celery-workers 2]`.
CPU is that of the whole process tree: components, workers, the metadata server. What other programs do on the machine
at the same time makes the wall times longer, not the ratio of the CPU seconds.
"""

import argparse
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.aims import aim
from benchmarks.sample import open_sample
from benchmarks.stack import FLOOR, OURS, Setting, cpu_by_part, measured, open_stack
from deploy.stack import AirflowStack
from include.sla_logic.process.graph import STEPS

KEY = 4  # of the sample's incidents: a problem at Resource Provisioning that needs no operator


def main() -> None:
    """Warm both DAGs up, then measure them in turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--at-once", type=int, default=20)
    parser.add_argument("--singles", type=int, default=2)
    parser.add_argument("--celery-workers", type=int, default=0, help="instead of tasks below the scheduler")
    options = parser.parse_args()
    setting = Setting(celery_workers=options.celery_workers)
    with tempfile.TemporaryDirectory() as name, open_stack(Path(name), setting) as (url, start):
        use_cases, confs = open_sample(Path(name), 26 * (options.singles + options.at_once + 1), url=url)
        stack = start()
        try:
            measure(stack, use_cases, confs, options)
        finally:
            stack.stop()


def measure(stack: AirflowStack, use_cases: Any, confs: list[dict[str, Any]], options: argparse.Namespace) -> None:
    """Print both DAGs, alone and at once, and their ratios."""
    number = iter(range(10_000))
    ways: dict[str, str] = {}

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
    path = {step.task: step.choice for step in use_cases.lookups.incident(f"{OURS}-0").path}
    ways.update({step.name: path.get(step.name) or "" for step in STEPS.values() if step.chooses})
    measured(lambda: start(FLOOR, 1), stack)
    print(f"{len(path)} executed tasks each")
    print("runs   what           wall s   CPU s/run   tasks' CPU s   of the CPU s/run")
    for runs in [1] * options.singles + [options.at_once] * bool(options.at_once):
        figures = {}
        for dag_id in (FLOOR, OURS):
            before = cpu_by_part()
            wall, cpu = measured(partial(start, dag_id, runs), stack)
            parts = ", ".join(f"{part} {(s - before[part]) / runs:.2f}" for part, s in cpu_by_part().items())
            figures[dag_id] = wall, cpu
            print(f"{runs:4d}   {dag_id:14s} {wall:6.1f} {cpu / runs:10.2f} {cpu / runs / len(path):12.3f}   {parts}")
        for part, what in enumerate(("wall time", "CPU seconds")):
            aim(f"ours / floor, {runs} at once, {what}", figures[OURS][part] / figures[FLOOR][part], at_most=1.15)


if __name__ == "__main__":
    main()
