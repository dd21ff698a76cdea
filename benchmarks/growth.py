"""Time per ticket while System T fills: 1,000, 5,000, 25,000 tickets; and how the frequent questions are answered.

Run with `PYTHONPATH=. python -m benchmarks growth [--sizes 1000 5000 25000] [--databases sqlite postgres]
[--mixes settled open] [--cohort 13] [--plans]`. CPU time is that of this process and of PostgreSQL's together.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.aims import aim
from benchmarks.copies import MIXES, fill, lead_prototypes
from benchmarks.leading import ORDER, lead
from benchmarks.plans import Questions, asked, show_plans, show_steps
from benchmarks.sample import open_sample
from benchmarks.stack import cpu_seconds
from deploy.postgres import PostgresServer
from include.sla_logic.services import UseCases

BEFORE_LETTERS = ORDER[: ORDER.index("send_customer_report")]
CLAIMED = 100  # tickets in the claim that is measured
FLAT = 1.2  # what is spent differs by a fifth between two runs on a machine that is not quiet
PROTOTYPES = 39
ROUNDS = 5
# What is asked every few seconds, every minute and every quarter of an hour; all of it finds nothing to do here.
SCHEDULED: Mapping[str, Callable[[UseCases], object]] = {
    "answered waits": lambda use_cases: use_cases.restorations.answered(decided_within=timedelta(minutes=5)),
    "due waits": lambda use_cases: use_cases.restorations.decide_due(),
    "watchdog": lambda use_cases: use_cases.monitoring.stalled(),
    "tiers": lambda use_cases: use_cases.monitoring.rejudge(limit=100),
    "figures": lambda use_cases: use_cases.monitoring.figures(),
    "dead claims": lambda use_cases: use_cases.backlog.release_dead_claims(lambda _: False),
    "backlog's stand": lambda use_cases: use_cases.backlog.summary(),
}


@contextmanager
def open_filled(database: str, incidents: int) -> Iterator[tuple[UseCases, list[dict[str, Any]]]]:
    with tempfile.TemporaryDirectory() as folder:
        if database == "sqlite":
            yield open_sample(Path(folder), incidents)
            return
        with PostgresServer() as server:
            use_cases, confs = open_sample(Path(folder), incidents, url=server.create_database("operations"))
            yield use_cases, confs
            use_cases.work.database.engine.dispose()


def main() -> None:
    """Fill each database, and measure at each size; at the last, print what reads a whole large table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 5000, 25000])
    parser.add_argument("--databases", nargs="+", choices=("sqlite", "postgres"), default=("sqlite", "postgres"))
    parser.add_argument("--mixes", nargs="+", choices=tuple(MIXES), default=tuple(MIXES))
    parser.add_argument("--cohort", type=int, default=13)
    parser.add_argument("--plans", action="store_true", help="print the plan of every question asked on schedule")
    options = parser.parse_args()
    for database in options.databases:
        for mix in options.mixes:
            with open_filled(database, PROTOTYPES + options.cohort * len(options.sizes)) as (use_cases, confs):
                print(f"-- {database}, most tickets {mix}", flush=True)
                measure(use_cases, confs, mix, options)


def measure(use_cases: UseCases, confs: Sequence[dict[str, Any]], mix: str, options: argparse.Namespace) -> None:
    prototypes = lead_prototypes(use_cases, confs[:PROTOTYPES])
    print("tickets   CPU ms per ticket: accepting, cohort, claiming   wall ms: " + ", ".join(SCHEDULED))
    taken, scheduled, have = Questions(), Questions(), 0
    per_ticket: list[float] = []
    for turn, size in enumerate(options.sizes):
        fill(use_cases, prototypes, mix, have=have, want=size)
        have = size
        start = PROTOTYPES + turn * options.cohort
        mine = confs[start : start + options.cohort]
        with asked(use_cases) as questions:
            figures = [each / len(mine) for each in cohort(use_cases, mine, f"cohort-{size}")]
        taken |= questions
        with asked(use_cases) as questions:
            claiming = claim(use_cases, size)
            walls = [best(partial(work, use_cases)) for work in SCHEDULED.values()]
        scheduled |= questions
        told = "".join(f"{1000 * each:9.1f}" for each in (*figures, claiming))
        print(f"{size:7d} {told}    {''.join(f'{1000 * each:8.1f}' for each in walls)}", flush=True)
        per_ticket.append(figures[1])
    aim(f"cohort at {have} tickets, times that at {options.sizes[0]}", per_ticket[-1] / per_ticket[0], at_most=FLAT)
    show_plans(use_cases, taken | scheduled)
    if options.plans:
        show_steps(use_cases, scheduled)


def cohort(use_cases: UseCases, confs: Sequence[dict[str, Any]], run_id: str) -> Iterator[float]:
    """Yield the CPU seconds of accepting these incidents and of leading them together, without letters."""
    tickets: list[str] = []

    def accept() -> None:
        tickets.extend(
            use_cases.incidents.accept(c, run_id=f"{run_id}-{i}", origin="benchmark").id for i, c in enumerate(confs)
        )

    yield spent(accept)
    yield spent(lambda: lead(use_cases, run_id, tickets, tasks=BEFORE_LETTERS))


def claim(use_cases: UseCases, size: int) -> float:
    """Return the CPU seconds for each ticket of one claim."""
    claimed: list[str] = []

    def take() -> None:
        for run in use_cases.backlog.claim(by=f"bench-{size}", limit=10**6, at_most=CLAIMED, carries=CLAIMED):
            claimed.extend(run.tickets)

    return spent(take) / len(claimed)


def spent(work: Callable[[], object]) -> float:
    """Return the CPU seconds of this process and its descendants; those of a server come in hundredths."""
    began = time.process_time() + cpu_seconds()
    work()
    return time.process_time() + cpu_seconds() - began


def best(work: Callable[[], object]) -> float:
    """Return the shortest of a few wall times, in seconds: what other programs take is not counted."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


if __name__ == "__main__":
    main()
