"""Who has acknowledged which service problems (TMF656 ProblemAcknowledgement)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select

from include.sla_logic.domain.numbers import number_in, written
from include.sla_logic.domain.problem_view import Acknowledged
from include.sla_logic.persistence.keyset import Cut, Part, cut_part
from include.sla_logic.persistence.schema.problems import acknowledged_problems, problem_acknowledgements
from include.sla_logic.persistence.service_problems import problem_id

_made, _named = problem_acknowledgements.c, acknowledged_problems.c
_BOTH = select(problem_acknowledgements, _named.problem).join(
    acknowledged_problems, _named.acknowledgement == _made.number
)


def acknowledgement_id(number: int) -> str:
    """Write the number of an acknowledgement as people read it: PA-000001."""
    return written("PA-", number)


def add_acknowledgement(
    connection: Connection, problems: Sequence[int], *, by: str, said: str | None, now: datetime
) -> str:
    """Keep that a person has acknowledged these problems; return its id."""
    values = {"acknowledged_by": by, "said": said, "acknowledged_at": now}
    number = connection.scalar(insert(problem_acknowledgements).values(values).returning(_made.number))
    rows = [{"acknowledgement": number, "problem": problem} for problem in problems]
    connection.execute(insert(acknowledged_problems), rows)
    return acknowledgement_id(int(number or 0))


def acknowledged(connection: Connection, problems: Sequence[int]) -> Mapping[int, list[Acknowledged]]:
    """Return the acknowledgements of these problems, the oldest first."""
    found: dict[int, list[Acknowledged]] = defaultdict(list)
    for row in connection.execute(_BOTH.where(_named.problem.in_(problems)).order_by(_made.number)):
        found[row.problem].append(_of(row))
    return found


def find_acknowledgements(
    connection: Connection, cut: Cut, *, named: str | None = None
) -> tuple[Part[tuple[Acknowledged, list[str]]], int]:
    """Return a part of the acknowledgements with the problems of each, the newest first, and how many there are."""
    query: Select[Any] = select(problem_acknowledgements)
    if named is not None:
        query = query.where(_made.number == (number_in("PA-", named) or 0))
    total = connection.scalar(select(func.count()).select_from(query.subquery())) or 0
    part = cut_part(connection, query, [_made.number], lambda row: row, cut, descending=True)
    problems: dict[int, list[str]] = defaultdict(list)
    wanted = _named.acknowledgement.in_([row.number for row in part.rows])
    for row in connection.execute(select(acknowledged_problems).where(wanted).order_by(_named.problem)):
        problems[row.acknowledgement].append(problem_id(row.problem))
    found = [(_of(row), problems[row.number]) for row in part.rows]
    return Part(found, part.first, part.last, part.more_before, part.more_after), int(total)


def _of(row: Row[Any]) -> Acknowledged:
    return Acknowledged(
        id=acknowledgement_id(row.number), by=row.acknowledged_by, at=row.acknowledged_at, said=row.said
    )
