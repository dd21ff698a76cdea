"""Promised days and the days on which they were kept, however a case names them."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from include.sla_logic.domain.measurements import Delay
from tests.acceptance.case_object import CaseObject, UnableToTranslate

_SUFFIX = r"(_(date|day|at|on))?"
_DUE = rf"(due|promised|agreed|committed|planned)(_(activation|installation|delivery))?{_SUFFIX}"
_REPORTED = rf"(fault|reported|report|fault_reported){_SUFFIX}"
_DONE = (
    rf"(done|fixed|restored|repaired|resolved|closed|completed|activated|active|installed|delivered|connected){_SUFFIX}"
)
_OF_DELAYS = ("fixed_per_day", "daily_rate")


def day_of(text: str, zone: str) -> date:
    """Read a day; of an instant, the day in the zone."""
    if len(text) == len("2025-01-01"):
        return date.fromisoformat(text)
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise UnableToTranslate(f"{text} names no offset")
    return instant.astimezone(ZoneInfo(zone)).date()


def given_days(case: CaseObject) -> Iterator[date]:
    """Return the days that a case without a window tells of."""
    for pattern in (_REPORTED, _DUE, _DONE):
        if isinstance(text := case.value(pattern), str):
            yield day_of(text, case["timezone"])


def delays(entry: CaseObject, case: CaseObject) -> list[Delay]:
    """Return the delay that the case tells of; one without a promised day is no delay of nothing."""
    if entry["rule"] not in _OF_DELAYS:
        return []
    kind = case.get("kind") or "delay"
    if "days_late" in case:
        return [Delay(kind=kind, days_late=case["days_late"])]
    due = case.value(_REPORTED) if _has_grace(entry, kind) else None
    due = due or case.value(_DUE) or case.value(_REPORTED)
    there, done = case.find(_DONE)
    if due is None or not (there or case.get("as_of")):
        raise UnableToTranslate(f"the case tells neither days late nor both days of the {kind}")
    return [Delay(kind=kind, due=_day(due, case), done=_day(done, case))]


def _has_grace(entry: CaseObject, kind: str) -> bool:
    return "grace_working_days" in entry and bool(entry["grace_working_days"].get(kind))


def _day(text: Any, case: CaseObject) -> date | None:
    return None if text is None else day_of(text, case["timezone"])
