"""Airflow's REST API as one user; the command line and the deploy tools call it through here."""

import json
import time
from typing import Any, Self
from urllib.parse import quote

import httpx

from include.sla_logic.domain.errors import ForeseenError

PAGE = 200
TRY_AGAIN_SECONDS = (1, 2, 5, 10, 20)


class UnableToReachAirflow(ForeseenError):
    """Airflow refused a call with `status`; None where it did not answer, or did not let us in."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class AirflowBusy(UnableToReachAirflow):
    """Airflow did not answer in time, or failed just now; asking again is worth it."""


class AirflowAway(AirflowBusy):
    """Nobody listens at Airflow's address: nothing was sent."""


class RunExists(UnableToReachAirflow):
    """A run with this id was started before."""


class AirflowApi:
    """Call the REST API; a login is turned into a token when needed, and again when the token has expired."""

    def __init__(
        self,
        address: str,
        *,
        user: str | None = None,
        password: str | None = None,
        token: str | None = None,
        timeout_seconds: float = 30,
    ) -> None:
        self.address = address
        self._user, self._password = user, password
        try:
            self._client = httpx.Client(base_url=address, timeout=timeout_seconds, trust_env=False)
        except httpx.InvalidURL as error:
            raise UnableToReachAirflow(f"{address} is no address of an Airflow: {error}.") from error
        if token is not None:
            self._client.headers["Authorization"] = f"Bearer {token}"

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def token(self) -> str:
        """Fetch a bearer token, for callers that speak HTTP themselves."""
        if self._user is None or self._password is None:
            msg = "No login is known: set TELECO_AIRFLOW_USER and TELECO_AIRFLOW_PASSWORD, or TELECO_AIRFLOW_TOKEN."
            raise UnableToReachAirflow(msg)
        answer = self._send("POST", "/auth/token", json={"username": self._user, "password": self._password})
        if answer.is_server_error:
            raise AirflowBusy(f"Airflow failed at the login of {self._user} with {answer.status_code}.")
        if answer.is_error:
            raise UnableToReachAirflow(f"Airflow refused the login of {self._user} with {answer.status_code}.")
        return str(answer.json()["access_token"])

    def request(self, method: str, path: str, **parameters: Any) -> httpx.Response:
        """Call any path and return the answer whatever its status."""
        if "Authorization" not in self._client.headers:
            self._client.headers["Authorization"] = f"Bearer {self.token()}"
        answer = self._send(method, path, **parameters)
        if answer.status_code == httpx.codes.UNAUTHORIZED and self._user is not None:
            self._client.headers["Authorization"] = f"Bearer {self.token()}"
            answer = self._send(method, path, **parameters)
        return answer

    def call(self, method: str, path: str, **parameters: Any) -> Any:
        """Call a path and decode its answer; raise `UnableToReachAirflow` for a refusal."""
        answer = self.request(method, path, **parameters)
        if answer.is_error:
            raise refusal(method, path, answer)
        return answer.json() if answer.content else None

    def trigger_run(
        self, dag_id: str, *, conf: dict[str, Any], run_id: str | None = None, note: str | None = None
    ) -> str:
        """Start a run now and return its id; raise `RunExists` for an id that was used before."""
        body = {"conf": conf, "dag_run_id": run_id, "logical_date": None, "note": note}
        sent = {key: value for key, value in body.items() if value is not None or key == "logical_date"}
        return str(self.call("POST", runs_of(dag_id), json=sent).get("dag_run_id", run_id))

    def start_once(self, dag_id: str, *, conf: dict[str, Any], run_id: str, note: str | None = None) -> bool:
        """Start the run of this id unless it exists, and tell whether it was this call that started it.

        After a time-out or a server's failure it is asked for again: the id makes that harmless. `AirflowBusy` where
        it stays open whether the run was started.
        """
        asked = False
        for pause in (*TRY_AGAIN_SECONDS, None):
            try:
                self.trigger_run(dag_id, conf=conf, run_id=run_id, note=note)
            except RunExists:
                return asked
            except AirflowAway:
                raise
            except AirflowBusy as error:
                asked = True
                if pause is None:
                    msg = f"{error} Whether {run_id} was started is not known; starting it again does no harm."
                    raise AirflowBusy(msg, status=error.status) from error
                time.sleep(pause)
            else:
                return True
        raise AssertionError("the last try returns or raises")

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """Return a run as Airflow describes it, with its `state` and its `conf`."""
        found: dict[str, Any] = self.call("GET", f"{runs_of(dag_id)}/{quote(run_id)}")
        return found

    def run_state(self, dag_id: str, run_id: str) -> str:
        """Return queued, running, success or failed."""
        return str(self.run(dag_id, run_id)["state"])

    def task_states(self, dag_id: str, run_id: str) -> dict[str, str | None]:
        """Return the state of each task of a run."""
        path = f"{runs_of(dag_id)}/{quote(run_id)}/taskInstances"
        tasks = self.call("GET", path, params={"limit": PAGE})["task_instances"]
        return {task["task_id"]: task["state"] for task in tasks}

    def clear_run(self, dag_id: str, run_id: str) -> None:
        """Clear all tasks of a run, so that it goes on."""
        self.call("POST", f"{runs_of(dag_id)}/{quote(run_id)}/clear", json={"dry_run": False})

    def delete_run(self, dag_id: str, run_id: str) -> None:
        """Delete a run that has ended."""
        self.call("DELETE", f"{runs_of(dag_id)}/{quote(run_id)}")

    def _send(self, method: str, path: str, **parameters: Any) -> httpx.Response:
        try:
            return self._client.request(method, path, **parameters)
        except httpx.ConnectError as error:
            raise AirflowAway(f"Airflow at {self.address} does not answer: {error}.") from error
        except httpx.HTTPError as error:
            raise AirflowBusy(f"Airflow at {self.address} does not answer: {error}.") from error


def runs_of(dag_id: str) -> str:
    """Return the path under which the runs of a DAG are."""
    return f"/api/v2/dags/{dag_id}/dagRuns"


def refusal(method: str, path: str, answer: httpx.Response) -> UnableToReachAirflow:
    """Say what was refused and why; a conflict and a server's failure have classes of their own."""
    status, kind = answer.status_code, UnableToReachAirflow
    if status == httpx.codes.CONFLICT:
        kind = RunExists
    elif answer.is_server_error:
        kind = AirflowBusy
    did = "failed at" if kind is AirflowBusy else "refused"
    return kind(f"Airflow {did} {method} {path} with {status}: {_reason(answer)}.", status=status)


def _reason(answer: httpx.Response) -> str:
    """Return the reason that Airflow gives, cut before it quotes whole schemas."""
    try:
        detail = answer.json().get("detail", answer.text)
    except (ValueError, AttributeError):
        detail = answer.text
    text = detail if isinstance(detail, str) else json.dumps(detail)
    return " ".join(text.partition("Failed validating")[0].split())[:300].rstrip(". ")
