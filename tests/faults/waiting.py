"""What happens to a sensor that waits: cleared, killed while it looks, dead for good, left without a triggerer."""

import time
from contextlib import suppress
from random import Random

import psutil

from tests.faults.installation import DAG, PATIENCE, WAIT, Installation

QUIET = "sla_watchdog_minutes"


def sensor_cleared(installation: Installation, _chance: Random, mark: str) -> None:
    """Clear the waiting sensor twice: the deadline stays."""
    run_id = _deferred(installation, f"CLEAR-{mark}")
    before = installation.use_cases.restorations.find(run_id).deadline
    for _ in range(2):
        _clear(installation, run_id)
        time.sleep(3)
        installation.until_deferred(run_id)
    assert installation.use_cases.restorations.find(run_id).deadline == before


def sensor_retried(installation: Installation, _chance: Random, mark: str) -> None:
    """Kill the sensor's process while it looks, so that Airflow tries it again: the deadline stays."""
    run_id = _deferred(installation, f"RETRY-{mark}")
    before = installation.use_cases.restorations.find(run_id).deadline
    _clear(installation, run_id)
    api, end = installation.stack.api, time.monotonic() + PATIENCE
    while api.task_states(DAG, run_id).get(WAIT) != "up_for_retry":
        assert time.monotonic() < end, f"the sensor was not tried again: {installation.situation()}"
        quick = time.monotonic() + 1
        while time.monotonic() < quick:
            for process in installation.workers():
                with suppress(psutil.Error):
                    process.kill()
            time.sleep(0.02)
    installation.until_deferred(run_id)
    assert installation.use_cases.restorations.find(run_id).deadline == before


def found_by_the_doctor(installation: Installation, _chance: Random, mark: str) -> None:
    """Let the sensor fail for good while the request is answered: the doctor must find and finish the run."""
    run_id = _deferred(installation, f"DEAD-{mark}")
    installation.use_cases.restorations.release(run_id, by="operator", reason="Agreed.")
    _fail(installation, run_id)

    def repaired() -> bool:  # it is quiet for a minute only after the failure has been told
        return "cleared and goes on" in installation.sla("doctor", "--repair", "--minutes", "1").stdout

    installation.until(repaired, "not found by the doctor")
    _until_success(installation, run_id)


def found_by_the_housekeeping(installation: Installation, _chance: Random, mark: str) -> None:
    """Answer two requests while one sensor is dead for good and no triggerer looks at the other: both runs end."""
    dead, lonely = (_deferred(installation, f"{name}-{mark}") for name in ("DEAD", "LONELY"))
    installation.away.add("triggerer")
    installation.stack.components.kill("triggerer")
    installation.stack.components.wait_ended("triggerer")
    installation.stack.api.set_variable(QUIET, "1")
    try:
        for run_id in (dead, lonely):
            installation.use_cases.restorations.release(run_id, by="operator", reason="Agreed.")
        _fail(installation, dead)
        for run_id in (dead, lonely):
            _until_success(installation, run_id)
            assert "watchdog" in {act.actor for act in installation.use_cases.lookups.incident(run_id).audit}
    finally:
        installation.stack.api.set_variable(QUIET, "10")
        installation.away.discard("triggerer")
        installation.revive()


def _deferred(installation: Installation, reference: str) -> str:
    run_id = installation.start_apart("held_and_released", reference)
    installation.until_deferred(run_id)
    return run_id


def _clear(installation: Installation, run_id: str) -> None:
    body = {"dry_run": False, "task_ids": [WAIT], "dag_run_id": run_id, "only_failed": False}
    installation.stack.api.call("POST", f"/api/v2/dags/{DAG}/clearTaskInstances", json=body)


def _fail(installation: Installation, run_id: str) -> None:
    place = f"/api/v2/dags/{DAG}/dagRuns/{run_id}/taskInstances/{WAIT}"
    installation.stack.api.call("PATCH", place, json={"new_state": "failed"})
    installation.until(lambda: installation.stack.api.run_state(DAG, run_id) == "failed", "not failed")


def _until_success(installation: Installation, run_id: str) -> None:
    installation.until(lambda: installation.stack.api.run_state(DAG, run_id) == "success", "not finished")
