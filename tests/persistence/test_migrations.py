"""Migrations lead from empty to today, and what they create keeps what was written."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib import import_module
from pkgutil import iter_modules

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from include.sla_logic.persistence import schema
from include.sla_logic.persistence.database import (
    UnableToUseDatabase,
    check_revision,
    current_revision,
    newest_revision,
)
from include.sla_logic.persistence.migrations import migrate
from include.sla_logic.persistence.schema import system_t
from include.sla_logic.persistence.schema.columns import metadata
from tests.spread import spread

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def test_migrations_lead_from_empty_to_exactly_the_tables_that_the_code_knows(database):
    for module in iter_modules(schema.__path__, prefix=f"{schema.__name__}."):
        import_module(module.name)
    assert migrate(database) == newest_revision()
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": "sla_schema_version"})
        assert compare_metadata(context, metadata) == []


def test_migrating_again_changes_nothing(database):
    migrate(database)
    with database.write() as connection:
        connection.execute(insert(system_t.audit), [act("first")])
    assert migrate(database) == newest_revision()
    with database.read() as connection:
        assert len(connection.execute(select(system_t.audit)).all()) == 1


def test_a_database_newer_than_the_code_can_be_used_and_an_older_one_cannot(database):
    with database.read() as connection, pytest.raises(UnableToUseDatabase, match="has no tables"):
        check_revision(connection)
    migrate(database)
    with database.write() as connection:
        connection.execute(text("UPDATE sla_schema_version SET version_num = '0001'"))
    with database.read() as connection, pytest.raises(UnableToUseDatabase, match="is at revision 0001"):
        check_revision(connection)
    with database.write() as connection:
        connection.execute(text("UPDATE sla_schema_version SET version_num = '9999'"))
    with database.read() as connection:
        check_revision(connection)
        assert current_revision(connection) == "9999"


def act(detail):
    return {"at": NOON, "actor": "Kim", "action": "test", "subject": "TT-000001", "detail": detail}


def a_ticket():
    return {
        "external_key": "run run-1",
        "run_id": "run-1",
        "origin": "test",
        "customer": "C-1",
        "service": "S-1",
        "status": "closed",
        "assigned_to": "Customer Service",
        "escalated": False,
        "created_at": NOON,
    }


def rows_of_a_ticket():
    return {
        "timeline": {"ticket": 1, "sequence": 1, "lane": "Customer", "event": "e", "at": NOON},
        "ticket_status_history": {"ticket": 1, "sequence": 1, "status": "closed", "reason": "r", "at": NOON},
        "documents": {
            "ticket": 1,
            "kind": "Note",
            "round": 1,
            "schema_version": 1,
            "body": "{}",
            "task": "t",
            "written_at": NOON,
        },
        "steps": {"ticket": 1, "task": "t", "done_at": NOON},
        "audit": act("x"),
    }


@pytest.mark.parametrize("name", spread(system_t.APPEND_ONLY, every=3))
def test_what_was_written_is_neither_changed_nor_deleted(database, name):
    migrate(database)
    table = metadata.tables[name]
    with database.write() as connection:
        connection.execute(insert(system_t.tickets), [a_ticket()])
        connection.execute(insert(table), [rows_of_a_ticket()[name]])
    column = next(c for c in table.c if not c.primary_key and c.name not in {"ticket", "round", "at", "written_at"})
    value = "changed" if column.type.python_type is str else 7
    for change in (update(table).values({column.name: value}), delete(table)):
        with pytest.raises(DBAPIError, match=f"rows of {name} are only ever added"), database.write() as connection:
            connection.execute(change)
    with database.read() as connection:
        assert len(connection.execute(select(table)).all()) == 1


def test_a_ticket_does_not_leave_a_final_state(database):
    migrate(database)
    with database.write() as connection:
        connection.execute(insert(system_t.tickets), [a_ticket()])
        connection.execute(text("UPDATE tickets SET escalated = TRUE"))
    with pytest.raises(DBAPIError, match="stays so"), database.write() as connection:
        connection.execute(text("UPDATE tickets SET status = 'inProgress'"))


def test_rows_that_belong_to_no_ticket_are_refused(database):
    migrate(database)
    with pytest.raises(DBAPIError), database.write() as connection:
        connection.execute(insert(system_t.timeline), [rows_of_a_ticket()["timeline"]])


def test_two_who_migrate_at_once_wait_for_each_other(database):
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(lambda _: migrate(database), range(2))) == [newest_revision()] * 2
