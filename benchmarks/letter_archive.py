"""Bytes that a ticket leaves in each table, before and after its letters are moved into the archive, and the CPU time.

Run with `PYTHONPATH=.:plugins python -m benchmarks letter_archive [--incidents 200] [--databases sqlite postgres]`.
Tables are measured with their indexes after the space of what was moved was given back; what is not named is small.
"""

import argparse
import time
from collections.abc import Callable, Mapping
from datetime import timedelta

from sqlalchemy import Connection, text

from benchmarks.aims import aim
from benchmarks.growth import open_filled
from benchmarks.sample import ANCHOR
from benchmarks.use_cases import lead_cohort
from include.sla_logic.domain.follow_up import Basis
from include.sla_logic.services import UseCases

LATER = timedelta(days=100)
_SHOWN = 6  # tables, the largest
_SQLITE = (
    "SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name "
    "WHERE s.aggregate = TRUE GROUP BY m.tbl_name"
)
_POSTGRES = "SELECT relname, pg_total_relation_size(relid) FROM pg_stat_user_tables"


def main() -> None:
    """Lead a cohort to its letters, let a quarter pass, and move them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--incidents", type=int, default=200)
    parser.add_argument("--databases", nargs="+", choices=("sqlite", "postgres"), default=("sqlite", "postgres"))
    options = parser.parse_args()
    for database in options.databases:
        with open_filled(database, options.incidents) as (use_cases, confs):
            empty = sizes(use_cases)
            tickets = [
                use_cases.incidents.accept(c, run_id=f"own-{n}", origin="benchmark").id for n, c in enumerate(confs)
            ]
            lead_cohort(use_cases, "cohort", tickets)
            end(use_cases, tickets)
            print(f"-- {database}, {len(tickets)} tickets", flush=True)
            later = UseCases(use_cases.work.settings, clock=lambda: ANCHOR + LATER)
            measure(later, tickets, empty)


def end(use_cases: UseCases, tickets: list[str]) -> None:
    """Decide and resolve what the process leaves to people, and send what they write."""
    for credit in use_cases.credits.waiting():
        use_cases.credits.decline(credit.reference, by="benchmark", reason="seen")
    for ticket in tickets:
        case = use_cases.lookups.incident(ticket)
        if case.closed is not None and case.ticket.status == "inProgress":
            use_cases.follow_ups.resolve(ticket, basis=Basis.REASON, by="benchmark", reason="seen")
    while use_cases.outbox.deliver(limit=500).sent:
        pass


def measure(use_cases: UseCases, tickets: list[str], empty: Mapping[str, int]) -> None:
    """Print bytes and times for each ticket or letter."""
    ended = [one for one in tickets if use_cases.lookups.incident(one).closed is not None]
    before, reading = sizes(use_cases), per_ticket(use_cases.letters.as_page, ended)
    began = time.process_time()
    moved = use_cases.outbox.archive(days=90, limit=10**6)
    moving = (time.process_time() - began) / moved.letters
    after, reading_archived = sizes(use_cases), per_ticket(use_cases.letters.as_page, ended)
    print(f"    {len(ended)} of them ended; moved: {moved}")
    print("    bytes a ticket            before     after")
    names = sorted(after, key=lambda name: empty.get(name, 0) - max(before.get(name, 0), after[name]))
    for name in names[:_SHOWN]:
        told = "".join(f"{(found.get(name, 0) - empty.get(name, 0)) / len(tickets):10.0f}" for found in (before, after))
        print(f"    {name:22s}{told}")
    whole = [(sum(found.values()) - sum(empty.values())) / len(tickets) for found in (before, after)]
    print(f"    {'all tables':22s}{whole[0]:10.0f}{whole[1]:10.0f}")
    print(
        f"    CPU ms a letter: moving {1000 * moving:.2f}, its page {1000 * reading:.2f}, {1000 * reading_archived:.2f}"
    )
    aim("bytes of a letter in the archive against the outbox", moved.after / moved.before, at_most=0.5)


def per_ticket(work: Callable[[str], object], tickets: list[str]) -> float:
    """Return the CPU seconds of this process for each ticket."""
    work(tickets[0])
    began = time.process_time()
    for ticket in tickets:
        work(ticket)
    return (time.process_time() - began) / len(tickets)


def sizes(use_cases: UseCases) -> dict[str, int]:
    """Return the bytes of each table with its indexes, once nothing in it is free."""
    engine, is_postgresql = use_cases.work.database.engine, use_cases.work.database.is_postgresql
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if is_postgresql:
            connection.exec_driver_sql("VACUUM FULL")
        else:
            _without_transaction(connection, "VACUUM")
        return {name: int(size) for name, size in connection.execute(text(_POSTGRES if is_postgresql else _SQLITE))}


def _without_transaction(connection: Connection, statement: str) -> None:
    driver = connection.connection.driver_connection
    assert driver is not None
    connection.rollback()
    driver.execute(statement)


if __name__ == "__main__":
    main()
