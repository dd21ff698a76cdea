"""First tiers cost the same for a page of tickets at once as one by one, judged on all that was ever credited."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from benchmarks.desk import credit
from include.sla_logic.domain.credit import left_of_cap
from include.sla_logic.domain.measurements import Charges, ServiceFacts
from include.sla_logic.domain.sla import compare
from include.sla_logic.persistence.contract_texts import find_contract, load_contract
from include.sla_logic.persistence.contracts import ContractRegister, UnableToFindRecord
from include.sla_logic.persistence.counted_credits import counted_credits
from include.sla_logic.persistence.exposure import Uncompared, assume_exposure
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.persistence.schema.columns import to_minor_units
from tests.reference.conftest import ANCHOR

YEARLY = """
id: yearly
version: "{version}"
title: Yearly cap
zone: Europe/Berlin
currency: EUR
{window}
charge_base: recurring
cap: {{share: 0.8%, over: year}}
claim: {{automatic: true}}
objectives:
  - id: availability
    metric: availability
    target: 99.5
    rule:
      kind: tiers
      tiers:
        - {{at_least: 99.5, credit: 0%}}
        - {{at_least: 98.0, below: 99.5, credit: 5%}}
        - {{below: 98.0, credit: 20%}}
"""


def one_by_one(connection, ticket, *, now):
    """Judge one ticket as slowly as can be: nothing is shared, and all credits of its service are read."""
    register = ContractRegister(connection=connection)
    try:
        agreement = register.agreement(ticket.customer, ticket.service, at=ticket.at)
    except UnableToFindRecord:
        return None
    contract = find_contract(connection, agreement.contract, agreement.contract_version).begun_on(agreement.starts)
    credited = counted_credits(connection, ticket.customer, ticket.service)
    charges, window = Charges(recurring=agreement.monthly_charge), contract.window_at(ticket.at)
    facts = ServiceFacts(service=ticket.service, charges=charges, agreements=register.agreed_times(agreement))
    judged_in = compare(contract, facts, window=window, as_of=window.start).window
    facts = facts.model_copy(update={"credited": tuple(one for one in credited if one.window != judged_in)})
    found = compare(contract, facts, window=window, as_of=window.start)
    tiers = [one for one in found.objectives if one.seconds_to_next_tier is not None and one.next_tier_costs]
    if found.window.end <= now or not tiers:
        return None
    cost = min(tiers, key=lambda one: one.seconds_to_next_tier).next_tier.costs_more
    return cost if found.cap is None else min(cost, left_of_cap(found.cap, found.cap_window, credited))


def scatter(dice, agreements):
    """Return credits of windows before, within and across those that are judged, of a day, a month or a quarter."""
    states = ("booked", "posted", "held", "declined")
    for n in range(len(agreements) * 6):
        agreement = agreements[n % len(agreements)]
        start = datetime(2026, dice.randint(1, 12), dice.choice((1, 1, 15)), tzinfo=UTC)
        start -= dice.choice((timedelta(0), timedelta(hours=1), timedelta(hours=2)))  # midnights of other zones
        named = {"customer": agreement.customer, "service": agreement.service, "state": dice.choice(states)}
        end = start + timedelta(days=dice.choice((1, 30, 31, 92)))
        yield (
            credit(n, agreement.id)
            | named
            | {
                "window_start": start,
                "window_end": end,
                "amount": dice.choice((0, 50, 700, 4_000, 9_000)),
                "currency": dice.choice(("EUR", "EUR", "EUR", "USD")),
            }
        )


@pytest.mark.parametrize("seed", range(6))
def test_a_page_of_tickets_has_the_same_at_stake_as_each_alone(connection, seed):
    dice = random.Random(seed)  # noqa: S311 - seeded
    for version, window in (("1", "window: month"), ("2", "window_from: agreement")):
        load_contract(connection, YEARLY.format(version=version, window=window), name="yearly", now=ANCHOR)
    ids = sorted(connection.scalars(select(t.agreements.c.id)))
    for n, one in enumerate(ids):
        if n % 3 != seed % 3:
            values = {"contract": "yearly", "contract_version": str(dice.randint(1, 2)), "currency": "EUR"}
            connection.execute(update(t.agreements).where(t.agreements.c.id == one).values(values))
    agreements = connection.execute(select(t.agreements).order_by(t.agreements.c.id)).all()
    connection.execute(insert(applied_billing_credits), list(scatter(dice, agreements)))
    tickets = [
        Uncompared(n, one.customer, one.service, ANCHOR + timedelta(days=dice.choice((-70, -30, -8, 0, 0, 0, 20))))
        for n, one in enumerate(dice.choices(agreements, k=50))
    ]
    tickets.append(Uncompared(len(tickets), "C-nobody", "S-none", ANCHOR))
    slowly = {one.number: one_by_one(connection, one, now=ANCHOR) for one in tickets}
    wanted = {number: cost for number, cost in slowly.items() if cost is not None}
    assert len({to_minor_units(cost) for cost in wanted.values()}) > 3
    for _ in range(2):  # what was judged before, too
        assert assume_exposure(connection, tickets, now=ANCHOR) == wanted
