"""Who asks: login and rights come from outside, by two dependencies that the desk is built with."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.services import UseCases


@dataclass(frozen=True)
class Caller:
    """A logged-in person, and whether she may change anything."""

    name: str
    may_write: bool = False


Starter = Callable[[Request, Mapping[str, Any]], Awaitable[str]]


@dataclass(frozen=True)
class Desk:
    """What every page stands on.

    `start` begins a run of the process with a notification and returns its run id. `prefix` is where the desk is
    mounted below Airflow, whose runs of `airflow_dag` it links to; None where there is no Airflow around it.
    `extra_run` names DAG and run of the extra process for an incident's run.
    """

    open_use_cases: Callable[[], UseCases]
    start: Starter | None = None
    prefix: str = ""
    airflow_dag: str | None = None
    extra_run: Callable[[str], tuple[str, str]] | None = None


class UnableToAdmit(ForeseenError):
    """The request comes without a caller; the desk was put together wrongly."""


def the_caller(request: Request) -> Caller:
    """Return who was admitted to this route."""
    caller = getattr(request.state, "caller", None)
    if not isinstance(caller, Caller):
        raise UnableToAdmit("No caller was admitted to this route.")
    return caller


def the_desk(request: Request) -> Desk:
    """Return what the desk was built with."""
    desk: Desk = request.app.state.desk
    return desk


def the_use_cases(request: Request) -> UseCases:
    """Open the use_cases for this request."""
    return the_desk(request).open_use_cases()


AsCaller = Annotated[Caller, Depends(the_caller)]
AtDesk = Annotated[Desk, Depends(the_desk)]
WithUseCases = Annotated[UseCases, Depends(the_use_cases)]
