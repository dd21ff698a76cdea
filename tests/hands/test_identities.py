"""A run is found by its own id alone, and a child process works only on an incident that asked for it."""

import pytest

from include.sla_logic.domain.run_ids import premium_run_id
from include.sla_logic.process import customer_service
from include.sla_logic.process.step import Step
from include.sla_logic.services import UnableToAcceptCohort, UnableToAcceptNotification, UseCases
from include.sla_logic.services.incidents import UnableToTakeOver
from include.sla_logic.services.lookups import UnableToFindIncident
from tests.clock import Clock
from tests.services.sample import conf, open_use_cases


@pytest.fixture
def use_cases(tmp_path) -> UseCases:
    use_cases = open_use_cases(f"sqlite:///{tmp_path / 'teleco.db'}", tmp_path, Clock())
    use_cases.incidents.accept(conf(external_reference="REF-1"), run_id="run-1", origin="form")
    return use_cases


def test_a_run_that_is_named_like_a_ticket_is_refused_and_kept_in_quarantine(use_cases):
    with pytest.raises(UnableToAcceptNotification, match="must not look like a ticket id"):
        use_cases.incidents.accept(conf(external_reference="REF-2"), run_id="TT-000001", origin="form")
    [entry] = use_cases.quarantine.entries()
    assert (entry.run_id, entry.field) == ("TT-000001", ".run_id")


def test_a_cohort_whose_run_is_named_like_a_ticket_is_refused(use_cases):
    with pytest.raises(UnableToAcceptCohort, match="looks like a ticket id"):
        use_cases.cohorts.accept({"incidents": ["TT-000001"]}, run_id="TT-000002")


@pytest.mark.parametrize("name", ["TT-000001", "REF-1"])
def test_what_a_run_asks_for_is_not_found_by_ticket_or_reference(use_cases, name):
    for ask in (
        use_cases.lookups.incident_of_run,
        use_cases.restorations.deadline,
        use_cases.restorations.decide,
        use_cases.outbox.deliver_run,
        use_cases.monitoring.notification,
    ):
        with pytest.raises(UnableToFindIncident):
            ask(name)
    assert use_cases.lookups.incident_of_run("run-1").ticket.id == "TT-000001"


def test_only_the_run_that_an_incident_asked_for_takes_it_over(use_cases):
    with pytest.raises(UnableToTakeOver, match="No incident asked"):
        use_cases.incidents.check_asked_for("run-1", by_run=premium_run_id("run-1"))
    use_cases.incidents.perform(customer_service.enter_problem_report, run_id="run-1")
    link = customer_service.link_to_extra_problem_fix
    use_cases.incidents.perform(Step("linked", "", link.function), run_id="run-1")
    use_cases.incidents.check_asked_for("run-1", by_run=premium_run_id("run-1"))
    with pytest.raises(UnableToTakeOver, match="No incident asked"):
        use_cases.incidents.check_asked_for("run-1", by_run="by-hand")
