"""Every way through the process, judged on data alone: documents, ticket and money at its end."""

from datetime import timedelta
from decimal import Decimal

import pytest

from include.sla_logic.domain.closed_incident import ClosedIncident, Ending
from include.sla_logic.domain.corrective_actions import CorrectiveActions
from include.sla_logic.domain.counter_measures import CounterMeasurePlan
from include.sla_logic.domain.credit import BillingAdjustment, Rebate
from include.sla_logic.domain.customer_report import CreditState, CustomerReport, NextStep
from include.sla_logic.domain.diagnosis import NormalExecutionNotification, TroubleReport
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.network import Action
from include.sla_logic.domain.notification import Metric
from include.sla_logic.domain.premium import PremiumCase, PremiumState
from include.sla_logic.domain.priorities import Priority
from include.sla_logic.domain.resolution import Outcome, ProblemResolutionReport, ServicePerformanceReport
from include.sla_logic.domain.restoration import (
    RestorationOutcome,
    RestorationRequest,
    RestorationTermination,
    TroubleshootingReport,
)
from include.sla_logic.domain.sla import SlaComparison
from include.sla_logic.domain.status_report import FinalStatusReport, StatusReport
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.persistence.restorations import UnableToReleaseRestoration
from include.sla_logic.process.graph import STEPS, WAIT
from include.sla_logic.process.resource_provisioning import UnableToEndTheWait
from include.sla_logic.process.stages import step_named
from include.sla_logic.process.way import way
from tests.fakes import Incident, MemoryUseCases
from tests.process.small_world import (
    NOW,
    RUN,
    SIGNIFICANT,
    cut_link,
    damaged_fibre,
    faulty_port,
    notification,
    reported,
    small_world,
    stale_session,
)
from tests.process.walking import walk

USUAL = {
    "is_customer_premium": "does_significance_change_priorities",
    "does_significance_change_priorities": "create_detailed_problem_report",
}
AT_SERVICE_MANAGEMENT = {"is_problem_analyzable": "analyze_problem"}
AT_RESOURCE_PROVISIONING = {
    "is_problem_analyzable": "send_to_resource_provisioning",
    "is_problem_detected": "analyze_resource_problem",
}
ALL_NORMAL = AT_RESOURCE_PROVISIONING | {
    "is_problem_detected": "notify_normal_execution",
    "choose_counter_measures": "send_actual_service_performance",
}
MINOR = {"choose_counter_measures": "undertake_minor_corrections"}
RESTORED = {"choose_counter_measures": "request_automatic_restoration", WAIT: "track_errors"}
TERMINATED = RESTORED | {WAIT: "terminate_restoration"}
CLOSING = list(STEPS)[list(STEPS).index("receive_outcome") :]
TENTH = Money(amount=Decimal(100), currency="EUR")
NOTHING = Money.zero("EUR")


def incident_of(use_cases: MemoryUseCases) -> Incident:
    return use_cases.incidents[RUN]


def last(use_cases: MemoryUseCases, kind):
    return incident_of(use_cases).rounds(kind)[-1]


def assert_resolved(use_cases: MemoryUseCases, outcome: Outcome, credit: Money) -> None:
    ticket, closed = incident_of(use_cases).ticket, last(use_cases, ClosedIncident)
    assert (ticket.status, ticket.escalated) == (TicketStatus.RESOLVED, False)
    assert ticket.assigned_to is Lane.CUSTOMER_SERVICE
    assert (closed.ending, closed.outcome, closed.credit) == (Ending.RESOLVED, outcome, credit)


def assert_escalated(use_cases: MemoryUseCases, outcome: Outcome, credit: Money) -> None:
    ticket, closed = incident_of(use_cases).ticket, last(use_cases, ClosedIncident)
    assert (ticket.status, ticket.escalated) == (TicketStatus.IN_PROGRESS, True)
    assert (closed.ending, closed.outcome, closed.credit) == (Ending.ESCALATED, outcome, credit)
    report, _ = use_cases.world.letter_outbox.posted[ticket.id]
    assert NextStep.SPECIALISTS_CONTINUE in report.next_steps


def test_service_management_analyses_and_corrects_a_minor_problem():
    use_cases = reported(stale_session(small_world()))
    assert walk(use_cases, run_id=RUN) == way(USUAL | AT_SERVICE_MANAGEMENT | MINOR)
    assert_resolved(use_cases, Outcome.RESTORED, TENTH)
    assert last(use_cases, TroubleReport).department is Lane.SERVICE_MANAGEMENT
    assert last(use_cases, FinalStatusReport).clock_started_by is Lane.SERVICE_MANAGEMENT
    assert last(use_cases, CorrectiveActions).verified
    assert not incident_of(use_cases).rounds(StatusReport)


def test_resource_provisioning_finds_a_problem_that_service_management_corrects():
    use_cases = reported(faulty_port(small_world()))
    assert walk(use_cases, run_id=RUN) == way(USUAL | AT_RESOURCE_PROVISIONING | MINOR)
    assert_resolved(use_cases, Outcome.RESTORED, TENTH)
    assert last(use_cases, TroubleReport).type_of_problem == "port_errors"
    assert last(use_cases, CorrectiveActions).department is Lane.SERVICE_MANAGEMENT


def test_a_service_that_recovered_by_itself_is_normal_and_still_credited():
    use_cases = reported(small_world())
    assert walk(use_cases, run_id=RUN) == way(USUAL | ALL_NORMAL)
    assert_resolved(use_cases, Outcome.NO_PROBLEM_FOUND, TENTH)
    assert last(use_cases, NormalExecutionNotification).resources_checked == 3
    assert all(check.passed for check in last(use_cases, ServicePerformanceReport).checks)
    assert use_cases.world.network.orders == {}


@pytest.mark.parametrize("unknown", ["probes", "resources", "both"])
@pytest.mark.parametrize(("outage", "credit"), [(timedelta(hours=3), TENTH), (None, NOTHING)])
def test_a_service_that_could_not_be_examined_stays_open_and_is_credited_as_any_other(unknown, outage, credit):
    world = small_world(outage=outage)
    if unknown != "resources":
        world.network.healthy = {metric: (unit, None) for metric, (unit, _value) in world.network.healthy.items()}
    if unknown != "probes":
        world.network.topology = []
    use_cases = reported(world)
    assert walk(use_cases, run_id=RUN) == way(USUAL | ALL_NORMAL)
    assert_escalated(use_cases, Outcome.NOT_EXAMINED, credit)
    report, _ = use_cases.world.letter_outbox.posted["TT-000001"]
    assert NextStep.WRITE_AGAIN in report.next_steps
    assert report.writes_next_by == last(use_cases, CustomerReport).created_at + timedelta(days=2)
    why = last(use_cases, ServicePerformanceReport).unexamined
    assert ("no probe" in why, "no resource" in why) == (unknown != "resources", unknown != "probes")


def test_a_fresh_measurement_that_breaks_a_promise_is_told_even_where_no_resource_is_known():
    world = small_world()
    world.network.topology = []
    use_cases = reported(world)
    walk(use_cases, run_id=RUN, until="send_actual_service_performance")
    use_cases.world.network.healthy[Metric.AVAILABILITY] = ("percent", Decimal(0))
    walk(use_cases, run_id=RUN)
    assert_escalated(use_cases, Outcome.CORRECTION_NOT_VERIFIED, TENTH)


def test_without_a_violation_both_closing_steps_run_and_the_rebate_is_zero_with_a_reason():
    use_cases = reported(small_world(outage=None))
    assert list(walk(use_cases, run_id=RUN)[-6:]) == CLOSING
    assert_resolved(use_cases, Outcome.NO_PROBLEM_FOUND, NOTHING)
    rebate = last(use_cases, Rebate)
    assert (rebate.total, bool(rebate.reason)) == (NOTHING, True)
    report, _ = use_cases.world.letter_outbox.posted["TT-000001"]
    assert report.credit.state is CreditState.NONE_DUE
    assert use_cases.world.billing.booked == []


def test_a_service_found_normal_that_breaks_a_promise_when_measured_again_is_escalated():
    use_cases = reported(small_world())
    walk(use_cases, run_id=RUN, until="send_actual_service_performance")
    use_cases.world.network.healthy[Metric.AVAILABILITY] = ("percent", Decimal(0))
    for task in ["send_actual_service_performance", *CLOSING]:
        use_cases.perform(step_named(task), run_id=RUN)
    assert_escalated(use_cases, Outcome.CORRECTION_NOT_VERIFIED, TENTH)


def test_an_automatic_restoration_corrects_every_tracked_error():
    use_cases = reported(cut_link(small_world()))
    assert walk(use_cases, run_id=RUN) == way(USUAL | AT_RESOURCE_PROVISIONING | RESTORED)
    assert_resolved(use_cases, Outcome.RESTORED, TENTH)
    request = last(use_cases, RestorationRequest)
    assert (request.held_because, request.deadline) == (None, NOW + timedelta(days=2))
    assert last(use_cases, TroubleshootingReport).restored
    assert last(use_cases, CorrectiveActions).department is Lane.RESOURCE_PROVISIONING
    assert all(alarm.cleared_at for alarm in use_cases.world.network.raised)


def test_a_held_restoration_goes_on_when_an_operator_releases_it_in_time():
    use_cases = reported(damaged_fibre(small_world()))

    def release() -> None:
        assert use_cases.decide(RUN) is None
        use_cases.later(timedelta(hours=47))
        use_cases.release(RUN)

    assert walk(use_cases, run_id=RUN, while_waiting=release) == (way(USUAL | AT_RESOURCE_PROVISIONING | RESTORED))
    assert last(use_cases, RestorationRequest).held_because
    assert last(use_cases, ProblemResolutionReport).outcome is Outcome.RESTORED


def test_a_held_restoration_that_is_rejected_leaves_the_ticket_open_and_escalated():
    use_cases = reported(damaged_fibre(small_world()))
    taken = walk(use_cases, run_id=RUN, while_waiting=lambda: use_cases.reject(RUN))
    assert taken == way(USUAL | AT_RESOURCE_PROVISIONING | TERMINATED)
    assert_escalated(use_cases, Outcome.RESTORATION_REJECTED, TENTH)
    assert last(use_cases, RestorationTermination).outcome is RestorationOutcome.REJECTED
    assert use_cases.world.network.orders == {}


def test_a_request_too_late_is_reported_escalated_and_credited_provisionally():
    use_cases = reported(damaged_fibre(small_world(restoration_window=timedelta(seconds=45))))
    taken = walk(use_cases, run_id=RUN, while_waiting=lambda: use_cases.later(timedelta(seconds=46)))
    assert taken == way(USUAL | AT_RESOURCE_PROVISIONING | TERMINATED)
    assert_escalated(use_cases, Outcome.RESTORATION_TOO_LATE, TENTH)
    assert last(use_cases, RestorationTermination).deadline == NOW + timedelta(seconds=45)
    report, customer = use_cases.world.letter_outbox.posted["TT-000001"]
    assert (report.outcome, customer.email) == (Outcome.RESTORATION_TOO_LATE, "bakery@example.org")
    assert report.credit.state is CreditState.PROVISIONAL
    assert NextStep.CREDIT_MAY_GROW in report.next_steps


@pytest.mark.parametrize(("seconds", "outcome"), [(44, "in_time"), (45, "in_time"), (46, None)])
def test_a_release_at_the_deadline_is_in_time_and_one_after_it_is_refused(seconds, outcome):
    use_cases = reported(damaged_fibre(small_world(restoration_window=timedelta(seconds=45))))
    walk(use_cases, run_id=RUN, until=WAIT)
    use_cases.later(timedelta(seconds=seconds))
    if outcome is None:
        with pytest.raises(UnableToReleaseRestoration):
            use_cases.release(RUN)
        assert use_cases.decide(RUN) is RestorationOutcome.TOO_LATE
    else:
        use_cases.release(RUN)
        use_cases.later(timedelta(days=30))
        assert use_cases.decide(RUN) == outcome


def test_a_restoration_that_was_not_refused_cannot_be_terminated():
    use_cases = reported(cut_link(small_world()))
    walk(use_cases, run_id=RUN, until=WAIT)
    with pytest.raises(UnableToEndTheWait, match="the outcome of its wait is None"):
        use_cases.perform(step_named("terminate_restoration"), run_id=RUN)


def test_a_correction_whose_check_fails_is_escalated_and_never_reported_as_solved():
    use_cases = reported(cut_link(small_world(), cured_by=None))
    assert walk(use_cases, run_id=RUN) == way(USUAL | AT_RESOURCE_PROVISIONING | RESTORED)
    assert_escalated(use_cases, Outcome.CORRECTION_NOT_VERIFIED, TENTH)
    report = last(use_cases, ProblemResolutionReport)
    assert any("availability: measured 0 percent, must be at least 99.9" in line for line in report.shortcomings)
    assert not last(use_cases, TroubleshootingReport).restored


def test_a_minor_correction_without_a_measurement_is_not_verified():
    world = stale_session(small_world())
    world.network.healthy = {metric: (unit, None) for metric, (unit, _) in world.network.healthy.items()}
    use_cases = reported(world)
    walk(use_cases, run_id=RUN)
    assert_escalated(use_cases, Outcome.CORRECTION_NOT_VERIFIED, TENTH)
    assert last(use_cases, ProblemResolutionReport).shortcomings == ("availability: nothing came back",)


def test_a_fault_that_no_rule_explains_is_held_and_ends_escalated_even_if_released():
    world = small_world()
    world.network.break_down("port-1", "NEVER_SEEN", cured_by=Action.RESTART_PORT, spoils={})
    use_cases = reported(world)
    walk(use_cases, run_id=RUN, while_waiting=lambda: use_cases.release(RUN))
    assert last(use_cases, TroubleReport).type_of_problem == "unexplained_fault"
    assert_escalated(use_cases, Outcome.CORRECTION_NOT_VERIFIED, TENTH)
    assert use_cases.world.network.orders == {}


def test_a_premium_customer_is_linked_to_the_extra_process_and_still_served():
    use_cases = reported(stale_session(small_world(premium=True)))
    taken = walk(use_cases, run_id=RUN)
    assert "link_to_extra_problem_fix" in taken
    assert list(taken[-6:]) == CLOSING
    assert_resolved(use_cases, Outcome.RESTORED, TENTH)
    requested, taken_over = incident_of(use_cases).rounds(PremiumCase)
    assert (requested.state, taken_over.state) == (PremiumState.REQUESTED, PremiumState.TAKEN_OVER)
    child = incident_of(use_cases).children[Lane.EXTRA_PROBLEM_FIX]
    assert (taken_over.child_ticket, child.parent) == (child.id, "TT-000001")
    assert child.assigned_to is Lane.EXTRA_PROBLEM_FIX


def test_the_measures_of_a_significant_customer_are_raised_once():
    use_cases = reported(stale_session(small_world(history=SIGNIFICANT)))
    assert "reprioritize_counter_measures" in walk(use_cases, run_id=RUN)
    first, second = incident_of(use_cases).rounds(CounterMeasurePlan)
    assert {m.priority for m in first.measures} == {Priority.P3}
    assert {m.priority for m in second.measures} == {Priority.P2}
    assert {m.original_priority for m in second.measures} == {Priority.P3}
    assert (first.impact, first.urgency) == (second.impact, second.urgency)
    assert all("gold" in m.history[0].reason for m in second.measures)


def test_premium_and_significance_can_both_apply():
    use_cases = reported(stale_session(small_world(history=SIGNIFICANT, premium=True)))
    taken = walk(use_cases, run_id=RUN)
    assert taken.index("link_to_extra_problem_fix") < taken.index("reprioritize_counter_measures")


def test_a_significant_customer_with_highest_priority_already_is_not_reprioritised():
    use_cases = reported(stale_session(small_world(history=SIGNIFICANT)), impact=1, urgency=1)
    assert "reprioritize_counter_measures" not in walk(use_cases, run_id=RUN)


def test_a_rebate_held_for_approval_is_reported_as_under_review():
    use_cases = reported(stale_session(small_world(approval_limit="50")))
    walk(use_cases, run_id=RUN)
    assert last(use_cases, BillingAdjustment).held
    report, _ = use_cases.world.letter_outbox.posted["TT-000001"]
    assert (report.credit.state, report.credit.amount) == (CreditState.UNDER_REVIEW, TENTH)
    assert NextStep.CREDIT_IS_REVIEWED in report.next_steps
    assert last(use_cases, ClosedIncident).credit_state is CreditState.UNDER_REVIEW
    assert use_cases.world.billing.booked == []


def test_a_second_incident_in_the_same_window_is_not_credited_again():
    use_cases = reported(stale_session(small_world()))
    walk(use_cases, run_id=RUN)
    use_cases.accept(notification(external_reference="WEB-2"), run_id="run-2")
    walk(use_cases, run_id="run-2")
    rebate = use_cases.incidents["run-2"].rounds(Rebate)[-1]
    assert rebate.total == NOTHING
    assert sum((c.amount for _, c in use_cases.world.billing.booked), start=NOTHING) == TENTH


def test_the_rebate_counts_what_happened_until_the_outcome_was_received():
    world = cut_link(small_world())
    facts = world.measurements.by_service["S-1"]
    lasting = facts.outages[0].model_copy(update={"end": None})
    world.measurements.by_service["S-1"] = facts.model_copy(update={"outages": (lasting,)})
    use_cases = reported(world)
    taken = walk(use_cases, run_id=RUN, until="receive_outcome")
    use_cases.later(timedelta(hours=4))
    first = last(use_cases, SlaComparison)
    for task in CLOSING:
        use_cases.perform(step_named(task), run_id=RUN)
    assert taken[-1] == "send_problem_resolution_report"
    assert last(use_cases, SlaComparison).as_of == first.as_of + timedelta(hours=4)
    assert last(use_cases, SlaComparison).worst.counted_seconds == first.worst.counted_seconds + 4 * 3600
    assert last(use_cases, ClosedIncident).credit == Money(amount=Decimal(300), currency="EUR")


def test_a_step_done_twice_changes_nothing():
    use_cases = reported(cut_link(small_world()))
    taken = walk(use_cases, run_id=RUN)
    before = incident_of(use_cases)
    assert walk(use_cases, run_id=RUN) == taken
    assert incident_of(use_cases) == before


@pytest.mark.parametrize("broken", [stale_session, faulty_port, cut_link])
def test_the_letter_names_what_was_promised_measured_done_and_credited(broken):
    use_cases = reported(broken(small_world()))
    walk(use_cases, run_id=RUN)
    draft, sent = incident_of(use_cases).rounds(CustomerReport)
    (availability,) = sent.performance.objectives
    assert draft.credit is None
    assert (sent.customer_name, sent.locale, sent.service_name) == ("Bakery", "de", "Line to the bakery")
    assert (availability.promised, str(availability.measured)[:6]) == (Decimal("99.9"), "99.583")
    assert sent.done
    assert sent.problem_title
    assert sent.credit.lines[0].amount == TENTH
    assert sent.credit.invoice_after == Money(amount=Decimal(900), currency="EUR")
    assert sent.measured_now[0].passed
