"""What a day's charge is: of windows of no, one and more local days, of each period that a charge may be of."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from include.sla_logic.domain.measurements import Charges
from include.sla_logic.domain.period import Period
from tests.domain.sla.make import at, contract, euros, facts, judge, objective, outage

DAY = objective({"kind": "credit", "rate": {"day": "in_period"}, "at_most": "100%"})
START = at("2025-04-10")


@pytest.mark.parametrize(("hours", "paid"), [(6, "840"), (24, "840"), (48, "420"), (72, "280"), (30 * 24, "28")])
def test_a_day_of_a_usage_is_one_of_the_days_that_used_it_and_at_least_the_whole(hours: int, paid: str) -> None:
    window = Period(start=START, end=START + timedelta(hours=hours))
    known = facts(outage("2025-04-10 01:00", "2025-04-10 02:00"), charges=Charges(usage=euros("840.00")))
    assert judge(contract(DAY, charge_base="usage"), known, window=window).credit_due == euros(f"{paid}.00")


@pytest.mark.parametrize(
    ("charge", "paid"),
    [
        ({"recurring": "720.00"}, "24.00"),  # of April
        ({"recurring": "720.00", "days": 360}, "2.00"),
        ({"recurring": "9100.00", "per": "quarter"}, "100.00"),  # of April, May and June
        ({"recurring": "36500.00", "per": "year"}, "100.00"),
    ],
)
def test_a_day_of_a_recurring_charge_is_one_of_its_own_period(charge: dict[str, Any], paid: str) -> None:
    amounts = charge | {"recurring": euros(charge["recurring"])}
    found = judge(contract(DAY), facts(outage("2025-04-10 01:00", "2025-04-10 02:00"), charges=Charges(**amounts)))
    assert found.credit_due is not None
    assert found.credit_due.amount == Decimal(paid)
