"""What is asked every minute and every quarter of an hour is found by indexes, however full System T is."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from benchmarks.plans import asked, plan
from include.sla_logic.services import UseCases
from tests.clock import Clock
from tests.services.sample import conf

WORK = {
    "the watchdog": lambda use_cases: use_cases.monitoring.stalled(),
    "waits that are over": lambda use_cases: use_cases.restorations.decide_due(),
    "waits that were answered": lambda use_cases: use_cases.restorations.answered(decided_within=timedelta(minutes=5)),
    "tiers that have passed": lambda use_cases: use_cases.monitoring.rejudge(limit=100),
    "dead claims": lambda use_cases: use_cases.backlog.release_dead_claims(lambda _: False),
    "the next claims": lambda use_cases: use_cases.backlog.claim(by="me", limit=10, at_most=1, carries=1),
    "where the backlog stands": lambda use_cases: use_cases.backlog.summary(),
    "notices to the team": lambda use_cases: use_cases.monitoring.put_notices(limit=100),
    "the figures": lambda use_cases: use_cases.monitoring.figures(),
}
# Totals since the beginning count every row, in an index of three short columns.
ONE_ROW = ("sla_schema_version", "installation")
TOTALS = ("ix_queue_ended", "ix_applied_billing_credits_amounts")


def tables_read_whole(connection: Connection, statement: str, given: object) -> list[str]:
    steps = [step.strip() for step in plan(connection, statement, given)]
    scans = [step for step in steps if step.startswith(("SCAN", "Seq Scan"))]
    return [step for step in scans if not any(one in step for one in (*ONE_ROW, *TOTALS))]


@pytest.fixture
def two_open(any_use_cases: UseCases, clock: Clock) -> UseCases:
    any_use_cases = UseCases(replace(any_use_cases.work.settings, team="desk@teleco.example"), clock=clock)
    any_use_cases.incidents.accept(conf(external_reference="REF-1"), run_id="run-1", origin="form")
    any_use_cases.backlog.enter(conf(external_reference="REF-2"), run_id="run-2", origin="test")
    clock.pass_by(hours=5)
    return any_use_cases


@pytest.mark.parametrize("work", WORK)
def test_no_table_is_read_whole_for(two_open, work):
    with asked(two_open) as questions:
        WORK[work](two_open)
    assert questions
    with two_open.work.database.write() as connection:
        if two_open.work.database.is_postgresql:  # it reads small tables whole unless it must not
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        assert {q: found for q, given in questions.items() if (found := tables_read_whole(connection, q, given))} == {}


def test_the_watchdog_begins_with_what_has_no_end_yet(use_cases):
    """SQLite took the index of parents for it once: nearly all tickets have none."""
    with asked(use_cases) as questions:
        use_cases.monitoring.stalled()
    [question] = [one for one in questions if "restorations" in one]
    with use_cases.work.database.read() as connection:
        assert "ix_queue_closed_at" in plan(connection, question, questions[question])[0]
