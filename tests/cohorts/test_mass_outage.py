"""Many reports of one cause: one analysis, one restoration, one release; comparison, report and rebate for each."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, insert, select, update

from benchmarks.leading import ORDER, lead
from include.sla_logic.domain.corrective_actions import CorrectiveActions
from include.sla_logic.domain.diagnosis import ProblemAnalysis
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.outgoing_keys import name_in
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.problems import service_problem_tickets, service_problems
from include.sla_logic.process.stages import step_named
from include.sla_logic.process.way import is_reached
from include.sla_logic.services import Settings, UseCases
from tests.clock import Clock
from tests.cohorts.test_leading_a_cohort import alone
from tests.cohorts.test_what_leaves_a_cohort import failing

ANCHOR = datetime(2026, 11, 20, 12, tzinfo=UTC)
NODE, OTHER = "R-AGG-NORTH", "R-AGG-SOUTH"
QUICK = ORDER[: ORDER.index("send_customer_report")]  # everything before the letters, whose pictures take time


class UnableToDoThis(ForeseenError):
    pass


@pytest.fixture
def use_cases(own_url: str, tmp_path: Path) -> UseCases:
    use_cases = UseCases(Settings(own_url, tmp_path / "letters"), clock=Clock(ANCHOR, tick=timedelta(seconds=1)))
    with use_cases.work.database.write() as connection:
        connection.execute(update(t.alarms).values(cleared_at=ANCHOR - timedelta(hours=6)))
        connection.execute(update(t.resource_faults).values(cured_at=ANCHOR - timedelta(hours=6)))
        connection.execute(update(t.resources).values(state="in_service"))
        break_node(connection, NODE, "LINK_DOWN")
    return use_cases


def break_node(connection, node, code, *, cured_by="fail_over_link", at=ANCHOR - timedelta(hours=5)) -> None:
    alarm = f"AL-{node}-{code}-{at:%H%M}"
    row = {"id": alarm, "resource": node, "code": code, "severity": "critical", "text": code, "raised_at": at}
    connection.execute(insert(t.alarms), row)
    fault = {"resource": node, "effects": {"availability": "0"}, "cured_by": cured_by, "began_at": at}
    connection.execute(insert(t.resource_faults), fault | {"id": f"F-{alarm}", "alarm": alarm})
    connection.execute(update(t.resources).where(t.resources.c.id == node).values(state="out_of_service"))


def hold(use_cases) -> None:
    """Let the remedy of the node's fault need a release."""
    with use_cases.work.database.write() as connection:
        connection.execute(update(t.alarms).where(t.alarms.c.resource == NODE).values(code="OPTICAL_POWER_LOW"))


def report(use_cases, teleco, size, *, node=NODE, name="own", **said) -> list[str]:
    """Accept one ticket each for some of the services that run over the node."""
    with use_cases.work.database.read() as connection:
        over = set(connection.scalars(select(t.topology.c.service).where(t.topology.c.resource == node)))
    confs = [n.model_dump(mode="json") for n in teleco.notifications.values() if n.service in over]
    by_service = list({conf["service"]: conf for conf in confs}.values())[:size]
    assert len(by_service) == size
    usual = {"observed_from": (ANCHOR - timedelta(hours=5)).isoformat(), "observed_to": None}
    return [
        use_cases.incidents.accept(
            conf | usual | said | {"external_reference": f"{name}-{i}"}, run_id=f"{name}-{i}", origin="t"
        ).id
        for i, conf in enumerate(by_service)
    ]


def orders(use_cases) -> list[str]:
    with use_cases.work.database.read() as connection:
        return sorted(map(name_in, connection.scalars(select(t.network_orders.c.order_key))))


def problems(use_cases) -> list[tuple[str, str | None, list[int]]]:
    """Return resource, end and tickets of each problem."""
    tie = service_problem_tickets.c
    with use_cases.work.database.read() as connection:
        return [
            (
                row.resource,
                row.ended,
                sorted(connection.scalars(select(tie.ticket).where(tie.problem == row.number))),
            )
            for row in connection.execute(select(service_problems).order_by(service_problems.c.number))
        ]


def together(use_cases, tickets):
    lead(use_cases, "cohort-1", tickets, tasks=QUICK)


def side_by_side(use_cases, tickets):
    """Take every incident as far as its analysis before the first is restored, each in a run of its own."""
    for ticket in tickets:
        alone_until(use_cases, ticket, "send_status_report")
    for ticket in tickets:
        alone(use_cases, use_cases.lookups.incident(ticket).ticket.run_id)


def mixed(use_cases, tickets):
    alone_until(use_cases, tickets[0], "send_status_report")
    lead(use_cases, "cohort-1", tickets[1:], tasks=QUICK)
    alone(use_cases, use_cases.lookups.incident(tickets[0]).ticket.run_id)


def alone_until(use_cases, ticket, last):
    run_id = use_cases.lookups.incident(ticket).ticket.run_id
    for task in ORDER[: ORDER.index(last) + 1]:
        taken = {step.task: step.choice for step in use_cases.lookups.incident(ticket).path}
        if is_reached(task, taken):
            use_cases.incidents.perform(step_named(task), run_id=run_id)


@pytest.mark.parametrize("way", [together, side_by_side, mixed])
def test_one_cause_is_analysed_and_restored_once_and_each_customer_has_her_own_rebate(use_cases, teleco, way):
    tickets = report(use_cases, teleco, 4)
    way(use_cases, tickets)
    assert orders(use_cases) == [f"SP-000001:{NODE}:clear_alarm", f"SP-000001:{NODE}:fail_over_link"]
    assert problems(use_cases) == [(NODE, "restored", [1, 2, 3, 4])]
    cases = [use_cases.lookups.incident(ticket) for ticket in tickets]
    analyses = [case.document(ProblemAnalysis) for case in cases]
    assert [sum("taken over" in analysis.reason for analysis in analyses)] == [3]
    assert {tie.analysed_as for analysis in analyses for tie in analysis.service_problems} == {tickets[0]}
    for case in cases:
        kinds = [document.kind for document in case.documents]
        assert kinds.count("SlaComparison") == 2
        assert {"CustomerReport", "Rebate", "BillingAdjustment"} <= set(kinds)
        actions = case.document(CorrectiveActions)
        assert actions.verified
        assert actions.checks
    answers = {str(case.document(CorrectiveActions).corrections[0].results) for case in cases}
    assert len(answers) == 1
    assert not use_cases.monitoring.violations()


def test_other_resources_and_other_times_are_not_tied(use_cases, teleco):
    with use_cases.work.database.write() as connection:
        break_node(connection, OTHER, "LINK_DOWN")
    there = report(use_cases, teleco, 1, node=OTHER, name="south")
    here = report(use_cases, teleco, 1)
    days_ago = (ANCHOR - timedelta(days=3)).isoformat(), (ANCHOR - timedelta(days=2)).isoformat()
    past = report(use_cases, teleco, 2, name="past", observed_from=days_ago[0], observed_to=days_ago[1])[1:]
    lead(use_cases, "cohort-1", [*there, *here, *past], tasks=QUICK)
    assert {problem[0]: len(problem[2]) for problem in problems(use_cases)} == {NODE: 1, OTHER: 1}
    assert not use_cases.lookups.incident(past[0]).document(ProblemAnalysis).service_problems


def test_a_new_fault_at_the_same_resource_is_a_problem_of_its_own_and_restored_anew(use_cases, teleco):
    first, second = report(use_cases, teleco, 2)
    alone(use_cases, use_cases.lookups.incident(first).ticket.run_id)
    with use_cases.work.database.write() as connection:
        break_node(connection, NODE, "LINK_DOWN", at=ANCHOR - timedelta(hours=1))
    alone(use_cases, use_cases.lookups.incident(second).ticket.run_id)
    assert [(end, tied) for _, end, tied in problems(use_cases)] == [("restored", [1]), ("restored", [2])]
    assert len(orders(use_cases)) == 4
    assert use_cases.lookups.incident(second).document(CorrectiveActions).verified


def test_what_was_restored_before_it_came_to_restoring_is_taken_over_with_its_answers(use_cases, teleco):
    first, second = report(use_cases, teleco, 2)
    alone_until(use_cases, second, "send_status_report")
    alone(use_cases, use_cases.lookups.incident(first).ticket.run_id)
    alone(use_cases, use_cases.lookups.incident(second).ticket.run_id)
    ours, theirs = (use_cases.lookups.incident(ticket).document(CorrectiveActions) for ticket in (first, second))
    assert ours.corrections == theirs.corrections
    assert len(orders(use_cases)) == 2


@pytest.mark.parametrize("task", ["analyze_resource_problem", "create_resource_trouble_report"])
def test_where_the_first_is_set_aside_the_next_go_on(use_cases, teleco, task):
    tickets = report(use_cases, teleco, 3)
    fault = failing(task, tickets[0], UnableToDoThis("The line is a riddle."))
    lead(use_cases, "cohort-1", tickets, steps=fault, tasks=QUICK)
    assert len(orders(use_cases)) == 2
    analysed_as = use_cases.lookups.incident(tickets[2]).document(ProblemAnalysis).service_problems[0].analysed_as
    assert analysed_as == (tickets[1] if task == "analyze_resource_problem" else tickets[0])
    assert all(use_cases.lookups.incident(ticket).document(CorrectiveActions).verified for ticket in tickets[1:])
    assert not use_cases.monitoring.violations()


def test_what_cannot_be_restored_is_tried_once_and_anew_once_all_incidents_have_ended(use_cases, teleco):
    with use_cases.work.database.write() as connection:
        connection.execute(update(t.resource_faults).values(cured_by=None))
    tickets = report(use_cases, teleco, 3)
    lead(use_cases, "cohort-1", tickets[:2])
    assert len(orders(use_cases)) == 2
    assert all(use_cases.lookups.incident(ticket).ticket.escalated for ticket in tickets[:2])
    assert problems(use_cases) == [(NODE, "left", [1, 2])]
    lead(use_cases, "cohort-2", tickets[2:], tasks=QUICK)
    assert len(orders(use_cases)) == 4


def test_one_release_frees_all_that_wait_and_those_that_come_later(use_cases, teleco):
    hold(use_cases)
    tickets = report(use_cases, teleco, 4)
    assert lead(use_cases, "cohort-1", tickets[:3], tasks=QUICK) == set(tickets[:3])
    use_cases.restorations.release(tickets[1], by="operator", reason="There is room.")
    for ticket in tickets[:3]:
        wait = use_cases.restorations.find(ticket)
        assert wait.sent_by == "operator"
        assert use_cases.restorations.decide(use_cases.lookups.incident(ticket).ticket.run_id) == "in_time"
    assert "(together with TT-000002)" in use_cases.lookups.incident(tickets[0]).audit[-1].detail
    alone(use_cases, use_cases.lookups.incident(tickets[3]).ticket.run_id)
    assert use_cases.restorations.find(tickets[3]).held_because is None
    for ticket in tickets[:3]:
        for task in ("track_errors", "undertake_restoration"):
            use_cases.incidents.perform(step_named(task), run_id=use_cases.lookups.incident(ticket).ticket.run_id)
        assert use_cases.lookups.incident(ticket).document(CorrectiveActions).verified
    assert len(orders(use_cases)) == 2
    assert not [breach for breach in use_cases.monitoring.violations() if breach.invariant != "I2"]


def test_one_rejection_is_for_all_that_wait_but_not_for_those_with_other_causes_too(use_cases, teleco):
    hold(use_cases)
    tickets = report(use_cases, teleco, 3)
    with use_cases.work.database.write() as connection:
        service = use_cases.lookups.incident(tickets[2]).ticket.service
        port = select(t.topology.c.resource).where(t.topology.c.service == service, t.topology.c.position == 4)
        break_node(connection, connection.scalar(port), "CARD_FAILURE")
    lead(use_cases, "cohort-1", tickets, tasks=QUICK)
    use_cases.restorations.reject(tickets[0], by="operator", reason="Not now.")
    assert [use_cases.restorations.find(ticket).rejected_by for ticket in tickets] == ["operator", "operator", None]


def test_a_customer_past_her_own_deadline_is_not_freed_with_the_others(use_cases, teleco):
    hold(use_cases)
    early, late = report(use_cases, teleco, 2)
    alone_until(use_cases, early, "request_automatic_restoration")
    use_cases.work.database._clock.now += timedelta(hours=3)
    alone_until(use_cases, late, "request_automatic_restoration")
    use_cases.work.database._clock.now = use_cases.restorations.find(early).deadline + timedelta(minutes=1)
    use_cases.restorations.release(late, by="operator", reason="There is room.")
    assert use_cases.restorations.find(early).sent_at is None
    assert use_cases.restorations.decide(use_cases.lookups.incident(early).ticket.run_id) == "too_late"


@pytest.mark.parametrize("task", ["analyze_resource_problem", "request_automatic_restoration"])
def test_the_questions_about_problems_do_not_grow_with_the_cohort(use_cases, teleco, task):
    hold(use_cases)
    asked = []
    for size in (1, 4):
        tickets = report(use_cases, teleco, size, name=f"size-{size}")
        lead(use_cases, f"cohort-{size}", tickets, tasks=ORDER[: ORDER.index(task)])
        statements: list[str] = []
        listener = lambda *args, seen=statements: seen.append(args[2])  # noqa: E731
        event.listen(use_cases.work.database.engine, "before_cursor_execute", listener)
        use_cases.cohorts.perform(step_named(task), run_id=f"cohort-{size}")
        event.remove(use_cases.work.database.engine, "before_cursor_execute", listener)
        asked.append(len([s for s in statements if "service_problem" in s and s.startswith("SELECT")]))
    assert asked[1] <= max(asked[0], 3)
