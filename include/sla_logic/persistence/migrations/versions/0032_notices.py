"""Keep when the team is next mailed about a ticket, what was mailed, and the addresses of those who use the desk."""

import json
from collections.abc import Iterable
from datetime import datetime

from alembic import op
from sqlalchemy import Column, Connection, Integer, String, Text, bindparam, text

from include.sla_logic.persistence.schema.columns import Instant

revision = "0032"
down_revision = "0031"

PART = 500  # tickets in memory at once
_LETTERS = """
SELECT q.ticket, d.body FROM queue q
JOIN documents d ON d.ticket = q.ticket AND d.kind = 'CustomerReport'
WHERE q.open AND q.ticket > :after
AND d.round = (SELECT max(round) FROM documents WHERE ticket = q.ticket AND kind = 'CustomerReport')
ORDER BY q.ticket LIMIT :part
"""
_LOOK_AT = """
UPDATE queue SET notice_at = (SELECT created_at FROM tickets WHERE number = queue.ticket) WHERE open
"""


def upgrade() -> None:
    op.add_column("desk_people", Column("mail", String(320)))
    columns = (
        *(Column("next_tier", Text), Column("write_by", Instant), Column("notice_at", Instant)),
        *(Column("noticed_share", Integer), Column("noticed_tier", Text)),
    )
    for column in columns:
        op.add_column("queue", column)
    op.create_index("ix_queue_notice_at", "queue", ["notice_at"])
    fill(op.get_bind())


def fill(connection: Connection) -> None:
    """Keep what the newest letters about open tickets promise, and look at each open ticket once."""
    after = 0
    write = text("UPDATE queue SET write_by = :by WHERE ticket = :ticket").bindparams(bindparam("by", type_=Instant()))
    while rows := connection.execute(text(_LETTERS), {"after": after, "part": PART}).all():
        if promised := list(_promised((row.ticket, row.body) for row in rows)):
            connection.execute(write, promised)
        after = rows[-1].ticket
    connection.execute(text(_LOOK_AT))


def _promised(letters: Iterable[tuple[int, str]]) -> Iterable[dict[str, object]]:
    for ticket, body in letters:
        if by := json.loads(body).get("writes_next_by"):
            yield {"ticket": ticket, "by": datetime.fromisoformat(by)}
