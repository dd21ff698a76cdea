"""A desk that takes every caller for the same person; all of them share the routes, which take long to put together."""

from collections.abc import Callable

from fastapi import FastAPI, Request

from include.sla_logic.services import UseCases
from include.sla_logic.web import Caller, build_desk


def the_person(request: Request) -> Caller:
    caller: Caller = request.app.state.person
    return caller


def desk_as(person: Caller, open_use_cases: Callable[[], UseCases]) -> FastAPI:
    app = build_desk(open_use_cases, reader=the_person, writer=the_person)
    app.state.person = person
    return app
