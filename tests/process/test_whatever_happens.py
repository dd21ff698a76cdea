"""What is true at the end of every incident, whatever breaks and whatever the operator does."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.sla_logic.domain.closed_incident import ClosedIncident, Ending
from include.sla_logic.domain.counter_measures import CounterMeasurePlan
from include.sla_logic.domain.credit import BillingAdjustment, Rebate
from include.sla_logic.domain.customer_report import CustomerReport, NextStep
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.network import Action, ResourceState, Severity
from include.sla_logic.domain.notification import Level, Metric, Symptom
from include.sla_logic.domain.resolution import Outcome
from include.sla_logic.domain.sla import SlaComparison
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.process.graph import WAIT
from tests.fakes import MemoryUseCases, policies_in_force
from tests.process.small_world import MEMBER, RUN, SIGNIFICANT, reported, small_world
from tests.process.walking import walk

CODES = [rule.alarm for rule in policies_in_force().diagnosis.alarms]
faults = st.fixed_dictionaries(
    {
        "resource": st.sampled_from(["profile-1", "port-1", "link-1"]),
        "code": st.sampled_from([*CODES, "NEVER_SEEN", None]),
        "cured_by": st.sampled_from([None, *Action]),
        "spoils": st.sampled_from([{}, {Metric.AVAILABILITY: Decimal(0)}, {Metric.AVAILABILITY: None}]),
        "severity": st.sampled_from(Severity),
        "state": st.sampled_from(ResourceState),
    }
)
worlds = st.fixed_dictionaries(
    {
        "faults": st.lists(faults, max_size=3),
        "outage": st.none() | st.integers(1, 300).map(lambda minutes: timedelta(minutes=minutes)),
        "history": st.sampled_from([MEMBER, SIGNIFICANT]),
        "premium": st.booleans(),
        "symptom": st.sampled_from(Symptom),
        "impact": st.sampled_from(Level),
        "urgency": st.sampled_from(Level),
        "operator": st.sampled_from(["releases", "rejects", "sleeps"]),
    }
)


def let_happen(case) -> tuple[MemoryUseCases, tuple[str, ...]]:
    """Break what the case breaks, let the operator act, and walk to the end."""
    world = small_world(history=case["history"], outage=case["outage"], premium=case["premium"])
    for fault in case["faults"]:
        known = dict(fault)
        name, code = known.pop("resource"), known.pop("code")
        world.network.break_down(name, code, **known)
    use_cases = reported(world, symptom=case["symptom"], impact=case["impact"], urgency=case["urgency"])

    def operate() -> None:
        if use_cases.decide(RUN) is None:
            acts = {"releases": lambda: use_cases.release(RUN), "rejects": lambda: use_cases.reject(RUN)}
            acts.get(case["operator"], lambda: use_cases.later(timedelta(days=2, seconds=1)))()

    return use_cases, walk(use_cases, run_id=RUN, while_waiting=operate)


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(worlds)
def test_every_incident_ends_reported_credited_and_either_resolved_or_escalated(case):
    use_cases, way = let_happen(case)
    incident = use_cases.incidents[RUN]
    closed, (letter, _) = incident.rounds(ClosedIncident)[-1], use_cases.world.letter_outbox.posted["TT-000001"]
    assert way[-1] == "close_incident"
    assert len(way) == len(set(way)), "no task is done twice"
    resolved = closed.ending is Ending.RESOLVED
    assert incident.ticket.status is (TicketStatus.RESOLVED if resolved else TicketStatus.IN_PROGRESS)
    assert incident.ticket.escalated is not resolved
    assert resolved is closed.outcome.is_settled
    assert (NextStep.SPECIALISTS_CONTINUE in letter.next_steps) is not resolved
    assert incident.ticket.assigned_to is Lane.CUSTOMER_SERVICE
    assert (WAIT in way) is (incident.wait is not None)
    assert letter == incident.rounds(CustomerReport)[-1]


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(worlds)
def test_nothing_is_called_restored_that_a_measurement_does_not_prove(case):
    use_cases, _ = let_happen(case)
    letter, _ = use_cases.world.letter_outbox.posted["TT-000001"]
    if letter.outcome is Outcome.RESTORED:
        assert letter.measured_now
        assert all(check.passed for check in letter.measured_now)
        harmful = [f for f in use_cases.world.network.faults if not f.cured and f.spoils]
        assert harmful == []
    if letter.outcome is Outcome.NO_PROBLEM_FOUND:
        assert not any(check.measured is not None and not check.passed for check in letter.measured_now)
        assert use_cases.world.network.orders == {}


@pytest.mark.more
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(worlds)
def test_the_rebate_follows_the_newest_comparison_and_never_the_way(case):
    use_cases, _ = let_happen(case)
    incident = use_cases.incidents[RUN]
    comparison, rebate = incident.rounds(SlaComparison)[-1], incident.rounds(Rebate)[-1]
    assert rebate.total == comparison.credit_due
    assert incident.rounds(BillingAdjustment)[-1].booked == rebate.total
    assert bool(rebate.total) is comparison.breached


@pytest.mark.more
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(worlds)
def test_priorities_move_at_most_once_and_only_for_the_significant(case):
    use_cases, way = let_happen(case)
    plans = use_cases.incidents[RUN].rounds(CounterMeasurePlan)
    assert [plan.revision for plan in plans] == list(range(1, len(plans) + 1))
    raised = case["history"] is SIGNIFICANT and (case["impact"], case["urgency"]) != (1, 1)
    assert (len(plans) == 2) is raised is ("reprioritize_counter_measures" in way)
    assert {(m.measure, m.original_priority) for m in plans[0].measures} == {
        (m.measure, m.original_priority) for m in plans[-1].measures
    }
