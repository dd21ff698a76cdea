"""Show the incident desk inside Airflow: in the navigation, and on each run of the process.

Every component of Airflow loads this file; only the api-server imports the desk itself, with the first request.
"""

import asyncio
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow.plugins_manager import AirflowPlugin

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from include.sla_logic.web.dependencies import Login

DAG, EXTRA, COLLECT = "sla_violation", "premium_problem_fix", "sla_collect"
UPLOAD_BYTES = "TELECO_UPLOAD_BYTES"  # environment: the most that a file may have that is uploaded at the desk
_LARGEST = 1024**3
PREFIX = "/incident-desk"
MOUNT = PREFIX.removeprefix("/")  # relative to Airflow's own address, which may have a path ([api] base_url)


class LazyDesk:
    """Build the desk with its first request."""

    def __init__(self) -> None:
        self._building: asyncio.Task[ASGIApp] | None = None

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Pass the request on; the imports take seconds, so a thread does them while Airflow answers other requests."""
        if self._building is None or (self._building.done() and self._building.exception()):
            self._building = asyncio.create_task(asyncio.to_thread(build))
        desk = await asyncio.shield(self._building)
        await desk(scope, receive, send)


def build() -> "ASGIApp":
    """Build the desk with Airflow's login and rights."""
    from include.sla_logic.domain.run_ids import premium_run_id
    from include.sla_logic.web import build_desk
    from include.sla_logic.web.dependencies import UPLOAD_BYTES as OTHERWISE
    from sla_airflow.runtime import open_use_cases

    reader, writer, login = logins()
    return build_desk(
        open_use_cases,
        reader=reader,
        writer=writer,
        login=login,
        start=start_run,
        prefix=PREFIX,
        airflow_dag=DAG,
        extra_run=lambda run_id: (EXTRA, premium_run_id(run_id)),
        start_for_partner=start_run_for_partner,
        collect=collect,
        upload_bytes=upload_bytes(os.environ.get(UPLOAD_BYTES), OTHERWISE),
    )


def logins() -> tuple["Login", "Login", "Login"]:
    """Return the logins of those who may see runs, of those who may start one, and of everybody, with both rights."""
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
    from airflow.api_fastapi.core_api.security import get_user
    from fastapi import Depends, HTTPException

    from include.sla_logic.web import Caller

    def allowed(user: Any, method: Any) -> bool:
        try:
            return get_auth_manager().is_authorized_dag(
                method=method, access_entity=DagAccessEntity.RUN, details=DagDetails(id=DAG), user=user
            )
        except KeyError as error:  # a signed token may name a role that Airflow no longer knows
            raise HTTPException(403, f"Airflow does not know the role {error}; log in again.") from error

    def reader(user: Any = Depends(get_user)) -> Caller:  # noqa: B008 - FastAPI's way to ask for it
        if not allowed(user, "GET"):
            raise HTTPException(403, f"You may not see the runs of {DAG}.")
        return Caller(name=user.get_name(), may_write=allowed(user, "POST"), roles=roles_of(user), mail=mail_of(user))

    def writer(user: Any = Depends(get_user)) -> Caller:  # noqa: B008 - FastAPI's way to ask for it
        if not allowed(user, "POST"):
            raise HTTPException(403, f"You may not start runs of {DAG}, so you may not change incidents either.")
        return Caller(name=user.get_name(), may_write=True, roles=roles_of(user), mail=mail_of(user))

    def login(user: Any = Depends(get_user)) -> Caller:  # noqa: B008 - FastAPI's way to ask for it
        return Caller(user.get_name(), allowed(user, "POST"), allowed(user, "GET"), roles_of(user))

    return reader, writer, login


def upload_bytes(said: str | None, otherwise: int) -> int:
    """Return the most that an uploaded file may have; raise `UnableToReadSettings` where the setting is no number."""
    from include.sla_logic.settings import UnableToReadSettings

    if not said:
        return otherwise
    if not (said.isascii() and said.isdigit() and 0 < int(said[:12]) <= _LARGEST):
        raise UnableToReadSettings(f"{UPLOAD_BYTES} is {said[:40]!r}: write a number of bytes, {_LARGEST} at most.")
    return int(said)


def roles_of(user: Any) -> tuple[str, ...]:
    """Return the names of a user's roles: one with Airflow's simple login, several objects with the FAB one."""
    roles = [role for role in (getattr(user, "role", None), *(getattr(user, "roles", None) or ())) if role]
    return tuple(str(getattr(role, "name", role)).lower() for role in roles)


def mail_of(user: Any) -> str | None:
    """Return the mail address of a user: FAB's login knows it, Airflow's simple one does not."""
    mail = getattr(user, "email", None)
    return mail if isinstance(mail, str) and mail else None


async def start_run(request: "Request", notification: Mapping[str, Any]) -> str:
    """Start a run through Airflow's REST API with the caller's own login, so that Airflow checks their rights."""
    import httpx
    from airflow.api_fastapi.app import cached_app
    from fastapi import HTTPException

    from include.sla_logic.domain.notification import ProblemNotification
    from include.sla_logic.domain.run_ids import run_id_of

    passed = {name: request.headers[name] for name in ("authorization", "cookie") if name in request.headers}
    run_id = run_id_of(ProblemNotification.model_validate(dict(notification)))
    body = {
        "dag_run_id": run_id,  # a form that is sent twice is one run
        "conf": dict(notification),
        "logical_date": None,
        "note": f"entered at the desk for {notification['customer']}",
    }
    transport = httpx.ASGITransport(app=cached_app())
    async with httpx.AsyncClient(transport=transport, base_url=str(request.base_url.replace(path=""))) as client:
        answer = await client.post(f"/api/v2/dags/{DAG}/dagRuns", json=body, headers=passed)
        if answer.status_code == httpx.codes.CONFLICT:
            there = await client.get(f"/api/v2/dags/{DAG}/dagRuns/{run_id}", headers=passed)
            if there.status_code == httpx.codes.OK and there.json()["conf"] == body["conf"]:
                return run_id
            raise HTTPException(409, f"The run {run_id} exists with another notification.")
    if answer.status_code != httpx.codes.OK:
        raise HTTPException(502 if answer.is_server_error else answer.status_code, "Airflow did not start the run.")
    return str(answer.json()["dag_run_id"])


async def start_run_for_partner(request: "Request", notification: Mapping[str, Any]) -> str:
    """Start a run for a partner: they have no right in Airflow, and the open APIs have checked what they may report."""
    from starlette.concurrency import run_in_threadpool

    return await run_in_threadpool(trigger_run, dict(notification), user=request.state.caller.name)


def trigger_run(conf: dict[str, Any], *, user: str) -> str:
    """Start a run in Airflow's own database, once for each report."""
    from airflow.api.common.trigger_dag import trigger_dag
    from airflow.exceptions import DagRunAlreadyExists
    from airflow.models import DagRun
    from airflow.utils.types import DagRunTriggeredByType
    from fastapi import HTTPException
    from sqlalchemy.exc import IntegrityError

    from include.sla_logic.domain.notification import ProblemNotification
    from include.sla_logic.domain.run_ids import run_id_of

    run_id = run_id_of(ProblemNotification.model_validate(conf))
    note = f"reported over the open APIs for {conf['customer']}"
    try:
        how = DagRunTriggeredByType.REST_API
        trigger_dag(DAG, run_id=run_id, conf=conf, triggered_by=how, triggering_user_name=user, note=note)
    except (DagRunAlreadyExists, IntegrityError) as error:
        known = DagRun.find_duplicate(dag_id=DAG, run_id=run_id)
        if known is None or known.conf != conf:
            raise HTTPException(409, f"The run {run_id} exists with another notification.") from error
    return run_id


async def collect(request: "Request") -> None:
    """Let `sla_collect` read the uploads now, with the caller's own login; otherwise it does so on its schedule."""
    import httpx
    from airflow.api_fastapi.app import cached_app
    from fastapi import HTTPException

    passed = {name: request.headers[name] for name in ("authorization", "cookie") if name in request.headers}
    transport = httpx.ASGITransport(app=cached_app())
    async with httpx.AsyncClient(transport=transport, base_url=str(request.base_url.replace(path=""))) as client:
        body = {"logical_date": None, "note": "a file was uploaded at the desk"}
        answer = await client.post(f"/api/v2/dags/{COLLECT}/dagRuns", json=body, headers=passed)
    if answer.status_code != httpx.codes.OK:
        raise HTTPException(502 if answer.is_server_error else answer.status_code, f"No run of {COLLECT} was started.")


class IncidentDesk(AirflowPlugin):
    """Register the desk with its two views."""

    name = "incident_desk"
    fastapi_apps = [  # noqa: RUF012 - as Airflow wants it
        {"app": LazyDesk(), "url_prefix": PREFIX, "name": "Incident desk"}
    ]
    external_views = [  # noqa: RUF012 - as Airflow wants it
        {
            "name": "Incidents",  # as long as Airflow's navigation shows whole
            "href": f"{MOUNT}/",
            "destination": "nav",
            "url_route": "incident-desk",
            "icon": f"{MOUNT}/assets/desk.svg",
            "icon_dark_mode": f"{MOUNT}/assets/desk-dark.svg",
            "nav_top_level": True,
        },
        {
            "name": "Incident",
            "href": f"{MOUNT}/runs/{{RUN_ID}}",
            "destination": "dag_run",
            "url_route": "incident",
            "icon": f"{MOUNT}/assets/desk.svg",
            "icon_dark_mode": f"{MOUNT}/assets/desk-dark.svg",
        },
    ]
