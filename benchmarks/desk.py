"""Time the board and an incident page over many tickets against the smallest page of the same app.

`python -m benchmarks.desk [TICKETS]`; one process, one run, so that only the ratios matter.
"""

import json
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import insert

from include.sla_logic.adapters.schema.queue import queue
from include.sla_logic.adapters.schema.system_t import documents, steps, tickets, timeline
from include.sla_logic.console import Caller, build_desk
from include.sla_logic.office import Office, Settings

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ROUNDS = 30
PAGES = {
    "asset (no login, no database)": "/assets/theme.js",
    "form page (empty page of the app)": "/acts/ticket/TT-000001/hold",
    "board, first page": "/",
    "board, last page": "/?page={last}",
    "board, priority filter": "/?priority=P2",
    "board, search by reference": "/?search=REF-77",
    "board, all tickets": "/?shown=all",
    "incident": "/incidents/TT-000001",
    "report of the month": "/reports?month=2026-11",
    "JSON list": "/api/v1/incidents",
}


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 25_000
    with tempfile.TemporaryDirectory() as folder:
        office = Office(Settings(f"sqlite:///{Path(folder) / 'teleco.db'}", Path(folder)))
        office.migrate()
        began = time.perf_counter()
        fill(office, count)
        print(f"{count} tickets written in {time.perf_counter() - began:.1f} s")
        client = TestClient(build_desk(lambda: office, reader=everybody, writer=everybody))
        measure(client, last=count * 3 // 4 // 50)


async def everybody() -> Caller:
    return Caller("bench", may_write=True)


def fill(office: Office, count: int) -> None:
    """Write tickets with steps and timeline; three of four are open."""
    numbers = range(1, count + 1)
    with office.database.write() as connection:
        connection.execute(insert(tickets), [ticket(n) for n in numbers])
        connection.execute(insert(queue), [place(n) for n in numbers])
        for task in range(12):
            rows = [{"ticket": n, "task": f"step_{task}", "done_at": NOW} for n in numbers]
            connection.execute(insert(steps), rows)
            entries = [
                {"ticket": n, "sequence": task + 1, "lane": "Customer Service", "event": "done", "at": NOW}
                for n in numbers
            ]
            connection.execute(insert(timeline), entries)
        body = json.dumps({"lines": ["something that was found out"] * 40})
        for kind in ("Investigation", "StatusReport", "TroubleReport"):
            rows = [
                {
                    "ticket": n,
                    "kind": kind,
                    "round": 1,
                    "schema_version": 1,
                    "body": body,
                    "task": "step_1",
                    "written_at": NOW,
                }
                for n in numbers
            ]
            connection.execute(insert(documents), rows)


def ticket(n: int) -> dict[str, object]:
    return {
        "number": n,
        "external_key": f"run r{n}",
        "external_reference": f"REF-{n}",
        "run_id": f"r{n}",
        "origin": "benchmark",
        "customer": f"C-{n % 997}",
        "service": f"S-{n % 1999}",
        "status": "inProgress" if n % 4 else "resolved",
        "assigned_to": "Service Management",
        "escalated": n % 50 == 0,
        "created_at": NOW - timedelta(minutes=n),
    }


def place(n: int) -> dict[str, object]:
    closed = n % 4 == 0
    return {
        "ticket": n,
        "open": not closed,
        "place": f"1{n % 5 + 1}{(n * 7919) % 1_000_003:012d}",
        "protected": False,
        "priority": f"P{n % 5 + 1}",
        "currency": "EUR",
        "credit": n if closed else None,
        "credit_state": "booked" if closed else None,
        "outcome": "restored" if closed else None,
        "ending": "resolved" if closed else None,
        "closed_at": NOW if closed else None,
    }


def measure(client: TestClient, *, last: int) -> None:
    base = 0.0
    for name, path in PAGES.items():
        seconds = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            answer = client.get(path.format(last=last))
            seconds.append(time.perf_counter() - began)
            assert answer.status_code == 200, (path, answer.status_code)
        median = statistics.median(seconds)
        if name.startswith("form"):
            base = median
        ratio = f"{median / base:5.1f} x the empty page" if base else ""
        worst = sorted(seconds)[int(ROUNDS * 0.95) - 1]
        print(
            f"{name:36} {median * 1000:7.1f} ms median {worst * 1000:7.1f} ms p95  {len(answer.content):7} B  {ratio}"
        )


if __name__ == "__main__":
    main()
