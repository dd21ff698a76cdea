"""The audit: every action of a person and every refusal, append-only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from include.sla_logic.persistence.paging import Page, cut_page
from include.sla_logic.persistence.schema.system_t import audit


@dataclass(frozen=True)
class Act:
    """One line of the audit; `subject` is a ticket id, a run id or the key of a message."""

    at: datetime
    actor: str
    action: str
    subject: str
    detail: str


def note_act(connection: Connection, act: Act) -> None:
    """Add one line."""
    note_acts(connection, [act])


def note_acts(connection: Connection, acts: Sequence[Act]) -> None:
    """Add several lines in one statement."""
    if acts:
        connection.execute(insert(audit), [vars(act) for act in acts])


def acts_about(connection: Connection, *subjects: str) -> Sequence[Act]:
    """Return everything that was done about any of the subjects, oldest first."""
    query = select(audit).where(audit.c.subject.in_(subjects)).order_by(audit.c.id)
    return [_act(row) for row in connection.execute(query)]


def page_of_acts(connection: Connection, *, number: int, size: int, most: int | None = None) -> Page[Act]:
    """Return everything that was done about anything, the newest first, counted no further than `most`."""
    return cut_page(connection, select(audit).order_by(audit.c.id.desc()), _act, number=number, size=size, most=most)


def _act(row: Row[Any]) -> Act:
    return Act(row.at, row.actor, row.action, row.subject, row.detail)
