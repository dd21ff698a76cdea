"""Agreements follow each other, incidents and imports come in any order: what is booked is what is owed.

The oracle is a program of its own, in days and fractions.
"""

import os
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, update

from include.sla_logic.domain.rebate import work_out_rebate
from include.sla_logic.persistence.contracts import ContractRegister, load_contract
from include.sla_logic.persistence.invariants import check
from include.sla_logic.persistence.pending_messages import PendingMessages
from include.sla_logic.persistence.policy_tables import policies_in_force
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.services.credit_decisions import Person, approve_credit
from include.sla_logic.services.owed_now import credited_beyond_owed
from include.sla_logic.services.service_assessment import assess_service
from include.sla_logic.services.waiting_credits import waiting_credits
from tests.persistence.batches import file_of
from tests.reliability.test_owed_now import CONTRACT

FIRST, LAST = date(2026, 1, 1), date(2026, 4, 30)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
EXAMPLES = int(os.environ.get("SLA_EXAMPLES", "100"))
BILLING_DAYS = {"1": 1, "2": 15}


def at_midnight(day):
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def owed_in_all(agreements, outages):
    """Return what all windows of all agreements owe, in cents: tiers of 99.9 and 99 % pay 10 and 25 % of the charge."""
    total = 0
    for starts, ends, charge, version in agreements:
        begins = [FIRST - timedelta(days=n) for n in range(-200, 40)]
        firsts = sorted(day for day in begins if day.day == BILLING_DAYS[version])
        for first, following in pairwise(firsts):
            low, high = max(first, starts), min(following, ends + timedelta(days=1))
            if low >= high:
                continue
            part = {m for start, length in outages for m in range(start, start + length)}
            offset = (low - FIRST).days * 1440
            down = len([m for m in part if offset <= m < offset + (high - low).days * 1440])
            kept = 100 - Fraction(100 * down, (high - low).days * 1440)
            share = Fraction(0) if kept >= Fraction("99.9") else Fraction(1, 10) if kept >= 99 else Fraction(1, 4)
            exact = share * charge * Fraction((high - low).days, (following - first).days)
            total += (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
    return total


days = st.integers(0, (LAST - FIRST).days)
minutes = st.integers(0, (LAST - FIRST).days * 1440)


@st.composite
def stories(draw):
    cuts = sorted(draw(st.lists(days, min_size=2, max_size=4, unique=True)))
    agreements = [
        (
            FIRST + timedelta(days=low + draw(st.integers(0, 1))),
            FIRST + timedelta(days=high - 1),
            draw(st.integers(1_000, 99_999)),
            draw(st.sampled_from("12")),
        )
        for low, high in pairwise(cuts)
    ]
    agreements = [one for one in agreements if one[0] <= one[1]]
    outages = draw(st.lists(st.tuples(minutes, st.integers(1, 3000)), max_size=5))
    acts = [("outage", number) for number in range(len(outages))] + [("incident", draw(days)) for _ in range(6)]
    return agreements, outages, draw(st.permutations(acts)), draw(st.lists(st.booleans(), min_size=5, max_size=5))


class Books:
    """Judges and books one incident after another, and lets a person approve what is held."""

    def __init__(self, connection, agreements, outages):
        self.connection, self.outages, self.number = connection, outages, 0
        connection.execute(delete(t.agreements))
        for version, day in BILLING_DAYS.items():
            text = CONTRACT.replace("billing_day: 1", f"billing_day: {day}").replace('"1"', f'"{version}"')
            load_contract(connection, text, name="bug-month", now=NOW)
        connection.execute(insert(t.billing_accounts), [{"id": "A-2", "customer": "C-1", "currency": "EUR"}])
        for number, (starts, ends, charge, version) in enumerate(agreements):
            like = {"customer": "C-1", "service": "S-1", "contract": "bug-month", "currency": "EUR"}
            one = {"id": f"K-{number}", "starts": starts, "ends": ends, "monthly_charge": charge}
            account = {"contract_version": version, "account": f"A-{number % 2 + 1}"}
            connection.execute(insert(t.agreements), [like | one | account])

    def outage(self, number):
        start, length = self.outages[number]
        begin = at_midnight(FIRST) + timedelta(minutes=start)
        row = {"service": "S-1", "reference": f"O-{number}", "started_at": begin, "attribution": "provider"}
        self.connection.execute(insert(t.outages), [row | {"ended_at": begin + timedelta(minutes=length)}])

    def incident(self, day):
        at = at_midnight(FIRST + timedelta(days=day))
        register = ContractRegister(connection=self.connection)
        if not register.has_agreement("C-1", "S-1", at=at):
            return
        self.number += 1
        file = file_of(self.connection, f"TT-{self.number:06d}", now=NOW, customer="C-1", service="S-1")
        agreement = register.agreement("C-1", "S-1", at=at)
        comparison = assess_service(self.connection, "C-1", "S-1", at=at, now=NOW).comparison
        earlier = file.billing.earlier_credits(agreement, comparison.window)
        rebate = work_out_rebate(comparison, earlier=earlier, decided=file.billing.decisions(agreement))
        file.billing.book(rebate, agreement)
        file.repositories.flush()
        self.approve(rebate)

    def approve(self, rebate):
        person, policy = Person("ben", "checked"), policies_in_force().credits
        for one in waiting_credits(self.connection):
            if one.state == "held":
                parts = {"person": person, "policy": policy, "now": NOW, "outgoing": PendingMessages()}
                approve_credit(self.connection, one.reference, rebate=rebate, **parts)

    @property
    def booked(self):
        return int(self.connection.scalar(select(func.sum(a.applied_billing_credits.c.amount))) or 0)


def play(use_cases, story):
    agreements, outages, acts, corrected = story
    with use_cases.work.database.write() as connection:
        books = Books(connection, agreements, outages)
        for act, what in acts:
            getattr(books, act)(what)
        firsts = {n for n in range((LAST - FIRST).days + 1) if (FIRST + timedelta(days=n)).day in {1, 15}}
        ways_in = sorted(firsts | {(starts - FIRST).days for starts, *_ in agreements})
        for day in ways_in:  # every window is judged once more, on all facts
            books.incident(day)
        assert books.booked == owed_in_all(agreements, outages)
        wrong = [number for number in range(len(outages)) if corrected[number]]
        theirs = t.outages.c.reference.in_([f"O-{number}" for number in wrong])
        connection.execute(update(t.outages).where(theirs).values(attribution="customer"))
        for day in ways_in:
            books.incident(day)
        left = [one for number, one in enumerate(outages) if number not in wrong]
        assert books.booked == owed_in_all(agreements, left)
        assert [str(one) for one in check(connection) if one.invariant == "I3"] == []
        assert [str(one) for one in credited_beyond_owed(connection)] == []
        connection.rollback()


QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@given(story=stories())
@settings(max_examples=6, deadline=None, suppress_health_check=QUIET)
def test_the_sum_of_what_is_booked_is_what_is_owed_in_whatever_order(use_cases, story):
    play(use_cases, story)


@pytest.mark.more
@given(story=stories())
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=QUIET)
def test_the_sum_of_what_is_booked_is_what_is_owed_in_many_more_orders(use_cases, story):
    play(use_cases, story)
