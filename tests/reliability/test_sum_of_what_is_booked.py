"""Agreements follow each other, incidents and imports come in any order: what is booked is what is owed.

Price, version, window, zone, billing day and account change. The oracle is a program of its own, in minutes and
fractions.
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
from include.sla_logic.persistence.schema.agreements import agreement_terms
from include.sla_logic.services.credit_decisions import Person, approve_credit
from include.sla_logic.services.owed_now import credited_beyond_owed
from include.sla_logic.services.service_assessment import assess_service
from include.sla_logic.services.waiting_credits import waiting_credits
from tests.persistence.batches import file_of
from tests.reliability.test_owed_now import CONTRACT

FIRST, LAST = date(2026, 1, 1), date(2026, 4, 30)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
EXAMPLES = int(os.environ.get("SLA_EXAMPLES", "100"))
DAY = 1440  # minutes, in which the oracle counts from the first midnight of UTC on
# Of each version: the day on which its windows begin, of how many months they are, and in which zone.
VERSIONS = {"1": (1, 1, "UTC"), "2": (15, 1, "UTC"), "3": (1, 3, "UTC"), "4": (1, 1, "Europe/Berlin"),
            "5": (15, 3, "Europe/Berlin")}  # fmt: skip


def instant(minute):
    return datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) + timedelta(minutes=minute)


def midnight(day, zone):
    """Return the minute at which a day begins there; Berlin is an hour ahead, and two in summer."""
    summer = not date(2025, 10, 26) < day <= date(2026, 3, 29)
    return (day - FIRST).days * DAY - (0 if zone == "UTC" else 120 if summer else 60)


def windows(agreements):
    """Return what is judged apart, by first and last minute, with what is charged for it."""
    over, last_day = None, None
    for starts, ends, charge, version, _moves in agreements:
        first_day, months, zone = VERSIONS[version]
        begins = over if last_day == starts else midnight(starts, zone)
        over, last_day = midnight(ends + timedelta(days=1), zone), ends + timedelta(days=1)
        days = (FIRST + timedelta(days=n) for n in range(-200, 300))
        edges = [midnight(day, zone) for day in days if day.day == first_day and (day.month - 1) % months == 0]
        for first, following in pairwise(edges):
            low, high = max(first, begins), min(following, over)
            if low < high:
                yield low, high, Fraction(charge * months * (high - low), following - first)


def owed_in_all(agreements, outages):
    """Return what all windows of all agreements owe, in cents: tiers of 99.9 and 99 % pay 10 and 25 % of the charge."""
    total = 0
    down = {m for start, length in outages for m in range(start, start + length)}
    for low, high, charged in windows(agreements):
        kept = 100 - Fraction(100 * len([m for m in down if low <= m < high]), high - low)
        exact = charged * (0 if kept >= Fraction("99.9") else Fraction(1, 10) if kept >= 99 else Fraction(1, 4))
        total += (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
    return total


days = st.integers(0, (LAST - FIRST).days)
minutes = st.integers(0, (LAST - FIRST).days * DAY)


@st.composite
def stories(draw):
    cuts = sorted(draw(st.lists(days, min_size=2, max_size=4, unique=True)))
    agreements = [
        (
            FIRST + timedelta(days=low + draw(st.integers(0, 1))),
            FIRST + timedelta(days=high - 1),
            draw(st.integers(1_000, 99_999)),
            draw(st.sampled_from(sorted(VERSIONS))),
            draw(st.none() | st.integers(1, 60)),  # days after which another account is charged
        )
        for low, high in pairwise(cuts)
    ]
    agreements = [one for one in agreements if one[0] <= one[1]]
    outages = draw(st.lists(st.tuples(minutes, st.integers(1, 3000)), max_size=5))
    acts = [("outage", number) for number in range(len(outages))] + [("incident", draw(minutes)) for _ in range(6)]
    return agreements, outages, draw(st.permutations(acts)), draw(st.lists(st.booleans(), min_size=5, max_size=5))


class Books:
    """Judges and books one incident after another, and lets a person approve what is held."""

    def __init__(self, connection, agreements, outages):
        self.connection, self.outages, self.number = connection, outages, 0
        connection.execute(delete(t.agreements))
        for version, (day, months, zone) in VERSIONS.items():
            text = CONTRACT.replace("billing_day: 1", f"billing_day: {day}").replace('"1"', f'"{version}"')
            text = text.replace("window: month", "window: month" if months == 1 else "window: quarter")
            load_contract(connection, text.replace("zone: UTC", f"zone: {zone}"), name="bug-month", now=NOW)
        connection.execute(insert(t.billing_accounts), [{"id": "A-2", "customer": "C-1", "currency": "EUR"}])
        for number, (starts, ends, charge, version, moves) in enumerate(agreements):
            terms = {"customer": "C-1", "contract": "bug-month", "contract_version": version, "currency": "EUR"}
            terms |= {"monthly_charge": charge, "account": "A-1"}
            newest = terms | ({"account": "A-2"} if moves else {})
            agreement = {"id": f"K-{number}", "service": "S-1", "starts": starts, "ends": ends}
            connection.execute(insert(t.agreements), [agreement | newest])
            if moves:
                later = starts + timedelta(days=moves)
                rows = [terms | {"valid_from": starts}, newest | {"valid_from": later}]
                connection.execute(insert(agreement_terms), [row | {"agreement": f"K-{number}"} for row in rows])

    def outage(self, number):
        start, length = self.outages[number]
        begin = instant(start)
        row = {"service": "S-1", "reference": f"O-{number}", "started_at": begin, "attribution": "provider"}
        self.connection.execute(insert(t.outages), [row | {"ended_at": begin + timedelta(minutes=length)}])

    def incident(self, minute):
        at = instant(minute)
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
        begins = [low for low, _, _ in windows(agreements)]
        for minute in begins:  # every window is judged once more, on all facts
            books.incident(minute)
        assert books.booked == owed_in_all(agreements, outages)
        wrong = [number for number in range(len(outages)) if corrected[number]]
        theirs = t.outages.c.reference.in_([f"O-{number}" for number in wrong])
        connection.execute(update(t.outages).where(theirs).values(attribution="customer"))
        for minute in begins:
            books.incident(minute)
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
