"""A step whose task dies is still done once; a step that fails for good escalates its ticket and stops the run."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.process.ports import CaseFile
from include.sla_logic.process.step import step
from sla_airflow.operators import Activity
from tests.dags.conftest import SampleTeleco
from tests.dags.loading import load_dag
from tests.spread import spread

pytestmark = [pytest.mark.airflow, pytest.mark.more]


class UnableToFindTariff(ForeseenError):
    pass


@pytest.fixture
def run_with_step(teleco: SampleTeleco, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Run the DAG with one thing about one task changed."""

    def run(task_id: str, reference: str, **changes: Any) -> Any:
        task = load_dag("sla_violation").get_task(task_id)
        for name, value in changes.items():
            monkeypatch.setattr(task, name, value)
        conf = teleco.conf("no_problem_found", external_reference=reference)
        return load_dag("sla_violation").test(run_conf=conf)

    return run


def test_a_foreseen_failure_stops_the_run_at_once_and_escalates_the_ticket_once(
    teleco: SampleTeleco, run_with_step: Callable[..., Any]
) -> None:
    @step
    def compare_with_sla(file: CaseFile) -> None:
        file.record("half of the work", lane=file.ticket.assigned_to)
        raise UnableToFindTariff("The contract names no tariff.")

    run = run_with_step("compare_with_sla", "FAILS-1", step=compare_with_sla)
    failed = next(task for task in run.get_task_instances() if task.task_id == "compare_with_sla")
    case = teleco.use_cases.lookups.incident(run.run_id)
    assert (run.state, failed.state, failed.try_number) == ("failed", "failed", 1)
    assert case.tasks == ("enter_problem_report", "compare_with_sla_failed")
    assert case.ticket.escalated
    said = [entry.event for entry in case.timeline]
    assert "half of the work" not in said
    assert [event for event in said if "compare_with_sla failed" in event] == [
        "Escalated: the step compare_with_sla failed: The contract names no tariff."
    ]


@pytest.mark.parametrize("task_id", spread(["adjust_billing", "enter_problem_report", "send_customer_report"], every=3))
def test_a_task_that_dies_after_its_step_does_the_step_once(
    teleco: SampleTeleco, run_with_step: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, task_id: str
) -> None:
    died = Counter[str]()
    execute = type(load_dag("sla_violation").get_task(task_id)).execute

    def work_and_die(self: Activity, context: Any) -> None:
        execute(self, context)
        if self.task_id == task_id and not died[task_id]:
            died[task_id] += 1
            raise ConnectionError("killed")

    monkeypatch.setattr(type(load_dag("sla_violation").get_task(task_id)), "execute", work_and_die)
    run = run_with_step(task_id, f"DIES-{task_id}", retry_delay=timedelta(0))
    case = teleco.use_cases.lookups.incident(run.run_id)
    assert (run.state, died[task_id]) == ("success", 1)
    assert Counter(case.tasks)[task_id] == 1
    assert set(Counter((document.kind, document.round) for document in case.documents).values()) == {1}
    assert [message.state for message in case.outbox if message.kind == "mail"] == ["sent"]
    assert not case.ticket.escalated
