"""Starting an incident over Airflow's REST API: one run for one notification, however often it is sent."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.services.watchdog import MOVING, UnableToResumeRun

DAG = "sla_violation"
_LOCAL = Path(__file__).parents[3] / ".airflow" / "up"  # where `make up` keeps address and login
_SECONDS = 30


class UnableToStartIncident(ForeseenError):
    """Airflow was not reached, or it refused."""


@dataclass(frozen=True)
class Airflow:
    """Where Airflow is and who we are there; a token goes before user and password."""

    url: str
    user: str | None = None
    password: str | None = None
    token: str | None = None

    def __repr__(self) -> str:
        """Show no secret."""
        return f"Airflow({self.url})"

    @classmethod
    def found(cls, url: str | None, environment: Mapping[str, str] | None = None) -> "Airflow":
        """Read TELECO_AIRFLOW_URL, _TOKEN, _USER and _PASSWORD, else what `make up` has written."""
        given = os.environ if environment is None else environment
        address = url or given.get("TELECO_AIRFLOW_URL") or _read(_LOCAL / "address")
        if not address:
            msg = "No Airflow is known: set TELECO_AIRFLOW_URL, give --airflow, or run `make up`."
            raise UnableToStartIncident(msg)
        token, user = given.get("TELECO_AIRFLOW_TOKEN"), given.get("TELECO_AIRFLOW_USER")
        password = given.get("TELECO_AIRFLOW_PASSWORD")
        if token is None and user is None and address == _read(_LOCAL / "address"):
            user, password = next(iter(json.loads(_read(_LOCAL / "passwords.json") or "{}").items()), (None, None))
        return cls(address.rstrip("/"), user, password, token)


@dataclass(frozen=True)
class Started:
    """The run of an incident, and whether it was there before."""

    run_id: str
    link: str
    before: bool


def run_id_of(notification: ProblemNotification) -> str:
    """Name the run after the sender's reference, or else after the content: sent twice, it is one run."""
    if notification.external_reference:
        return f"incident.{notification.external_reference}"
    return f"incident.{sha256(notification.model_dump_json().encode()).hexdigest()[:32]}"


def start(airflow: Airflow, conf: dict[str, Any], *, run_id: str) -> Started:
    """Start the run; raise `UnableToStartIncident` where another notification has it already, or Airflow refuses."""
    import httpx

    link = f"{airflow.url}/dags/{DAG}/runs/{quote(run_id)}"
    try:
        with httpx.Client(base_url=airflow.url, timeout=_SECONDS, trust_env=False) as client:
            client.headers["Authorization"] = f"Bearer {airflow.token or _log_in(client, airflow)}"
            body = {"dag_run_id": run_id, "logical_date": None, "conf": conf}
            answer = client.post(f"/api/v2/dags/{DAG}/dagRuns", json=body)
            if answer.status_code == httpx.codes.CONFLICT:
                _refuse_another(client, run_id, conf)
                return Started(run_id, link, before=True)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise UnableToStartIncident(f"Airflow at {airflow.url} does not answer: {error}.") from error
    if answer.is_error:
        raise UnableToStartIncident(f"Airflow refused the run with {answer.status_code}: {_said(answer)}.")
    return Started(run_id, link, before=False)


class RestRuns:
    """Asks Airflow about runs over its REST API, as one person, and lets them go on."""

    def __init__(self, airflow: Airflow) -> None:
        self._airflow = airflow

    def state(self, run_id: str) -> str | None:
        """Tell the state of a run, None where it is gone."""
        answer = self._ask("GET", run_id)
        return None if answer is None else str(answer["state"])

    def waits_alone(self, run_id: str) -> bool:
        """Tell whether nothing but a deferred task keeps the run."""
        answer = self._ask("GET", run_id, "/taskInstances?limit=200") or {"task_instances": []}
        return MOVING.isdisjoint(task["state"] for task in answer["task_instances"])

    def resume(self, run_id: str, conf: dict[str, Any]) -> str:
        """Let the run go on: all its tasks are cleared, what is done is not done again; a deleted run starts anew."""
        if self._ask("POST", run_id, "/clear", json={"dry_run": False}) is not None:
            return "the run is cleared and goes on"
        try:
            start(self._airflow, conf, run_id=run_id)
        except UnableToStartIncident as error:
            raise UnableToResumeRun(str(error)) from error
        return "the run was gone and is started anew"

    def _ask(self, method: str, run_id: str, further: str = "", **body: Any) -> dict[str, Any] | None:
        """Return the answer, None for a run that Airflow does not have."""
        import httpx

        place, airflow = f"/api/v2/dags/{DAG}/dagRuns/{quote(run_id)}{further}", self._airflow
        try:
            with httpx.Client(base_url=airflow.url, timeout=_SECONDS, trust_env=False) as client:
                client.headers["Authorization"] = f"Bearer {airflow.token or _log_in(client, airflow)}"
                answer = client.request(method, place, **body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise UnableToStartIncident(f"Airflow at {airflow.url} does not answer: {error}.") from error
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if answer.is_error:
            raise UnableToResumeRun(f"Airflow refused with {answer.status_code}: {_said(answer)}.")
        answered: dict[str, Any] = answer.json()
        return answered


def _log_in(client: Any, airflow: Airflow) -> str:
    if airflow.user is None or airflow.password is None:
        msg = "No login is known: set TELECO_AIRFLOW_USER and TELECO_AIRFLOW_PASSWORD, or TELECO_AIRFLOW_TOKEN."
        raise UnableToStartIncident(msg)
    answer = client.post("/auth/token", json={"username": airflow.user, "password": airflow.password})
    if answer.is_error:
        raise UnableToStartIncident(f"Airflow refused the login of {airflow.user} with {answer.status_code}.")
    return str(answer.json()["access_token"])


def _refuse_another(client: Any, run_id: str, conf: dict[str, Any]) -> None:
    """Tell a repetition from another notification under the same reference, which would be lost silently."""
    answer = client.get(f"/api/v2/dags/{DAG}/dagRuns/{quote(run_id)}")
    if answer.is_error or answer.json().get("conf") != conf:
        msg = f"The run {run_id} exists with another notification; give this one a reference of its own."
        raise UnableToStartIncident(msg)


def _said(answer: Any) -> str:
    """Return the reason that Airflow gives, cut before it quotes whole schemas."""
    try:
        detail = answer.json().get("detail", answer.text)
    except (ValueError, AttributeError):
        detail = answer.text
    text = detail if isinstance(detail, str) else json.dumps(detail)
    return " ".join(text.partition("Failed validating")[0].split())[:300].rstrip(". ")


def _read(file: Path) -> str | None:
    return file.read_text("utf-8").strip() if file.is_file() else None
