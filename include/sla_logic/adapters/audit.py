"""Who did what beside the process: every act of a person and every refusal, only ever added."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from include.sla_logic.adapters.schema.system_t import audit


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
    row = {"at": act.at, "actor": act.actor, "action": act.action, "subject": act.subject, "detail": act.detail}
    connection.execute(insert(audit).values(row))


def acts_about(connection: Connection, *subjects: str) -> Sequence[Act]:
    """Return everything that was done about any of the subjects, oldest first."""
    query = select(audit).where(audit.c.subject.in_(subjects)).order_by(audit.c.id)
    return [Act(row.at, row.actor, row.action, row.subject, row.detail) for row in connection.execute(query)]
