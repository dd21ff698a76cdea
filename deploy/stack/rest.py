"""Airflow's REST API, as far as triggering and watching incidents needs it."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self, TypeVar

import httpx

from include.sla_logic.domain.errors import ForeseenError

FINISHED = frozenset({"success", "failed"})
T = TypeVar("T")
PAGE = 200
TRY_AGAIN_SECONDS = (1, 2, 5, 10, 20)


class UnableToReachAirflow(ForeseenError):
    """Say which call was refused and what Airflow answered."""


class AirflowBusy(UnableToReachAirflow):
    """Airflow did not answer in time, or could not do what it was asked just now; asking again is worth it."""


class RunExists(UnableToReachAirflow):
    """A run with this id was started before."""


class RunNotFinished(Exception):
    """Say which run is still going, and in which tasks."""


class AirflowApi:
    """Call the REST API as one user; tokens are fetched when needed and again when they have expired."""

    def __init__(self, address: str, *, user: str, password: str) -> None:
        self.address = address
        self._login = {"username": user, "password": password}
        self._client = httpx.Client(base_url=address, timeout=60, trust_env=False)

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def health(self) -> dict[str, str | None]:
        """Tell the status of each component; empty while the api-server does not answer."""
        try:
            answer = self._client.get("/api/v2/monitor/health", timeout=10)
        except httpx.TransportError:
            return {}
        if answer.is_error:
            return {}
        return {name: part["status"] for name, part in answer.json().items() if part}

    def token(self) -> str:
        """Fetch a bearer token, for callers that speak HTTP themselves."""
        answer = self._send("POST", "/auth/token", json=self._login)
        if answer.is_error:
            raise UnableToReachAirflow(f"login was refused with {answer.status_code}: {answer.text}")
        return str(answer.json()["access_token"])

    def request(self, method: str, path: str, **parameters: Any) -> httpx.Response:
        """Call any path, as this user, and hand back the answer whatever its status."""
        if "Authorization" not in self._client.headers:
            self._client.headers["Authorization"] = f"Bearer {self.token()}"
        answer = self._send(method, path, **parameters)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            del self._client.headers["Authorization"]
            self._client.headers["Authorization"] = f"Bearer {self.token()}"
            answer = self._send(method, path, **parameters)
        return answer

    def call(self, method: str, path: str, **parameters: Any) -> Any:
        """Call a path and decode its answer.

        Raises UnableToReachAirflow where the status says refusal.
        """
        answer = self.request(method, path, **parameters)
        if answer.is_error:
            raise _refusal(answer.status_code)(f"{method} {path} was refused with {answer.status_code}: {answer.text}")
        return answer.json() if answer.content else None

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

    def trigger_run(
        self, dag_id: str, *, conf: dict[str, Any], run_id: str | None = None, note: str | None = None
    ) -> str:
        """Start a run now; answers its id. The same id a second time is refused with 409."""
        body = {"conf": conf, "dag_run_id": run_id, "logical_date": None, "note": note}
        sent = {key: value for key, value in body.items() if value is not None or key == "logical_date"}
        return str(self.call("POST", f"/api/v2/dags/{dag_id}/dagRuns", json=sent)["dag_run_id"])

    def start_run(self, dag_id: str, *, conf: dict[str, Any], run_id: str, note: str | None = None) -> str:
        """Start a run, asking again while the server is too busy to answer: its id makes that harmless."""
        try:
            return self._patiently(lambda: self.trigger_run(dag_id, conf=conf, run_id=run_id, note=note))
        except RunExists:
            return run_id

    def run_state(self, dag_id: str, run_id: str) -> str:
        """Tell queued, running, success or failed."""
        return str(self.call("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def run_states(self, dag_id: str) -> dict[str, str]:
        """Tell the state of each run of a DAG, latest first."""
        parameters = {"limit": PAGE, "order_by": "-run_after"}
        runs = self.call("GET", f"/api/v2/dags/{dag_id}/dagRuns", params=parameters)["dag_runs"]
        return {run["dag_run_id"]: run["state"] for run in runs}

    def task_states(self, dag_id: str, run_id: str) -> dict[str, str | None]:
        """Tell the state of each task of a run."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        tasks = self.call("GET", path, params={"limit": PAGE})["task_instances"]
        return {task["task_id"]: task["state"] for task in tasks}

    def task_log(self, dag_id: str, run_id: str, task_id: str, try_number: int = 1) -> str:
        """Read one task's log as text."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{try_number}"
        answer = self.call("GET", path, params={"full_content": True}, headers={"Accept": "application/json"})
        return "\n".join(_line(entry) for entry in answer["content"])

    def wait_run(
        self,
        dag_id: str,
        run_id: str,
        *,
        timeout_seconds: float = 120,
        until: Callable[[str, dict[str, str | None]], bool] | None = None,
    ) -> str:
        """Wait until a run has ended, or until a condition on its state and its tasks' states holds.

        Answers the run's state; raises RunNotFinished after the time given.
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

    def _send(self, method: str, path: str, **parameters: Any) -> httpx.Response:
        try:
            return self._client.request(method, path, **parameters)
        except httpx.TransportError as error:
            raise AirflowBusy(f"{method} {path} was not answered: {error}") from error

    def _create_or_replace(self, path: str, name: str, body: dict[str, Any]) -> None:
        answer = self.request("POST", path, json=body)
        if answer.status_code == httpx.codes.CONFLICT:
            self.call("PATCH", f"{path}/{name}", json=body)
        elif answer.is_error:
            raise _refusal(answer.status_code)(f"POST {path} was refused with {answer.status_code}: {answer.text}")


def _refusal(status: int) -> type[UnableToReachAirflow]:
    if status == httpx.codes.CONFLICT:
        return RunExists
    return AirflowBusy if httpx.codes.is_server_error(status) else UnableToReachAirflow


def _line(entry: Any) -> str:
    """Flatten a structured log line."""
    return f"{entry.get('timestamp', '')} {entry.get('event', '')}" if isinstance(entry, dict) else str(entry)
