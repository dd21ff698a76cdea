"""Counter-measures, their priorities, and the one re-prioritisation."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sla_logic.domain.counter_measures import CounterMeasurePlan, determine, reprioritise
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.notification import Level, Metric, Symptom
from include.sla_logic.domain.priorities import Priority
from include.sla_logic.domain.service_performance import ObjectiveState
from tests.domain.process.given import NOW, objective, performance, report
from tests.fakes import policies_in_force

POLICIES = policies_in_force()
levels = st.sampled_from(Level)
symptoms = st.sampled_from(Symptom)
objectives = st.lists(
    st.builds(objective, st.sampled_from([m.value for m in Metric]), st.sampled_from(ObjectiveState)),
    min_size=1,
    max_size=4,
)


def plan(*found, priorities=POLICIES.priorities, **said) -> CounterMeasurePlan:
    return determine(
        report(**said),
        performance(*found),
        catalogue=POLICIES.counter_measures,
        priorities=priorities,
        now=NOW,
    )


def raised(before: CounterMeasurePlan, *, minutes: int = 10) -> CounterMeasurePlan:
    return reprioritise(
        before,
        reason="25 service_class:gold = 65",
        catalogue=POLICIES.counter_measures,
        priorities=POLICIES.priorities,
        now=NOW + timedelta(minutes=minutes),
        since=report().entered_at,
    )


@pytest.mark.parametrize(
    ("impact", "urgency", "priority"),
    [
        (1, 1, "P1"),
        (1, 2, "P2"),
        (1, 3, "P3"),
        (2, 1, "P2"),
        (2, 2, "P3"),
        (2, 3, "P4"),
        (3, 1, "P3"),
        (3, 2, "P4"),
        (3, 3, "P5"),
    ],
)
def test_the_priority_comes_from_impact_and_urgency(impact, urgency, priority):
    assert plan(objective(), impact=impact, urgency=urgency).base_priority == priority


def test_a_breached_availability_is_restored_by_resource_provisioning_and_the_customer_is_told():
    measures = {measure.measure: measure for measure in plan(objective()).measures}
    assert set(measures) == {"restore_connectivity", "inform_customer"}
    assert measures["restore_connectivity"].department is Lane.RESOURCE_PROVISIONING
    assert measures["restore_connectivity"].due_at == NOW + timedelta(hours=8)
    assert measures["inform_customer"].due_at == NOW + timedelta(hours=4)
    assert "availability breached" in measures["restore_connectivity"].reason
    assert "impact 2 x urgency 2 = P3" in measures["restore_connectivity"].reason


def test_an_objective_without_data_asks_for_the_measurements():
    assert "complete_the_measurements" in {m.measure for m in plan(objective(state=ObjectiveState.UNKNOWN)).measures}


@given(objectives, symptoms, levels, levels)
def test_every_incident_has_a_measure_and_each_measure_a_reason_and_a_due_time(found, symptom, impact, urgency):
    made = plan(*found, symptom=symptom, impact=impact, urgency=urgency)
    assert made.measures
    assert all(m.reason and m.due_at > NOW and m.priority is made.base_priority for m in made.measures)
    assert [m.due_at for m in made.measures] == sorted(m.due_at for m in made.measures)


@given(objectives, symptoms, levels, levels)
def test_a_raise_is_one_level_never_beyond_p1_and_never_later(found, symptom, impact, urgency):
    before = plan(*found, symptom=symptom, impact=impact, urgency=urgency)
    after = raised(before)
    was = {measure.measure: measure for measure in before.measures}
    for measure in after.measures:
        old = was[measure.measure]
        assert measure.priority is old.priority.raised()
        assert max(1, old.priority.rank - 1) == measure.priority.rank
        assert measure.due_at <= old.due_at
        assert measure.original_priority is old.original_priority is old.priority
    assert (after.impact, after.urgency, after.base_priority) == (before.impact, before.urgency, before.base_priority)


@given(objectives, symptoms, levels, levels)
def test_a_second_pass_changes_nothing(found, symptom, impact, urgency):
    once = raised(plan(*found, symptom=symptom, impact=impact, urgency=urgency))
    assert raised(once, minutes=20) is once


def test_a_raise_is_a_new_revision_that_keeps_the_history():
    after = raised(plan(objective()))
    assert (after.revision, after.reprioritised) == (2, True)
    for measure in after.measures:
        (change,) = measure.history
        assert (change.before, change.after, change.at) == (Priority.P3, Priority.P2, NOW + timedelta(minutes=10))
        assert "gold" in change.reason


def test_a_raise_does_not_restart_the_clock():
    before = {m.measure: m.due_at for m in plan(objective()).measures}
    after = {m.measure: m.due_at for m in raised(plan(objective()), minutes=600).measures}
    assert before["restore_connectivity"] == NOW + timedelta(hours=8)
    assert after["restore_connectivity"] == NOW + timedelta(hours=4)


def test_a_plan_at_p1_has_nothing_to_raise():
    at_p1 = plan(objective(), impact=1, urgency=1)
    assert raised(at_p1) is at_p1


def with_money_at_risk(horizon: timedelta | None):
    return POLICIES.priorities.model_copy(update={"raise_when_next_tier_within": horizon})


@pytest.mark.parametrize(
    ("horizon", "left", "running", "priority"),
    [
        (timedelta(hours=1), 3600, True, Priority.P2),
        (timedelta(hours=1), 3601, True, Priority.P3),
        (timedelta(hours=1), 3600, False, Priority.P3),
        (timedelta(hours=1), None, True, Priority.P3),
        (None, 1, True, Priority.P3),
    ],
)
def test_money_at_risk_raises_only_while_time_runs_and_only_if_the_policy_says_so(horizon, left, running, priority):
    near = objective(left=left, provisional=running)
    assert plan(near, priorities=with_money_at_risk(horizon)).base_priority is priority
