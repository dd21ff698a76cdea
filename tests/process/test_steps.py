"""Details of single steps that the ways through the process do not show."""

from datetime import timedelta
from decimal import Decimal

import pytest

from include.sla_logic.domain.counter_measures import CounterMeasurePlan
from include.sla_logic.domain.credit import Rebate
from include.sla_logic.domain.customer_report import CustomerReport
from include.sla_logic.domain.detailed_problem_report import DetailedProblemReport
from include.sla_logic.domain.diagnosis import Investigation, NormalExecutionNotification, ResourceCheck
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.network import Action, ResourceState, Severity
from include.sla_logic.domain.notification import Metric
from include.sla_logic.domain.problem_report import ProblemReport
from include.sla_logic.domain.restoration import TrackedErrors
from include.sla_logic.domain.significance import CustomerSignificance
from include.sla_logic.domain.sla import SlaComparison
from include.sla_logic.domain.status_report import FinalStatusReport, StatusReport
from include.sla_logic.persistence.case_file import UnableToReadDocument
from include.sla_logic.persistence.contracts import UnableToFindRecord
from include.sla_logic.process.graph import WAIT
from include.sla_logic.process.stages import step_named
from include.sla_logic.process.step import step
from tests.fakes import policies_in_force
from tests.process.small_world import (
    BEGAN,
    DOWN,
    NOW,
    RUN,
    SIGNIFICANT,
    cut_link,
    damaged_fibre,
    faulty_port,
    reported,
    small_world,
    stale_session,
)
from tests.process.walking import walk


def after(use_cases, until, **said):
    walk(use_cases, run_id=RUN, until=until, **said)
    return use_cases.incidents[RUN]


def last(incident, kind):
    return incident.rounds(kind)[-1]


def test_the_problem_report_keeps_what_the_customer_said_and_subscribed():
    use_cases = reported(small_world(), parameters=[{"metric": "latency", "value": 180, "unit": "ms"}])
    report = last(after(use_cases, "compare_with_sla"), ProblemReport)
    assert (report.customer_name, report.agreement, report.contract, report.contract_version) == (
        "Bakery",
        "A-1",
        "K-1",
        "1",
    )
    assert report.parameters[0].value == Decimal(180)
    assert (report.reported_at, report.entered_at) == (NOW, NOW)


def test_the_time_of_report_that_the_customer_states_is_kept():
    use_cases = reported(small_world(), reported_at=BEGAN)
    assert last(after(use_cases, "compare_with_sla"), ProblemReport).reported_at == BEGAN


def test_an_unknown_service_fails_in_the_first_step_and_writes_nothing():
    use_cases = reported(small_world(), service="S-9")
    with pytest.raises(UnableToFindRecord, match="no agreement for S-9"):
        use_cases.perform(step_named("enter_problem_report"), run_id=RUN)
    assert use_cases.incidents[RUN].rounds(ProblemReport) == []
    assert use_cases.incidents[RUN].moves == []


def test_a_problem_that_began_before_the_agreement_has_no_contract():
    use_cases = reported(small_world(), observed_from=NOW - timedelta(days=4000))
    with pytest.raises(UnableToFindRecord):
        use_cases.perform(step_named("enter_problem_report"), run_id=RUN)


def test_a_step_without_its_document_says_which_one_is_missing():
    use_cases = reported(small_world())
    with pytest.raises(UnableToReadDocument, match="ProblemReport"):
        use_cases.perform(step_named("compare_with_sla"), run_id=RUN)


def test_the_window_is_the_contract_month_in_which_the_problem_began():
    use_cases = reported(small_world(), observed_from=NOW - timedelta(days=25))
    window = last(after(use_cases, "determine_counter_measures"), SlaComparison).window
    assert (window.start.month, window.end.month) == (10, 11)


def test_the_window_begins_at_midnight_of_the_contract_s_zone():
    use_cases = reported(small_world(zone="Europe/Berlin"))
    window = last(after(use_cases, "determine_counter_measures"), SlaComparison).window
    assert window.start.isoformat() == "2026-10-31T23:00:00+00:00"


def test_a_protected_contract_makes_its_customer_protected():
    use_cases = reported(small_world(protected=True))
    significance = last(after(use_cases, "is_customer_premium"), CustomerSignificance)
    assert (significance.band, significance.affects_priorities) == ("protected", True)


def test_an_event_before_a_chronic_right_counts_for_the_customer():
    chronic = {"count": 2, "outage": {"at_least": "30 min"}, "within_days": 30}
    near = last(after(reported(small_world(chronic=chronic)), "is_customer_premium"), CustomerSignificance)
    far = last(after(reported(small_world()), "is_customer_premium"), CustomerSignificance)
    assert near.score - far.score == policies_in_force().significance.one_event_from_chronic_right


def test_the_detailed_problem_report_carries_commitments_and_the_raised_measures():
    use_cases = reported(small_world(history=SIGNIFICANT, restoration_window=timedelta(hours=8)))
    incident = after(use_cases, "is_problem_analyzable")
    document, plan = last(incident, DetailedProblemReport), last(incident, CounterMeasurePlan)
    assert (document.plan_revision, document.measures) == (2, plan.measures)
    assert document.commitments.objectives[0].promised == Decimal("99.9")
    assert document.restoration_window == timedelta(hours=8)
    assert incident.ticket.assigned_to is Lane.SERVICE_MANAGEMENT


def test_service_management_investigates_its_own_layer_only():
    investigation = last(after(reported(cut_link(small_world())), "send_to_resource_provisioning"), Investigation)
    assert [resource.id for resource in investigation.resources] == ["profile-1"]


def test_the_resource_check_keeps_what_was_measured():
    check = last(after(reported(faulty_port(small_world())), "analyze_resource_problem"), ResourceCheck)
    assert [(c.metric, c.measured, c.passed) for c in check.checks] == [(Metric.AVAILABILITY, Decimal(0), False)]
    assert len(check.resources) == 3


def test_normal_execution_names_what_could_not_be_measured():
    world = small_world()
    world.network.healthy = {Metric.AVAILABILITY: ("percent", None)}
    notice = last(after(reported(world), "send_status_report"), NormalExecutionNotification)
    assert notice.not_measurable == ("availability",)


def test_the_deadline_does_not_move_when_service_management_takes_its_time():
    use_cases = reported(damaged_fibre(small_world()))
    incident = after(use_cases, "prepare_final_status_report")
    use_cases.later(timedelta(hours=30))
    for task in ("prepare_final_status_report", "choose_counter_measures", "request_automatic_restoration"):
        use_cases.perform(step_named(task), run_id=RUN)
    incident = use_cases.incidents[RUN]
    sent, final = last(incident, StatusReport), last(incident, FinalStatusReport)
    assert final.sent_at == sent.sent_at + timedelta(hours=30)
    assert incident.wait.deadline == final.restoration_deadline == sent.sent_at + timedelta(days=2)


def test_errors_that_arose_during_the_wait_are_tracked_and_corrected_too():
    use_cases = reported(damaged_fibre(small_world()))

    def release_later() -> None:
        use_cases.later(timedelta(hours=5))
        use_cases.world.network.now = use_cases.world.now
        use_cases.world.network.break_down("port-1", "PORT_DOWN", cured_by=Action.RESTART_PORT, spoils=DOWN)
        use_cases.release(RUN)

    incident = after(use_cases, "receive_outcome", while_waiting=release_later)
    assert {error.alarm_code for error in last(incident, TrackedErrors).errors} == {"OPTICAL_POWER_LOW", "PORT_DOWN"}
    assert all(fault.cured for fault in use_cases.world.network.faults)
    assert not incident.ticket.escalated


@pytest.mark.parametrize("healed", [True, False])
def test_errors_that_vanish_during_the_wait_leave_only_the_measurement_to_decide(healed):
    use_cases = reported(damaged_fibre(small_world()))

    def vanish() -> None:
        network = use_cases.world.network
        network.raised = []
        network.topology = [r.model_copy(update={"state": ResourceState.IN_SERVICE}) for r in network.topology]
        network.faults[0].cured = healed
        use_cases.release(RUN)

    incident = after(use_cases, "receive_outcome", while_waiting=vanish)
    assert last(incident, TrackedErrors).errors == ()
    assert incident.ticket.escalated is not healed


def test_a_wrong_diagnosis_fails_visibly():
    world = small_world()
    world.network.break_down("port-1", "PORT_ERRORS", cured_by=Action.FAIL_OVER_LINK, spoils=DOWN)
    use_cases = reported(world)
    walk(use_cases, run_id=RUN)
    assert use_cases.incidents[RUN].ticket.escalated
    assert any("PORT_ERRORS is still there" in event for _, _, event in use_cases.incidents[RUN].timeline)


def test_a_warning_alone_leads_to_no_order():
    world = small_world()
    world.network.break_down("link-1", "LINK_DEGRADED", cured_by=None, spoils={}, severity=Severity.WARNING)
    use_cases = reported(world)
    assert "notify_normal_execution" in walk(use_cases, run_id=RUN)
    assert use_cases.world.network.orders == {}


def test_an_order_is_not_carried_out_twice_when_its_step_is_repeated():
    use_cases = reported(stale_session(small_world()))
    walk(use_cases, run_id=RUN, until="send_problem_resolution_report")
    orders = dict(use_cases.world.network.orders)
    del use_cases.incidents[RUN].steps["undertake_minor_corrections"]
    use_cases.perform(step_named("undertake_minor_corrections"), run_id=RUN)
    assert use_cases.world.network.orders == orders


def test_a_failing_step_leaves_nothing_behind():
    use_cases = reported(cut_link(small_world()))
    walk(use_cases, run_id=RUN, until=WAIT)
    before, orders = use_cases.incidents[RUN], dict(use_cases.world.network.orders)

    @step
    def undertake_and_fail(file):
        file.network.undertake(Action.RESTART_PORT, "port-1", order="x")
        file.record("Something happened.", lane=Lane.RESOURCE_PROVISIONING)
        msg = "the wire broke"
        raise ConnectionError(msg)

    with pytest.raises(ConnectionError):
        use_cases.perform(undertake_and_fail, run_id=RUN)
    assert use_cases.incidents[RUN] == before
    assert use_cases.world.network.orders == orders


def test_report_and_rebate_may_be_done_in_either_order():
    ends = []
    for order in (
        ["create_customer_report", "report_sla_rebate", "adjust_billing"],
        ["report_sla_rebate", "adjust_billing", "create_customer_report"],
    ):
        use_cases = reported(stale_session(small_world()))
        walk(use_cases, run_id=RUN, until="create_customer_report")
        for task in [*order, "send_customer_report", "close_incident"]:
            use_cases.perform(step_named(task), run_id=RUN)
        incident = use_cases.incidents[RUN]
        ends.append((last(incident, CustomerReport), last(incident, Rebate), incident.ticket))
    assert ends[0] == ends[1]


def test_the_letter_is_posted_once_however_often_the_step_is_repeated():
    use_cases = reported(stale_session(small_world()))
    walk(use_cases, run_id=RUN)
    first = use_cases.world.letter_outbox.posted["TT-000001"]
    del use_cases.incidents[RUN].steps["send_customer_report"]
    use_cases.perform(step_named("send_customer_report"), run_id=RUN)
    assert use_cases.world.letter_outbox.posted["TT-000001"] == first


def test_the_timeline_tells_who_did_what_in_order():
    use_cases = reported(cut_link(small_world()))
    walk(use_cases, run_id=RUN)
    lanes = [lane for _, lane, _ in use_cases.incidents[RUN].timeline]
    assert lanes[0] is Lane.CUSTOMER_SERVICE
    assert {Lane.ELECTRONIC_SERVICE, Lane.SERVICE_MANAGEMENT, Lane.RESOURCE_PROVISIONING, Lane.BILLING} <= set(lanes)
    moments = [at for at, _, _ in use_cases.incidents[RUN].timeline]
    assert moments == sorted(moments)
