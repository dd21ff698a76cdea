"""The desk and the terminal show a run that carries many incidents, and each incident's way to its run in Airflow."""

import json

import pytest
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.persistence.cohort_members import LEFT, SET_ASIDE, mark
from tests.web.desk_sample import client_of

RUN = "backlog.scheduled-1"


@pytest.fixture
def cohort(own_sample):
    """Three incidents in one run: one is carried, one was set aside, one has left for a run of its own."""
    tickets = [own_sample.report(key) for key in list(own_sample.data.notifications)[:3]]
    own_sample.use_cases.cohorts.accept({"incidents": [ticket.id for ticket in tickets]}, run_id=RUN)
    numbers = [int(ticket.id.removeprefix("TT-")) for ticket in tickets]
    with own_sample.use_cases.work.database.write() as connection:
        mark(connection, RUN, numbers[1:2], SET_ASIDE, reason="the step compare_with_sla failed: <b>no</b>")
        mark(connection, RUN, numbers[2:], LEFT)
    return tickets


def test_the_page_of_a_run_lists_whom_it_carries_with_state_and_reason(own_sample, cohort):
    with client_of(own_sample) as client:
        page = client.get(f"/runs/{RUN}").text
    assert "3 incidents in one run" in page
    assert "1 carried, 1 left, 1 set aside" in page
    assert "the step compare_with_sla failed: &lt;b&gt;no&lt;/b&gt;" in page
    for ticket in cohort:
        assert f'/incidents/{ticket.id}"' in page
    assert f"/dags/sla_violation/runs/{RUN}" in page


def test_an_incident_links_to_the_run_that_works_on_it(own_sample, cohort):
    with client_of(own_sample) as client:
        pages = [client.get(f"/incidents/{ticket.id}").text for ticket in cohort]
        assert client.get("/runs/nobody").text.count("No incident yet")
    runs = [RUN, RUN, cohort[2].run_id]
    for page, run in zip(pages, runs, strict=True):
        assert f'/dags/sla_violation/runs/{run}"' in page
    assert [own_sample.use_cases.lookups.incident(ticket.id).airflow_run for ticket in cohort] == runs


def test_the_terminal_lists_the_incidents_of_a_run_with_what_became_of_them(own_sample, cohort, monkeypatch):
    own_sample.report(list(own_sample.data.notifications)[3])
    monkeypatch.setenv("COLUMNS", "250")
    monkeypatch.setenv("TELECO_DB_URL", own_sample.use_cases.work.settings.database_url)
    answer = CliRunner().invoke(app, ["incident", "list", "--run", RUN, "--json"])
    found = {line["id"]: (line["in_run"], line["set_aside_because"]) for line in json.loads(answer.output)}
    assert found == {
        cohort[0].id: ("carried", None),
        cohort[1].id: ("set aside", "the step compare_with_sla failed: <b>no</b>"),
        cohort[2].id: ("left", None),
    }
    table = CliRunner().invoke(app, ["incident", "list", "--run", RUN])
    assert (table.exit_code, "set aside" in table.output) == (0, True)
    [own] = json.loads(CliRunner().invoke(app, ["incident", "list", "--run", cohort[0].run_id, "--json"]).output)
    assert own["id"] == cohort[0].id


def test_an_incident_that_a_second_run_carries_links_to_that_one(own_sample, cohort):
    own_sample.use_cases.cohorts.accept({"incidents": [cohort[0].id]}, run_id="backlog.scheduled-2")
    assert own_sample.use_cases.lookups.incident(cohort[0].id).airflow_run == "backlog.scheduled-2"
