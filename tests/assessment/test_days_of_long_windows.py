"""A day's charge of a month, in a window of several months: of the month in which the unit or the block begins."""

from decimal import Decimal

import pytest

from tests.assessment.provider import Provider
from tests.assessment.test_settlement import booked, close, complete
from tests.domain.sla.make import objective, text_of
from tests.state_machine.test_agreements_that_change import empty_database

BY_DAY = {"kind": "credit", "for_each": "day", "rate": {"day": "in_period"}}
BY_BLOCK = {"kind": "credit", "block": "1 h", "rate": {"day": "in_period"}}
PER_BLOCK = {"kind": "day_per_block", "block": "1 h", "counts": "started", "days": "in_period"}
OCTOBER, NOVEMBER = ("10-10T08:00:00", "10-10T10:00:00"), ("11-10T08:00:00", "11-10T11:00:00")


@pytest.mark.parametrize("joined", ["2026-09-01", "2026-11-01"])
@pytest.mark.parametrize(
    ("rule", "outages", "paid"),
    [
        (BY_DAY, [NOVEMBER], "10.33"),
        (BY_DAY | {"for_each": "event"}, [NOVEMBER], "10.33"),
        (BY_BLOCK, [NOVEMBER], "31.00"),
        (PER_BLOCK, [NOVEMBER], "31.00"),
    ],
)
def test_a_day_is_worth_the_same_whenever_the_customer_joined(tmp_path, rule, outages, paid, joined):
    assert paid_for(tmp_path, rule, outages, joined) == Decimal(paid)


@pytest.mark.parametrize(("rule", "paid"), [(BY_DAY, "20.33"), (BY_BLOCK, "51.00"), (PER_BLOCK, "51.00")])
def test_each_is_paid_by_the_days_of_its_own_month(tmp_path, rule, paid):
    assert paid_for(tmp_path, rule, [OCTOBER, NOVEMBER], "2026-09-01") == Decimal(paid)


def paid_for(folder, rule, outages, joined) -> Decimal:
    """Settle the last quarter of 2026 for a customer who pays 310 EUR a month since then; return what is booked."""
    provider = Provider(folder, empty_database())
    terms = {"window": "quarter", "claim": {"automatic": True}, "format": 1 if rule is PER_BLOCK else 2}
    stated = text_of(objective(rule), id="K-9", version="1", **terms)
    provider.use_cases.imports.contracts([("own.yaml", stated)])
    assert provider.agree(f"A-1,K-1,S-1,K-9,1,{joined},,310,EUR,B-1,") == []
    rows = [f"S-1,O-{start},2026-{start}Z,2026-{end}Z" for start, end in outages]
    assert provider.bring("outages", "service,reference,started_at,ended_at\n" + "\n".join(rows)) == []
    complete(provider)
    close(provider)
    [amount] = booked(provider).values()
    return amount
