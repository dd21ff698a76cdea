"""Create the table of the words under which tickets are found, fill it, and index the few escalated tickets."""

import json
from collections.abc import Iterable
from typing import Any

from alembic import op
from sqlalchemy import BigInteger, Column, Connection, ForeignKey, Integer, String, text

from include.sla_logic.domain.search_text import words_to_keep

revision = "0030"
down_revision = "0029"

_Number = BigInteger().with_variant(Integer, "sqlite")
_Word = String(32).with_variant(String(32, collation="C"), "postgresql")
PART = 500  # tickets in memory at once
_TICKETS = """
SELECT t.number, t.external_reference, t.run_id, t.customer, t.service, c.name AS customer_name, s.name AS service_name,
       d.body
FROM tickets t LEFT JOIN customers c ON c.id = t.customer LEFT JOIN services s ON s.id = t.service
LEFT JOIN documents d ON d.ticket = t.number AND d.kind = 'ProblemNotification' AND d.round = 1
WHERE t.number > :after ORDER BY t.number LIMIT :part
"""


def upgrade() -> None:
    op.create_table(
        "search_words",
        Column("word", _Word, primary_key=True),
        Column("ticket", _Number, ForeignKey("tickets.number"), primary_key=True),
    )
    op.create_index(
        "ix_tickets_escalated",
        "tickets",
        ["number"],
        sqlite_where=text("escalated IS 1"),
        postgresql_where=text("escalated IS true"),
    )
    fill(op.get_bind())


def fill(connection: Connection) -> None:
    """Keep the words of all tickets, a part at a time."""
    after = 0
    while rows := connection.execute(text(_TICKETS), {"after": after, "part": PART}).all():
        words = [{"word": word, "ticket": row.number} for row in rows for word in words_to_keep(_texts(row))]
        connection.execute(text("INSERT INTO search_words (word, ticket) VALUES (:word, :ticket)"), words)
        after = rows[-1].number


def _texts(row: Any) -> Iterable[str | None]:
    described = json.loads(row.body).get("description", "") if row.body else ""
    named = (row.external_reference, row.run_id, row.customer, row.service, row.customer_name, row.service_name)
    return f"TT-{row.number:06d}", *named, described
