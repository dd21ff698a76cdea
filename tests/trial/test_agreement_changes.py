"""Agreements that change in mid-month: the rows of the field, through import, judgement and the whole process."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.importers import KINDS, plain_mapping
from include.sla_logic.services import UseCases
from include.sla_logic.settings import Settings
from tests.clock import Clock
from tests.reference.walk import SECOND, walk

NOVEMBER = datetime(2026, 11, 5, 9, tzinfo=UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOVEMBER, tick=SECOND)


@pytest.fixture
def field(tmp_path: Path, clock: Clock, shared_data: Path) -> UseCases:
    """Load contracts, customers and agreements of the field files, and the outages of the case."""
    base, case = shared_data / "field_files" / "00-base", shared_data / "field_files" / "32-agreement-changes-mid-month"
    use_cases = UseCases(Settings(f"sqlite:///{tmp_path / 'teleco.db'}", tmp_path / "letters"), clock=clock)
    use_cases.work.migrate()
    use_cases.imports.contracts([(file.name, file.read_text("utf-8")) for file in sorted(base.glob("c-*.yaml"))])
    for kind, file in (
        ("customers", base / "customers.csv"),
        ("agreements", case / "agreements.csv"),
        ("agreements", case / "local-day.csv"),
        ("outages", case / "outages.csv"),
    ):
        bring(use_cases, kind, file)
    return use_cases


def bring(use_cases: UseCases, kind: str, file: Path) -> None:
    mapping = plain_mapping(kind, KINDS[kind].record.model_fields)
    report = use_cases.imports.records(
        file, kind=kind, mapping=mapping, as_of=date(2026, 11, 5), progress=lambda _rows: None
    )
    assert report.rejected == []


def booked(use_cases: UseCases, clock: Clock, customer: str, service: str, observed_from: str) -> Decimal:
    """Lead an incident through the whole process; return what was booked for it."""
    run = f"{service}-{observed_from[:10]}"
    conf = {
        "customer": customer,
        "service": service,
        "symptom": "service_down",
        "description": "Down.",
        "observed_from": observed_from,
    }
    walk(use_cases, clock, conf, run)
    case = use_cases.lookups.incident(run)
    assert case.adjustment is not None
    assert case.rebate is not None
    assert not case.rebate.held_for_approval
    return case.adjustment.booked.amount


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_an_upgrade_pays_each_outage_once_on_its_own_days(
    field: UseCases, clock: Clock, order: tuple[int, int]
) -> None:
    incidents = [("2026-10-10T08:10:00+00:00", Decimal("4.84")), ("2026-10-20T08:10:00+00:00", Decimal("10.32"))]
    for number in order:
        observed_from, owed = incidents[number]
        at = datetime.fromisoformat(observed_from)
        comparison = field.sla_status.assess("S-UP", at=at)
        assert comparison.credit_due is not None
        assert comparison.credit_due.amount == owed
        assert booked(field, clock, "K-1", "S-UP", observed_from) == owed


def test_an_outage_before_the_customer_came_is_not_paid(field: UseCases, clock: Clock) -> None:
    assert booked(field, clock, "K-2", "S-NEW", "2026-10-20T08:10:00+00:00") == 0
    budget = field.sla_status.budgets(["S-NEW"], as_of=datetime(2026, 10, 25, tzinfo=UTC))
    assert [(one.window.start, one.objectives[0].used_seconds) for one in budget] == [
        (datetime(2026, 10, 16, tzinfo=UTC), 0)
    ]


def test_half_an_hour_after_midnight_in_berlin_is_the_first_day(field: UseCases) -> None:
    first = datetime.fromisoformat("2026-10-16T00:30:00+02:00")
    comparison = field.sla_status.assess("S-LOC", at=first)
    assert comparison.window.start == datetime.fromisoformat("2026-10-16T00:00:00+02:00")
    assert comparison.window.end == calendar_window("month", "Europe/Berlin", first).end
