"""What incidents that wait for their restoration cost the others: Airflow's scheduler looks at every run in turn.

Run with `PYTHONPATH=.:plugins python -m benchmarks waiting [--waiting 0 100 1000]`. One incident really waits; the
others are copies of its rows in the metadata of Airflow, without triggers (`tests.faults --only waits` measures those).
"""

import argparse
import tempfile
from pathlib import Path

from sqlalchemy import Engine, create_engine, text

from benchmarks.floor import KEY
from benchmarks.sample import open_sample
from benchmarks.settings import PER_SAMPLE, run
from benchmarks.stack import OURS, Setting, open_stack
from deploy.stack import AirflowStack

HELD, WAITER = 7, "waiter"  # of the sample's incidents, one that waits for a person
SINGLES = 2


def main() -> None:
    """Measure single runs beside more and more incidents that wait."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waiting", type=int, nargs="+", default=[0, 100, 1000])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, open_stack(Path(name), Setting(dags=(OURS,))) as (url, start):
        _, confs = open_sample(Path(name), PER_SAMPLE * (2 + SINGLES * len(options.waiting)), url=url)
        longest = iter(list(enumerate(confs[KEY::PER_SAMPLE]))[1:])
        stack = start()
        try:
            run(stack, longest, 1)
            metadata = create_engine(stack.settings.metadata_url or "")
            print("incidents that wait   a single run, wall s   CPU s", flush=True)
            there = 0
            for waiting in sorted(options.waiting):
                if waiting and not there:
                    hold(stack, confs[HELD])
                    there = 1
                copy(metadata, there, waiting)
                there = max(there, waiting)
                for _ in range(SINGLES):
                    wall, cpu = run(stack, longest, 1)
                    print(f"{waiting:19d} {wall:22.1f} {cpu:7.1f}", flush=True)
        finally:
            stack.stop()


def hold(stack: AirflowStack, conf: dict[str, object]) -> None:
    """Start one incident and wait until it waits."""
    stack.api.start_run(OURS, conf=conf, run_id=WAITER)
    stack.api.wait_run(OURS, WAITER, until=lambda _, tasks: tasks.get("await_restoration_request") == "deferred")


def copy(metadata: Engine, first: int, end: int) -> None:
    """Copy the run that waits, and its tasks, under other names."""
    changed = {
        "dag_run": {"run_id": "'waiter-' || n"},
        "task_instance": {"id": "gen_random_uuid()", "run_id": "'waiter-' || n", "trigger_id": "NULL"},
    }
    with metadata.begin() as connection:
        for table, new in changed.items():
            known = text("SELECT column_name FROM information_schema.columns WHERE table_name = :table")
            columns = [
                name for name in connection.scalars(known, {"table": table}) if (table, name) != ("dag_run", "id")
            ]
            taken = ", ".join(new.get(name, f'"{name}"') for name in columns)
            named = ", ".join(f'"{name}"' for name in columns)
            copies = "generate_series(CAST(:first AS int), CAST(:last AS int)) n"
            query = f"SELECT {taken} FROM {table}, {copies} WHERE run_id = :waiter"  # noqa: S608
            numbers = {"first": first, "last": end - 1, "waiter": WAITER}
            connection.execute(text(f"INSERT INTO {table} ({named}) {query}"), numbers)
            connection.execute(text(f"ANALYZE {table}"))


if __name__ == "__main__":
    main()
