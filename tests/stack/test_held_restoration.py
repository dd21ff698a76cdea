"""The real components: a held incident waits, survives the loss of the triggerer, and goes on when released."""

import json
import time
from collections.abc import Callable

import pytest

from include.sla_logic.domain.restoration import RestorationOutcome
from include.sla_logic.sample_data import Sample
from tests.stack.operator import PATIENCE, Operator

pytestmark = pytest.mark.more

DAG = "sla_violation"
WAIT = "await_restoration_request"


def until(reached: Callable[[], bool], seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.5)


def test_a_held_incident_waits_through_a_lost_triggerer_and_goes_on_when_released(
    operator: Operator, teleco: Sample
) -> None:
    expected = teleco.expectations["held_and_released"]
    conf = teleco.notifications["held_and_released"].model_dump(mode="json")
    started = operator.send(conf)
    assert started.returncode == 0, started.stderr
    run_id = f"incident.{expected.reference}"
    assert started.stdout.splitlines() == [
        f"Started: {run_id}",
        f"{operator.stack.address}/dags/{DAG}/runs/{run_id}",
    ]

    again = operator.send(conf)
    assert (again.returncode, again.stdout.splitlines()[0]) == (0, f"Already started: {run_id}")
    other = operator.send({**conf, "description": "Something else."})
    assert other.returncode == 1
    assert "exists with another notification" in other.stderr

    api = operator.stack.api
    until(lambda: api.task_states(DAG, run_id).get(WAIT) == "deferred")
    deadline = operator.use_cases.restorations.find(run_id).deadline
    operator.stack.components.kill("triggerer")
    operator.stack.components.wait_ended("triggerer")
    released = operator.sla("incident", "release", expected.reference, "--reason", "The reserve route has room.")
    assert released.returncode == 0, released.stderr
    operator.stack.start_component("triggerer")

    assert api.wait_run(DAG, run_id, timeout_seconds=PATIENCE) == "success"
    case = operator.use_cases.lookups.incident(run_id)
    assert set(case.tasks) == set(expected.path)
    assert case.restoration is not None
    assert case.restoration.deadline == deadline
    assert case.restoration.outcome is RestorationOutcome.IN_TIME
    assert case.rebate is not None
    assert case.rebate.total == expected.credit
    assert [message.state for message in case.outbox if message.kind == "mail"] == ["sent"]

    shown = json.loads(operator.sla("incident", "show", expected.reference, "--json").stdout)
    assert shown["closed"]["outcome"] == expected.outcome
    late = operator.sla("incident", "release", expected.reference, "--reason", "Again.")
    assert late.returncode == 1
    assert "was sent already" in late.stderr


@pytest.mark.parametrize(("run", "wrong"), [("bad.impact", {"impact": 7}), ("bad.field", {"servise": "S-1"})])
def test_bad_conf_fails_its_run_at_once_and_is_in_quarantine(
    operator: Operator, teleco: Sample, run: str, wrong: dict[str, object]
) -> None:
    conf = teleco.notifications["no_violation"].model_dump(mode="json") | {"external_reference": run.upper()}
    operator.stack.api.trigger_run(DAG, run_id=run, conf=conf | wrong)
    assert operator.stack.api.wait_run(DAG, run, timeout_seconds=PATIENCE) == "failed"
    kept = next(entry for entry in operator.use_cases.quarantine.entries() if entry.run_id == run)
    assert [kept.field] == [f".{name}" for name in wrong]


def test_a_notification_that_the_first_task_would_refuse_starts_no_run(operator: Operator, teleco: Sample) -> None:
    before = set(operator.stack.api.run_states(DAG))
    refused = operator.send(teleco.notifications["no_violation"].model_dump(mode="json") | {"urgency": 9})
    assert refused.returncode == 1
    assert ".urgency" in refused.stderr
    assert set(operator.stack.api.run_states(DAG)) == before
