"""Two runs that find the same fault at the same moment are tied to one service problem, on both databases."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.domain.diagnosis_table import Finding
from include.sla_logic.domain.network import ResourceState
from include.sla_logic.domain.open_apis.service_problem import service_problem
from include.sla_logic.domain.service_problem import Sighting
from include.sla_logic.process.step import Step, step
from include.sla_logic.services import UnableToReleaseRestoration, UseCases
from tests.clock import NOON
from tests.services.sample import conf

TOGETHER = 6


def finding(resource: str) -> Finding:
    return Finding(
        resource=resource,
        resource_name=resource,
        resource_kind="link",
        state=ResourceState.OUT_OF_SERVICE,
        alarm=f"AL-{resource}",
        alarm_code="OPTICAL_POWER_LOW",
        type_of_problem="fibre_damage",
        explained=True,
        raised_at=NOON - timedelta(hours=4),
    )


def tie_and_wait(*resources: str):
    """Return a step that ties the incident to these resources and asks for a release."""

    @step
    def tie_and_ask(file) -> None:
        seen = Sighting(
            ticket=file.ticket.id,
            observed_from=NOON,
            observed_to=None,
            seen_at=file.now,
            priority=int(file.ticket.id[-1]),
        )
        file.problems.tie([finding(resource) for resource in resources], seen)
        file.restorations.open(deadline=NOON + timedelta(days=2), held_because="An operator must look first.")

    return tie_and_ask


def all_at_once(use_cases: UseCases, shared: Step) -> None:
    runs = [f"run-{number}" for number in range(1, TOGETHER + 1)]
    for run_id in runs:
        use_cases.incidents.accept(conf(external_reference=run_id), run_id=run_id, origin="form")
    barrier = Barrier(TOGETHER)

    def perform(run_id: str) -> None:
        barrier.wait()
        use_cases.incidents.perform(shared, run_id=run_id)

    with ThreadPoolExecutor(TOGETHER) as pool:
        list(pool.map(perform, runs))


def test_incidents_of_the_same_moment_are_tied_to_one_problem(any_use_cases):
    all_at_once(any_use_cases, tie_and_wait("R-2", "R-1"))
    found = any_use_cases.lookups.service_problems()
    assert sorted(view.problem.resource for view in found) == ["R-1", "R-2"]
    assert all(len(view.tickets) == TOGETHER for view in found)


def test_two_who_release_two_of_the_waiting_do_not_wait_for_each_other(any_use_cases):
    all_at_once(any_use_cases, tie_and_wait("R-1"))
    barrier = Barrier(TOGETHER)

    def release(number: int) -> bool:
        barrier.wait()
        try:
            any_use_cases.restorations.release(f"TT-{number:06d}", by=f"operator {number}", reason="There is room.")
        except UnableToReleaseRestoration:
            return False
        return True

    with ThreadPoolExecutor(TOGETHER) as pool:
        assert sum(pool.map(release, range(1, TOGETHER + 1))) == 1
    assert len({any_use_cases.restorations.find(f"run-{n}").sent_by for n in range(1, TOGETHER + 1)}) == 1


def test_a_problem_is_told_in_the_words_of_the_field(any_use_cases):
    all_at_once(any_use_cases, tie_and_wait("R-1"))
    said = service_problem(any_use_cases.lookups.service_problem("SP-000001"))
    assert said["status"] == "held"
    assert said["priority"] == 1
    assert said["rootCauseResource"] == [{"@type": "ResourceRef", "id": "R-1"}]
    assert said["affectedService"] == [{"@type": "ServiceRef", "id": "S-1"}]
    assert [ticket["id"] for ticket in said["troubleTicket"]] == [f"TT-{n:06d}" for n in range(1, 7)]
    assert not {"resolutionDate", "statusChangeReason"} & said.keys()


def test_the_terminal_shows_problems_and_who_shares_them(use_cases, monkeypatch):
    all_at_once(use_cases, tie_and_wait("R-1"))
    monkeypatch.setenv("TELECO_DB_URL", use_cases.work.database.engine.url.render_as_string(hide_password=False))
    run = CliRunner().invoke
    assert "SP-000001" in run(app, ["problem", "list", "--open"]).output
    printed = json.loads(run(app, ["problem", "show", "SP-000001", "--json"]).stdout)
    assert (printed["id"], printed["@type"]) == ("SP-000001", "ServiceProblem")
    assert "TT-000006" in run(app, ["problem", "show", "SP-000001"]).output
    shown = run(app, ["incident", "show", "run-2"]).output
    assert "Service problem SP-000001 (held) at R-1, with 5 more: TT-000001, TT-000003" in shown
    missing = run(app, ["problem", "show", "SP-9"])
    assert missing.exit_code == 1
    assert "There is no service problem 'SP-9'" in missing.output
