"""What a route can ask for: the caller, the desk's settings and the use cases."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.services import UseCases


@dataclass(frozen=True)
class Caller:
    """A logged-in person with the roles and the mail address of their login, and whether they may change anything."""

    name: str
    may_write: bool = False
    roles: tuple[str, ...] = ()
    mail: str | None = None


StartRun = Callable[[Request, Mapping[str, Any]], Awaitable[str]]


@dataclass(frozen=True)
class DeskSettings:
    """What the desk was built with.

    `start_run` begins a run of the process with a notification and returns its run id. `prefix` is where the desk is
    mounted below Airflow, whose runs of `airflow_dag` it links to; None where there is no Airflow around it.
    `extra_run` names DAG and run of the extra process for an incident's run.
    """

    open_use_cases: Callable[[], UseCases]
    start_run: StartRun | None = None
    prefix: str = ""
    airflow_dag: str | None = None
    extra_run: Callable[[str], tuple[str, str]] | None = None


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
