"""From alarms and states to a type of problem, on the layer of the department that looks."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sla_logic.domain.diagnosis import analyze, check_resources, investigate
from include.sla_logic.domain.diagnosis_table import find_errors
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.network import Layer, ResourceState, Severity
from include.sla_logic.domain.notification import Metric, Symptom
from include.sla_logic.domain.verification import Check
from tests.domain.process.given import NOW, alarm, objective, performance
from tests.fakes import policies_in_force, resource

POLICY = policies_in_force().diagnosis
PROFILE, PORT, LINK = resource("profile-1", layer=Layer.SERVICE), resource("port-1"), resource("link-1")
TOPOLOGY = [PROFILE, PORT, LINK]


def check(measured: str | None, *, passed: bool) -> Check:
    return Check(
        metric=Metric.LATENCY,
        unit="ms",
        bound=Decimal(50),
        at_least=False,
        measured=None if measured is None else Decimal(measured),
        passed=passed,
        taken_at=NOW,
    )


def investigated(alarms, *, symptom=Symptom.SERVICE_DOWN):
    return investigate(symptom, performance(objective()), TOPOLOGY, alarms, policy=POLICY, now=NOW)


def checked(alarms=(), checks=(), resources=None):
    return check_resources(TOPOLOGY if resources is None else resources, alarms, checks, policy=POLICY, now=NOW)


def test_a_service_layer_alarm_that_explains_the_symptom_is_analyzable():
    found = investigated([alarm("profile-1", "SESSION_STALE")])
    assert (found.analyzable, found.reason) == (True, "SESSION_STALE at profile-1 explains service_down")
    assert found.breached_objectives == ("availability",)


def test_a_service_layer_alarm_that_does_not_explain_the_symptom_is_not():
    found = investigated([alarm("profile-1", "QOS_CLASS_LOST")])
    assert not found.analyzable
    assert [finding.alarm_code for finding in found.findings] == ["QOS_CLASS_LOST"]


def test_service_management_does_not_see_the_resource_layer():
    found = investigated([alarm("link-1", "LINK_DOWN")])
    assert (found.analyzable, found.findings, found.resources) == (False, (), (PROFILE,))


def test_an_unknown_alarm_on_the_service_layer_explains_nothing():
    assert not investigated([alarm("profile-1", "NEVER_SEEN")]).analyzable


@pytest.mark.parametrize("rule", POLICY.alarms, ids=lambda rule: rule.alarm)
def test_each_rule_explains_its_symptoms_only_on_the_service_layer(rule):
    for symptom in Symptom:
        found = investigated([alarm("profile-1", rule.alarm)], symptom=symptom)
        assert found.analyzable is (rule.layer is Layer.SERVICE and symptom in rule.symptoms)


def test_nothing_amiss_is_normal_execution():
    found = checked(checks=[check("12", passed=True)])
    assert not found.problem_detected
    assert "every resource is in service" in found.reason


def test_where_no_resource_is_known_none_is_called_healthy():
    found = checked(resources=[])
    assert not found.problem_detected
    assert found.reason == "no resource of the service is known, and nothing measured is amiss"


@pytest.mark.parametrize("state", [ResourceState.DEGRADED, ResourceState.OUT_OF_SERVICE])
def test_a_resource_that_is_not_in_service_is_a_problem_even_in_silence(state):
    silent = LINK.model_copy(update={"state": state})
    found = checked(resources=[PROFILE, PORT, silent])
    assert found.problem_detected
    assert [(f.resource, f.alarm_code) for f in found.findings] == [("link-1", None)]


def test_a_measurement_beyond_its_target_is_a_problem_without_any_alarm():
    found = checked(checks=[check("80", passed=False)])
    assert (found.problem_detected, found.findings, found.reason) == (True, (), "latency measured 80 ms")


def test_a_measurement_of_which_nothing_came_back_is_no_problem_and_stays_named():
    found = checked(checks=[check(None, passed=False)])
    assert not found.problem_detected
    assert found.checks[0].measured is None


def test_a_warning_is_kept_and_is_no_error():
    found = checked([alarm("link-1", "LINK_DEGRADED", severity=Severity.WARNING)])
    assert (found.problem_detected, len(found.alarms)) == (False, 1)


def test_an_alarm_of_another_service_is_not_looked_at():
    assert not checked([alarm("port-of-somebody-else", "PORT_DOWN")]).problem_detected


def test_a_resource_with_an_alarm_is_one_error_not_two():
    down = LINK.model_copy(update={"state": ResourceState.OUT_OF_SERVICE})
    assert len(find_errors([down], [alarm("link-1", "LINK_DOWN")], POLICY)) == 1


def test_the_gravest_alarm_leads_then_the_oldest():
    alarms = [
        alarm("port-1", "PORT_ERRORS", severity=Severity.MINOR, minute=1),
        alarm("link-1", "LINK_DOWN", severity=Severity.CRITICAL, minute=9),
        alarm("profile-1", "SESSION_STALE", severity=Severity.CRITICAL, minute=5),
    ]
    codes = [finding.alarm_code for finding in find_errors(TOPOLOGY, alarms, POLICY)]
    assert codes == ["SESSION_STALE", "LINK_DOWN", "PORT_ERRORS"]


def analysed(*alarms):
    findings = find_errors(TOPOLOGY, alarms, POLICY)
    where = {"ticket": "TT-000001", "department": Lane.RESOURCE_PROVISIONING, "problems": ()}
    return analyze(findings, **where, reason="x", policy=POLICY, now=NOW)


def test_the_type_of_problem_is_that_of_the_gravest_alarm_with_a_rule():
    found = analysed(alarm("port-1", "NEVER_SEEN", severity=Severity.CRITICAL), alarm("link-1", "LINK_DOWN"))
    assert found.type_of_problem == "link_failure"
    assert [finding.explained for finding in found.findings] == [False, True]


def test_what_no_rule_knows_is_unexplained_and_not_guessed():
    assert analysed(alarm("port-1", "NEVER_SEEN")).type_of_problem == POLICY.unexplained
    assert analysed().type_of_problem == POLICY.unexplained


def test_a_kind_without_a_rule_of_its_own_is_unexplained():
    odd = resource("tower-1", state=ResourceState.DEGRADED)
    (found,) = find_errors([odd], [], POLICY)
    assert (found.explained, found.type_of_problem) == (False, POLICY.unexplained)


@given(st.permutations([("profile-1", "SESSION_STALE"), ("port-1", "PORT_ERRORS"), ("link-1", "LINK_DOWN")]))
def test_the_order_in_which_alarms_are_read_does_not_matter(order):
    found = find_errors(TOPOLOGY, [alarm(name, code) for name, code in order], POLICY)
    assert [f.resource for f in found] == sorted(name for name, _ in order)


@given(st.sets(st.sampled_from([rule.alarm for rule in POLICY.alarms])), st.sets(st.sampled_from(list(ResourceState))))
def test_every_error_is_tracked_and_nothing_else(codes, states):
    alarms = [alarm("port-1", code) for code in codes]
    others = [resource(f"link-{state}", state=state) for state in states]
    found = find_errors([PORT, *others], alarms, POLICY)
    assert {f.alarm_code for f in found if f.alarm_code} == codes
    assert {f.state for f in found if f.alarm_code is None} == states - {ResourceState.IN_SERVICE}
