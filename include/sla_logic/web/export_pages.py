"""What leaves as a file beside the reports: the process log of a month, what a window is judged by, samples."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, time
from tempfile import TemporaryFile
from typing import Literal, TextIO

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from include.sla_logic.domain.errors import InvalidInputError
from include.sla_logic.domain.facts_export import write_facts
from include.sla_logic.domain.instants import read_day
from include.sla_logic.web.dependencies import WithUseCases
from include.sla_logic.web.errors import DeskRoute
from include.sla_logic.web.parameters import Text

router = APIRouter(route_class=DeskRoute, include_in_schema=False)
_PART = 64 * 1024
LogForm = Literal["ocel2", "xes", "csv"]
_ENDINGS = {"ocel2": ("json", "application/json"), "xes": ("xes", "application/xml"), "csv": ("csv", "text/csv")}


class UnableToReadDay(InvalidInputError):
    """The day of a window is none."""


def as_file(name: str) -> dict[str, str]:
    """Return the header of an answer that is kept as a file of this name and never shown as a page."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}


@router.get("/files/samples/{kind}.csv")
def sample(use_cases: WithUseCases, kind: str) -> Response:
    """Return a file that shows how one kind of import is written."""
    found = use_cases.imports.kind(kind)
    return Response(found.sample(), media_type="text/csv; charset=utf-8", headers=as_file(f"{found.name}.csv"))


@router.get("/files/mappings/{name}.yaml")
def mapping(use_cases: WithUseCases, name: str) -> Response:
    """Return a shipped mapping as it is written: one of your own may begin with it."""
    text = use_cases.imports.shipped_mapping(name)
    return Response(text, media_type="application/yaml; charset=utf-8", headers=as_file(f"{name}.yaml"))


@router.get("/files/process-log")
def process_log(use_cases: WithUseCases, month: Text, form: LogForm = "ocel2") -> Response:
    """Return the process log of the incidents reported in a month, with pseudonyms and without texts."""
    ending, kind = _ENDINGS[form]
    with ExitStack() as failing:
        # A file without a name: gone with the answer, however it ends.
        kept = failing.enter_context(TemporaryFile("w+", encoding="utf-8", newline=""))
        use_cases.process_log.write_month(kept, form, month)
        failing.pop_all()
    kept.seek(0)
    return StreamingResponse(_parts(kept), media_type=kind, headers=as_file(f"process-log-{month}.{ending}"))


def _parts(file: TextIO) -> Iterator[str]:
    with file:
        while part := file.read(_PART):
            yield part


@router.get("/files/facts")
def facts(use_cases: WithUseCases, service: Text, day: Text = "") -> Response:
    """Return the outages, samples and all else that the window of a day, or of now, is judged by."""
    found = None if not day else read_day(day)
    if day and found is None:
        raise UnableToReadDay(f"{day!r} is no day; write it as 2026-10-05.")
    at = None if found is None else datetime.combine(found, time(), UTC)
    assessed = use_cases.sla_status.assess_with_facts(service, at=at)
    window = assessed.comparison.contract_window or assessed.comparison.window
    written = write_facts(assessed.facts, window)
    return Response(written, media_type="application/json", headers=as_file("facts.json"))
