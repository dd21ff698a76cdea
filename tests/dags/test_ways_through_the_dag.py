"""Each way through the process as a run of the DAG: documents, ticket, letter and money at its end."""

import pytest
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from sqlalchemy import delete

from include.sla_logic.domain.customer_report import CreditState
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.persistence.queries.incident import Case
from include.sla_logic.sample_data.catalogue import read_catalogue
from tests.dags.conftest import SampleTeleco
from tests.dags.loading import load_dag

OF_EVERY_CHANGE = {"premium", "no_violation", "too_late"}  # make test-more and make demo go every way
KEYS = [
    pytest.param(incident.key, marks=() if incident.key in OF_EVERY_CHANGE else pytest.mark.more)
    for incident in read_catalogue().incidents
]
PARALLEL = "create_customer_report"
DOCUMENTS = {
    "enter_problem_report": "ProblemReport",
    "compare_with_sla": "SlaComparison",
    "determine_counter_measures": "CounterMeasurePlan",
    "determine_customer_significance": "CustomerSignificance",
    "link_to_extra_problem_fix": "PremiumCase",
    "create_detailed_problem_report": "DetailedProblemReport",
    "is_problem_analyzable": "Investigation",
    "create_trouble_report": "TroubleReport",
    "is_problem_detected": "ResourceCheck",
    "create_resource_trouble_report": "TroubleReport",
    "notify_normal_execution": "NormalExecutionNotification",
    "send_status_report": "StatusReport",
    "prepare_final_status_report": "FinalStatusReport",
    "send_actual_service_performance": "ServicePerformanceReport",
    "undertake_minor_corrections": "CorrectiveActions",
    "request_automatic_restoration": "RestorationRequest",
    "track_errors": "TrackedErrors",
    "undertake_restoration": "CorrectiveActions",
    "send_troubleshooting_report": "TroubleshootingReport",
    "terminate_restoration": "RestorationTermination",
    "send_problem_resolution_report": "ProblemResolutionReport",
    "create_customer_report": "CustomerReport",
    "report_sla_rebate": "Rebate",
    "adjust_billing": "BillingAdjustment",
    "close_incident": "ClosedIncident",
}

pytestmark = pytest.mark.airflow


class Walked:
    """One incident after its run: its task instances in Airflow and its case in our database."""

    def __init__(self, teleco: SampleTeleco, key: str) -> None:
        self.expected = teleco.sample.expectations[key]
        act = teleco.release if self.expected.operator == "release" else teleco.let_the_deadline_pass
        with teleco.meanwhile(act, self.expected.reference):
            self.run: DagRun = load_dag("sla_violation").test(run_conf=teleco.conf(key))
        self.case: Case = teleco.use_cases.lookups.incident(self.run.run_id)
        self.states = {task.task_id: task.state for task in self.run.get_task_instances()}


@pytest.fixture(scope="module", params=KEYS)
def walked(request: pytest.FixtureRequest, teleco: SampleTeleco) -> Walked:
    return Walked(teleco, request.param)


def test_the_run_takes_the_expected_way_and_skips_every_other(walked: Walked) -> None:
    assert walked.run.state == "success"
    assert {task for task, state in walked.states.items() if state == "success"} == set(walked.expected.path)
    assert {state for task, state in walked.states.items() if task not in walked.expected.path} == {"skipped"}


def test_the_steps_kept_are_the_way_taken(walked: Walked) -> None:
    assert PARALLEL in walked.case.tasks
    in_order = [task for task in walked.case.tasks if task != PARALLEL]
    assert in_order == [task for task in walked.expected.path if task != PARALLEL]


def test_the_case_file_holds_the_documents_of_the_way_and_no_other(walked: Walked) -> None:
    kept = {document.kind for document in walked.case.documents} - {"ProblemNotification"}
    assert {DOCUMENTS[task] for task in walked.expected.path if task in DOCUMENTS} <= kept
    never = {document for task, document in DOCUMENTS.items() if task not in walked.expected.path}
    assert kept & (never - {DOCUMENTS[task] for task in walked.expected.path if task in DOCUMENTS}) == set()


def test_the_ticket_ends_as_expected(walked: Walked) -> None:
    assert walked.case.closed is not None
    assert walked.case.closed.outcome == walked.expected.outcome
    assert walked.case.ticket.escalated is walked.expected.escalated
    assert (walked.case.ticket.status is TicketStatus.RESOLVED) is not walked.expected.escalated


def test_the_credit_is_booked_to_the_cent_or_held_for_a_second_person(walked: Walked) -> None:
    expected, case = walked.expected, walked.case
    assert case.rebate is not None
    assert case.adjustment is not None
    assert case.closed is not None
    assert str(case.rebate.total) == str(expected.credit), case.rebate.lines
    assert case.adjustment.booked == (Money.zero(expected.credit.currency) if expected.held else expected.credit)
    assert (case.closed.credit_state is CreditState.UNDER_REVIEW) is expected.held


def test_the_letter_is_written_once_and_nothing_is_left_in_the_outbox(walked: Walked) -> None:
    mails = [message for message in walked.case.outbox if message.kind == "mail"]
    assert [message.state for message in mails] == ["sent"]
    assert {message.state for message in walked.case.outbox} == {"sent"}
    assert any(place.endswith(".eml") for place in walked.case.letters)


def take_over(linked: DagRun, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the other DAG as the run that was announced; `dag.test` names its runs itself and knows them once."""
    with create_session() as session:
        session.execute(delete(DagRun).where(DagRun.dag_id == linked.dag_id, DagRun.run_id == linked.run_id))
    monkeypatch.setattr(DagRun, "generate_run_id", lambda **_: linked.run_id)
    return str(load_dag(linked.dag_id).test(run_conf=linked.conf).state)


def test_a_premium_incident_is_taken_over_once_as_a_child_ticket(
    walked: Walked, teleco: SampleTeleco, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked = DagRun.find(dag_id="premium_problem_fix", run_id=f"premium.{walked.run.run_id}")
    assert len(linked) == ("link_to_extra_problem_fix" in walked.expected.path)
    if not linked:
        return
    assert linked[0].conf == {"incident": walked.run.run_id}
    assert (
        load_dag("premium_problem_fix").test(run_conf=linked[0].conf).state == "failed"
    )  # no incident asked for this run
    assert not teleco.use_cases.lookups.incident(walked.run.run_id).children
    assert [take_over(linked[0], monkeypatch) for _ in range(2)] == ["success", "success"]
    children = teleco.use_cases.lookups.incident(walked.run.run_id).children
    assert len(children) == 1
    assert teleco.use_cases.lookups.incident(children[0]).ticket.assigned_to is Lane.EXTRA_PROBLEM_FIX


@pytest.mark.more
def test_on_postgresql_a_held_restoration_waits_and_is_released(teleco_on_postgresql: SampleTeleco) -> None:
    walked = Walked(teleco_on_postgresql, "held_and_released")
    assert walked.run.state == "success"
    assert set(walked.case.tasks) == set(walked.expected.path)
    assert walked.case.rebate is not None
    assert walked.case.rebate.total == walked.expected.credit


@pytest.mark.more
def test_the_same_notification_again_fails_and_says_which_run_has_it(teleco: SampleTeleco) -> None:
    conf = teleco.conf("no_problem_found", external_reference="TWICE-1")
    first = load_dag("sla_violation").test(run_conf=conf)
    ticket = teleco.use_cases.lookups.incident(first.run_id).ticket
    second = load_dag("sla_violation").test(run_conf=conf)
    refused = next(task for task in second.get_task_instances() if task.task_id == "enter_problem_report")
    assert (second.state, refused.state, refused.try_number) == ("failed", "failed", 1)
    assert teleco.use_cases.lookups.incident("TWICE-1").ticket == ticket
    assert first.run_id in teleco.use_cases.lookups.incident("TWICE-1").audit[-1].detail
