"""Corrective actions are verified by measuring again; nothing else makes a service restored."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.corrective_actions import CorrectiveActions, carry_out, order_key, verify
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.network import Action, ActionResult, Probe, ResourceState
from include.sla_logic.domain.notification import Metric
from include.sla_logic.domain.remedies import Route
from include.sla_logic.domain.verification import ProbeTarget, check_probes, targets_of
from tests.domain.process.given import NOW, alarm, finding
from tests.fakes import policies_in_force, resource
from tests.process.small_world import TERMS

REMEDIES = policies_in_force().remedies
PORT, LINK = resource("port-1"), resource("link-1")
AVAILABLE = ProbeTarget(metric=Metric.AVAILABILITY, bound=Decimal("99.9"), at_least=True)
FAST = ProbeTarget(metric=Metric.LATENCY, bound=Decimal(50), at_least=False)


def probe(metric: Metric, value: str | None, *, minute: int = 0) -> Probe:
    unit = "percent" if metric is Metric.AVAILABILITY else "ms"
    measured = None if value is None else Decimal(value)
    return Probe(metric=metric, unit=unit, value=measured, taken_at=NOW + timedelta(minutes=minute))


def answer(action: Action, name: str, *, ran: bool = True) -> ActionResult:
    return ActionResult(action=action, resource=name, ran=ran, answer="done" if ran else "timeout", at=NOW)


def corrected(
    *, findings=None, ran=True, alarms=(), resources=(PORT, LINK), probes=None, targets=(AVAILABLE,)
) -> CorrectiveActions:
    findings = [finding(PORT, "port_failure")] if findings is None else findings
    probes = [probe(Metric.AVAILABILITY, "100")] if probes is None else probes
    return verify(
        carry_out(findings, REMEDIES, lambda action, name: answer(action, name, ran=ran)),
        department=Lane.RESOURCE_PROVISIONING,
        resources=resources,
        alarms=alarms,
        checks=check_probes(probes, targets),
        policy_versions=(),
        now=NOW,
    )


def test_a_correction_is_verified_when_all_ran_all_errors_are_gone_and_the_targets_are_reached():
    done = corrected()
    assert (done.verified, done.shortcomings, done.verdict) == (True, (), "verified")


def test_a_correction_is_not_verified_while_its_alarm_is_still_raised():
    done = corrected(alarms=[alarm("port-1", "PORT_DOWN")])
    assert (done.verified, done.shortcomings) == (False, ("port-1: PORT_DOWN is still there",))


def test_an_alarm_of_another_code_does_not_spoil_the_correction():
    assert corrected(alarms=[alarm("port-1", "PORT_ERRORS"), alarm("link-1", "PORT_DOWN")]).verified


@pytest.mark.parametrize("state", [ResourceState.DEGRADED, ResourceState.OUT_OF_SERVICE])
def test_a_correction_is_not_verified_while_its_resource_is_not_in_service(state):
    assert not corrected(resources=(PORT.model_copy(update={"state": state}),)).verified


def test_a_resource_that_vanished_is_not_in_service():
    assert not corrected(resources=()).verified


def test_an_order_that_did_not_run_is_named():
    done = corrected(ran=False)
    assert not done.verified
    assert done.shortcomings[0] == "port-1: restart_port did not run (timeout)"


def test_an_error_without_a_known_action_is_not_verified():
    done = corrected(findings=[finding(PORT, "unexplained_fault")], alarms=[alarm("port-1", "PORT_DOWN")])
    assert not done.verified
    assert "no action is known against unexplained_fault" in done.shortcomings[0]


def test_where_no_error_is_left_the_measurement_decides():
    assert corrected(findings=[]).verified
    assert not corrected(findings=[], probes=[probe(Metric.AVAILABILITY, "0")]).verified
    assert not corrected(findings=[], probes=[]).verified


def test_an_error_that_went_by_itself_needs_no_action():
    assert corrected(findings=[finding(PORT, "unexplained_fault")]).verified


def test_a_correction_without_a_fresh_measurement_is_not_verified():
    done = corrected(targets=())
    assert (done.verified, done.shortcomings) == (False, ("the service was not measured again",))


@pytest.mark.parametrize(("measured", "passed"), [("50", True), ("50.001", False), ("0", True), (None, False)])
def test_a_bound_that_must_not_be_exceeded_belongs_to_the_good_side(measured, passed):
    (check,) = check_probes([probe(Metric.LATENCY, measured)], [FAST])
    assert check.passed is passed


@pytest.mark.parametrize(("measured", "passed"), [("99.9", True), ("99.899", False), ("100", True), (None, False)])
def test_a_bound_that_must_be_reached_belongs_to_the_good_side(measured, passed):
    (check,) = check_probes([probe(Metric.AVAILABILITY, measured)], [AVAILABLE])
    assert check.passed is passed


def test_a_metric_that_was_not_measured_is_not_passed():
    (check,) = check_probes([probe(Metric.AVAILABILITY, "100")], [FAST])
    assert (check.passed, check.measured, check.shortcoming) == (False, None, "latency: nothing came back")


def test_the_newest_measurement_counts():
    probes = [probe(Metric.LATENCY, "12", minute=5), probe(Metric.LATENCY, "900", minute=1)]
    assert check_probes(probes, [FAST])[0].measured == 12


@given(st.decimals(0, 1000, places=3), st.decimals(0, 1000, places=3), st.booleans())
def test_a_check_agrees_with_plain_comparison(measured, bound, at_least):
    target = ProbeTarget(metric=Metric.LATENCY, bound=bound, at_least=at_least)
    (check,) = check_probes([probe(Metric.LATENCY, str(measured))], [target])
    assert check.passed is (measured >= bound if at_least else measured <= bound)


def test_each_action_is_ordered_once_per_resource():
    ordered = []

    def order(action, name):
        ordered.append((action, name))
        return answer(action, name)

    findings = [
        finding(PORT, "port_failure"),
        finding(PORT, "port_errors", code="PORT_ERRORS"),
        finding(LINK, "link_failure"),
    ]
    attempts = carry_out(findings, REMEDIES, order)
    assert sorted(ordered) == sorted(set(ordered))
    assert len(attempts) == 3
    assert all(results for _, results in attempts)


def test_an_order_has_the_same_key_whenever_the_activity_is_repeated():
    key = order_key("k3", "TT-000001", "undertake_restoration", Action.RESTART_PORT, "port-1")
    assert key == "k3:TT-000001:undertake_restoration:port-1:restart_port"


def contract(*objectives) -> Contract:
    return Contract.model_validate(TERMS | {"objectives": list(objectives)})


def promise(metric: str, target: str | None, **more):
    rule = {"kind": "share_when_missed", "credit": "10%"}
    return {"id": f"{metric}-{target}".replace(" ", ""), "metric": metric, "target": target, "rule": rule, **more}


OTHERWISE = REMEDIES.verify_at_least


def test_the_targets_of_a_check_are_those_of_the_contract():
    targets = targets_of(contract(promise("availability", "99.95"), promise("latency", "45")), OTHERWISE)
    assert [(t.metric, t.bound, t.at_least) for t in targets] == [
        (Metric.AVAILABILITY, Decimal("99.95"), True),
        (Metric.LATENCY, Decimal(45), False),
    ]


def test_the_strictest_of_two_bounds_counts():
    targets = targets_of(contract(promise("latency", "45"), promise("latency", "30")), OTHERWISE)
    assert {t.metric: t.bound for t in targets}[Metric.LATENCY] == 30


def test_a_contract_that_promises_no_availability_must_at_least_answer():
    targets = targets_of(contract(promise("time_to_restore", "4 h")), OTHERWISE)
    assert [(t.metric, t.bound) for t in targets] == [(Metric.AVAILABILITY, Decimal(100))]


def test_a_promised_share_of_samples_is_checked_against_the_bound_of_one_sample():
    share = promise("jitter", "1", measure={"kind": "share_beyond", "bound": {"more_than": "10"}})
    targets = targets_of(contract(share), OTHERWISE)
    assert (targets[0].metric, targets[0].bound, targets[0].at_least) == (Metric.JITTER, Decimal(10), False)


def test_restoration_outweighs_minor_corrections_and_a_held_one_outweighs_both():
    chosen = REMEDIES.choose(("port_errors", "link_failure"))
    assert (chosen.type, chosen.route, chosen.safe_to_automate) == ("link_failure", Route.RESTORATION, True)
    assert REMEDIES.choose(("port_errors", "link_failure", "fibre_damage")).type == "fibre_damage"


@given(st.lists(st.sampled_from([r.type for r in REMEDIES.remedies]), min_size=1, max_size=6))
def test_the_chosen_remedy_is_never_lighter_than_any_other(types):
    chosen, order = REMEDIES.choose(tuple(types)), list(Route)
    for name in types:
        other = REMEDIES.remedy(name)
        assert order.index(chosen.route) >= order.index(other.route)
        assert other.safe_to_automate or not chosen.safe_to_automate
