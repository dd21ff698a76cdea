"""The steps of an incident are one way through the process, each with its document, whatever Airflow says (I11)."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from operator import itemgetter

from sqlalchemy import Connection, select

from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.invariants.violation import Violation
from include.sla_logic.persistence.schema.system_t import documents, steps
from include.sla_logic.process.graph import END, STEPS
from include.sla_logic.process.way import is_reached, next_steps

Taken = tuple[tuple[str, str | None], ...]


def check_ways(connection: Connection) -> Iterator[Violation]:
    """Walk the steps of each incident along the process; name the step that nothing led to, or that wrote nothing."""
    kinds = connection.execute(select(documents.c.ticket, documents.c.task, documents.c.kind))
    written = {(row.ticket, row.task, row.kind) for row in kinds}
    query = select(steps.c.ticket, steps.c.task, steps.c.choice).where(steps.c.task.in_(list(STEPS)))
    for ticket, rows in groupby(connection.execute(query.order_by(steps.c.ticket, steps.c.id)), itemgetter(0)):
        taken = tuple((task, choice) for _, task, choice in rows)
        for fault in (*_faults(taken), *_unwritten(ticket, taken, written)):
            yield Violation("I11", ticket_id(ticket), fault)


@lru_cache(maxsize=4096)  # most incidents share a few ways
def _faults(taken: Taken) -> tuple[str, ...]:
    return tuple(_walk(taken))


def _walk(taken: Taken) -> Iterator[str]:
    done: dict[str, str | None] = {}
    for step, choice in taken:
        if not is_reached(step, done):
            yield f"has done {step}, to which nothing had led"
        elif STEPS[step].chooses and choice not in {to.step for to in STEPS[step].followed_by}:
            yield f"has done {step}, which chose {choice!r}"
        done[step] = choice
    if END in done and (left := next_steps(done)):
        yield f"is closed without {' and '.join(left)}"


def _unwritten(ticket: int, taken: Taken, written: set[tuple[int, str, str]]) -> Iterable[str]:
    for step, _ in taken:
        kind = STEPS[step].writes
        if kind is not None and (ticket, step, kind) not in written:
            yield f"has done {step}, whose {kind} is missing"
