"""Moments as people type them at the terminal."""

from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from include.sla_logic.cli import credit
from include.sla_logic.cli.period import read_instant
from include.sla_logic.domain.calendars import UnableToReadInstant


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2025-04-10", datetime(2025, 4, 10, tzinfo=UTC)),
        ("2025-04-10T08:00", datetime(2025, 4, 10, 8, tzinfo=UTC)),
        ("2025-04-10T08:00:00+02:00", datetime(2025, 4, 10, 6, tzinfo=UTC)),
    ],
)
def test_a_day_begins_at_midnight_and_a_moment_without_an_offset_is_of_utc(text, moment):
    assert read_instant(text) == moment


def test_a_claim_at_no_moment_is_refused_with_what_to_write():
    refused = (
        CliRunner().invoke(credit.app, ["claim", "TT-000001:20250401T0000", "--claimed-at", "2025-04-31"]).exception
    )
    assert isinstance(refused, UnableToReadInstant)
    assert str(refused) == "'2025-04-31' is no instant: write 2025-04-10 or 2025-04-10T08:00:00Z."
