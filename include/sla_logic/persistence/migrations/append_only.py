"""Triggers that refuse to change or delete rows, on both dialects."""

from alembic import op

_FUNCTION = """
CREATE OR REPLACE FUNCTION sla_refuse_change() RETURNS trigger AS $$
BEGIN RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME; END
$$ LANGUAGE plpgsql
"""
_ERASING_FUNCTION = """
CREATE OR REPLACE FUNCTION sla_refuse_change_but_erasure() RETURNS trigger AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM erasing) THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME;
END
$$ LANGUAGE plpgsql
"""
_FINAL_FUNCTION = """
CREATE OR REPLACE FUNCTION sla_keep_final_status() RETURNS trigger AS $$
BEGIN RAISE EXCEPTION 'a ticket that is % stays so', OLD.status; END
$$ LANGUAGE plpgsql
"""
_FINAL = "OLD.status IN ('closed', 'rejected', 'cancelled') AND NEW.status <> OLD.status"


def forbid_changes(table: str) -> None:
    """Make a table append-only."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_FUNCTION)
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION sla_refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_keep BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION sla_refuse_change()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only ever added'); END"
        )


def allow_erasure(table: str) -> None:
    """Let the transaction that has a row in `erasing` rewrite rows of an append-only table; it deletes none."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_ERASING_FUNCTION)
        op.execute(f"DROP TRIGGER {table}_append_only ON {table}")
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION sla_refuse_change_but_erasure()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION sla_refuse_change()"
        )
        return
    op.execute(f"DROP TRIGGER {table}_no_update")
    unless = "WHEN NOT EXISTS (SELECT 1 FROM erasing)"
    op.execute(
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {unless} "
        f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are only ever added'); END"
    )


def keep_final_status() -> None:
    """Refuse to move a ticket out of a final state (TMF621: closed, rejected, cancelled)."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_FINAL_FUNCTION)
        op.execute(
            f"CREATE TRIGGER tickets_final_status BEFORE UPDATE ON tickets FOR EACH ROW WHEN ({_FINAL}) "
            "EXECUTE FUNCTION sla_keep_final_status()"
        )
        return
    op.execute(
        f"CREATE TRIGGER tickets_final_status BEFORE UPDATE ON tickets WHEN {_FINAL} "
        "BEGIN SELECT RAISE(ABORT, 'a ticket in a final state stays so'); END"
    )
