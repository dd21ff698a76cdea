"""A decision that was marked as success stops a whole cohort until it is taken; no member is set aside for it."""

import pytest

from include.sla_logic.process import customer_service
from include.sla_logic.process.way import UnableToTakeStep
from include.sla_logic.services import UseCases
from tests.clock import Clock
from tests.services.sample import conf, open_use_cases

RUN = "cohort-1"
BEFORE = ("enter_problem_report", "compare_with_sla", "determine_counter_measures", "determine_customer_significance")


@pytest.fixture
def use_cases(tmp_path) -> UseCases:
    use_cases = open_use_cases(f"sqlite:///{tmp_path / 'teleco.db'}", tmp_path, Clock())
    tickets = [
        use_cases.incidents.accept(conf(external_reference=f"REF-{n}"), run_id=f"run-{n}", origin="form").id
        for n in range(3)
    ]
    use_cases.cohorts.accept({"incidents": tickets}, run_id=RUN)
    for task in BEFORE:
        perform(use_cases, task)
    return use_cases


def perform(use_cases: UseCases, task: str) -> frozenset[str]:
    return use_cases.cohorts.perform(getattr(customer_service, task), run_id=RUN)


@pytest.mark.parametrize("task", ["link_to_extra_problem_fix", "does_significance_change_priorities"])
def test_every_task_behind_a_decision_that_was_not_taken_fails(use_cases, task):
    with pytest.raises(UnableToTakeStep, match="is_customer_premium has not been decided"):
        perform(use_cases, task)
    assert {member.state for member in use_cases.cohorts.members(RUN)} == {"carried"}


def test_one_member_that_was_left_out_stops_the_cohort_and_taking_the_decision_heals_it(use_cases):
    for run_id in ("run-0", "run-1"):
        use_cases.incidents.perform(customer_service.is_customer_premium, run_id=run_id)
    with pytest.raises(UnableToTakeStep, match="TT-000003"):
        perform(use_cases, "does_significance_change_priorities")
    assert perform(use_cases, "is_customer_premium") == {"does_significance_change_priorities"}
    perform(use_cases, "does_significance_change_priorities")
    last = {use_cases.lookups.incident_of_run(f"run-{n}").tasks[-1] for n in range(3)}
    assert last == {"does_significance_change_priorities"}
