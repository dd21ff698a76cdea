"""Which incidents one run carries together."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, String, Table, Text

from include.sla_logic.persistence.schema.columns import metadata

cohort_members = Table(
    "cohort_members",
    metadata,
    Column("run_id", String(250), primary_key=True),
    Column("ticket", ForeignKey("tickets.number"), primary_key=True, index=True),
    Column("state", String(16), nullable=False),
    Column("reason", Text),  # why it was set aside, or the run in which it goes on
    CheckConstraint("state IN ('carried', 'left', 'set aside')", name="state"),
)
