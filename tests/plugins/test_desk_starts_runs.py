"""The desk starts a run under a name made of the report alone: no report can name another address or run."""

import asyncio
import json
import re
import sys
from types import SimpleNamespace
from typing import Any

import incident_desk
import pytest
from fastapi import HTTPException
from pydantic import ValidationError
from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import JSONResponse

from include.sla_logic.settings import UnableToReadSettings
from tests.hostile import FORGERS, TEXTS
from tests.services.sample import conf

LEGAL = re.compile(r"incident\.[A-Za-z0-9_.~:+-]+")


class Airflow:
    """Takes what the desk sends, and has or has not the run already, with this conf."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        self.bodies: list[dict[str, Any]] = []
        self.known: dict[str, Any] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        self.seen.append((request.method, scope["raw_path"].decode()))
        if request.method == "POST":
            self.bodies.append(json.loads(await request.body()))
            answer = JSONResponse({"dag_run_id": self.bodies[-1].get("dag_run_id")}, 200 if self.known is None else 409)
        else:
            answer = JSONResponse({"conf": self.known})
        await answer(scope, receive, send)


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch) -> Airflow:
    airflow = Airflow()
    monkeypatch.setitem(sys.modules, "airflow.api_fastapi.app", SimpleNamespace(cached_app=lambda: airflow))
    return airflow


def start(**changes: Any) -> str:
    request = SimpleNamespace(headers={"authorization": "Bearer x"}, base_url=URL("http://desk.example/incident-desk/"))
    return asyncio.run(incident_desk.start_run(request, conf(**changes)))  # type: ignore[arg-type]


@pytest.mark.parametrize("reference", ["..", ".", "a:b+c~d_e-f", "x" * 64, None])
def test_the_run_is_named_after_the_report_and_asked_for_at_its_own_address(
    airflow: Airflow, reference: str | None
) -> None:
    run_id = start(external_reference=reference)
    assert LEGAL.fullmatch(run_id)
    assert len(run_id) <= 250
    assert airflow.bodies[0]["dag_run_id"] == run_id
    assert airflow.seen == [("POST", "/api/v2/dags/sla_violation/dagRuns")]
    airflow.known = airflow.bodies[0]["conf"]
    assert start(external_reference=reference) == run_id
    assert airflow.seen[-1] == ("GET", f"/api/v2/dags/sla_violation/dagRuns/{run_id}")


def test_the_same_report_is_one_run_and_another_body_under_its_name_is_refused(airflow: Airflow) -> None:
    assert start() == start()
    assert start() != start(description="Something else.")
    airflow.known = {"customer": "C-2"}
    with pytest.raises(HTTPException, match="exists with another notification") as refused:
        start(external_reference="A-1")
    assert refused.value.status_code == 409


@pytest.mark.parametrize(
    "reference", [*TEXTS.values(), *(f"A{letter}" for letter in FORGERS.values()), "A\n", "A/../B", "x" * 65]
)
def test_a_reference_that_is_none_starts_nothing(airflow: Airflow, reference: str) -> None:
    with pytest.raises(ValidationError):
        start(external_reference=reference)
    assert airflow.seen == []


def test_large_uploads_are_read_by_a_run_that_the_caller_may_start(airflow: Airflow) -> None:
    request = SimpleNamespace(headers={"cookie": "x"}, base_url=URL("http://desk.example/incident-desk/"))
    asyncio.run(incident_desk.collect(request))  # type: ignore[arg-type]
    assert airflow.seen == [("POST", "/api/v2/dags/sla_collect/dagRuns")]
    assert airflow.bodies[0]["logical_date"] is None


@pytest.mark.parametrize(("said", "bytes_"), [(None, 5), ("", 5), ("1", 1), ("1073741824", 1024**3)])
def test_the_limit_of_uploads_is_a_number_of_bytes(said: str | None, bytes_: int) -> None:
    assert incident_desk.upload_bytes(said, 5) == bytes_


@pytest.mark.parametrize("said", ["0", "-1", "32 MiB", "1e9", "1073741825", "9" * 5_000, "²"])
def test_any_other_limit_of_uploads_is_refused(said: str) -> None:
    with pytest.raises(UnableToReadSettings, match="TELECO_UPLOAD_BYTES"):
        incident_desk.upload_bytes(said, 5)
