"""Many reports of one cause: one analysis, one restoration, one release; comparison, report and rebate for each."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, insert, select, update

from include.sla_logic.adapters.schema import reference as t
from include.sla_logic.adapters.schema.problems import service_problem_tickets, service_problems
from include.sla_logic.adapters.small_teleco import SmallTeleco, load_small_teleco, small_teleco
from include.sla_logic.domain.corrective_actions import CorrectiveActions
from include.sla_logic.domain.diagnosis import ProblemAnalysis
from include.sla_logic.office import Office, Settings
from tests.cohorts.leading import DOORS, ORDER, lead
from tests.cohorts.test_leading_a_cohort import alone
from tests.cohorts.test_what_leaves_a_cohort import failing
from tests.reference.walk import Clock, the_activity

ANCHOR = datetime(2026, 11, 20, 12, tzinfo=UTC)
NODE, OTHER = "R-AGG-NORTH", "R-AGG-SOUTH"
QUICK = ORDER[: ORDER.index("send_customer_report")]  # everything before the letters, whose pictures take time


class UnableToDoThis(Exception):
    pass


@pytest.fixture(scope="module")
def teleco() -> SmallTeleco:
    return small_teleco(7, ANCHOR, history_days=32)


@pytest.fixture
def office(tmp_path: Path, teleco: SmallTeleco) -> Office:
    office = Office(Settings(f"sqlite:///{tmp_path / 'teleco.db'}", tmp_path / "letters"), clock=Clock(ANCHOR))
    office.migrate()
    with office.database.write() as connection:
        load_small_teleco(connection, teleco)
        connection.execute(update(t.alarms).values(cleared_at=ANCHOR - timedelta(hours=6)))
        connection.execute(update(t.resource_faults).values(cured_at=ANCHOR - timedelta(hours=6)))
        connection.execute(update(t.resources).values(state="in_service"))
        break_node(connection, NODE, "LINK_DOWN")
    return office


def break_node(connection, node, code, *, cured_by="fail_over_link", at=ANCHOR - timedelta(hours=5)) -> None:
    alarm = f"AL-{node}-{code}-{at:%H%M}"
    row = {"id": alarm, "resource": node, "code": code, "severity": "critical", "text": code, "raised_at": at}
    connection.execute(insert(t.alarms), row)
    fault = {"resource": node, "effects": {"availability": "0"}, "cured_by": cured_by, "began_at": at}
    connection.execute(insert(t.resource_faults), fault | {"id": f"F-{alarm}", "alarm": alarm})
    connection.execute(update(t.resources).where(t.resources.c.id == node).values(state="out_of_service"))


def hold(office) -> None:
    """Let the remedy of the node's fault need a release."""
    with office.database.write() as connection:
        connection.execute(update(t.alarms).where(t.alarms.c.resource == NODE).values(code="OPTICAL_POWER_LOW"))


def report(office, teleco, size, *, node=NODE, name="own", **said) -> list[str]:
    """Accept one ticket each for some of the services that run over the node."""
    with office.database.read() as connection:
        over = set(connection.scalars(select(t.topology.c.service).where(t.topology.c.resource == node)))
    confs = [n.model_dump(mode="json") for n in teleco.notifications.values() if n.service in over]
    by_service = list({conf["service"]: conf for conf in confs}.values())[:size]
    assert len(by_service) == size
    usual = {"observed_from": (ANCHOR - timedelta(hours=5)).isoformat(), "observed_to": None}
    return [
        office.accept(conf | usual | said | {"external_reference": f"{name}-{i}"}, run_id=f"{name}-{i}", origin="t").id
        for i, conf in enumerate(by_service)
    ]


def orders(office) -> list[str]:
    with office.database.read() as connection:
        return sorted(connection.scalars(select(t.network_orders.c.order_key)))


def problems(office) -> list[tuple[str, str | None, list[int]]]:
    """Return resource, end and tickets of each problem."""
    tie = service_problem_tickets.c
    with office.database.read() as connection:
        return [
            (
                row.resource,
                row.ended,
                sorted(connection.scalars(select(tie.ticket).where(tie.problem == row.number))),
            )
            for row in connection.execute(select(service_problems).order_by(service_problems.c.number))
        ]


def together(office, tickets):
    lead(office, "cohort-1", tickets, tasks=QUICK)


def side_by_side(office, tickets):
    """Take every incident as far as its analysis before the first is restored, each in a run of its own."""
    for ticket in tickets:
        alone_until(office, ticket, "send_status_report")
    for ticket in tickets:
        alone(office, office.case(ticket).ticket.run_id)


def mixed(office, tickets):
    alone_until(office, tickets[0], "send_status_report")
    lead(office, "cohort-1", tickets[1:], tasks=QUICK)
    alone(office, office.case(tickets[0]).ticket.run_id)


def alone_until(office, ticket, last):
    run_id = office.case(ticket).ticket.run_id
    for task in ORDER[: ORDER.index(last) + 1]:
        taken = {step.task: step.choice for step in office.case(ticket).path}
        if DOORS[task].lets_in(task, taken):
            office.perform(the_activity(task), run_id=run_id)


@pytest.mark.parametrize("way", [together, side_by_side, mixed])
def test_one_cause_is_analysed_and_restored_once_and_each_customer_has_her_own_rebate(office, teleco, way):
    tickets = report(office, teleco, 4)
    way(office, tickets)
    assert orders(office) == [f"SP-000001:{NODE}:clear_alarm", f"SP-000001:{NODE}:fail_over_link"]
    assert problems(office) == [(NODE, "restored", [1, 2, 3, 4])]
    cases = [office.case(ticket) for ticket in tickets]
    analyses = [case.document(ProblemAnalysis) for case in cases]
    assert [sum("taken over" in analysis.reason for analysis in analyses)] == [3]
    assert {tie.analysed_as for analysis in analyses for tie in analysis.service_problems} == {tickets[0]}
    for case in cases:
        kinds = [paper.kind for paper in case.documents]
        assert kinds.count("SlaComparison") == 2
        assert {"CustomerReport", "Rebate", "BillingAdjustment"} <= set(kinds)
        actions = case.document(CorrectiveActions)
        assert actions.verified
        assert actions.checks
    answers = {str(case.document(CorrectiveActions).corrections[0].results) for case in cases}
    assert len(answers) == 1
    assert not office.breaches()


def test_other_resources_and_other_times_are_not_tied(office, teleco):
    with office.database.write() as connection:
        break_node(connection, OTHER, "LINK_DOWN")
    there = report(office, teleco, 1, node=OTHER, name="south")
    here = report(office, teleco, 1)
    days_ago = (ANCHOR - timedelta(days=3)).isoformat(), (ANCHOR - timedelta(days=2)).isoformat()
    past = report(office, teleco, 2, name="past", observed_from=days_ago[0], observed_to=days_ago[1])[1:]
    lead(office, "cohort-1", [*there, *here, *past], tasks=QUICK)
    assert {problem[0]: len(problem[2]) for problem in problems(office)} == {NODE: 1, OTHER: 1}
    assert not office.case(past[0]).document(ProblemAnalysis).service_problems


def test_a_new_fault_at_the_same_resource_is_a_problem_of_its_own_and_restored_anew(office, teleco):
    first, second = report(office, teleco, 2)
    alone(office, office.case(first).ticket.run_id)
    with office.database.write() as connection:
        break_node(connection, NODE, "LINK_DOWN", at=ANCHOR - timedelta(hours=1))
    alone(office, office.case(second).ticket.run_id)
    assert [(end, tied) for _, end, tied in problems(office)] == [("restored", [1]), ("restored", [2])]
    assert len(orders(office)) == 4
    assert office.case(second).document(CorrectiveActions).verified


def test_what_was_restored_before_it_came_to_restoring_is_taken_over_with_its_answers(office, teleco):
    first, second = report(office, teleco, 2)
    alone_until(office, second, "send_status_report")
    alone(office, office.case(first).ticket.run_id)
    alone(office, office.case(second).ticket.run_id)
    ours, theirs = (office.case(ticket).document(CorrectiveActions) for ticket in (first, second))
    assert ours.corrections == theirs.corrections
    assert len(orders(office)) == 2


@pytest.mark.parametrize("task", ["analyze_resource_problem", "create_resource_trouble_report"])
def test_where_the_first_is_set_aside_the_next_go_on(office, teleco, task):
    tickets = report(office, teleco, 3)
    fault = failing(task, tickets[0], UnableToDoThis("The line is a riddle."))
    lead(office, "cohort-1", tickets, steps=fault, tasks=QUICK)
    assert len(orders(office)) == 2
    analysed_as = office.case(tickets[2]).document(ProblemAnalysis).service_problems[0].analysed_as
    assert analysed_as == (tickets[1] if task == "analyze_resource_problem" else tickets[0])
    assert all(office.case(ticket).document(CorrectiveActions).verified for ticket in tickets[1:])
    assert not office.breaches()


def test_what_cannot_be_restored_is_tried_once_and_anew_once_all_incidents_have_ended(office, teleco):
    with office.database.write() as connection:
        connection.execute(update(t.resource_faults).values(cured_by=None))
    tickets = report(office, teleco, 3)
    lead(office, "cohort-1", tickets[:2])
    assert len(orders(office)) == 2
    assert all(office.case(ticket).ticket.escalated for ticket in tickets[:2])
    assert problems(office) == [(NODE, "left", [1, 2])]
    lead(office, "cohort-2", tickets[2:], tasks=QUICK)
    assert len(orders(office)) == 4


def test_one_release_frees_all_that_wait_and_whoever_comes_later(office, teleco):
    hold(office)
    tickets = report(office, teleco, 4)
    assert lead(office, "cohort-1", tickets[:3], tasks=QUICK) == set(tickets[:3])
    office.release_restoration(tickets[1], by="operator", reason="There is room.")
    for ticket in tickets[:3]:
        wait = office.restoration(ticket)
        assert wait.sent_by == "operator"
        assert office.decide_restoration(office.case(ticket).ticket.run_id) == "in_time"
    assert "(together with TT-000002)" in office.case(tickets[0]).audit[-1].detail
    alone(office, office.case(tickets[3]).ticket.run_id)
    assert office.restoration(tickets[3]).held_because is None
    for ticket in tickets[:3]:
        for task in ("track_errors", "undertake_restoration"):
            office.perform(the_activity(task), run_id=office.case(ticket).ticket.run_id)
        assert office.case(ticket).document(CorrectiveActions).verified
    assert len(orders(office)) == 2
    assert not [breach for breach in office.breaches() if breach.invariant != "I2"]


def test_one_rejection_is_for_all_that_wait_but_not_for_whoever_suffers_from_more(office, teleco):
    hold(office)
    tickets = report(office, teleco, 3)
    with office.database.write() as connection:
        service = office.case(tickets[2]).ticket.service
        port = select(t.topology.c.resource).where(t.topology.c.service == service, t.topology.c.position == 4)
        break_node(connection, connection.scalar(port), "CARD_FAILURE")
    lead(office, "cohort-1", tickets, tasks=QUICK)
    office.reject_restoration(tickets[0], by="operator", reason="Not now.")
    assert [office.restoration(ticket).rejected_by for ticket in tickets] == ["operator", "operator", None]


def test_whoever_has_missed_her_own_deadline_is_not_freed_with_the_others(office, teleco):
    hold(office)
    early, late = report(office, teleco, 2)
    alone_until(office, early, "request_automatic_restoration")
    office.database._clock.now += timedelta(hours=3)
    alone_until(office, late, "request_automatic_restoration")
    office.database._clock.now = office.restoration(early).deadline + timedelta(minutes=1)
    office.release_restoration(late, by="operator", reason="There is room.")
    assert office.restoration(early).sent_at is None
    assert office.decide_restoration(office.case(early).ticket.run_id) == "too_late"


@pytest.mark.parametrize("task", ["analyze_resource_problem", "request_automatic_restoration"])
def test_the_questions_about_problems_do_not_grow_with_the_cohort(office, teleco, task):
    hold(office)
    asked = []
    for size in (1, 4):
        tickets = report(office, teleco, size, name=f"size-{size}")
        lead(office, f"cohort-{size}", tickets, tasks=ORDER[: ORDER.index(task)])
        statements: list[str] = []
        listener = lambda *args, seen=statements: seen.append(args[2])  # noqa: E731
        event.listen(office.database.engine, "before_cursor_execute", listener)
        office.perform_cohort(the_activity(task), run_id=f"cohort-{size}", door=DOORS[task])
        event.remove(office.database.engine, "before_cursor_execute", listener)
        asked.append(len([s for s in statements if "service_problem" in s and s.startswith("SELECT")]))
    assert asked[1] <= max(asked[0], 3)
