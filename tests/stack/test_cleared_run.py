"""The real components: a run that is cleared as a whole takes the same way again and does nothing twice."""

import pytest

from include.sla_logic.persistence.queries.incident import Case
from include.sla_logic.sample_data import Sample
from tests.stack.operator import PATIENCE, Operator

pytestmark = pytest.mark.more

DAG, EXTRA = "sla_violation", "premium_problem_fix"
RUN = "incident.DEMO-PREMIUM"


def done_for(case: Case) -> object:
    """Everything that could have been done twice."""
    documents = [(document.kind, document.round, document.written_at) for document in case.documents]
    messages = [(message.key, message.state, message.attempts) for message in case.outbox]
    return case.ticket, case.children, case.tasks, documents, messages, case.timeline, case.adjustment


def test_clearing_a_whole_run_does_nothing_twice(operator: Operator, teleco: Sample) -> None:
    api = operator.stack.api
    assert operator.send(teleco.notifications["premium"].model_dump(mode="json")).returncode == 0
    assert api.wait_run(DAG, RUN, timeout_seconds=PATIENCE) == "success"
    assert api.wait_run(EXTRA, f"premium.{RUN}", timeout_seconds=PATIENCE) == "success"
    before, states = done_for(operator.use_cases.lookups.incident(RUN)), api.task_states(DAG, RUN)
    assert set(operator.use_cases.lookups.incident(RUN).tasks) >= set(teleco.expectations["premium"].path)

    api.call("POST", f"/api/v2/dags/{DAG}/dagRuns/{RUN}/clear", json={"dry_run": False})
    assert api.wait_run(DAG, RUN, timeout_seconds=PATIENCE) == "success"
    again = api.task_states(DAG, RUN)
    assert done_for(operator.use_cases.lookups.incident(RUN)) == before
    assert again.pop("link_to_extra_problem_fix") == "skipped"  # the other run exists
    assert again == {task: state for task, state in states.items() if task != "link_to_extra_problem_fix"}
    assert list(api.run_states(EXTRA)) == [f"premium.{RUN}"]
