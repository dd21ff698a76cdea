"""`sla doctor` judges again what was credited: each fault that was once booked in silence is seeded and seen."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert, update

from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.services.owed_now import credited_beyond_owed
from tests.cohorts.counting import counted
from tests.reliability.test_windows_paid_once import credit

CONTRACT = """
id: bug-month
version: "1"
title: Availability of the month
provider: Small TELECO
service_class: silver
zone: UTC
currency: EUR
window: month
billing_day: 1
charge_base: recurring
stacking: highest
claim: {automatic: true}
objectives:
  - id: availability
    metric: availability
    target: 99.9
    rule:
      kind: tiers
      tiers:
        - {at_least: 99.9, credit: 0%}
        - {at_least: 99, below: 99.9, credit: 10%}
        - {below: 99, credit: 25%}
"""
OCTOBER = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
MIDDLE = datetime(2026, 10, 16, tzinfo=UTC)
LATER = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture
def register(use_cases):
    """Change the sample's one agreement into these, on the contract above, with these outages."""

    def set_up(*agreements, outages=(), contract=CONTRACT):
        with use_cases.work.database.write() as connection:
            connection.execute(update(t.contracts).values(text=contract, id="city-internet"))
            first, *others = agreements
            connection.execute(update(t.agreements).values(first))
            for number, one in enumerate(others):
                like = {"id": f"AG-{number + 2}", "customer": "C-1", "service": "S-1", "contract": "city-internet"}
                like |= {"contract_version": "1", "currency": "EUR", "account": "A-1"}
                connection.execute(insert(t.agreements).values(like | one))
            rows = [
                {
                    "service": "S-1",
                    "reference": f"O-{n}",
                    "started_at": start,
                    "ended_at": end,
                    "attribution": "provider",
                }
                for n, (start, end) in enumerate(outages)
            ]
            connection.execute(insert(t.outages), rows)
        return use_cases

    return set_up


def booked(use_cases, *rows):
    with use_cases.work.database.write() as connection:
        connection.execute(insert(a.applied_billing_credits), [row | {"recorded_at": LATER} for row in rows])
    return [str(one) for one in use_cases.monitoring.credited_beyond_owed()]


def hours(day, length, *, at=8):
    start = datetime(2026, 10, day, at, tzinfo=UTC)
    return start, start + timedelta(hours=length)


OLD = {"starts": date(2026, 1, 1), "ends": date(2026, 10, 15), "monthly_charge": 10_000}
ALWAYS = {"starts": date(2026, 1, 1), "monthly_charge": 10_000}
NEW = {"starts": date(2026, 10, 16), "ends": None, "monthly_charge": 20_000}


def test_an_outage_before_the_agreement_began_is_not_owed(register):
    use_cases = register(NEW | {"monthly_charge": 10_000}, outages=[hours(5, 10, at=0)])
    [said] = booked(use_cases, credit(1, OCTOBER, 2500))
    assert "was credited 25.00 EUR (X-1)" in said
    assert "owe 0.00 EUR" in said


def test_an_upgrade_in_mid_month_owes_each_part_its_share_and_no_more(register):
    use_cases = register(OLD, NEW, outages=[hours(10, 2), hours(20, 1)])
    parts = credit(1, (OCTOBER[0], MIDDLE), 484), credit(2, (MIDDLE, OCTOBER[1]), 1032)
    assert booked(use_cases, *parts) == []
    [said] = booked(use_cases, credit(3, OCTOBER, 1000))
    assert "owe 15.16 EUR" in said


def test_the_month_and_then_the_quarter_are_owed_once(register):
    quarter = CONTRACT.replace("window: month", "window: quarter")
    use_cases = register(
        {"starts": date(2026, 1, 1), "monthly_charge": 10_000}, outages=[hours(5, 10)], contract=quarter
    )
    both = credit(1, OCTOBER, 1000), credit(2, (OCTOBER[0], datetime(2027, 1, 1, tzinfo=UTC)), 3000)
    [said] = booked(use_cases, *both)
    assert "was credited 40.00 EUR (X-1, X-2)" in said
    assert "owe 30.00 EUR" in said


def test_what_is_owed_and_no_more_is_in_order(register):
    use_cases = register(ALWAYS, outages=[hours(5, 10)])
    assert booked(use_cases, credit(1, OCTOBER, 2500)) == []
    assert "owe 25.00 EUR" in booked(use_cases, credit(2, OCTOBER, 1))[0]


def test_facts_that_were_corrected_and_decisions_of_people_are_told_apart(register):
    use_cases = register(ALWAYS, outages=[hours(5, 10)])
    with use_cases.work.database.write() as connection:
        connection.execute(update(t.outages).values(attribution="customer"))
    assert "owe 0.00 EUR" in booked(use_cases, credit(1, OCTOBER, 2500))[0]
    with use_cases.work.database.write() as connection:
        decided = {"held_because": "limit", "decided_by": "ann", "decided_at": LATER}
        connection.execute(update(a.applied_billing_credits).values(decided))
    assert list(use_cases.monitoring.credited_beyond_owed()) == []


def test_each_service_is_judged_as_of_its_own_last_booking_with_no_more_questions_for_more_services(register):
    """The work was announced after the credit of S-1, and before those of the others."""
    use_cases = register(ALWAYS, outages=[hours(5, 10)])
    mine, names = credit(1, OCTOBER, 2500), [f"S-{number}" for number in range(2, 6)]
    november = {"recorded_at": datetime(2026, 11, 30, tzinfo=UTC)}
    announced = november["recorded_at"] - timedelta(days=5)
    with use_cases.work.database.write() as connection:
        connection.execute(insert(t.services), [{"id": name, "name": "Line", "kind": "line"} for name in names])
        like = {"customer": "C-1", "contract": "city-internet", "contract_version": "1", "currency": "EUR"}
        like |= {"account": "A-1"} | ALWAYS
        connection.execute(insert(t.agreements), [like | {"id": f"AG-{name}", "service": name} for name in names])
        work = {"service": "S-1", "reference": "M-1", "announced_at": announced}
        start, end = hours(5, 10)
        connection.execute(insert(t.maintenance_windows), [work | {"starts_at": start, "ends_at": end}])
        asked = []
        for rows in (
            [mine | {"recorded_at": LATER}],
            [mine | {"id": name, "service": name} | november for name in names],
        ):
            connection.execute(insert(a.applied_billing_credits), rows)
            with counted(connection.engine) as statements:
                said = [str(one) for one in credited_beyond_owed(connection)]
            asked.append(len(statements))
    assert [line.split(":")[0] for line in said] == [f"I3 C-1 {name}" for name in names]
    assert asked[0] == asked[1]


def test_what_is_credited_for_time_that_no_agreement_holds_is_named(register):
    use_cases = register(NEW, outages=[hours(5, 10)])
    september = datetime(2026, 9, 1, tzinfo=UTC), OCTOBER[0]
    [said] = booked(use_cases, credit(1, september, 2500))
    assert said.startswith(
        "I3 C-1 S-1: was credited 25.00 EUR (X-1), but 2026-09-01 00:00:00 to 2026-10-01 00:00:00 UTC"
    )
    assert said.endswith("are held by no agreement of now")


def test_an_amount_in_a_currency_in_which_nothing_is_owed_is_named_beside_one_in_which_it_is(register):
    use_cases = register(ALWAYS, outages=[hours(5, 10)])
    [said] = booked(use_cases, credit(1, OCTOBER, 2500), credit(2, OCTOBER, 2500, currency="USD"))
    assert "was credited 25.00 USD (X-2)" in said
    assert "owe 0.00 USD" in said


def test_what_a_person_would_not_take_back_stays_credited_and_nothing_beyond_it(register):
    use_cases = register(ALWAYS, outages=[hours(5, 1)])
    waived = {"state": "declined", "decided_by": "ann", "decided_at": LATER, "held_because": "more than is due"}
    assert "owe 10.00 EUR" in booked(use_cases, credit(1, OCTOBER, 2500))[0]
    assert booked(use_cases, credit(2, OCTOBER, -1500, gross=1000) | waived) == []
    [said] = booked(use_cases, credit(3, OCTOBER, 1))
    assert "was credited 25.01 EUR (X-1, X-3)" in said
    assert "owe 25.00 EUR" in said
