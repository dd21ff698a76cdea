"""A new problem report, from the form or over the API: the same check as every other way in, before a run exists."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import HTTPException, Request
from starlette.concurrency import run_in_threadpool

from include.sla_logic.domain.calendars import read_instant
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.services import UseCases
from include.sla_logic.web.dependencies import Caller, DeskSettings
from include.sla_logic.web.translations import gettext

SUGGESTED = 200
ROWS = 3  # quantities on the form
_PARTS = ("metric", "value", "unit")
_OURS = frozenset({"zone", "anyway", *(f"{part}_{row}" for part in _PARTS for row in range(ROWS))})
_INSTANTS = ("observed_from", "observed_to", "reported_at")


def of_form(form: Mapping[str, str]) -> dict[str, Any]:
    """Return what the form says: wall-clock times are those of the zone that it names, quantities are a list."""
    zone = form.get("zone") or "UTC"
    told: dict[str, Any] = {
        name: _instant(value, zone) if name in _INSTANTS else value.strip()
        for name, value in form.items()
        if name not in _OURS
    }
    rows = [{part: form.get(f"{part}_{row}", "").strip() for part in _PARTS} for row in range(ROWS)]
    if quantities := [row for row in rows if row["value"] or row["metric"]]:
        told["parameters"] = quantities
    return told


async def start_report(
    request: Request, use_cases: UseCases, desk: DeskSettings, caller: Caller, conf: object
) -> tuple[str, ProblemNotification]:
    """Start a run with the report; raise `UnableToAcceptNotification` with every fault before a run exists."""
    if desk.start_run is None:
        raise HTTPException(501, gettext("This desk cannot start runs."))
    notification = await run_in_threadpool(use_cases.intake.check, conf)
    run_id = await desk.start_run(request, notification.model_dump(mode="json", exclude_none=True))
    detail = f"{notification.symptom.value} of {notification.service} for {notification.customer}"
    await run_in_threadpool(use_cases.quarantine.note_entered, run_id, by=caller.name, detail=detail)
    return run_id, notification


def _instant(text: str, zone: str) -> str:
    """Return the instant; what is no instant, or not one alone, is refused as it was entered: a time with its zone."""
    text = text.strip()
    try:
        return read_instant(text, zone=zone).isoformat()
    except ForeseenError:
        return f"{text} {zone}" if _is_time(text) else text


def _is_time(text: str) -> bool:
    """Tell whether it is a time by somebody's clock."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
