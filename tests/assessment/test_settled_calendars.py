"""A window is settled by the calendar of its contract: hours that clocks skip or repeat, leap days, far zones."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from tests.assessment.provider import Provider
from tests.assessment.test_settlement import booked_of, close, complete
from tests.state_machine.test_agreements_that_change import empty_database


@pytest.mark.parametrize(
    ("zone", "year", "month", "hours"),
    [
        ("Europe/Berlin", 2026, 3, 743),
        ("Europe/Berlin", 2026, 10, 745),
        ("America/Los_Angeles", 2026, 3, 743),
        ("Australia/Lord_Howe", 2026, 4, 720.5),
        ("Pacific/Kiritimati", 2026, 2, 672),
        ("Pacific/Pago_Pago", 2024, 2, 696),
        ("America/Asuncion", 2017, 10, 743),  # its first midnight is skipped
    ],
)
def test_a_second_of_a_month_decides_whatever_its_clocks_do(tmp_path, zone, year, month, hours):
    """Fail for 0.1 % of the month from its first second, and for one second more; what lies before it is not agreed."""
    local = ZoneInfo(zone)
    start, end = (datetime(year, number, 1, tzinfo=local).astimezone(UTC) for number in (month, month + 1))
    seconds = int(hours * 3600)
    assert (end - start).total_seconds() == seconds
    provider = Provider(tmp_path, empty_database(), zone=zone)
    for number, down in enumerate((seconds // 1000, seconds // 1000 + 1), 1):
        name = f"S-{number}"
        assert provider.agree(f"A-{number},K-1,{name},K-1,1,{year}-{month:02}-01,,100,EUR,B-1,") == []
        times = f"{(start - timedelta(seconds=100)).isoformat()},{(start + timedelta(seconds=down)).isoformat()}"
        assert provider.bring("outages", f"service,reference,started_at,ended_at\n{name},O,{times}\n") == []
    complete(provider, end)
    close(provider, at=end + timedelta(days=3, seconds=-1))
    assert provider.use_cases.settlement.windows().windows == []
    close(provider, at=end + timedelta(days=3))
    assert [one.window.end for one in provider.use_cases.settlement.windows().windows] == [end, end]
    assert (booked_of(provider, "S-1"), list(booked_of(provider, "S-2").values())) == ({}, [Decimal("10.00")])
    [period] = provider.use_cases.settlement_views.windows(month=f"{year}-{month:02}", size=1).rows
    assert period.window.start == start
