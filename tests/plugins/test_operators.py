"""Foreseen errors fail at once with their sentence, others are tried again; deliveries never fail a step."""

import logging
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.installation import UnableToWorkDatabase
from include.sla_logic.domain.run_ids import RUN_ID, premium_run_id
from include.sla_logic.gateways.order_journal import UnableToChooseNetwork
from include.sla_logic.process import customer_service, resource_provisioning
from include.sla_logic.process.way import UnableToTakeStep
from include.sla_logic.services import UnableToAcceptNotification
from include.sla_logic.services.incidents import StepResult, UnableToTakeOver
from include.sla_logic.services.lookups import UnableToFindIncident
from include.sla_logic.settings import UnableToReadSettings
from sla_airflow import pairing, runtime
from sla_airflow.notifier import FailedStep, FailedTask
from sla_airflow.operators import RESOURCES, TRY_FOR_AN_HOUR, Activity, Decision, Intake, department
from tests.dags.loading import load_dag


class UseCases:
    """Remembers what it was asked, and fails as told."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.fails: dict[str, Exception] = {}
        self.choice: str | None = None
        self.given_up = 1
        self.settings = SimpleNamespace(operators=None)
        self.work = self.incidents = self.cohorts = self.outbox = self.lookups = self

    def enter(self) -> None:
        self._do("enter")

    def accept(self, conf: object, *, run_id: str, origin: str) -> SimpleNamespace:
        self._do("accept", conf, run_id, origin)
        return SimpleNamespace(id="TT-000001")

    def perform_step(self, step: Any, *, run_id: str) -> StepResult:
        self._do("perform_step", step.name, run_id)
        return StepResult("TT-000001", self.choice)

    def report_failed_step(self, task: str, *, run_id: str, why: str) -> None:
        self._do("report_failed_step", task, run_id, why)

    def give_up(self, *, run_id: str, task: str, why: str) -> int:
        self._do("give_up", task, run_id, why)
        return self.given_up

    def check_asked_for(self, run_id: str, *, by_run: str) -> None:
        self._do("check_asked_for", run_id, by_run)

    def tell_operators(self, dag: str, task: str, why: str) -> bool:
        self._do("tell_operators", dag, task, why)
        return True

    def deliver_run(self, run_id: str) -> str:
        self._do("deliver", run_id)
        return "1 sent"

    def incident_of_run(self, reference: str) -> SimpleNamespace:
        self._do("incident", reference)
        return SimpleNamespace(letters=("letters/TT-000001.eml",))

    def _do(self, *call: Any) -> None:
        self.calls.append(call)
        if error := self.fails.get(call[0]):
            raise error


@pytest.fixture(autouse=True)
def _entered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairing, "enter", lambda use_cases: use_cases.enter())


@pytest.fixture
def use_cases(monkeypatch: pytest.MonkeyPatch) -> UseCases:
    use_cases = UseCases()
    monkeypatch.setattr(runtime, "open_use_cases", lambda **_: use_cases)
    return use_cases


def context(conf: object = None) -> Any:
    run = SimpleNamespace(conf=conf, run_id="run-1", run_type=SimpleNamespace(value="manual"))
    return {
        "run_id": "run-1",
        "dag_run": run,
        "ti": SimpleNamespace(dag_id="sla_violation", task_id="compare_with_sla"),
    }


def test_name_and_docstring_of_the_step_are_those_of_the_task() -> None:
    task = Activity(step=customer_service.compare_with_sla)
    assert task.task_id == "compare_with_sla"
    assert (task.doc_md or "").startswith("Measure extent and details of the degradation")


def test_an_activity_performs_its_step_for_the_run(use_cases: UseCases) -> None:
    Activity(step=customer_service.compare_with_sla).execute(context())
    assert use_cases.calls == [("perform_step", "compare_with_sla", "run-1")]


def test_a_decision_goes_where_the_step_says(use_cases: UseCases) -> None:
    use_cases.choice = "link_to_extra_problem_fix"
    decision = Decision(step=customer_service.is_customer_premium)
    assert decision.choose_branch(context()) == "link_to_extra_problem_fix"


def test_the_intake_accepts_what_the_run_was_started_with_and_then_enters_it(use_cases: UseCases) -> None:
    ticket = Intake(step=customer_service.enter_problem_report).execute(context({"customer": "C-1"}))
    assert ticket == "TT-000001"
    assert use_cases.calls == [
        ("enter",),
        ("accept", {"customer": "C-1"}, "run-1", "Airflow, manual"),
        ("perform_step", "enter_problem_report", "run-1"),
    ]


def test_a_run_without_conf_is_refused_by_the_intake_and_not_by_accident(use_cases: UseCases) -> None:
    Intake(step=customer_service.enter_problem_report).execute(context(None))
    assert use_cases.calls[1] == ("accept", {}, "run-1", "Airflow, manual")


def test_a_foreseen_error_fails_at_once_with_its_sentence(use_cases: UseCases) -> None:
    use_cases.fails["accept"] = UnableToAcceptNotification(".customer: field required. Kept in quarantine as 7.")
    with pytest.raises(AirflowFailException, match=r"^\.customer: field required\. Kept in quarantine as 7\.$"):
        Intake(step=customer_service.enter_problem_report).execute(context({}))


@pytest.mark.parametrize(
    "task",
    [
        Intake(step=customer_service.enter_problem_report),
        Activity(step=customer_service.send_customer_report, sends=True),
        Activity(step=resource_provisioning.undertake_restoration, pool=RESOURCES),
    ],
    ids=lambda task: task.task_id,
)
def test_a_database_of_another_airflow_is_neither_worked_nor_written_to(use_cases: UseCases, task: Activity) -> None:
    use_cases.fails["enter"] = UnableToWorkDatabase("Run `sla database adopt`.")
    with pytest.raises(AirflowFailException, match="Run `sla database adopt`") as refused:
        task.execute(context({"customer": "C-1"}))
    for notifier in (FailedStep(), FailedTask()):
        notifier({**context(), "exception": refused.value})
    assert use_cases.calls == [("enter",)]


def test_every_task_from_which_something_leaves_asks_first_whose_database_it_is() -> None:
    leaving = {"adjust_billing", "send_customer_report", "undertake_minor_corrections", "undertake_restoration"}
    tasks = load_dag("sla_violation").tasks
    asking = {task.task_id for task in tasks if getattr(task, "sends", False) or task.pool == RESOURCES}
    assert asking == leaving
    assert [task.task_id for task in tasks if isinstance(task, Intake)] == ["enter_problem_report"]


def test_any_other_error_is_tried_again(use_cases: UseCases) -> None:
    use_cases.fails["perform_step"] = ConnectionError("the server closed the connection")
    with pytest.raises(ConnectionError):
        Activity(step=customer_service.compare_with_sla).execute(context())
    assert TRY_FOR_AN_HOUR["retries"] >= 2


def test_a_server_may_be_away_for_an_hour() -> None:
    first, most = TRY_FOR_AN_HOUR["retry_delay"], TRY_FOR_AN_HOUR["max_retry_delay"]
    delays = [min(first * 2**attempt, most) for attempt in range(TRY_FOR_AN_HOUR["retries"])]
    assert sum(delay.total_seconds() for delay in delays) > 3600


def test_what_a_step_sends_is_delivered_right_after_it(use_cases: UseCases, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        Activity(step=customer_service.send_customer_report, sends=True).execute(context())
    assert [call[0] for call in use_cases.calls] == ["enter", "perform_step", "deliver", "incident"]
    assert "letters/TT-000001.eml" in caplog.text


@pytest.mark.parametrize("sends", [False, True])
def test_a_task_opens_the_use_cases_once_and_asks_for_servers_only_if_it_sends(
    monkeypatch: pytest.MonkeyPatch, sends: bool
) -> None:
    opened: list[bool] = []

    def open_use_cases(*, sends: bool = True) -> UseCases:
        opened.append(sends)
        return UseCases()

    monkeypatch.setattr(runtime, "open_use_cases", open_use_cases)
    Activity(step=customer_service.send_customer_report, sends=sends).execute(context())
    assert opened == [sends]


def test_a_step_succeeds_though_its_message_cannot_leave_now(
    use_cases: UseCases, caplog: pytest.LogCaptureFixture
) -> None:
    use_cases.fails["deliver"] = ConnectionRefusedError("mail server away")
    Activity(step=customer_service.send_customer_report, sends=True).execute(context())
    assert "the outbox keeps it" in caplog.text


def test_a_failed_step_escalates_the_ticket_and_names_no_customer(use_cases: UseCases) -> None:
    FailedStep()({**context(), "exception": ValueError("Ada Lovelace, C-1")})
    assert use_cases.calls == [("report_failed_step", "compare_with_sla", "run-1", "ValueError.")]


def test_a_failed_step_of_another_process_escalates_the_ticket_that_the_run_was_started_with(
    use_cases: UseCases,
) -> None:
    FailedStep(incident="incident")({**context(), "params": {"incident": "run-2"}})
    assert use_cases.calls == [
        ("check_asked_for", "run-2", "run-1"),
        ("report_failed_step", "compare_with_sla", "run-2", "NoneType."),
    ]


def test_a_run_that_no_incident_asked_for_escalates_no_ticket(
    use_cases: UseCases, caplog: pytest.LogCaptureFixture
) -> None:
    use_cases.fails["check_asked_for"] = UnableToTakeOver("No incident asked for the run 'run-1'.")
    FailedStep(incident="incident")({**context(), "params": {"incident": "run-2"}})
    assert [call[0] for call in use_cases.calls] == ["check_asked_for"]
    assert "No incident asked for the run" in caplog.text


def test_a_step_that_was_not_reached_escalates_nothing_and_is_told_to_the_operators(use_cases: UseCases) -> None:
    error = AirflowFailException("Clear the task is_customer_premium.")
    error.__cause__ = UnableToTakeStep("Clear the task is_customer_premium.")
    FailedStep()({**context(), "exception": error})
    assert use_cases.calls == [
        ("tell_operators", "sla_violation", "compare_with_sla", "Clear the task is_customer_premium.")
    ]


@pytest.mark.parametrize("cause", [UnableToReadSettings("No timeout."), UnableToChooseNetwork("No network.")])
def test_a_setting_that_is_wrong_sets_no_incident_of_a_cohort_aside(use_cases: UseCases, cause: ForeseenError) -> None:
    error = AirflowFailException(str(cause))
    error.__cause__ = cause
    FailedStep()({**context({"incidents": ["TT-000001"]}), "exception": error})
    assert use_cases.calls == [("tell_operators", "sla_violation", "compare_with_sla", str(cause))]


def test_another_failure_sets_the_incidents_of_a_cohort_aside(use_cases: UseCases) -> None:
    FailedStep()({**context({"incidents": ["TT-000001"]}), "exception": ValueError("Ada Lovelace, C-1")})
    assert use_cases.calls == [("give_up", "compare_with_sla", "run-1", "ValueError.")]


def test_a_task_that_fails_after_all_have_done_its_step_is_told_to_the_operators(use_cases: UseCases) -> None:
    use_cases.given_up = 0
    FailedStep()({**context({"incidents": ["TT-000001"]}), "exception": ValueError()})
    assert use_cases.calls[1:] == [("tell_operators", "sla_violation", "compare_with_sla", "ValueError.")]


def test_a_setting_for_mail_or_billing_that_is_wrong_fails_at_once_and_the_audit_has_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused() -> None:
        raise UnableToReadSettings("The connection teleco_billing has the timeout soon.")

    use_cases = UseCases()
    monkeypatch.setattr(runtime, "settings", refused)
    monkeypatch.setattr(runtime, "settings_inside", lambda: None)
    monkeypatch.setattr("include.sla_logic.services.UseCases", lambda *_, **__: use_cases)
    with pytest.raises(AirflowFailException, match="teleco_billing has the timeout") as failed:
        Activity(step=customer_service.send_customer_report, sends=True).execute(context({"incidents": ["TT-000001"]}))
    FailedStep()({**context({"incidents": ["TT-000001"]}), "exception": failed.value})
    assert use_cases.calls == [("tell_operators", "sla_violation", "compare_with_sla", str(failed.value))]


def test_a_failed_step_of_a_run_without_a_ticket_is_told_to_the_operators(
    use_cases: UseCases, caplog: pytest.LogCaptureFixture
) -> None:
    missing = UnableToFindIncident("No incident was accepted for the run 'run-1'.")
    use_cases.fails["report_failed_step"] = missing
    error = AirflowFailException(str(missing))
    error.__cause__ = missing
    FailedStep()({**context(), "exception": error})
    assert "No incident was accepted" in caplog.text
    assert use_cases.calls[1:] == [("tell_operators", "sla_violation", "compare_with_sla", str(missing))]


def test_a_failure_that_has_nothing_to_do_with_the_missing_ticket_is_only_logged(use_cases: UseCases) -> None:
    use_cases.fails["report_failed_step"] = UnableToFindIncident("No incident was accepted for the run 'run-1'.")
    FailedStep()(context())
    assert [call[0] for call in use_cases.calls] == ["report_failed_step"]


def test_a_department_is_a_group_with_its_own_words_and_bare_task_ids() -> None:
    from airflow.sdk import DAG

    with DAG("departments", schedule=None) as dag, department("Customer Service: intake", does="Enters the report"):
        Activity(step=customer_service.compare_with_sla)
    (group,) = dag.task_group.children.values()
    assert (group.group_display_name, group.tooltip) == ("Customer Service: intake", "Enters the report")
    assert dag.task_ids == ["compare_with_sla"]


@pytest.mark.parametrize("run_id", ["incident.WEB-1", "x" * 250])
def test_the_linked_run_has_one_name_that_airflow_accepts(run_id: str) -> None:
    assert premium_run_id(run_id) == premium_run_id(run_id)
    assert RUN_ID.fullmatch(premium_run_id(run_id))
    assert premium_run_id(run_id) != premium_run_id(run_id[:-1] + "y")


class UnableToUseDatabase(ForeseenError):
    passes = True


def test_a_database_that_a_deployment_is_about_to_migrate_is_tried_again() -> None:
    with pytest.raises(UnableToUseDatabase), runtime.no_retry_for_foreseen_errors():
        raise UnableToUseDatabase
