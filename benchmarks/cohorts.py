"""CPU seconds per ticket in cohorts of 1, 10, 100 and 1,000: the work of the office, and with Airflow's tasks on top.

Run with `PYTHONPATH=.:plugins python -m benchmarks cohorts [--sizes 1 10 100 1000] [--task-seconds 0.38]`.
What Airflow costs per executed task is measured by `floor`; here it is an assumption, and named as one.
"""

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks.leading import DOORS, ORDER, WAIT, the_activity
from benchmarks.town import open_town
from include.sla_logic.office import Office

TASK_SECONDS = 0.38  # CPU seconds of all components for one executed task, as the floor has it
SINGLE_TASKS = 23  # executed on the longest way of one incident


def lead_cohort(office: Office, run_id: str, tickets: list[str]) -> tuple[float, int, dict[str, float]]:
    """Return CPU seconds with letters sent, tasks that had somebody to work on, and CPU seconds by task."""
    office.accept_cohort({"incidents": tickets}, run_id=run_id)
    by_task = {}
    for task in ORDER:
        start = time.process_time()
        if task == WAIT:
            office.await_cohort(run_id=run_id, door=DOORS[task])
        else:
            office.perform_cohort(the_activity(task), run_id=run_id, door=DOORS[task])
        by_task[task] = time.process_time() - start
    start = time.process_time()
    while office.deliver(limit=500).sent:
        pass
    by_task["(messages sent)"] = time.process_time() - start
    executed = len({step.task for ticket in tickets for step in office.case(ticket).path})
    return sum(by_task.values()), executed, by_task


def main() -> None:
    """Measure each size in a town of its own, after one incident that pays for all imports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--task-seconds", type=float, default=TASK_SECONDS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        office, confs = open_town(Path(folder), 1)
        lead_cohort(office, "warm", [office.accept(confs[0], run_id="own-w", origin="benchmark").id])
    single = 0.0
    print("size  tasks  office ms/ticket  wall s  letters ms/ticket  with Airflow CPU s/ticket  single run / this")
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as folder:
            office, confs = open_town(Path(folder), size)
            tickets = [office.accept(c, run_id=f"own-{i}", origin="benchmark").id for i, c in enumerate(confs)]
            wall = time.perf_counter()
            seconds, tasks, by_task = lead_cohort(office, "cohort", tickets)
            wall = time.perf_counter() - wall
        whole = (seconds + tasks * options.task_seconds) / size
        single = single or seconds / size + SINGLE_TASKS * options.task_seconds
        letters = (by_task["send_customer_report"] + by_task["(messages sent)"]) / size
        print(
            f"{size:5d} {tasks:5d} {1000 * seconds / size:12.1f} {wall:12.1f} {1000 * letters:14.1f}"
            f" {whole:20.3f} {single / whole:20.1f}",
            flush=True,
        )
    for task, spent in sorted(by_task.items(), key=lambda item: -item[1])[:8]:
        print(f"    {task:36s} {1000 * spent / size:8.2f} ms/ticket")


if __name__ == "__main__":
    main()
