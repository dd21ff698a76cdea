"""Business tables with service hours, and what counts them minute by minute, without our code."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from include.sla_logic.domain.policies import Policies, read_policies
from include.sla_logic.persistence import case_file, sla_clocks
from tests.fakes import policy_texts

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WORKING_HOURS = [{"opens": "09:00", "closes": "17:00"}]
_READERS: tuple[ModuleType, ...] = (case_file, sla_clocks)


def with_tables(**changes: Mapping[str, Any]) -> Policies:
    """Read the tables in force, some of them with fields of their own."""
    texts = dict(policy_texts())
    for name, fields in changes.items():
        texts[name] = yaml.safe_dump({**yaml.safe_load(texts[name]), **fields})
    return read_policies(texts)


def use_tables(monkeypatch: pytest.MonkeyPatch, **changes: Mapping[str, Any]) -> Policies:
    """Let these tables be in force."""
    tables = with_tables(**changes)
    for reader in _READERS:
        monkeypatch.setattr(reader, "policies_in_force", lambda: tables)
    return tables


def is_open(moment: datetime, hours: Iterable[Mapping[str, Any]], holidays: Iterable[date], zone: str) -> bool:
    """Tell whether the local time of the zone lies in the hours."""
    local = moment.astimezone(ZoneInfo(zone))
    now = local.hour * 60 + local.minute
    return any(
        DAYS[local.weekday()] in one.get("days", DAYS[:5])
        and _shown(one["opens"]) <= now < _shown(one["closes"])
        and (one.get("on_holidays", False) or local.date() not in holidays)
        for one in hours
    )


def _shown(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def minutes(start: datetime, end: datetime) -> Iterable[datetime]:
    """Go from minute to minute."""
    for step in range(int((end - start).total_seconds()) // 60):
        yield start + timedelta(minutes=step)
