"""The first task of a stage does more of its steps for a cohort; what it leaves, the tasks of those steps do."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import OperationalError

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.process.graph import EDGES, FIRST, STAGES, STEPS, WAIT
from include.sla_logic.process.stages import done_in_one_go, step_named
from include.sla_logic.services import cohorts
from tests.cohorts.test_what_leaves_a_cohort import UnableToDoThis, failing, report

RUN = "cohort-1"
INTAKE = done_in_one_go(FIRST)


def begin(use_cases, tickets, *, steps=step_named):
    """Do what the first task of the first stage does."""
    use_cases.cohorts.accept({"incidents": list(tickets)}, run_id=RUN)
    use_cases.cohorts.perform(steps(FIRST), run_id=RUN, then=[steps(step.name) for step in INTAKE])


def test_a_task_does_the_steps_to_which_only_its_own_stage_leads():
    firsts = {stage.steps[0].name: stage for stage in STAGES}
    for name in STEPS:
        done = [step.name for step in done_in_one_go(name)]
        if name not in firsts:
            assert done == []
            continue
        here = {step.name for step in firsts[name].steps}
        assert here.issuperset(done)
        for after in done:
            assert {edge.before for edge in EDGES if edge.after == after} <= {name, *done}
            assert not STEPS[after].sends
            assert not STEPS[after].acts
            assert after != WAIT
    assert [step.name for step in INTAKE] == [step.name for step in STAGES[0].steps][1:]
    assert done_in_one_go("receive_outcome") == ()  # report and rebate are parallel tasks


def test_the_tasks_behind_find_their_steps_done_and_repeat_the_choices(use_cases, teleco):
    tickets = report(use_cases, teleco, "no_problem_found", "minor_correction", "premium")
    begin(use_cases, tickets.values())
    assert {len(use_cases.lookups.incident(ticket).documents) for ticket in tickets.values()} >= {7}
    kept = {ticket: use_cases.lookups.incident(ticket).documents for ticket in tickets.values()}
    chosen = use_cases.cohorts.perform(step_named("is_customer_premium"), run_id=RUN)
    assert chosen == {"link_to_extra_problem_fix", "does_significance_change_priorities"}
    for step in INTAKE:
        use_cases.cohorts.perform(step, run_id=RUN)
    assert {ticket: use_cases.lookups.incident(ticket).documents for ticket in tickets.values()} == kept
    linked = use_cases.cohorts.completed("link_to_extra_problem_fix", run_id=RUN)
    assert [(member.ticket, member.own_run) for member in linked] == [(tickets["premium"], "own-premium")]
    everybody = use_cases.cohorts.completed("create_detailed_problem_report", run_id=RUN)
    assert [member.ticket for member in everybody] == sorted(tickets.values())
    assert {member.done_at.tzinfo for member in everybody} == {UTC}
    assert isinstance(everybody[0].done_at, datetime)


def test_who_fails_at_a_later_step_is_set_aside_at_that_step(use_cases, teleco):
    tickets = report(use_cases, teleco, "no_problem_found", "minor_correction")
    bad = tickets["minor_correction"]
    fault = failing("determine_counter_measures", bad, UnableToDoThis("The line is a riddle."))
    begin(use_cases, tickets.values(), steps=fault)
    aside, other = use_cases.lookups.incident(bad), use_cases.lookups.incident(tickets["no_problem_found"])
    assert aside.tasks[-2:] == ("compare_with_sla", "determine_counter_measures_failed")
    assert other.tasks[-1] == "create_detailed_problem_report"


@pytest.mark.parametrize("away", [OperationalError("SELECT", {}, Exception("away")), ConnectionError("away")])
def test_what_cannot_be_done_now_is_left_to_the_task_of_that_step(use_cases, teleco, away, caplog):
    tickets = report(use_cases, teleco, "no_problem_found", "minor_correction")
    begin(use_cases, tickets.values(), steps=failing("determine_counter_measures", tickets["minor_correction"], away))
    assert f"determine_counter_measures is left to its own task: {type(away).__name__}" in caplog.messages
    assert {member.state for member in use_cases.cohorts.members(RUN)} == {"carried"}
    assert {use_cases.lookups.incident(ticket).tasks[-1] for ticket in tickets.values()} == {"compare_with_sla"}
    use_cases.cohorts.perform(step_named("determine_counter_measures"), run_id=RUN)
    assert len(use_cases.cohorts.completed("determine_counter_measures", run_id=RUN)) == 2


def test_an_incident_alone_in_its_cohort_fails_in_the_task_of_the_step(use_cases, teleco):
    tickets = report(use_cases, teleco, "minor_correction")
    fault = failing("compare_with_sla", *tickets.values(), UnableToDoThis("The line is a riddle."))
    begin(use_cases, tickets.values(), steps=fault)
    with pytest.raises(ForeseenError, match="riddle"):
        use_cases.cohorts.perform(fault("compare_with_sla"), run_id=RUN)


def test_a_task_that_has_worked_for_long_leaves_the_rest(use_cases, teleco, monkeypatch):
    monkeypatch.setattr(cohorts, "LEADS_FOR", -1)
    tickets = report(use_cases, teleco, "no_problem_found", "minor_correction")
    begin(use_cases, tickets.values())
    assert {use_cases.lookups.incident(ticket).tasks for ticket in tickets.values()} == {(FIRST,)}


def test_a_cohort_too_large_to_be_kept_in_memory_is_led_as_well(use_cases, teleco, monkeypatch):
    monkeypatch.setattr(cohorts, "KEEPS", 1)
    tickets = report(use_cases, teleco, "no_problem_found", "minor_correction")
    begin(use_cases, tickets.values())
    done = {use_cases.lookups.incident(ticket).tasks[-1] for ticket in tickets.values()}
    assert done == {"create_detailed_problem_report"}


def test_what_another_run_does_between_two_steps_is_seen_and_not_done_again(use_cases, teleco):
    tickets = report(use_cases, teleco, "no_problem_found", "minor_correction")
    quick, (compare, plan, *rest) = "own-minor_correction", INTAKE

    def steps_with_another_run_between():
        yield compare
        use_cases.incidents.perform(plan, run_id=quick)
        use_cases.incidents.perform(rest[0], run_id=quick)
        yield plan
        yield from rest

    use_cases.cohorts.accept({"incidents": list(tickets.values())}, run_id=RUN)
    use_cases.cohorts.perform(step_named(FIRST), run_id=RUN, then=steps_with_another_run_between())
    case, other = use_cases.lookups.incident(quick), use_cases.lookups.incident(tickets["no_problem_found"])
    assert case.tasks[-1] == other.tasks[-1] == "create_detailed_problem_report"
    assert len(case.tasks) == len(set(case.tasks))
    assert not case.ticket.escalated
