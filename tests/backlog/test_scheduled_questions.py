"""What is asked every minute and every quarter of an hour is found by indexes, however full System T is."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from benchmarks.plans import asked, plan
from include.sla_logic.office import Office
from tests.office.town import conf

WORK = {
    "the watchdog": lambda office: office.stranded(),
    "waits that are over": lambda office: office.decide_due_restorations(),
    "waits that were answered": lambda office: office.answered_restorations(decided_within=timedelta(minutes=5)),
    "tiers that have passed": lambda office: office.judge_again(limit=100),
    "dead claims": lambda office: office.release_dead_claims(lambda _: False),
    "the next claims": lambda office: office.claim_backlog(by="me", limit=10, at_most=1, carries=1),
    "where the backlog stands": lambda office: office.backlog(),
    "the figures": lambda office: office.figures(),
}
# Totals since the beginning count every row, in an index of three short columns.
TOTALS = ("ix_queue_ended", "ix_applied_billing_credits_amounts")


def tables_read_whole(connection: Connection, statement: str, given: object) -> list[str]:
    steps = [step.strip() for step in plan(connection, statement, given)]
    scans = [step for step in steps if step.startswith(("SCAN", "Seq Scan"))]
    return [step for step in scans if "sla_schema_version" not in step and not any(one in step for one in TOTALS)]


@pytest.fixture
def open_house(any_office: Office) -> Office:
    any_office.accept(conf(external_reference="REF-1"), run_id="run-1", origin="form")
    any_office.enter_backlog(conf(external_reference="REF-2"), run_id="run-2", origin="test")
    return any_office


@pytest.mark.parametrize("work", WORK)
def test_no_table_is_read_whole_for(open_house, work):
    with asked(open_house) as questions:
        WORK[work](open_house)
    assert questions
    with open_house.database.write() as connection:
        if open_house.database.is_postgresql:  # it reads small tables whole unless it must not
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        assert {q: found for q, given in questions.items() if (found := tables_read_whole(connection, q, given))} == {}


def test_the_watchdog_begins_with_what_has_no_end_yet(office):
    """SQLite took the index of parents for it once: nearly all tickets have none."""
    with asked(office) as questions:
        office.stranded()
    [question] = [one for one in questions if "restorations" in one]
    with office.database.read() as connection:
        assert "ix_queue_closed_at" in plan(connection, question, questions[question])[0]
