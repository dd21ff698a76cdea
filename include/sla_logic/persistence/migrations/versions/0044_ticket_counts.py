"""Keep how many tickets each customer has in each status; read those of several customers along an index."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, String

revision = "0044"
down_revision = "0043"

_Number = BigInteger().with_variant(Integer, "sqlite")
_SQLITE = (
    """
    CREATE TRIGGER counted_added AFTER INSERT ON tickets BEGIN
      INSERT INTO ticket_count_changes (customer, status, change) VALUES (NEW.customer, NEW.status, 1);
    END
    """,
    """
    CREATE TRIGGER counted_moved AFTER UPDATE OF status, customer ON tickets
    WHEN NEW.status <> OLD.status OR NEW.customer <> OLD.customer BEGIN
      INSERT INTO ticket_count_changes (customer, status, change)
      VALUES (OLD.customer, OLD.status, -1), (NEW.customer, NEW.status, 1);
    END
    """,
)
_POSTGRESQL = (
    """
    CREATE FUNCTION sla_count_added() RETURNS trigger AS $$
    BEGIN
      INSERT INTO ticket_count_changes (customer, status, change)
      SELECT customer, status, count(*) FROM added GROUP BY customer, status;
      RETURN NULL;
    END
    $$ LANGUAGE plpgsql
    """,
    """
    CREATE TRIGGER counted_added AFTER INSERT ON tickets REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION sla_count_added()
    """,
    """
    CREATE FUNCTION sla_count_moved() RETURNS trigger AS $$
    BEGIN
      INSERT INTO ticket_count_changes (customer, status, change)
      VALUES (OLD.customer, OLD.status, -1), (NEW.customer, NEW.status, 1);
      RETURN NULL;
    END
    $$ LANGUAGE plpgsql
    """,
    """
    CREATE TRIGGER counted_moved AFTER UPDATE OF status, customer ON tickets FOR EACH ROW
    WHEN (NEW.status <> OLD.status OR NEW.customer <> OLD.customer) EXECUTE FUNCTION sla_count_moved()
    """,
)
_COUNT = (
    """
    INSERT INTO ticket_counts (customer, status, tickets)
    SELECT customer, status, count(*) FROM tickets GROUP BY customer, status
    """,
    """
    INSERT INTO ticket_counts (customer, status, tickets)
    SELECT '', status, sum(tickets) FROM ticket_counts GROUP BY status
    """,
)


def upgrade() -> None:
    """Count behind the triggers: making them waits for all who write tickets, and lets none begin until the end."""
    op.create_table(
        "ticket_counts",
        Column("customer", String(64), primary_key=True),
        Column("status", String(16), primary_key=True),
        Column("tickets", BigInteger, nullable=False),
    )
    op.create_table(
        "ticket_count_changes",
        Column("id", _Number, primary_key=True, autoincrement=True),
        Column("customer", String(64), nullable=False),
        Column("status", String(16), nullable=False),
        Column("change", BigInteger, nullable=False),
    )
    triggers = _POSTGRESQL if op.get_context().dialect.name == "postgresql" else _SQLITE
    for statement in (*triggers, *_COUNT):
        op.execute(statement)
    op.create_index("ix_tickets_customer_status_number", "tickets", ["customer", "status", "number"])
