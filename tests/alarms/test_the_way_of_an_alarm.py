"""From an alarm to the letters: the cohort of the backlog does what it does for reports, and says who noticed it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowSkipException
from sqlalchemy import select, update

from benchmarks.leading import lead
from include.sla_logic.domain.customer_report import CustomerReport
from include.sla_logic.domain.diagnosis import ProblemAnalysis
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.sample_data import load_sample, make_sample
from include.sla_logic.services import Settings, UseCases
from include.sla_logic.services.alarms import ALERTMANAGER
from sla_airflow import alarms, runtime
from tests.alarms.alerts import alert, posted
from tests.clock import Clock

ANCHOR = datetime(2026, 11, 20, 12, tzinfo=UTC)
NODE = "R-AGG-NORTH"


@pytest.fixture
def use_cases(tmp_path: Path) -> UseCases:
    """Load the small TELECO, and let all faults of its network be over but one at a node."""
    settings = Settings(f"sqlite:///{tmp_path / 'teleco.db'}", tmp_path / "letters")
    use_cases = UseCases(settings, clock=Clock(ANCHOR, tick=timedelta(seconds=1)))
    use_cases.work.migrate()
    with use_cases.work.writing() as connection:
        load_sample(connection, make_sample(7, ANCHOR, history_days=32))
        connection.execute(update(t.alarms).values(cleared_at=ANCHOR - timedelta(hours=6)))
        connection.execute(update(t.resource_faults).values(cured_at=ANCHOR - timedelta(hours=6)))
        connection.execute(update(t.resources).values(state="in_service"))
    return use_cases


def test_a_proactive_incident_is_analysed_by_the_alarm_and_its_letter_claims_no_report(use_cases, monkeypatch):
    monkeypatch.setattr(runtime, "open_use_cases", lambda **_: use_cases)
    monkeypatch.setattr(runtime, "enter", lambda _: None)
    with pytest.raises(AirflowSkipException):
        alarms.open_incidents(limit=3)
    since = ANCHOR - timedelta(hours=1)
    use_cases.alarms.receive(posted([alert(NODE, since=since)]), source=ALERTMANAGER)
    opened = alarms.open_incidents(limit=3)
    assert len(opened) == 3
    with pytest.raises(AirflowSkipException):
        alarms.open_incidents(limit=3)
    [planned] = use_cases.backlog.claim(by="t", limit=100, at_most=100, carries=100)
    assert sorted(planned.tickets) == sorted(opened)
    use_cases.backlog.note_run_started(planned.run_id)
    left = lead(use_cases, planned.run_id, planned.tickets)
    assert left == set()
    [problem] = use_cases.lookups.service_problems(open_only=False, limit=9)
    assert sorted(problem.tickets) == sorted(opened)
    for ticket in opened:
        case = use_cases.lookups.incident(ticket)
        analysis, report = case.document(ProblemAnalysis), case.document(CustomerReport)
        assert [tie.id for tie in analysis.service_problems] == [problem.problem.id]
        assert report.proactive
        letter = use_cases.letters.as_text(ticket)
        assert "noticed ourselves" in letter or "selbst bemerkt" in letter
        assert "you told us" not in letter
        assert "gemeldet" not in letter
        assert "You reported" not in letter
        assert "no light" not in letter
    assert use_cases.monitoring.violations() == []
    assert use_cases.monitoring.unsettled() == []
    with use_cases.work.reading() as connection:
        assert connection.scalar(select(t.alarms.c.code).where(t.alarms.c.id == "alertmanager.1")) == "LINK_DOWN"
