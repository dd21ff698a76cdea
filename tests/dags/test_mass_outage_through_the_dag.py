"""One run carries the reports of one cause: one service problem, one restoration, a rebate for each customer."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from airflow.models.dagrun import DagRun
from sqlalchemy import select, update

from include.sla_logic.domain.corrective_actions import CorrectiveActions
from include.sla_logic.domain.diagnosis import ProblemAnalysis
from include.sla_logic.domain.sla import SlaComparison
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.persistence.queries.incident import Case
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from sla_airflow.cohorts import conf_of_cohort
from tests.cohorts.test_mass_outage import NODE, break_node, orders
from tests.dags.conftest import SampleTeleco, worked_on_by_airflow
from tests.dags.loading import load_dag

pytestmark = [pytest.mark.airflow, pytest.mark.more]
BROKEN_FOR = timedelta(hours=5)


@pytest.fixture(scope="module")
def teleco(airflow_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleTeleco]:
    """Break one node under several services, and nothing else."""
    folder = tmp_path_factory.mktemp("outage")
    with worked_on_by_airflow(SampleTeleco(f"sqlite+pysqlite:///{folder / 'teleco.db'}", folder)) as teleco:
        earlier = teleco.now() - BROKEN_FOR - timedelta(hours=1)
        with teleco.use_cases.work.database.write() as connection:
            connection.execute(update(t.alarms).values(cleared_at=earlier))
            connection.execute(update(t.resource_faults).values(cured_at=earlier))
            connection.execute(update(t.resources).values(state="in_service"))
            break_node(connection, NODE, "LINK_DOWN", at=teleco.now() - BROKEN_FOR)
        yield teleco


@pytest.fixture(scope="module")
def tickets(teleco: SampleTeleco) -> list[str]:
    """Accept a report of each service that runs over the node."""
    with teleco.use_cases.work.database.read() as connection:
        over = set(connection.scalars(select(t.topology.c.service).where(t.topology.c.resource == NODE)))
    keys = {n.service: key for key, n in teleco.sample.notifications.items() if n.service in over}
    seen = {"observed_from": (teleco.now() - BROKEN_FOR).isoformat(), "observed_to": None}
    return [
        teleco.use_cases.incidents.accept(teleco.conf(key, **seen), run_id=f"outage-{key}", origin="test").id
        for key in keys.values()
    ]


@pytest.fixture(scope="module")
def run(tickets: list[str]) -> DagRun:
    return load_dag("sla_violation").test(run_conf=conf_of_cohort(tickets))


@pytest.fixture(scope="module")
def cases(teleco: SampleTeleco, run: DagRun, tickets: list[str]) -> list[Case]:
    assert run.state == "success"
    return [teleco.use_cases.lookups.incident(ticket) for ticket in tickets]


def test_it_is_one_service_problem_restored_once_for_all(
    teleco: SampleTeleco, cases: list[Case], tickets: list[str]
) -> None:
    assert len(tickets) > 2
    [problem] = teleco.use_cases.lookups.service_problems(open_only=False)
    assert (problem.problem.resource, problem.status, list(problem.tickets)) == (NODE, "resolved", tickets)
    name = problem.problem.id
    assert orders(teleco.use_cases) == [f"{name}:{NODE}:clear_alarm", f"{name}:{NODE}:fail_over_link"]
    assert len({str(case.document(CorrectiveActions).corrections[0].results) for case in cases}) == 1


def test_it_is_analysed_once_and_the_other_tickets_name_that_analysis(cases: list[Case], tickets: list[str]) -> None:
    taken_over = {case.ticket.id for case in cases if "taken over" in case.document(ProblemAnalysis).reason}
    assert taken_over == set(tickets[1:])


def test_every_customer_has_a_comparison_a_report_and_a_rebate(teleco: SampleTeleco, cases: list[Case]) -> None:
    for case in cases:
        assert case.document(SlaComparison).service == case.ticket.service
        assert case.ticket.status is TicketStatus.RESOLVED
        [letter] = [message for message in case.outbox if message.kind == "mail"]
        assert letter.state == "sent"
        assert case.rebate is not None
        assert case.adjustment is not None
    assert len({place for case in cases for place in case.letters}) >= len(cases)
    with teleco.use_cases.work.database.read() as connection:
        booked = connection.execute(select(applied_billing_credits)).all()
    owed = {case.ticket.id for case in cases if case.rebate and case.rebate.total.amount}
    assert {credit.ticket for credit in booked if credit.amount} == owed
    assert len({credit.agreement for credit in booked}) == len({credit.ticket for credit in booked})


def test_no_invariant_is_violated(teleco: SampleTeleco, cases: list[Case]) -> None:
    assert cases
    assert teleco.use_cases.monitoring.violations(settled=True) == []
