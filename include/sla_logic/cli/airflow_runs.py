"""Start and resume runs of the process over Airflow's REST API."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

from include.sla_logic.cli.airflow_api import PAGE, AirflowApi, UnableToReachAirflow
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.waiting_tickets import WAITING_TICKETS
from include.sla_logic.services.watchdog import ENDED, MOVING, UnableToResumeRun, lost_tasks

DAG = "sla_violation"
_LOCAL = Path(__file__).parents[3] / ".airflow" / "up"  # where `make up` keeps address and login


class UnableToStartIncident(ForeseenError):
    """No Airflow is known, or its run of this name belongs to another notification."""


class UnableToAnnounce(ForeseenError):
    """Tickets wait, and no run of the backlog could be started for them at once."""


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

    def api(self) -> AirflowApi:
        """Open the REST API."""
        return AirflowApi(self.url, user=self.user, password=self.password, token=self.token)


@dataclass(frozen=True)
class Started:
    """The run of an incident, and whether it existed before."""

    run_id: str
    link: str
    before: bool


def start(airflow: Airflow, conf: dict[str, Any], *, run_id: str) -> Started:
    """Start the run, or find it started before; raise `UnableToStartIncident` where it has another notification."""
    link = f"{airflow.url}/dags/{DAG}/runs/{quote(run_id)}"
    with airflow.api() as api:
        is_new = api.start_once(DAG, conf=conf, run_id=run_id)
        # Another notification under the same reference would be lost silently.
        if not is_new and api.run(DAG, run_id).get("conf") != conf:
            msg = f"The run {run_id} exists with another notification; give this one a reference of its own."
            raise UnableToStartIncident(msg)
    return Started(run_id, link, before=not is_new)


def announce_waiting(airflow: Airflow) -> None:
    """Let a run of `sla_backlog` start now; raise `UnableToAnnounce` where Airflow does not know how."""
    with airflow.api() as api:
        found = api.call("GET", "/api/v2/assets", params={"name_pattern": WAITING_TICKETS, "limit": PAGE})["assets"]
        asset = next((one["id"] for one in found if one["name"] == WAITING_TICKETS), None)
        if asset is None:
            msg = f"Airflow has no asset {WAITING_TICKETS}: the tickets wait for the next run of sla_backlog."
            raise UnableToAnnounce(msg)
        api.call("POST", "/api/v2/assets/events", json={"asset_id": asset, "extra": {}})


class RestRuns:
    """Runs as the watchdog sees them, over Airflow's REST API, with the rights of one person."""

    def __init__(self, airflow: Airflow) -> None:
        self._airflow = airflow

    def state(self, run_id: str) -> str | None:
        """Return the state of a run, None where it is gone."""
        with self._airflow.api() as api:
            try:
                return api.run_state(DAG, run_id)
            except UnableToReachAirflow as error:
                _raise_unless_gone(error)
                return None

    def waits_alone(self, run_id: str) -> bool:
        """Tell whether nothing but a deferred task keeps the run."""
        with self._airflow.api() as api:
            try:
                return MOVING.isdisjoint(api.task_states(DAG, run_id).values())
            except UnableToReachAirflow as error:
                _raise_unless_gone(error)
                return True

    def resume(self, run_id: str, conf: dict[str, Any]) -> str:
        """Clear all tasks of the run, where finished steps are not done again; start a run that was deleted.

        A run that has ended without tasks that somebody has deleted is deleted too: only a new one has them.
        """
        gone = "the run was gone"
        with self._airflow.api() as api:
            try:
                lost = self._lost_tasks(api, run_id)
                if not lost:
                    api.clear_run(DAG, run_id)
                    return "the run is cleared and goes on"
                api.delete_run(DAG, run_id)
                gone = f"the run had lost {', '.join(lost)}"
            except UnableToReachAirflow as error:
                _raise_unless_gone(error)
        try:
            start(self._airflow, conf, run_id=run_id)
        except (UnableToStartIncident, UnableToReachAirflow) as error:
            raise UnableToResumeRun(str(error)) from error
        return f"{gone} and is started again"

    @staticmethod
    def _lost_tasks(api: AirflowApi, run_id: str) -> tuple[str, ...]:
        if api.run_state(DAG, run_id) not in ENDED:
            return ()
        return lost_tasks(api.task_states(DAG, run_id))


def _raise_unless_gone(error: UnableToReachAirflow) -> None:
    """Turn a refusal into one run's failure; an Airflow that does not answer ends everything."""
    if error.status is None:
        raise error
    if error.status != HTTPStatus.NOT_FOUND:
        raise UnableToResumeRun(str(error)) from error


def _read(file: Path) -> str | None:
    return file.read_text("utf-8").strip() if file.is_file() else None
