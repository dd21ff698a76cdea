"""A database that the first release left behind, with runs under way: migrated, every run finishes on this release.

`first_release/database.json` holds the rows as the first release wrote them, beside what its sensor handed to the
triggerer: one incident is closed and its messages have not left, one waits for an operator, one for its deadline.
It is never changed again.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from airflow.sdk._shared.module_loading import import_string
from alembic import command
from sqlalchemy import BigInteger, func, select, text

from include.sla_logic.domain.closed_incident import ClosedIncident
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.restoration import RestorationOutcome
from include.sla_logic.persistence.database import current_revision, newest_revision
from include.sla_logic.persistence.first_documents import load_first_documents
from include.sla_logic.persistence.migrations import _configuration
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema.columns import metadata
from include.sla_logic.persistence.schema.system_t import tickets
from include.sla_logic.process.stages import step_named
from include.sla_logic.services import Settings, UseCases
from tests.clock import Clock
from tests.reference.walk import next_step

FIRST = json.loads((Path(__file__).parent / "first_release" / "database.json").read_text("utf-8"))
LEFT_OFF = datetime(2026, 11, 23, 23, 6, 30, tzinfo=UTC)
DEADLINE = datetime(2026, 11, 23, 23, 7, 3, tzinfo=UTC)  # of the third incident
INSTANT = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6})\+00:00")


@pytest.fixture
def clock():
    return Clock(LEFT_OFF)


@pytest.fixture
def use_cases(empty_url, tmp_path, clock):
    """Lay the tables out as the first release did, put its rows in, and migrate to today."""
    use_cases = UseCases(Settings(empty_url, tmp_path / "letters"), clock=clock)
    with use_cases.work.database.write() as connection:
        config = _configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, FIRST["revision"])
    with use_cases.work.database.write() as connection:
        for table in (table for table in metadata.sorted_tables if table.name in FIRST["tables"]):
            put(connection, table, FIRST["tables"][table.name], postgresql=use_cases.work.database.is_postgresql)
        assert current_revision(connection) == "0003"
    use_cases.work.migrate()
    return use_cases


def put(connection, table, rows, *, postgresql):
    """Write rows as they are, past everything that today's code would make of them."""
    for row in rows:
        sign = "%s" if postgresql else "?"
        values = [
            value if postgresql or not isinstance(value, str) else INSTANT.sub(r"\1", value) for value in row.values()
        ]
        names = ", ".join(f'"{name}"' for name in row)
        signs = ", ".join([sign] * len(row))
        statement = f"INSERT INTO {table.name} ({names}) VALUES ({signs})"  # noqa: S608 - names of our own
        connection.exec_driver_sql(statement, tuple(values))
    if postgresql:
        for column in (column for column in table.primary_key if isinstance(column.type, BigInteger)):
            last = f"pg_get_serial_sequence('{table.name}', '{column.name}')"
            highest = f"SELECT max({column.name}) FROM {table.name}"  # noqa: S608 - names of our own
            connection.exec_driver_sql(f"SELECT setval({last}, ({highest})) WHERE {last} IS NOT NULL")


def finish(use_cases, run_id):
    while step := next_step(use_cases, run_id):
        use_cases.incidents.perform(step_named(step), run_id=run_id)
    return use_cases.lookups.incident(run_id).document(ClosedIncident)


def test_nothing_that_the_first_release_kept_is_lost_or_wrong_after_the_migration(use_cases):
    with use_cases.work.database.read() as connection:
        assert current_revision(connection) == newest_revision()
        for name, rows in FIRST["tables"].items():
            kept = connection.scalar(select(func.count()).select_from(metadata.tables[name]))
            assert kept == len(rows), name
    assert list(map(str, use_cases.monitoring.violations(settled=True))) == []
    assert {one.ticket for one in use_cases.backlog.open_incidents()} == {"TT-000002", "TT-000003"}


def test_a_run_that_waited_goes_on_where_it_is_released_in_time(use_cases, clock):
    before = use_cases.restorations.find("run-released")
    assert use_cases.restorations.decide("run-released") is None
    clock.now = before.deadline
    use_cases.restorations.release("TT-000002", by="Kim", reason="The reserve route has room.")
    assert use_cases.restorations.find("run-released").deadline == before.deadline
    assert use_cases.restorations.decide("run-released") is RestorationOutcome.IN_TIME
    assert finish(use_cases, "run-released").outcome == "restored"
    assert list(map(str, use_cases.monitoring.violations())) == []


def test_a_run_that_waited_ends_once_its_deadline_has_passed_and_not_before(use_cases, clock):
    clock.now = DEADLINE
    assert use_cases.restorations.decide("run-late") is None
    clock.now = DEADLINE + timedelta(microseconds=1)
    assert use_cases.restorations.decide("run-late") is RestorationOutcome.TOO_LATE
    assert finish(use_cases, "run-late").outcome == "restoration_too_late"
    assert list(map(str, use_cases.monitoring.violations())) == []


def test_what_the_first_release_put_into_the_outbox_leaves_under_its_key(use_cases):
    keys = {row["key"] for row in FIRST["tables"]["outbox"]}
    assert len(keys) == 2
    assert set(use_cases.outbox.deliver().sent) == keys
    assert {message.key for message in use_cases.outbox.messages() if message.state == "sent"} == keys
    [letter] = use_cases.work.settings.letters_folder.glob("*.eml")
    [identity] = [key for key in keys if key.startswith("<")]
    assert f"Message-ID: {identity}" in letter.read_text("ascii")
    with use_cases.work.database.read() as connection:
        posted = connection.execute(text("SELECT amount, currency FROM ledger_postings")).one()
    assert tuple(posted) == (24000, "EUR")
    assert list(map(str, use_cases.monitoring.violations())) == []


def test_what_the_first_release_handed_to_the_triggerer_is_understood():
    path, kept = FIRST["trigger"]
    assert list(import_string(path)(**kept).serialize()) == [path, kept]


def test_what_the_first_release_credited_by_objective_is_not_credited_again(use_cases, clock):
    """The window of the closed incident owes what the first release booked for it, under its old identity."""
    with use_cases.work.database.read() as connection:
        [before] = connection.execute(select(a.applied_billing_credits)).all()
    assert (before.customer, before.service, before.account) == ("C-1001", "S-1001", "B-1001")
    told = next(
        row for row in FIRST["tables"]["documents"] if row["kind"] == "ProblemNotification" and row["ticket"] == 1
    )
    conf = json.loads(told["body"]) | {"external_reference": "AGAIN"}
    conf = {name: value for name, value in conf.items() if name not in {"schema_version", "reported_at"} and value}
    use_cases.incidents.accept(conf, run_id="run-again", origin="test")
    assert finish(use_cases, "run-again").credit.amount == 0
    with use_cases.work.database.read() as connection:
        counts = select(func.sum(a.applied_billing_credits.c.amount)).where(
            a.applied_billing_credits.c.customer == "C-1001",
            a.applied_billing_credits.c.state.in_(("booked", "posted")),
        )
        assert connection.scalar(counts) == before.amount
    assert list(map(str, use_cases.monitoring.violations())) == []


def test_each_ticket_has_the_impact_that_its_report_stated(use_cases):
    with use_cases.work.reading() as connection:
        kept = dict(connection.execute(select(tickets.c.number, tickets.c.impact)).all())
        said = load_first_documents(connection, list(kept), ProblemNotification.kind())
    stated = {number: ProblemNotification.model_validate_json(each.body).impact for number, each in said.items()}
    assert kept == stated
    assert len(kept) > 2
