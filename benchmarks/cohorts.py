"""CPU seconds per ticket of real runs that carry 1, 10, 100 and 1,000 incidents, all processes of Airflow together.

Run with `PYTHONPATH=.:plugins python -m benchmarks cohorts [--sizes 10 100 1000] [--waiting 1000]`.
They are compared with a single run on the longest path without a person, measured three times. No incident of these
waits for a person; last comes a cohort in which all wait: how long until they do, against leading them to the wait.
"""

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks.aims import aim
from benchmarks.floor import KEY
from benchmarks.sample import open_sample
from benchmarks.stack import OURS, Setting, measured, open_stack
from deploy.stack import AirflowStack
from include.sla_logic.process.graph import WAIT
from include.sla_logic.services import UseCases
from sla_airflow.cohorts import conf_of_cohort

SINGLES = 3
PER_SAMPLE = 13  # incidents of the small TELECO; number KEY takes the longest path without a person
WAITING = (7, 8)  # of them, those that have to wait; the first until somebody answers
BEFORE_THE_WAIT = "request_automatic_restoration"


def single(stack: AirflowStack, conf: dict[str, object], run_id: str) -> tuple[float, float]:
    """Measure one incident in a run of its own."""
    return measured(lambda: [(OURS, stack.api.start_run(OURS, conf=conf, run_id=run_id))], stack)


def cohort(
    stack: AirflowStack, use_cases: UseCases, confs: list[dict[str, object]], patience: float
) -> tuple[float, float]:
    """Measure one run with all of these incidents."""
    run_id = f"cohort-{len(confs)}"
    names = [use_cases.incidents.accept(c, run_id=f"{run_id}-{i}", origin="benchmark").id for i, c in enumerate(confs)]
    return measured(
        lambda: [(OURS, stack.api.start_run(OURS, conf=conf_of_cohort(names), run_id=run_id))], stack, patience=patience
    )


def into_the_wait(stack: AirflowStack, use_cases: UseCases, confs: list[dict[str, object]], patience: float) -> float:
    """Measure how long a cohort takes until all wait, against leading it to the wait; the run waits on."""
    run_id = f"waiting-{len(confs)}"
    names = [
        use_cases.incidents.accept(
            conf | {"external_reference": f"{run_id}-{n}"}, run_id=f"{run_id}-{n}", origin="benchmark"
        ).id
        for n, conf in enumerate(confs)
    ]
    began, led = time.monotonic(), None
    stack.api.start_run(OURS, conf=conf_of_cohort(names), run_id=run_id)
    while (states := stack.api.task_states(OURS, run_id)).get(WAIT) != "deferred":
        if led is None and states.get(BEFORE_THE_WAIT) == "success":
            led = time.monotonic() - began
        if time.monotonic() - began > patience:
            raise TimeoutError(f"{run_id} has not come to its wait: {states}")
        time.sleep(0.2)
    waits = time.monotonic() - began
    led = waits if led is None else led
    print(f"{len(confs)} incidents led to the wait in {led:.1f} s, all wait after {waits:.1f} s", flush=True)
    return waits / led


def main() -> None:
    """Warm up with one incident, then measure each size once and the single run three times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000])
    parser.add_argument("--waiting", type=int, default=1000, help="incidents of the cohort in which all wait; 0: none")
    parser.add_argument("--database", choices=("postgres", "sqlite"), default="postgres")
    parser.add_argument("--patience", type=float, default=3600, help="seconds for one run")
    options = parser.parse_args()
    setting = Setting(options.database, dags=(OURS,))
    with tempfile.TemporaryDirectory() as name, open_stack(Path(name), setting) as (url, start):
        alone = PER_SAMPLE * (SINGLES + 1)
        samples = -(-sum(options.sizes) // (PER_SAMPLE - len(WAITING)))
        use_cases, confs = open_sample(Path(name), alone + PER_SAMPLE * samples, url=url)
        going = [conf for n, conf in enumerate(confs[alone:]) if n % PER_SAMPLE not in WAITING]
        stack = start()
        try:
            print("incidents in the run   wall s   CPU s   CPU ms/ticket   single run / this", flush=True)
            found = [single(stack, confs[PER_SAMPLE * n + KEY], f"alone-{n}") for n in range(SINGLES + 1)][1:]
            one = sum(cpu for _, cpu in found) / SINGLES
            for wall, cpu in found:
                show(1, wall, cpu, one)
            first = 0
            for size in options.sizes:
                wall, cpu = cohort(stack, use_cases, going[first : first + size], options.patience)
                first += size
                show(size, wall, cpu, one)
            aim(f"single run / ticket of a cohort of {size}", one / (cpu / size), at_least=100)
            if options.waiting:
                held = confs[alone + WAITING[0] :: PER_SAMPLE]
                many = [held[n % len(held)] for n in range(options.waiting)]
                ratio = into_the_wait(stack, use_cases, many, options.patience)
                aim(f"{options.waiting} into the wait / leading them to it", ratio, at_most=1.5)
        finally:
            stack.stop()


def show(size: int, wall: float, cpu: float, one: float) -> None:
    """Print one line."""
    print(f"{size:20d} {wall:8.1f} {cpu:7.1f} {1000 * cpu / size:15.1f} {one / (cpu / size):19.1f}", flush=True)


if __name__ == "__main__":
    main()
