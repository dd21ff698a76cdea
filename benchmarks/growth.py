"""Time per ticket while System T fills: 1,000, 5,000, 25,000 tickets; and how the frequent questions are answered.

Run with `PYTHONPATH=. python -m benchmarks growth [--sizes 1000 5000 25000] [--cohort 13]`.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlalchemy import event, text

from benchmarks.leading import DOORS, ORDER, WAIT, the_activity
from benchmarks.town import ANCHOR, open_town
from include.sla_logic.adapters.tickets import Opening, open_ticket
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.office import Office

BEFORE_LETTERS = ORDER[: ORDER.index("send_customer_report")]


@contextmanager
def asked(office: Office) -> Iterator[set[tuple[str, int]]]:
    """Collect the statements with the number of their parameters."""
    seen: set[tuple[str, int]] = set()

    def listen(_connection: object, _cursor: object, statement: str, given: object, *_: object) -> None:
        if statement.startswith("SELECT") and isinstance(given, tuple):
            seen.add((statement, len(given)))

    event.listen(office.database.engine, "before_cursor_execute", listen)
    yield seen
    event.remove(office.database.engine, "before_cursor_execute", listen)


def fill(office: Office, tickets: int, conf: dict[str, object]) -> None:
    """Open more tickets, of customers who are not in the cohort."""
    with office.database.write() as connection:
        have = len(office.tickets(limit=10**6))
        for number in range(have, tickets):
            changed = conf | {
                "customer": f"C-F{number}",
                "service": f"S-F{number}",
                "external_reference": f"F-{number}",
            }
            notification = ProblemNotification.model_validate(changed)
            opening = Opening(f"fill {number}", notification, f"fill-{number}", "benchmark", "Filled in.")
            open_ticket(connection, opening, now=ANCHOR - timedelta(days=1))


def main() -> None:
    """Lead a cohort of the same incidents at each size, and a single one; print the plans that read whole tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 5000, 25000])
    parser.add_argument("--cohort", type=int, default=13)
    options = parser.parse_args()
    print("tickets  cohort CPU ms/ticket  accepting ms")
    with tempfile.TemporaryDirectory() as folder:
        office, confs = open_town(Path(folder), options.cohort * len(options.sizes))
        for turn, size in enumerate(options.sizes):
            fill(office, size, confs[0])
            mine = confs[turn * options.cohort : (turn + 1) * options.cohort]
            start = time.process_time()
            tickets = [office.accept(c, run_id=f"{size}-{i}", origin="benchmark").id for i, c in enumerate(mine)]
            accepting = time.process_time() - start
            start = time.process_time()
            with asked(office) as statements:
                lead(office, f"cohort-{size}", tickets)
            spent = time.process_time() - start
            print(f"{size:7d} {1000 * spent / len(mine):15.1f} {1000 * accepting / len(mine):15.1f}", flush=True)
        show_plans(office, statements)


def lead(office: Office, run_id: str, tickets: list[str]) -> None:
    office.accept_cohort({"incidents": tickets}, run_id=run_id)
    for task in BEFORE_LETTERS:
        if task == WAIT:
            office.await_cohort(run_id=run_id, door=DOORS[task])
        else:
            office.perform_cohort(the_activity(task), run_id=run_id, door=DOORS[task])


def show_plans(office: Office, statements: set[tuple[str, int]]) -> None:
    """Print every plan that scans a table; a search by an index is what is wanted."""
    scans = 0
    with office.database.read() as connection:
        for statement, parameters in sorted(statements):
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", tuple([""] * parameters)).all()
            if found := [row[-1] for row in plan if row[-1].startswith("SCAN")]:
                scans += 1
                print(f"scans: {'; '.join(found)}\n    {' '.join(statement.split())[:160]}")
        tables = connection.execute(text("SELECT count(*) FROM tickets")).scalar_one()
    print(f"{len(statements)} kinds of questions at {tables} tickets, {scans} of them scan")


if __name__ == "__main__":
    main()
