"""What was credited to many customers' services is read together as it is for each alone."""

import pytest
from sqlalchemy import insert, select

from benchmarks.desk import credit
from include.sla_logic.persistence import counted_credits
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.accounts import applied_billing_credits


@pytest.mark.parametrize("part", [1, 2, 50])
def test_each_has_its_own_credits_also_when_several_are_read(connection, monkeypatch, part):
    monkeypatch.setattr(counted_credits, "PART", part)
    agreement = connection.scalars(select(t.agreements.c.id)).first()
    pairs = [(customer, service) for customer in ("C-a", "C-b", "C-c") for service in ("S-a", "S-b")]
    rows = [credit(n, agreement) | dict(zip(("customer", "service"), pairs[n % 6], strict=True)) for n in range(1, 24)]
    connection.execute(insert(applied_billing_credits), rows)
    asked = [*pairs[:3], pairs[5], ("C-none", "S-a")]
    found = counted_credits.credit_histories(connection, asked)
    booked = {pair: {f"F{n}" for n in range(1, 24) if pairs[n % 6] == pair} for pair in pairs}
    assert {pair: {one.reference for one in history.credited} for pair, history in found.items()} == {
        pair: booked.get(pair, set()) for pair in asked
    }
    assert counted_credits.credit_histories(connection, []) == {}
