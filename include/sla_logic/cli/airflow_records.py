"""What Airflow has recorded, over its REST API: the variable that names its database, and the runs of the process."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from include.sla_logic.cli.airflow_api import PAGE, AirflowApi, UnableToReachAirflow, runs_of
from include.sla_logic.services.lost_tickets import DAG, FIRST, AirflowRun

VARIABLE = "sla_installation"


class RestNotebook:
    """The Airflow variable (`services.installation.Notebook`); writing it needs the right to change variables."""

    def __init__(self, api: AirflowApi) -> None:
        self._api = api

    def read(self) -> str | None:
        """Return the variable, None where there is none."""
        try:
            return str(self._api.call("GET", f"/api/v2/variables/{VARIABLE}")["value"])
        except UnableToReachAirflow as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return None

    def write(self, text: str) -> None:
        """Replace the variable, or create it."""
        body = {"key": VARIABLE, "value": text}
        if self.read() is None:
            self._api.call("POST", "/api/v2/variables", json=body)
        else:
            self._api.call("PATCH", f"/api/v2/variables/{VARIABLE}", json=body)


class RestRecords:
    """The runs of the process (`services.lost_tickets.Records`), page by page."""

    def __init__(self, api: AirflowApi) -> None:
        self._api = api

    def runs(self) -> Iterator[AirflowRun]:
        """Return every run, with the tickets that its conf names."""
        offset = 0
        while True:
            asked = {"limit": PAGE, "offset": offset, "order_by": "id"}
            page = self._api.call("GET", runs_of(DAG), params=asked)["dag_runs"]
            yield from (_run(one) for one in page)
            offset += len(page)
            if not page:
                return

    def first_state(self, run_id: str) -> str | None:
        """Return the state of the first task of a run."""
        return self._api.task_states(DAG, run_id).get(FIRST)

    def ticket(self, run_id: str) -> str | None:
        """Return the ticket that the first task has handed to Airflow, None where it has not."""
        path = f"{runs_of(DAG)}/{quote(run_id)}/taskInstances/{FIRST}/xcomEntries/return_value"
        answer = self._api.request("GET", path)
        value = answer.json().get("value") if answer.is_success else None
        return value if isinstance(value, str) else None


def _run(described: dict[str, Any]) -> AirflowRun:
    conf = described.get("conf") or {}
    named = conf.get("incidents") if isinstance(conf, dict) else None
    tickets = tuple(one for one in named if isinstance(one, str)) if isinstance(named, list) else ()
    return AirflowRun(described["dag_run_id"], described["state"], tickets)
