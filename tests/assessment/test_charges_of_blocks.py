"""A block is paid by the charge that was in force where it begins, also where outages count in part or are rounded."""

from decimal import Decimal

import pytest

from tests.assessment.provider import Provider
from tests.assessment.test_settlement import booked, close, complete
from tests.domain.sla.make import objective, text_of
from tests.state_machine.test_agreements_that_change import empty_database

DAY = {"kind": "credit", "block": "1 h", "rate": {"day": "in_period"}}
PER_BLOCK = {"kind": "day_per_block", "block": "1 h", "counts": "started", "days": "in_period"}
IN_PART = [("10-10T08:00:00", "10-10T18:00:00", "30"), ("10-20T08:00:00", "10-20T11:00:00", "100")]
SHORT = [("10-16T00:05:00", "10-16T00:55:00", "100")]
TOGETHER = {"on_agreement_change": "together", "claim": {"automatic": True}}


@pytest.mark.parametrize(
    ("rule", "outages", "counting", "paid"),
    [
        (DAY, IN_PART, {"partial_outages": "by_share"}, "90.00"),  # three of 10 EUR, three of 20
        (DAY | {"beyond": "2 h"}, IN_PART, {"partial_outages": "by_share"}, "70.00"),
        (PER_BLOCK, IN_PART, {"partial_outages": "by_share"}, "90.00"),
        (DAY | {"nearest": "1 h"}, SHORT, {}, "20.00"),
        (DAY | {"nearest": "1 h", "beyond": "20 min"}, SHORT, {}, "20.00"),
    ],
)
def test_a_block_is_paid_by_the_charge_where_it_begins(tmp_path, rule, outages, counting, paid):
    provider = Provider(tmp_path, empty_database())
    edition = 1 if rule is PER_BLOCK else 2
    stated = text_of(objective(rule), id="K-9", version="1", format=edition, counting=counting, **TOGETHER)
    provider.use_cases.imports.contracts([("own.yaml", stated)])
    assert provider.agree("A-1,K-1,S-1,K-9,1,2026-09-01,,310,EUR,B-1,") == []
    assert provider.agree("A-1,K-1,S-1,K-9,1,2026-09-01,,620,EUR,B-1,2026-10-16") == []
    rows = [f"S-1,O-{start},2026-{start}Z,2026-{end}Z,{hit}" for start, end, hit in outages]
    assert provider.bring("outages", "service,reference,started_at,ended_at,affected_percent\n" + "\n".join(rows)) == []
    complete(provider)
    close(provider)
    assert booked(provider) == {"2026-10": Decimal(paid)}
