"""The steps of an incident are one way through the process, each with its document, whatever Airflow says (I11)."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, case, exists, select

from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.invariants.violation import Violation
from include.sla_logic.persistence.schema.system_t import documents, steps, tickets
from include.sla_logic.process.graph import END, STEPS
from include.sla_logic.process.way import is_reached, next_steps

_AT_ONCE = 5_000
_WRITES = {step.name: step.writes for step in STEPS.values() if step.writes}

Taken = tuple[tuple[str, str | None], ...]


class Deviation(NamedTuple):
    """What is wrong with one step, or, where it names none, with the incident as a whole."""

    step: str | None
    says: str


class Walked(NamedTuple):
    """One incident: its number, how many steps of the process it has taken, and where it left the process."""

    ticket: int
    steps: int
    deviations: tuple[Deviation, ...]


def check_ways(connection: Connection) -> Iterator[Violation]:
    """Walk the steps of each incident along the process; name the step that nothing led to, or that wrote nothing."""
    for walked in walk_ways(connection):
        for deviation in walked.deviations:
            yield Violation("I11", ticket_id(walked.ticket), deviation.says)


def walk_ways(connection: Connection, *which: ColumnElement[bool]) -> Iterator[Walked]:
    """Walk each incident that has taken a step, in the order of their numbers; `which` are conditions on tickets."""
    rows = connection.execute(_taken_steps(*which).execution_options(yield_per=_AT_ONCE))
    for ticket, taken in groupby(rows, attrgetter("ticket")):
        of_ticket = list(taken)
        found = (*_faults(tuple((row.task, row.choice) for row in of_ticket)), *_unwritten(of_ticket))
        yield Walked(ticket, len(of_ticket), found)


def _taken_steps(*which: ColumnElement[bool]) -> Select[Any]:
    mine = (documents.c.ticket == steps.c.ticket, documents.c.task == steps.c.task)
    written = exists().where(*mine, documents.c.kind == case(_WRITES, value=steps.c.task))
    query = select(steps.c.ticket, steps.c.task, steps.c.choice, written.label("written"))
    if which:
        query = query.join(tickets, tickets.c.number == steps.c.ticket).where(*which)
    return query.where(steps.c.task.in_(list(STEPS))).order_by(steps.c.ticket, steps.c.id)


@lru_cache(maxsize=4096)  # most incidents share a few ways
def _faults(taken: Taken) -> tuple[Deviation, ...]:
    return tuple(_walk(taken))


def _walk(taken: Taken) -> Iterator[Deviation]:
    done: dict[str, str | None] = {}
    for step, choice in taken:
        if not is_reached(step, done):
            yield Deviation(step, f"has done {step}, to which nothing had led")
        elif STEPS[step].chooses and choice not in {to.step for to in STEPS[step].followed_by}:
            yield Deviation(step, f"has done {step}, which chose {choice!r}")
        done[step] = choice
    if END in done and (left := next_steps(done)):
        yield Deviation(None, f"is closed without {' and '.join(left)}")


def _unwritten(taken: list[Any]) -> Iterator[Deviation]:
    for row in taken:
        if row.task in _WRITES and not row.written:
            yield Deviation(row.task, f"has done {row.task}, whose {_WRITES[row.task]} is missing")
