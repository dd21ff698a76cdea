"""What a route can ask for: the caller, the desk's settings and the use cases."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.services import UseCases
from include.sla_logic.services.open_apis import UnableToReadOpenApis

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Caller:
    """A logged-in person with roles and mail address, and what they may do at the desk: change, or only read.

    A partner may do neither: they are let into the open APIs alone.
    """

    name: str
    may_write: bool = False
    may_read: bool = True
    roles: tuple[str, ...] = ()
    mail: str | None = None


Login = Callable[..., Any]  # a FastAPI dependency that returns a Caller or refuses
StartRun = Callable[[Request, Mapping[str, Any]], Awaitable[str]]
Collect = Callable[[Request], Awaitable[None]]
UPLOAD_BYTES = 32 * 1024**2  # of a file, where no setting says another limit


@dataclass(frozen=True)
class DeskSettings:
    """What the desk was built with.

    `start_run` begins a run of the process with a notification and returns its run id. `prefix` is where the desk is
    mounted below Airflow, whose runs of `airflow_dag` it links to; None where there is no Airflow around it.
    `extra_run` names DAG and run of the extra process for an incident's run. `start_for_partner` begins a run for
    somebody who has no rights in Airflow. `collect` lets uploads be worked on at once that are too large to be read
    while a person waits; `upload_bytes` is the most that a file may have.
    """

    open_use_cases: Callable[[], UseCases]
    start_run: StartRun | None = None
    prefix: str = ""
    airflow_dag: str | None = None
    extra_run: Callable[[str], tuple[str, str]] | None = None
    start_for_partner: StartRun | None = None
    collect: Collect | None = None
    upload_bytes: int = UPLOAD_BYTES


def remember(login: Login) -> Callable[..., Any]:
    """Return the dependency that asks for the login and keeps the caller for what the route asks."""

    async def remembered(request: Request, caller: Caller = Depends(login)) -> None:  # noqa: B008 - given at build
        request.state.caller = caller

    return remembered


class UnableToIdentifyCaller(ForeseenError):
    """The route was added without a login."""


def get_caller(request: Request) -> Caller:
    """Return the person whose login was accepted for this route."""
    caller = getattr(request.state, "caller", None)
    if not isinstance(caller, Caller):
        raise UnableToIdentifyCaller("This route was added without a login.")
    return caller


def get_desk(request: Request) -> DeskSettings:
    """Return what the desk was built with."""
    desk: DeskSettings = request.app.state.desk
    return desk


def get_use_cases(request: Request) -> UseCases:
    """Open the use cases for this request."""
    return get_desk(request).open_use_cases()


CurrentCaller = Annotated[Caller, Depends(get_caller)]
CurrentDesk = Annotated[DeskSettings, Depends(get_desk)]
WithUseCases = Annotated[UseCases, Depends(get_use_cases)]


def refuse_partners(caller: CurrentCaller, use_cases: WithUseCases) -> None:
    """Refuse a partner, whatever rights they have in Airflow; those decide alone while the file cannot be read."""
    try:
        partners = use_cases.open_apis.settings().partners
    except UnableToReadOpenApis as error:
        log.error("%s The desk asks for rights in Airflow alone until it is corrected.", error)  # noqa: TRY400
        return
    if caller.name in partners:
        raise HTTPException(403, "You are a partner: use the open APIs, below /tmf-api/.")
