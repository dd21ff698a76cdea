"""Keep with each ticket the impact that its report states: the open APIs filter by it."""

from alembic import op
from sqlalchemy import Column, Integer

revision = "0042"
down_revision = "0041"

_STATED = {"postgresql": "(body::json ->> 'impact')::integer", "sqlite": "json_extract(body, '$.impact')"}
_MEDIUM = 2  # where a report says nothing


def upgrade() -> None:
    op.add_column("tickets", Column("impact", Integer))
    stated = _STATED[op.get_context().dialect.name]
    op.execute(
        f"UPDATE tickets SET impact = (SELECT coalesce({stated}, {_MEDIUM}) FROM documents"  # noqa: S608 - our own words
        " WHERE documents.ticket = tickets.number AND kind = 'ProblemNotification' AND round = 1)"
    )
    op.create_index("ix_tickets_impact_number", "tickets", ["impact", "number"])
