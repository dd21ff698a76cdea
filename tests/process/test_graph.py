"""The stated process answers what leads where, and agrees with the steps that are written in code."""

import inspect
from enum import StrEnum

import pytest

from include.sla_logic.domain.lanes import Lane
from include.sla_logic.process import billing, customer_service, resource_provisioning, service_management
from include.sla_logic.process.graph import EDGES, STAGES, STEPS, WAIT, Kind
from include.sla_logic.process.way import is_reached, is_way, next_steps, way, ways_to

DEPARTMENTS = {
    Lane.CUSTOMER_SERVICE: customer_service,
    Lane.SERVICE_MANAGEMENT: service_management,
    Lane.RESOURCE_PROVISIONING: resource_provisioning,
    Lane.BILLING: billing,
}
SHORTEST = {
    "is_customer_premium": "does_significance_change_priorities",
    "does_significance_change_priorities": "create_detailed_problem_report",
    "is_problem_analyzable": "analyze_problem",
    "choose_counter_measures": "send_actual_service_performance",
}
BEFORE_REPORT = ("enter_problem_report", "receive_outcome", "create_customer_report", "report_sla_rebate")


def done_on(choices):
    return {step: choices.get(step) for step in way(choices)}


def test_each_step_is_a_function_of_its_department():
    missing = [
        step.name
        for stage in STAGES
        for step in stage.steps
        if step.name != WAIT and not hasattr(DEPARTMENTS[stage.lane], step.name)
    ]
    assert missing == []


def test_each_decision_chooses_between_the_answers_of_its_function():
    for stage in STAGES:
        for step in stage.steps:
            department = DEPARTMENTS[stage.lane]
            waits = step.kind is Kind.WAIT
            function = department.go_on_after_the_wait if waits else getattr(department, step.name).function
            answer = inspect.signature(function).return_annotation
            assert (inspect.isclass(answer) and issubclass(answer, StrEnum)) is step.chooses, step.name
            if step.chooses:
                assert {to.step for to in step.followed_by} == {str(choice) for choice in answer}


def test_no_step_comes_before_one_that_leads_to_it():
    order = list(STEPS)
    assert [edge for edge in EDGES if order.index(edge.before) >= order.index(edge.after)] == []


def test_one_step_begins_the_process_and_one_ends_it():
    assert [step for step in STEPS if not ways_to(step)] == ["enter_problem_report"]
    assert [step.name for step in STEPS.values() if not step.followed_by] == ["close_incident"]


def test_what_leads_to_a_step_names_the_choice_that_must_have_been_made():
    assert {(edge.before, edge.choice) for edge in ways_to("create_detailed_problem_report")} == {
        ("does_significance_change_priorities", "create_detailed_problem_report"),
        ("reprioritize_counter_measures", None),
    }


def test_only_the_steps_that_were_chosen_come_next():
    done = {"enter_problem_report": None, "is_customer_premium": "link_to_extra_problem_fix"}
    assert "link_to_extra_problem_fix" in next_steps(done)
    assert not is_reached("does_significance_change_priorities", done)


def test_report_and_rebate_run_side_by_side_and_the_sending_waits_for_both():
    done = dict.fromkeys(BEFORE_REPORT[:2])
    assert set(next_steps(done)) >= {"create_customer_report", "report_sla_rebate"}
    assert not is_reached("send_customer_report", done | {"create_customer_report": None})
    assert is_reached("send_customer_report", done | {"create_customer_report": None, "adjust_billing": None})


def test_nothing_is_done_yet_so_the_first_step_comes_next():
    assert next_steps({}) == ("enter_problem_report",)


def test_the_choices_of_the_decisions_make_one_way():
    steps = way(SHORTEST)
    assert steps[-1] == "close_incident"
    assert {"link_to_extra_problem_fix", WAIT, "send_status_report"}.isdisjoint(steps)
    assert next_steps(done_on(SHORTEST)) == ()


def test_every_beginning_of_a_way_is_a_way_and_one_with_a_gap_is_none():
    done = list(done_on(SHORTEST).items())
    assert all(is_way(dict(done[:length])) for length in range(len(done) + 1))
    assert not any(is_way(dict(done[:gap] + done[gap + 1 :])) for gap in range(len(done) - 1))


@pytest.mark.parametrize("choice", ["analyze_problem", "send_to_resource_provisioning"])
def test_a_step_that_the_decision_did_not_choose_is_on_no_way(choice):
    other = {"analyze_problem", "send_to_resource_provisioning"} - {choice}
    done = done_on(SHORTEST)
    done = dict(list(done.items())[: list(done).index("is_problem_analyzable")]) | {"is_problem_analyzable": choice}
    assert is_way(done | {choice: None})
    assert not is_way(done | dict.fromkeys(other))
