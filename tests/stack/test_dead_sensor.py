"""The real components: the housekeeping that Airflow schedules finds a run whose sensor has died, and finishes it."""

import time

import pytest

from benchmarks.sample import load_copy, renamed
from include.sla_logic.domain.restoration import RestorationOutcome
from include.sla_logic.sample_data import Sample
from include.sla_logic.services.stalled_incidents import TAKEN_UP, WATCHDOG
from sla_airflow.watchdog import PATIENCE as QUIET_MINUTES
from tests.stack.operator import PATIENCE, Operator

DAG, HOUSEKEEPING, WAIT = "sla_violation", "sla_housekeeping", "await_restoration_request"

pytestmark = pytest.mark.more


def test_a_run_whose_sensor_died_for_good_is_found_and_finished_by_the_scheduled_housekeeping(
    operator: Operator, teleco: Sample
) -> None:
    api, use_cases = operator.stack.api, operator.use_cases
    with use_cases.work.database.write() as connection:
        load_copy(connection, teleco, 1)  # another test releases this restoration of the first one
    conf = renamed(teleco.notifications["held_and_released"].model_dump(mode="json"), 1)
    conf |= {"external_reference": "DEAD-SENSOR"}
    assert operator.send(conf).returncode == 0
    run_id = "incident.DEAD-SENSOR"
    api.wait_run(DAG, run_id, timeout_seconds=PATIENCE, until=lambda _, tasks: tasks.get(WAIT) == "deferred")
    deadline = use_cases.restorations.find(run_id).deadline

    place = f"/api/v2/dags/{DAG}/dagRuns/{run_id}/taskInstances/{WAIT}"
    api.call("PATCH", place, json={"new_state": "failed"})  # as after its last try
    assert api.wait_run(DAG, run_id, timeout_seconds=PATIENCE) == "failed"
    use_cases.restorations.release(run_id, by="operator", reason="The reserve route has room.")
    api.set_variable(QUIET_MINUTES, "1")
    try:
        end = time.monotonic() + PATIENCE
        while api.run_state(DAG, run_id) != "success":
            assert time.monotonic() < end, (api.task_states(DAG, run_id), api.run_states(HOUSEKEEPING))
            time.sleep(1)
    finally:
        api.call("DELETE", f"/api/v2/variables/{QUIET_MINUTES}")

    case = use_cases.lookups.incident(run_id)
    assert (case.restoration.outcome, case.restoration.deadline) == (RestorationOutcome.IN_TIME, deadline)
    assert set(case.tasks) == set(teleco.expectations["held_and_released"].path)
    assert [act.actor for act in case.audit if act.action == TAKEN_UP] == [WATCHDOG]
    assert [message.state for message in case.outbox if message.kind == "mail"] == ["sent"]
    scheduled = [run for run, state in api.run_states(HOUSEKEEPING).items() if state == "success"]
    assert scheduled
    assert all(run.startswith("scheduled__") for run in scheduled)
