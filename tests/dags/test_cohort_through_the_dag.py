"""One run carries all incidents of the sample: each goes its own way, and those that wait go on in another."""

import pytest
from airflow.models.dagrun import DagRun

from include.sla_logic.domain.trouble_ticket import TicketStatus
from sla_airflow.cohorts import conf_of_cohort
from tests.dags.conftest import SampleTeleco
from tests.dags.loading import load_dag

pytestmark = [pytest.mark.airflow, pytest.mark.more]
WAIT = "await_restoration_request"


@pytest.fixture(scope="module")
def tickets(teleco: SampleTeleco) -> dict[str, str]:
    """Accept every incident, under a run id of its own that Airflow does not know yet."""
    return {
        key: teleco.use_cases.incidents.accept(teleco.conf(key), run_id=f"own-{key}", origin="test").id
        for key in teleco.sample.notifications
    }


@pytest.fixture(scope="module")
def run(teleco: SampleTeleco, tickets: dict[str, str]) -> DagRun:
    return load_dag("sla_violation").test(run_conf=conf_of_cohort(list(tickets.values())))


def waits(teleco: SampleTeleco, key: str) -> bool:
    return teleco.sample.expectations[key].operator is not None or key == "too_late"


def test_every_incident_goes_the_way_that_it_goes_alone(
    teleco: SampleTeleco, run: DagRun, tickets: dict[str, str]
) -> None:
    assert run.state == "success"
    for key, ticket in tickets.items():
        way = teleco.sample.expectations[key].path
        expected = way[: way.index(WAIT)] if waits(teleco, key) else way
        assert sorted(teleco.use_cases.lookups.incident(ticket).tasks) == sorted(expected), key


def test_the_run_takes_every_way_that_some_incident_takes(
    teleco: SampleTeleco, run: DagRun, tickets: dict[str, str]
) -> None:
    taken = {task for ticket in tickets.values() for task in teleco.use_cases.lookups.incident(ticket).tasks}
    states = {task.task_id: task.state for task in run.get_task_instances()}
    assert {task for task, state in states.items() if state == "success"} == taken
    assert set(states.values()) == {"success", "skipped"}


def test_outcome_money_and_letter_are_those_of_a_single_run(
    teleco: SampleTeleco, run: DagRun, tickets: dict[str, str]
) -> None:
    assert run.state == "success"
    for key, ticket in tickets.items():
        expected, case = teleco.sample.expectations[key], teleco.use_cases.lookups.incident(ticket)
        if waits(teleco, key):
            continue
        assert case.closed is not None
        assert case.rebate is not None
        assert (case.closed.outcome, str(case.rebate.total)) == (expected.outcome, str(expected.credit)), key
        assert (case.ticket.status is TicketStatus.RESOLVED) is not expected.escalated
        assert {message.state for message in case.outbox} == {"sent"}


def test_the_incidents_that_wait_go_on_together_in_one_run(
    teleco: SampleTeleco, run: DagRun, tickets: dict[str, str]
) -> None:
    assert run.state == "success"
    waiting = [ticket for key, ticket in tickets.items() if waits(teleco, key)]
    [started] = DagRun.find(dag_id="sla_violation", run_id=f"{run.run_id}__1")
    assert started.conf == conf_of_cohort(waiting)
    assert not [key for key in tickets if DagRun.find(dag_id="sla_violation", run_id=f"own-{key}")]


def test_a_premium_incident_of_the_cohort_is_linked_once(
    teleco: SampleTeleco, run: DagRun, tickets: dict[str, str]
) -> None:
    assert run.state == "success"
    linked = DagRun.find(dag_id="premium_problem_fix")
    mine = [one for one in linked if one.conf["incident"].startswith("own-")]
    premium = [
        key for key in tickets if "link_to_extra_problem_fix" in teleco.use_cases.lookups.incident(tickets[key]).tasks
    ]
    assert sorted(one.conf["incident"] for one in mine) == sorted(f"own-{key}" for key in premium)
