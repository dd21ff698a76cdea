"""What happens to a sensor that waits: cleared, killed while it looks, dead for good, left without a triggerer."""

import time
from contextlib import suppress
from random import Random

import psutil

from tests.faults.installation import DAG, PATIENCE, WAIT, House

QUIET = "sla_watchdog_minutes"


def sensor_cleared(house: House, _chance: Random, mark: str) -> None:
    """Clear the waiting sensor twice: the deadline stays."""
    run_id = _deferred(house, f"CLEAR-{mark}")
    before = house.use_cases.restorations.find(run_id).deadline
    for _ in range(2):
        _clear(house, run_id)
        time.sleep(3)
        house.until_deferred(run_id)
    assert house.use_cases.restorations.find(run_id).deadline == before


def sensor_retried(house: House, _chance: Random, mark: str) -> None:
    """Kill the sensor's process while it looks, so that Airflow tries it again: the deadline stays."""
    run_id = _deferred(house, f"RETRY-{mark}")
    before = house.use_cases.restorations.find(run_id).deadline
    _clear(house, run_id)
    api, end = house.stack.api, time.monotonic() + PATIENCE
    while api.task_states(DAG, run_id).get(WAIT) != "up_for_retry":
        assert time.monotonic() < end, f"the sensor was not tried again: {house.situation()}"
        quick = time.monotonic() + 1
        while time.monotonic() < quick:
            for process in house.workers():
                with suppress(psutil.Error):
                    process.kill()
            time.sleep(0.02)
    house.until_deferred(run_id)
    assert house.use_cases.restorations.find(run_id).deadline == before


def found_by_the_doctor(house: House, _chance: Random, mark: str) -> None:
    """Let the sensor fail for good while the request is answered: the doctor must find and finish the run."""
    run_id = _deferred(house, f"DEAD-{mark}")
    house.use_cases.restorations.release(run_id, by="operator", reason="Agreed.")
    _fail(house, run_id)

    def repaired() -> bool:  # it is quiet for a minute only after the failure has been told
        return "cleared and goes on" in house.sla("doctor", "--repair", "--minutes", "1").stdout

    house.until(repaired, "not found by the doctor")
    _until_success(house, run_id)


def found_by_the_housekeeping(house: House, _chance: Random, mark: str) -> None:
    """Answer two requests while one sensor is dead for good and no triggerer looks at the other: both runs end."""
    dead, lonely = (_deferred(house, f"{name}-{mark}") for name in ("DEAD", "LONELY"))
    house.away.add("triggerer")
    house.stack.components.kill("triggerer")
    house.stack.components.wait_ended("triggerer")
    house.stack.api.set_variable(QUIET, "1")
    try:
        for run_id in (dead, lonely):
            house.use_cases.restorations.release(run_id, by="operator", reason="Agreed.")
        _fail(house, dead)
        for run_id in (dead, lonely):
            _until_success(house, run_id)
            assert "watchdog" in {act.actor for act in house.use_cases.lookups.incident(run_id).audit}
    finally:
        house.stack.api.set_variable(QUIET, "10")
        house.away.discard("triggerer")
        house.revive()


def _deferred(house: House, reference: str) -> str:
    run_id = house.start_apart("held_and_released", reference)
    house.until_deferred(run_id)
    return run_id


def _clear(house: House, run_id: str) -> None:
    body = {"dry_run": False, "task_ids": [WAIT], "dag_run_id": run_id, "only_failed": False}
    house.stack.api.call("POST", f"/api/v2/dags/{DAG}/clearTaskInstances", json=body)


def _fail(house: House, run_id: str) -> None:
    place = f"/api/v2/dags/{DAG}/dagRuns/{run_id}/taskInstances/{WAIT}"
    house.stack.api.call("PATCH", place, json={"new_state": "failed"})
    house.until(lambda: house.stack.api.run_state(DAG, run_id) == "failed", "not failed")


def _until_success(house: House, run_id: str) -> None:
    house.until(lambda: house.stack.api.run_state(DAG, run_id) == "success", "not finished")
