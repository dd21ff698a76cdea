"""The case files that batches of 1, 2 and 200 incidents leave, reduced to what can be compared.

Run `PYTHONPATH=.:plugins python -m tests.cohorts.golden_case_files` to write tests/cohorts/golden/ again; do that only
where the process or the sample itself is meant to leave something else.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection, Table, select, update

from benchmarks.leading import lead
from benchmarks.sample import ANCHOR, open_sample
from include.sla_logic.letters import letter_outbox
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema import system_t as s
from include.sla_logic.persistence.schema.installation import installation
from include.sla_logic.persistence.schema.problems import service_problem_tickets, service_problems
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.process.graph import WAIT
from include.sla_logic.process.stages import step_named
from include.sla_logic.process.way import next_steps
from include.sla_logic.services import UseCases
from tests.clock import Clock

FOLDER = Path(__file__).parent / "golden"
SIZES = (1, 2, 200)
PER_SAMPLE = 13
IN_FULL = 2  # tickets whose case files are kept word for word
OF_A_TICKET = (s.documents, s.steps, s.timeline, s.ticket_status_history, s.outbox, s.restorations, queue)
SHARED = (service_problems, t.network_orders, t.resources, t.alarms, t.resource_faults, t.outages, t.samples)
# Numbers say in which order rows came, and nothing else; what partners' listeners are told is no part of a case file,
# and nothing is archived here.
LEFT_OUT = {"documents": {"id"}, "steps": {"id"}, "outbox": {"id", "listener", "stream", "archived_at"}}


def lead_in_batches(folder: Path, size: int, *, in_one_go: bool = False) -> UseCases:
    """Lead incidents in batches of this size to their ends, with a person's answer for those that have to wait."""
    incidents = max(size, PER_SAMPLE)
    customers = incidents if size < PER_SAMPLE else PER_SAMPLE * 8  # in a large batch some report the same twice
    use_cases, confs = open_sample(folder, customers)
    clock = Clock(ANCHOR)
    use_cases.work.database._clock = clock
    with use_cases.work.database.write() as connection:
        connection.execute(update(installation).values(id="golden"))
    runs = [f"own-{number:03d}" for number in range(incidents)]
    tickets = [
        use_cases.incidents.accept(
            confs[number % customers] | {"external_reference": run}, run_id=run, origin="golden"
        ).id
        for number, run in enumerate(runs)
    ]
    waiting = []
    for first in range(0, incidents, size):
        if size == 1:
            waiting += [] if go_on(use_cases, runs[first]) else [runs[first]]
        else:
            wait = lead(use_cases, f"cohort-{first}", tickets[first : first + size], in_one_go=in_one_go)
            waiting += [run for run, ticket in zip(runs, tickets, strict=True) if ticket in wait]
    for number, run in enumerate(waiting):
        if number % 2 == 0 and use_cases.restorations.decide(run) is None:
            use_cases.restorations.release(run, by="operator", reason="There is room.")
    clock.now += timedelta(days=3)
    for run in waiting:
        go_on(use_cases, run)
    return use_cases


def go_on(use_cases: UseCases, run_id: str) -> bool:
    """Lead one incident on from where it stands; return False where it has to wait."""
    while following := next_steps({step.task: step.choice for step in use_cases.lookups.incident(run_id).path}):
        if following[0] != WAIT:
            use_cases.incidents.perform(step_named(following[0]), run_id=run_id)
        elif use_cases.restorations.decide(run_id) is None:
            return False
    return True


def case_files(use_cases: UseCases) -> dict[str, Any]:
    """Return what is kept, by ticket, and what the incidents share under the names of its tables."""
    with use_cases.work.database.read() as connection:
        found: dict[str, Any] = {f"TT-{row['number']:06d}": {"tickets": [row]} for row in _rows(connection, s.tickets)}
        for table in (*OF_A_TICKET, service_problem_tickets):
            for row in _rows(connection, table):
                found[f"TT-{row['ticket']:06d}"].setdefault(table.name, []).append(row)
        for row in _rows(connection, a.applied_billing_credits):
            found[row["ticket"]].setdefault("credits", []).append(row)
        for table in SHARED:
            found[table.name] = _rows(connection, table)
        return found


def _rows(connection: Connection, table: Table) -> list[dict[str, Any]]:
    columns = [column for column in table.c if column.name not in LEFT_OUT.get(table.name, ())]
    return sorted((_plain(row._asdict()) for row in connection.execute(select(*columns))), key=json.dumps)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    body = {"body": json.loads(row["body"])} if "body" in row else {}
    return json.loads(json.dumps(row | body, default=str))  # type: ignore[no-any-return]


def reduced(found: dict[str, Any]) -> dict[str, Any]:
    """Keep the first case files in full, and a digest of each of the others and of what is shared."""
    full = sorted(found)[:IN_FULL]
    return {name: kept if name in full else _digests(kept) for name, kept in found.items()}


def _digests(kept: Any) -> Any:
    """Return a digest for each kind of row, so that a difference says where it is."""
    if isinstance(kept, dict):
        return {name: _digests(rows) for name, rows in kept.items()}
    return sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:16]


@contextmanager
def plain_letters() -> Iterator[None]:
    """Keep letters unrendered: their words and pictures are the subject of other tests."""

    def render(report: Any, customer: Any, *, installation: str, sender: str = "") -> dict[str, Any]:
        key = f"<{report.ticket}.{sha256(report.model_dump_json().encode()).hexdigest()[:16]}.{installation}>"
        return {"message_id": key, "subject": f"{customer.id} {sender}", "by_post_because": None, "message": ""}

    with patch.object(letter_outbox, "render", render):
        yield


def golden(size: int) -> dict[str, Any]:
    """Return the kept case files of this size."""
    found: dict[str, Any] = json.loads((FOLDER / f"batch_of_{size}.json").read_text("utf-8"))
    return found


def leave(size: int, *, in_one_go: bool = False) -> dict[str, Any]:
    """Lead batches of this size through a sample of their own, and return what they leave."""
    with tempfile.TemporaryDirectory() as folder, plain_letters():
        return reduced(case_files(lead_in_batches(Path(folder), size, in_one_go=in_one_go)))


def main() -> None:
    """Write the golden files."""
    FOLDER.mkdir(exist_ok=True)
    for size in SIZES:
        text = json.dumps(leave(size), indent=1, sort_keys=True, ensure_ascii=False)
        (FOLDER / f"batch_of_{size}.json").write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
