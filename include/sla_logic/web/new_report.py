"""A new problem report, from the form or over the API: the same check as every other way in, before a run exists."""

from collections.abc import Mapping
from typing import Any

from fastapi import HTTPException, Request
from starlette.concurrency import run_in_threadpool

from include.sla_logic.domain.calendars import UnableToReadInstant, read_instant
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.services import UseCases
from include.sla_logic.web.dependencies import Caller, DeskSettings

SUGGESTED = 200
_INSTANTS = ("observed_from", "observed_to", "reported_at")


def of_form(form: Mapping[str, str]) -> dict[str, Any]:
    """Return what the form says; browsers send a wall-clock time without the zone that the form names, UTC."""
    return {name: _in_utc(value) if name in _INSTANTS else value.strip() for name, value in form.items()}


async def start_report(
    request: Request, use_cases: UseCases, desk: DeskSettings, caller: Caller, conf: object
) -> tuple[str, ProblemNotification]:
    """Start a run with the report; raise `UnableToAcceptNotification` with every fault before a run exists."""
    if desk.start_run is None:
        raise HTTPException(501, "This desk cannot start runs.")
    notification = await run_in_threadpool(use_cases.intake.check, conf)
    run_id = await desk.start_run(request, notification.model_dump(mode="json", exclude_none=True))
    detail = f"{notification.symptom.value} of {notification.service} for {notification.customer}"
    await run_in_threadpool(use_cases.quarantine.note_entered, run_id, by=caller.name, detail=detail)
    return run_id, notification


def _in_utc(text: str) -> str:
    try:
        return read_instant(text.strip(), zone="UTC").isoformat()
    except UnableToReadInstant:
        return text
