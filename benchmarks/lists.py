"""Search, the board and TMF621's list over 25,000 and over 1,000,000 rows on PostgreSQL, in one run.

`python -m benchmarks lists [--sizes 25000 1000000] [--rounds 15] [--plans]`: CPU of this process and of the database's
connections together, so that other programs disturb little; the ratios matter. The empty page is the board of a desk
without an incident, on the same server. `--plans` prints how each question is answered at the last size.
"""

import argparse
import json
import tempfile
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from fastapi import Request
from fastapi.testclient import TestClient
from sqlalchemy import text

from benchmarks.aims import aim
from benchmarks.desk import empty_desk
from benchmarks.list_rows import FIRST, RETAIL, WHOLESALE, fill
from benchmarks.plans import asked, show_plans, show_steps
from benchmarks.sample import open_sample
from deploy.postgres import PostgresServer
from include.sla_logic.services import UseCases
from include.sla_logic.web import Caller, build_desk

BEGAN = datetime(2024, 12, 20, 12, tzinfo=UTC)  # when the first ticket was created
EMPTY, SMALLEST = "empty page: a board without incidents", "smallest page: a form"
LIST = "/tmf-api/troubleTicket/v5/troubleTicket"
BOARD = {
    EMPTY: "/",
    SMALLEST: "/acts/ticket/TT-000001/hold",
    "board": "/",
    "board, all": "/?shown=all",
    "board, customer of many": "/?customer=C-W1&shown=all",
    "board, settled": "/?shown=settled",
    "board, priority": "/?priority=P2",
    "board, department": "/?lane=Service+Management",
    "board, the newest first": "/?shown=all&sort=-ticket",
    "board, the newest open ones": "/?sort=-ticket",
    "board, escalated": "/?shown=escalated",
    "waiting": "/waiting",
    "search: none found": "/?search=nothing-like-it",
    "search: one found": "/?search=REF-{some}",
    "search: a page found": "/?search=said77+said94&shown=all",
    "search: a word of all": "/?search=ref&shown=all",
    "search of the open: a page found": "/?search=said77+said94",
    "search of the open: a word of all": "/?search=ref",
}
FINDING = tuple(name for name in BOARD if name.startswith("search"))
FLAT = 1.5  # what counts as the same at both sizes: single figures differ by a fifth
# Who asks, and for what; each is asked for its first page, and for those behind and before a place in the middle.
PARTNERS = {"paula": RETAIL, "petra": WHOLESALE, "piet": WHOLESALE[:1]}
LISTS = {
    "list": ("bench", ""),
    "list by creation": ("bench", "sort=-creationDate"),
    "list, status": ("bench", "status=resolved"),
    "list, statuses": ("bench", "status=acknowledged,held"),
    "list of a partner, one customer": ("piet", ""),
    "list of a partner, eight customers": ("petra", ""),
    "list of a partner, three small customers": ("paula", ""),
    "list of a partner, eight customers, status": ("petra", "status=held"),
    "list of a partner, eight customers, by creation": ("petra", "sort=creationDate"),
}


def main() -> None:
    """Fill to each size, and measure the same pages at each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[25_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--plans", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, PostgresServer() as server:
        use_cases, confs = open_sample(Path(folder), 13, url=server.create_database("operations"))
        with use_cases.work.database.write() as connection:  # parallel workers are processes that nobody counts
            connection.execute(text("ALTER DATABASE operations SET max_parallel_workers_per_gather = 0"))
        use_cases.work.database.engine.dispose()
        use_cases.incidents.accept(confs[0], run_id="own", origin="benchmark")
        partners = Path(folder) / "partners.yaml"
        partners.write_text(f"partners: { ({who: {'customers': list(them)} for who, them in PARTNERS.items()}) }")
        object.__setattr__(use_cases.work.settings, "open_apis", partners)
        empty = empty_desk(Path(folder), server.create_database("empty"))
        found, have = {}, 0
        for size in options.sizes:
            began = time.perf_counter()
            fill(use_cases, have=have, want=size)
            print(f"-- {size} rows, filled in {time.perf_counter() - began:.0f} s", flush=True)
            found[size], have = Measured(use_cases, empty).pages(size, options), size
        judge(found, options.sizes[0], options.sizes[-1])
        for each in (use_cases, empty):
            each.work.database.engine.dispose()


def client_of(use_cases: UseCases) -> TestClient:
    return TestClient(build_desk(lambda: use_cases, reader=everybody, writer=everybody))


class Measured:
    """The pages of one desk, taken in turn."""

    def __init__(self, use_cases: UseCases, empty: UseCases) -> None:
        self._use_cases = use_cases
        self._numbers: Sequence[int] = ()
        self._client, self._empty = client_of(use_cases), client_of(empty)

    def pages(self, size: int, options: argparse.Namespace) -> dict[str, float]:
        """Return the median CPU seconds of each page; what disturbs one round disturbs all pages alike."""
        with asked(self._use_cases) as questions:
            pages = wanted(size)
            spent: dict[str, list[float]] = {name: [] for name in pages}
            for turn in range(options.rounds + 1):
                self._numbers = self._connections()
                for name, (who, path) in pages.items():
                    taken = self._take(who, path, self._empty if name == EMPTY else self._client)
                    if turn:  # the first round fills caches
                        spent[name].append(taken)
        found = {name: median(each) for name, each in spent.items()}
        print(f"{'page':58}  CPU ms  times the empty page  the smallest")
        for name, seconds in found.items():
            times = f"{seconds / found[EMPTY]:10.1f} {seconds / found[SMALLEST]:18.1f}"
            print(f"{name:58} {seconds * 1000:7.1f} {times}", flush=True)
        show_plans(self._use_cases, questions)
        if options.plans:
            show_steps(self._use_cases, questions)
        return found

    def _take(self, who: str, path: str, client: TestClient) -> float:
        before, began = self._of_database(), time.process_time()
        answer = client.get(path, headers={"who": who})
        taken = time.process_time() - began
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:500])
        return taken + self._of_database() - before

    def _connections(self) -> Sequence[int]:
        """Return the process ids of the connections that the desk keeps open."""
        with self._use_cases.work.database.engine.connect() as connection:
            return connection.scalars(
                text("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'")
            ).all()

    def _of_database(self) -> float:
        """Return the CPU seconds of these connections; the kernel counts them to the nanosecond."""
        return sum(int(Path(f"/proc/{number}/schedstat").read_text().split()[0]) for number in self._numbers) / 1e9


def wanted(size: int) -> dict[str, tuple[str, str]]:
    """Return who asks for what; places are those in the middle of a list."""
    found = {name: ("bench", path.format(some=FIRST + 17_777)) for name, path in BOARD.items()}
    for name, (who, query) in LISTS.items():
        middle: list[object] = [FIRST + size // 2]
        if "creation" in query:
            middle.insert(0, (BEGAN + timedelta(minutes=size // 2)).isoformat())
        place = urlsafe_b64encode(json.dumps(middle).encode()).decode()
        found[f"{name}: first"] = (who, f"{LIST}?{query}")
        found |= {f"{name}: {way}": (who, f"{LIST}?{query}&{way}={place}") for way in ("after", "before")}
    return found


async def everybody(request: Request) -> Caller:
    name = request.headers.get("who", "bench")
    return Caller(name, may_write=name == "bench", may_read=name == "bench")


def judge(found: Mapping[int, Mapping[str, float]], small: int, large: int) -> None:
    """Print the aims with the figures."""
    for size, at_most in ((small, 3.0), (large, 6.0)):
        for name in FINDING:
            aim(f"{name}, {size} rows, times the empty page", found[size][name] / found[size][EMPTY], at_most=at_most)
    for name, seconds in found[large].items():
        if name not in {EMPTY, SMALLEST} and not name.startswith("search") and name in found[small]:
            aim(f"{name}, times that at {small} rows", seconds / found[small][name], at_most=FLAT)


if __name__ == "__main__":
    main()
