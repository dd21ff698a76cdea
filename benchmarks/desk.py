"""Time every page of the desk over many tickets against the empty page, in one run.

`python -m benchmarks desk [TICKETS]`: CPU time of the process, so that other programs disturb little; the ratios
matter. The empty page is the board of a desk without an incident, the smallest a form that asks nothing of the
database. The incident and the service are real: led through the process before the others are filled in.
"""

import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median

from fastapi.testclient import TestClient
from sqlalchemy import insert, select

from benchmarks.aims import aim
from benchmarks.leading import lead
from benchmarks.plans import asked, show_plans
from benchmarks.sample import ANCHOR, open_sample
from include.sla_logic.domain.search_text import words_to_keep
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.search import search_words
from include.sla_logic.persistence.schema.system_t import audit, outbox, quarantine, restorations, tickets
from include.sla_logic.persistence.schema.system_t import ticket_status_history as history
from include.sla_logic.services import Settings, UseCases
from include.sla_logic.web import Caller, build_desk

ROUNDS = 15
FIRST = 1000  # number of the first ticket that is filled in
MONTH = datetime(2026, 11, 1, tzinfo=UTC)
EMPTY, SMALLEST = "empty page: a board without incidents", "smallest page: a form"
PAGES = {
    SMALLEST: "/acts/ticket/TT-000001/hold",
    "board": "/",
    "board, last page": "/?page={open_pages}",
    "board, all tickets": "/?shown=all",
    "board, all tickets, last page": "/?shown=all&page={all_pages}",
    "board, to release": "/?shown=waiting",
    "board, escalated": "/?shown=escalated",
    "board, on hold": "/?shown=on_hold",
    "board, settled": "/?shown=settled",
    "board, department": "/?lane=Service+Management",
    "board, priority": "/?priority=P2",
    "board, customer": "/?customer=C-F77",
    "board, service": "/?service=S-F77",
    "board, search that finds one": "/?search=REF-7777",
    "board, search for words of a text": "/?search=said77+said1234&shown=all",
    "board, search that finds none": "/?search=nothing-like-it",
    "board, search for a word of all": "/?search=ref&shown=all",
    "board, everything at once": "/?priority=P2&lane=Service+Management&customer=C-F77&search=REF",
    "incident": "/incidents/TT-000001",
    "service": "/services/{service}",
    "waiting": "/waiting",
    "waiting, last pages": "/waiting?outbox=8&quarantine=12&credits=40&restorations=20&acts=200",
    "problems": "/problems?shown=all",
    "report of the month": "/reports?month=2026-11",
    "API: list": "/api/v1/incidents",
    "API: incident": "/api/v1/incidents/TT-000001",
}


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 25_000
    with tempfile.TemporaryDirectory() as folder:
        use_cases, confs = open_sample(Path(folder), 13)
        real = [use_cases.incidents.accept(c, run_id=f"own-{n}", origin="benchmark").id for n, c in enumerate(confs)]
        lead(use_cases, "cohort", real)
        fill(use_cases, count)
        client, empty = client_of(use_cases), client_of(empty_desk(Path(folder) / "empty"))
        places = {"open_pages": count * 3 // 4 // 50, "all_pages": count // 50, "service": confs[0]["service"]}
        with asked(use_cases) as statements:
            measure({EMPTY: (empty, "/")} | {name: (client, path.format_map(places)) for name, path in PAGES.items()})
        show_plans(use_cases, statements)


def client_of(use_cases: UseCases) -> TestClient:
    return TestClient(build_desk(lambda: use_cases, reader=everybody, writer=everybody))


def empty_desk(folder: Path, url: str | None = None) -> UseCases:
    """Return the use cases over a database without an incident."""
    use_cases = UseCases(Settings(url or f"sqlite:///{folder / 'teleco.db'}", folder / "letters"), clock=lambda: ANCHOR)
    use_cases.work.migrate()
    return use_cases


async def everybody() -> Caller:
    return Caller("bench", may_write=True)


def fill(use_cases: UseCases, count: int) -> None:
    """Write tickets, three of four open, and what waits for a person: hundreds of everything."""
    numbers = range(FIRST, FIRST + count)
    with use_cases.work.database.write() as connection:
        agreements = list(connection.scalars(select(t.agreements.c.id)))
        rows = {
            tickets: (ticket(n) for n in numbers),
            history: (status(n) for n in numbers),
            queue: (place(n) for n in numbers),
            restorations: (wait(n) for n in numbers if n % 50 == 1),
            applied_billing_credits: (credit(n, agreements[n % len(agreements)]) for n in numbers),
            search_words: (word for n in numbers for word in words(n)),
            outbox: (message(n) for n in numbers),
            quarantine: (refused(n) for n in range(300)),
            audit: (act(n) for n in range(5000)),
        }
        for table, many in rows.items():
            while part := list(islice(many, 5000)):
                connection.execute(insert(table), part)


def ticket(n: int) -> dict[str, object]:
    return {
        "number": n,
        "external_key": f"run r{n}",
        "external_reference": f"REF-{n}",
        "run_id": f"r{n}",
        "origin": "benchmark",
        "customer": f"C-F{n % 997}",
        "service": f"S-F{n % 1999}",
        "status": "resolved" if n % 4 == 0 else "held" if n % 40 == 1 else "inProgress",
        "assigned_to": "Service Management" if n % 3 else "Customer Service",
        "escalated": n % 50 == 2,
        "created_at": ANCHOR - timedelta(minutes=n % 30_000),
    }


def words(n: int) -> list[dict[str, object]]:
    """Return the words of a ticket as they are kept, with a text of fifty words."""
    row, text = ticket(n), " ".join(f"said{(n * 31 + k * 17) % 5003}" for k in range(50))
    named = (f"TT-{n:06d}", row["external_reference"], row["run_id"], row["customer"], row["service"], text)
    return [{"word": word, "ticket": n} for word in words_to_keep(str(each) for each in named)]


def status(n: int) -> dict[str, object]:
    return {"ticket": n, "sequence": 1, "status": "inProgress", "reason": "filled in", "at": ANCHOR}


def place(n: int) -> dict[str, object]:
    closed = n % 4 == 0
    return {
        "ticket": n,
        "open": not closed,
        "place": f"1{n % 5 + 1}{(n * 7919) % 1_000_003:012d}",
        "protected": False,
        "priority": f"P{n % 5 + 1}",
        "contract": f"contract-{n % 20}",
        "cause": f"cause_{n % 12}",
        "department": "Resource Provisioning",
        "currency": "EUR",
        "credit": n if closed else None,
        "credit_state": "booked" if closed else None,
        "outcome": "restored" if closed else None,
        "ending": "resolved" if closed else None,
        "closed_at": MONTH + timedelta(minutes=n % 30_000) if closed else None,
        "reported_at": MONTH,
        "corrected_at": MONTH + timedelta(hours=n % 90) if closed else None,
    }


def wait(n: int) -> dict[str, object]:
    deadline = ANCHOR + timedelta(hours=1 + n % 40)
    return {"ticket": n, "opened_at": ANCHOR, "deadline": deadline, "held_because": "not safe to automate"}


def credit(n: int, agreement: str) -> dict[str, object]:
    return {
        "id": f"F{n}",
        "ticket": f"TT-{n:06d}",
        "agreement": agreement,
        "customer": f"C-F{n % 997}",
        "service": f"S-F{n % 1999}",
        "account": f"B-F{n % 997}",
        "objective": "availability",
        "window_start": MONTH,
        "window_end": MONTH + timedelta(days=30),
        "gross": n,
        "amount": n,
        "currency": "EUR",
        "state": "held" if n % 25 == 0 else "posted",
        "text": "filled in",
        "recorded_at": ANCHOR - timedelta(minutes=n % 30_000),
    }


def message(n: int) -> dict[str, object]:
    state = "dead" if n % 250 == 0 else "waiting" if n % 250 == 1 else "sent"
    return {
        "key": f"F{n}",
        "ticket": n,
        "kind": "mail",
        "payload": {"message": "x" * 2000},
        "state": state,
        "attempts": 1,
        "created_at": ANCHOR,
        "next_attempt_at": ANCHOR,
    }


def refused(n: int) -> dict[str, object]:
    return {
        "fingerprint": f"{n:064d}",
        "origin": "REST",
        "run_id": f"q{n}",
        "field": ".customer",
        "reason": "the customer is not registered",
        "body": "{}",
        "complete": True,
        "state": "waiting",
        "received_at": ANCHOR,
    }


def act(n: int) -> dict[str, object]:
    return {"at": ANCHOR, "actor": "otto", "action": "looked", "subject": f"F{n}", "detail": "filled in"}


def measure(pages: dict[str, tuple[TestClient, str]]) -> None:
    """Take the pages in turn, round by round: what disturbs one round disturbs all pages alike."""
    spent, sizes = {name: list[float]() for name in pages}, dict[str, int]()
    for turn in range(ROUNDS + 1):
        for name, (client, path) in pages.items():
            began = time.process_time()
            answer = client.get(path)
            taken = time.process_time() - began
            assert answer.status_code == 200, (path, answer.status_code, answer.text[:500])
            sizes[name] = len(answer.content)
            if turn:  # the first round fills caches
                spent[name].append(taken)
    found = {name: median(each) for name, each in spent.items()}
    print(f"{'page':38}  CPU ms  worst of {ROUNDS}  times the empty page  the smallest   bytes")
    for name, seconds in found.items():
        times = f"{seconds / found[EMPTY]:14.1f} {seconds / found[SMALLEST]:18.1f}"
        print(f"{name:38} {seconds * 1000:7.1f} {max(spent[name]) * 1000:10.1f} {times} {sizes[name]:10}")
    for name in filter(lambda name: "search" in name, found):
        aim(f"{name}, times the empty page", found[name] / found[EMPTY], at_most=3)


if __name__ == "__main__":
    main()
