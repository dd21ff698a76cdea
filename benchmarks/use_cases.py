"""CPU milliseconds per ticket that the use cases take in cohorts, in one process without Airflow, letters included.

Run with `PYTHONPATH=.:plugins python -m benchmarks use_cases [--sizes 1 10 100 1000] [--database postgres]`.
The CPU of the database server is printed beside that of the process, and on PostgreSQL how many times a binary COPY of
the rows that the steps added, into tables like theirs, all of it takes. `cohorts` measures whole runs.
"""

import argparse
import tempfile
import time
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from statistics import median

from psycopg import connect
from psycopg.sql import SQL, Identifier, Literal

from benchmarks.aims import aim
from benchmarks.leading import ORDER, runs_that_go_on
from benchmarks.sample import open_sample
from benchmarks.stack import cpu_seconds
from deploy.postgres import PostgresServer
from include.sla_logic.process.graph import WAIT
from include.sla_logic.process.stages import step_named
from include.sla_logic.services import UseCases

SENDING, SERVER = "(messages sent)", "(PostgreSQL)"
ADDED_TO = (
    "documents",
    "steps",
    "timeline",
    "ticket_status_history",
    "outbox",
    "restorations",
    "applied_billing_credits",
    "ledger_postings",
    "sla_violations",
    "service_problems",
    "service_problem_tickets",
    "network_orders",
)


def lead_cohort(use_cases: UseCases, run_id: str, tickets: list[str]) -> dict[str, float]:
    """Return CPU seconds by task, and those of sending."""
    use_cases.cohorts.accept({"incidents": tickets}, run_id=run_id)
    by_task, runs = {}, [run_id]
    for task in ORDER:
        start = time.process_time()
        if task == WAIT:
            runs = runs_that_go_on(use_cases.cohorts.await_restoration(run_id=run_id), run_id)
        else:
            for carrying in runs:
                use_cases.cohorts.perform(step_named(task), run_id=carrying)
        by_task[task] = time.process_time() - start
    start = time.process_time()
    while use_cases.outbox.deliver(limit=500).sent:
        pass
    by_task[SENDING] = time.process_time() - start
    return by_task


def measure(size: int, server: PostgresServer | None = None) -> tuple[dict[str, float], float | None]:
    """Lead that many incidents of their own sample; return CPU seconds by task, and those of a COPY of the rows."""
    with tempfile.TemporaryDirectory() as folder:
        url = server.create_database(f"sample_{size}") if server else None
        use_cases, confs = open_sample(Path(folder), size, url=url)
        tickets = [use_cases.incidents.accept(c, run_id=f"own-{i}", origin="benchmark").id for i, c in enumerate(confs)]
        if url is None:
            return lead_cohort(use_cases, "cohort", tickets), None
        place = url.replace("+psycopg", "")
        before, served = rows_of(place), cpu_seconds()
        by_task = lead_cohort(use_cases, "cohort", tickets)
        by_task[SERVER] = cpu_seconds() - served
        return by_task, median(copied(place, before, turn) for turn in range(3))


def rows_of(place: str) -> dict[str, int]:
    """Return how many rows each table of a database has that steps add to."""
    with connect(place) as connection:
        counts = (connection.execute(SQL("SELECT count(*) FROM {}").format(Identifier(name))) for name in ADDED_TO)
        return {name: row[0] for name, count in zip(ADDED_TO, counts, strict=True) for row in count}


def copied(place: str, before: Mapping[str, int], turn: int) -> float:
    """Return the CPU seconds, the server's too, of one COPY of the rows added since into new tables like theirs."""
    with connect(place) as connection, connection.cursor() as cursor:
        rows = {}
        for name, count in before.items():
            names = {"table": Identifier(name), "new": Identifier(f"copied_{turn}_{name}"), "count": Literal(count)}
            query = SQL("COPY (SELECT * FROM {table} OFFSET {count}) TO STDOUT (FORMAT BINARY)").format(**names)
            with cursor.copy(query) as out:
                rows[name] = b"".join(out)
            cursor.execute(SQL("CREATE TABLE {new} (LIKE {table} INCLUDING ALL)").format(**names))
        start = time.process_time() + cpu_seconds()
        for name, found in rows.items():
            into = SQL("COPY {} FROM STDIN (FORMAT BINARY)").format(Identifier(f"copied_{turn}_{name}"))
            with cursor.copy(into) as taken:
                taken.write(found)
        connection.commit()
        return time.process_time() + cpu_seconds() - start


def main() -> None:
    """Measure each size after one incident that pays for all imports; then name the dearest tasks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--database", choices=("postgres", "sqlite"), default="sqlite")
    options = parser.parse_args()
    measure(1)
    with PostgresServer() if options.database == "postgres" else nullcontext() as server:
        print("incidents   CPU ms/ticket   of these, letters", flush=True)
        show(options.sizes, server)


def show(sizes: list[int], server: PostgresServer | None) -> None:
    """Print each size, and what was dearest in the last."""
    for size in sizes:
        by_task, copying = measure(size, server)
        letters = by_task["send_customer_report"] + by_task[SENDING]
        print(f"{size:9d} {1000 * sum(by_task.values()) / size:15.1f} {1000 * letters / size:19.1f}", flush=True)
        if copying is not None:
            times = sum(by_task.values()) / copying
            print(f"    a binary COPY of the rows added: {1000 * copying / size:.2f} ms/ticket")
            aim(f"services alone against a COPY of the same rows, {size} incidents", times, at_most=35)
    for task, spent in sorted(by_task.items(), key=lambda item: -item[1])[:8]:
        print(f"    {task:36s} {1000 * spent / size:8.2f} ms/ticket")


if __name__ == "__main__":
    main()
