"""What documents repeat of a comparison: promised, measured, state, and the course for the picture."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.corrective_actions import CorrectiveActions
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.measurements import Charges, Outage, ServiceFacts
from include.sla_logic.domain.performance import Bound
from include.sla_logic.domain.service_performance import ObjectiveState, draw, summarise
from include.sla_logic.domain.sla import SlaComparison, compare
from tests.domain.process.given import MONTH, NOW, objective, performance
from tests.process.small_world import CHARGE, TERMS

CONTRACT = Contract.model_validate(TERMS)
# 99.9 % of 30 days leave 2592 s of downtime.
ALLOWED = 2592


def down(seconds: int | None) -> ServiceFacts:
    start = NOW - timedelta(hours=6)
    end = None if seconds is None else start + timedelta(seconds=seconds)
    outages = (Outage(reference="O-1", start=start, end=end),)
    return ServiceFacts(service="S-1", outages=outages, charges=Charges(recurring=CHARGE))


def compared(facts: ServiceFacts) -> SlaComparison:
    return compare(CONTRACT, facts, window=MONTH, as_of=NOW)


def summarised(facts: ServiceFacts, *, within: timedelta = timedelta(minutes=30)):
    return summarise(compared(facts), CONTRACT, at_risk_within=within)


@pytest.mark.parametrize(
    ("seconds", "state"),
    [
        (60, ObjectiveState.MET),
        (ALLOWED - 1801, ObjectiveState.MET),
        (ALLOWED - 60, ObjectiveState.AT_RISK),
        (ALLOWED, ObjectiveState.AT_RISK),
        (ALLOWED + 1, ObjectiveState.BREACHED),
    ],
)
def test_a_promise_is_met_then_at_risk_then_breached(seconds, state):
    (found,) = summarised(down(seconds)).objectives
    assert found.state is state


@given(st.integers(1, 6 * 3600), st.integers(0, 3600))
def test_more_downtime_never_improves_the_state(seconds, more):
    order = [ObjectiveState.MET, ObjectiveState.AT_RISK, ObjectiveState.BREACHED]
    states = [summarised(down(length)).objectives[0].state for length in (seconds, min(seconds + more, 6 * 3600))]
    assert order.index(states[0]) <= order.index(states[1])


def test_figures_are_those_of_the_comparison():
    found, judged = summarised(down(3 * 3600)), compared(down(3 * 3600))
    (availability,) = found.objectives
    assert (availability.promised, availability.measured) == (Decimal("99.9"), judged.objectives[0].measured)
    assert (availability.at_least, availability.unit) == (True, "percent")
    assert (found.window, found.as_of, found.provisional) == (MONTH, NOW, True)
    assert (found.breached, found.breached_objectives, found.unknown) == (True, ("availability",), ())


def test_an_outage_that_lasts_makes_its_objective_provisional():
    assert summarised(down(None)).objectives[0].provisional
    assert not summarised(down(60)).objectives[0].provisional


def test_an_objective_without_data_is_unknown_and_neither_met_nor_breached():
    latency = {"id": "latency", "metric": "latency", "target": "50", "rule": TERMS["objectives"][0]["rule"] | {
        "tiers": [{"at_most": "50", "credit": 0}, {"more_than": "50", "credit": "10%"}]}}  # fmt: skip
    contract = Contract.model_validate(TERMS | {"objectives": [latency]})
    comparison = compare(contract, down(60), window=MONTH, as_of=NOW)
    found = summarise(comparison, contract, at_risk_within=timedelta(minutes=30))
    assert (found.unknown, found.breached) == (("latency",), False)
    assert found.objectives[0].measured is None
    assert found.objectives[0].reason


def test_only_a_certain_breach_counts_as_one():
    assert not performance(objective(state=ObjectiveState.UNKNOWN), objective(state=ObjectiveState.AT_RISK)).breached


def test_the_picture_of_each_objective_shows_outages_and_the_moment_of_correction():
    done = CorrectiveActions(
        department=Lane.SERVICE_MANAGEMENT, corrections=(), checks=(), undertaken_at=NOW, policy_versions=()
    )
    facts = down(3 * 3600)
    (course,) = draw(facts, compared(facts), CONTRACT, actions=done)
    assert (course.metric, course.target, course.bound) == ("availability", Decimal("99.9"), Bound.AT_LEAST)
    assert [(o.start, o.seconds) for o in course.outages] == [(NOW - timedelta(hours=6), 3 * 3600)]
    assert course.corrected_at == NOW
    assert draw(facts, compared(facts), CONTRACT, actions=None)[0].corrected_at is None
