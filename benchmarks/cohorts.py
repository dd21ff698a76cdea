"""CPU seconds per ticket of real runs that carry 1, 10, 100 and 1,000 incidents, all processes of Airflow together.

Run with `PYTHONPATH=.:plugins python -m benchmarks cohorts [--sizes 10 100 1000] [--database postgres]`.
They are compared with a single run on the longest path without a person, measured three times. No incident of a
cohort waits for a person: one that waits continues in its own run, which costs what a single run costs.
"""

import argparse
import tempfile
from pathlib import Path

from benchmarks.aims import aim
from benchmarks.floor import KEY
from benchmarks.sample import open_sample
from benchmarks.stack import OURS, Setting, measured, open_stack
from deploy.stack import AirflowStack
from include.sla_logic.services import UseCases
from sla_airflow.cohorts import conf_of_cohort

SINGLES = 3
PER_SAMPLE = 13  # incidents of the small TELECO; number KEY takes the longest path without a person
WAITING = (7, 8)  # of them, those that have to wait


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


def main() -> None:
    """Warm up with one incident, then measure each size once and the single run three times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100, 1000])
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
        finally:
            stack.stop()


def show(size: int, wall: float, cpu: float, one: float) -> None:
    """Print one line."""
    print(f"{size:20d} {wall:8.1f} {cpu:7.1f} {1000 * cpu / size:15.1f} {one / (cpu / size):19.1f}", flush=True)


if __name__ == "__main__":
    main()
