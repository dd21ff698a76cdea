"""What starting, watching and testing a stack needs of Airflow's REST API, besides what the command line calls."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import httpx

from include.sla_logic.cli.airflow_api import PAGE, TRY_AGAIN_SECONDS, AirflowApi, AirflowBusy, refusal, runs_of

FINISHED = frozenset({"success", "failed"})
T = TypeVar("T")
PATIENT_SECONDS = 60  # for one answer: a stack may share its machine with much else


class RunNotFinished(Exception):
    """Say which run is still going, and in which tasks."""


class StackApi(AirflowApi):
    """Set up Airflow and follow its runs, with patience for a busy machine."""

    def __init__(self, address: str, *, user: str, password: str) -> None:
        super().__init__(address, user=user, password=password, timeout_seconds=PATIENT_SECONDS)

    def health(self) -> dict[str, str | None]:
        """Return the status of each component; empty while the api-server does not answer."""
        try:
            answer = self._send("GET", "/api/v2/monitor/health", timeout=10)
        except AirflowBusy:
            return {}
        if answer.is_error:
            return {}
        return {name: part["status"] for name, part in answer.json().items() if part}

    def dag_ids(self) -> set[str]:
        """Name the DAGs that Airflow has read so far."""
        return {dag["dag_id"] for dag in self.call("GET", "/api/v2/dags", params={"limit": PAGE})["dags"]}

    def import_errors(self) -> dict[str, str]:
        """Quote what went wrong in each DAG file that could not be read."""
        found = self.call("GET", "/api/v2/importErrors", params={"limit": PAGE})["import_errors"]
        return {error["filename"]: error["stack_trace"] for error in found}

    def set_pool(self, name: str, slots: int, description: str) -> None:
        """Make a pool, or give an existing one these slots."""
        body = {"name": name, "slots": slots, "description": description, "include_deferred": False}
        self._patiently(lambda: self._create_or_replace("/api/v2/pools", name, body))

    def set_variable(self, key: str, value: str) -> None:
        """Make a variable, or give an existing one this value."""
        self._patiently(lambda: self._create_or_replace("/api/v2/variables", key, {"key": key, "value": value}))

    def unpause(self, dag_id: str) -> None:
        """Let the runs of a DAG be worked."""
        self._patiently(lambda: self.call("PATCH", f"/api/v2/dags/{dag_id}", json={"is_paused": False}))

    def start_run(self, dag_id: str, *, conf: dict[str, Any], run_id: str, note: str | None = None) -> str:
        """Start a run, with patience even where nobody listens: a killed api-server comes back."""
        self._patiently(lambda: self.start_once(dag_id, conf=conf, run_id=run_id, note=note))
        return run_id

    def run_states(self, dag_id: str) -> dict[str, str]:
        """Return the state of each run of a DAG, latest first."""
        parameters = {"limit": PAGE, "order_by": "-run_after"}
        runs = self.call("GET", runs_of(dag_id), params=parameters)["dag_runs"]
        return {run["dag_run_id"]: run["state"] for run in runs}

    def wait_run(
        self,
        dag_id: str,
        run_id: str,
        *,
        timeout_seconds: float = 120,
        until: Callable[[str, dict[str, str | None]], bool] | None = None,
    ) -> str:
        """Wait until a run has ended, or until a condition on its state and its tasks' states holds.

        Return the run's state; raise `RunNotFinished` after the time given.
        """
        deadline = time.monotonic() + timeout_seconds
        while True:
            state = self.run_state(dag_id, run_id)
            if until(state, self.task_states(dag_id, run_id)) if until else state in FINISHED:
                return state
            if time.monotonic() > deadline:
                tasks = {name: task for name, task in self.task_states(dag_id, run_id).items() if task}
                raise RunNotFinished(f"{dag_id} {run_id} is {state} after {timeout_seconds:g} s: {tasks}")
            time.sleep(0.5)

    def _patiently(self, do: Callable[[], T]) -> T:
        """Do what may be done twice, again while the server is too busy to answer."""
        for pause in TRY_AGAIN_SECONDS:
            with suppress(AirflowBusy):
                return do()
            time.sleep(pause)
        return do()

    def _create_or_replace(self, path: str, name: str, body: dict[str, Any]) -> None:
        answer = self.request("POST", path, json=body)
        if answer.status_code == httpx.codes.CONFLICT:
            self.call("PATCH", f"{path}/{name}", json=body)
        elif answer.is_error:
            raise refusal("POST", path, answer)
