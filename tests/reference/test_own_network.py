"""An operator's own network over HTTP, when answers are lost, late, refused or wrong: no order is done twice."""

import sqlite3
import threading
from dataclasses import replace
from itertools import count

import pytest
from sqlalchemy import insert, select

from include.sla_logic.domain.network import Action
from include.sla_logic.domain.notification import Metric
from include.sla_logic.gateways.network_answers import UnableToUseMeasurement
from include.sla_logic.gateways.network_client import UnableToFinishOrder, UnableToReachNetwork, UnableToUseNetwork
from include.sla_logic.gateways.network_questions import UnableToReadAnswer
from include.sla_logic.gateways.order_journal import UnableToChooseNetwork, UnableToGiveOrder
from include.sla_logic.persistence.invariants import check
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.system_t import steps
from include.sla_logic.process.graph import END
from include.sla_logic.process.step import Step
from include.sla_logic.sample_data import make_sample
from include.sla_logic.services import UseCases
from include.sla_logic.settings import UnableToReadSettings, read_timeout
from tests.contract.networks import Networked
from tests.reference.walk import ANCHOR

SERVICE, LINK = "S-1001", "R-1001-link"
KEY = f"TT-000001:undertake:{LINK}:fail_over_link"


@pytest.fixture(scope="module")
def sample():
    return make_sample(7, ANCHOR, history_days=1)


@pytest.fixture
def networked(tmp_path, sample):
    networked = Networked(tmp_path, sample, over_http=True)
    yield networked
    networked.close()


def fail_over(file):
    return file.network.undertake(Action.FAIL_OVER_LINK, LINK, order=KEY)


def resources(file):
    return file.network.resources(file.ticket.service)


def probe(file):
    return {one.metric: one.value for one in file.network.probe(file.ticket.service)}


def undertake(networked):
    return networked.ask(SERVICE, fail_over, step="undertake")


@pytest.mark.parametrize("trouble", ["broken_off", "forgetful", "gateway", "babbling"])
def test_an_order_whose_answer_is_lost_is_asked_for_by_its_key(networked, trouble):
    networked.played.be(trouble, only="orders")
    assert undertake(networked).ran
    assert networked.played.posted == networked.played.carried_out == {KEY: 1}


@pytest.mark.parametrize(
    "trouble", ["broken_off", "forgetful", "gateway", "babbling", "error", "busy", "conflict", "down"]
)
def test_while_the_network_is_away_the_step_is_tried_again_later_and_the_order_is_done_once(networked, trouble):
    networked.run_of(SERVICE)
    networked.played.be(trouble)
    for _ in range(3):
        with pytest.raises(UnableToReachNetwork, match=r"The network http://127\.0\.0\.1:\d+/network ") as failed:
            undertake(networked)
        assert failed.value.passes
    networked.played.be(None)
    assert undertake(networked).ran
    assert networked.played.carried_out == {KEY: 1}
    assert networked.played.posted[KEY] in {1, 2, 3}


def test_an_order_under_way_is_asked_for_until_it_is_done(networked):
    networked.played.be("running")
    for _ in range(2):
        with pytest.raises(UnableToFinishOrder, match=KEY) as failed:
            undertake(networked)
        assert failed.value.passes
    assert networked.played.posted == {KEY: 1}
    networked.played.be(None)
    assert undertake(networked).ran
    assert networked.played.carried_out == {KEY: 1}


def test_a_restarted_network_knows_its_orders(networked):
    networked.played.be("forgetful", only="orders", times=1)
    networked.played.be("down")
    networked.run_of(SERVICE)
    with pytest.raises(UnableToReachNetwork, match="did not answer"):
        undertake(networked)
    networked.played.be("broken_off")
    with pytest.raises(UnableToReachNetwork):
        undertake(networked)
    networked.played.be("down")
    networked.played.be(None)
    assert undertake(networked).ran
    assert networked.played.carried_out == {KEY: 1}


@pytest.mark.parametrize("trouble", ["slow", "drip"])
def test_a_slow_answer_is_no_answer(networked, trouble):
    networked.run_of(SERVICE)
    work = networked.use_cases.work
    slow = UseCases(replace(work.settings, network=networked.played.system(timeout=0.3)), clock=networked.clock)
    networked.played.be(trouble)
    with pytest.raises(UnableToReachNetwork, match=r"ReadTimeout|did not come to an end"):
        slow.incidents.perform(Step("look", "", resources), run_id=networked.run_of(SERVICE))


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        ("bad_request", "refused GET /services/S-1001 with 400"),
        ("unprocessable", "with 422"),
        ("elsewhere", "Check the address in TELECO_NETWORK_URL or in the connection teleco_network"),
        ("moved", "with 302.* Check the address"),
    ],
)
def test_what_the_network_refuses_fails_at_once_with_what_to_do(networked, trouble, says):
    networked.run_of(SERVICE)
    networked.played.be(trouble)
    with pytest.raises(UnableToUseNetwork, match=says) as failed:
        networked.ask(SERVICE, resources)
    assert not failed.value.passes
    assert "\x07" not in str(failed.value)


def test_a_wrong_token_is_named_and_not_shown(networked):
    networked.run_of(SERVICE)
    settings = replace(networked.use_cases.work.settings, network=networked.played.system(token="geheim"))
    stranger = UseCases(settings, clock=networked.clock)
    with pytest.raises(UnableToUseNetwork, match=r"401.*Check login, password or token") as failed:
        stranger.incidents.perform(Step("look", "", resources), run_id=networked.run_of(SERVICE))
    assert "geheim" not in str(failed.value) + repr(settings)


def test_no_transaction_is_open_while_the_network_is_asked(networked):
    file = networked.use_cases.work.database.engine.url.database

    def write_at_once():
        with sqlite3.connect(file, timeout=0) as other:
            other.execute("BEGIN IMMEDIATE")
            other.rollback()

    networked.run_of(SERVICE)
    networked.played.meanwhile = write_at_once
    networked.ask(SERVICE, lambda file: (resources(file), probe(file), fail_over(file)))
    assert networked.played.requests == {"state": 1, "measurements": 1, "orders": 1}


def test_two_incidents_that_give_one_order_at_the_same_time_have_it_done_once(networked):
    runs = [networked.run_of(SERVICE), networked.run_of("S-1002")]
    both, requests, answers = threading.Barrier(2, timeout=60), count(), []
    networked.played.meanwhile = lambda: both.wait() if next(requests) < 2 else None

    def give(run):
        shared = Step("shared", "", lambda file: answers.append(fail_over(file)))
        networked.use_cases.incidents.perform(shared, run_id=run)

    threads = [threading.Thread(target=give, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers[0] == answers[1]
    assert networked.played.carried_out == {KEY: 1}


def test_the_same_key_never_means_two_orders(networked):
    undertake(networked)
    with pytest.raises(UnableToGiveOrder, match=f"{KEY} has left as fail_over_link on {LINK}"):
        networked.ask(SERVICE, lambda file: file.network.undertake(Action.CLEAR_ALARM, LINK, order=KEY))
    assert networked.played.posted == {KEY: 1}


def _with(**changes):
    return lambda said: said | changes


def _first(of, **changes):
    return lambda said: said | {of: [said[of][0] | changes, *said[of][1:]]}


@pytest.mark.parametrize(
    ("question", "instead", "says"),
    [
        (resources, lambda _: [], "the state of S-1001 cannot be used: the answer"),
        (resources, lambda said: {"resources": said["resources"]}, "alarms: is missing"),
        (resources, _first("resources", state="broken"), "resources.0.state"),
        (resources, _first("resources", id="R 1"), "resources.0.id"),
        (resources, _first("resources", name="a\u0000b"), "resources.0.name.*U.0000"),
        (resources, lambda said: said | {"resources": said["resources"] * 2}, "one resource comes twice"),
        (resources, _first("alarms", resource="R-9"), "AL-.* is raised by R-9, no such resource"),
        (resources, _first("alarms", raised_at="2026-11-23T23:00:00"), "raised_at.*no time zone"),
        (fail_over, _with(key="another"), "key: another is answered where"),
        (fail_over, _with(resource="R-9"), "resource: R-9 is answered where R-1001-link was ordered"),
        (fail_over, _with(ran="perhaps"), "ran"),
        (fail_over, _with(at=None), "at: "),
        (probe, _first("measurements", unit="ppm"), "unit: availability is in 'ppm', must be in percent"),
        (probe, _first("measurements", value="97.5"), "availability is 97.5, must be 100 .up., 0 .down. or null"),
        (probe, _first("measurements", value="NaN"), "measurements.0.value"),
        (probe, _first("measurements", value=1e400), "measurements.0.value"),
        (probe, _first("measurements", metric="smell"), "measurements.0.metric"),
        (probe, _first("measurements", metric="other"), "other cannot be measured"),
        (probe, _first("measurements", taken_at="2026-11-23T20:00:00Z"), "taken_at: availability was taken at"),
        (probe, _first("measurements", taken_at="2026-11-24T23:00:00Z"), "set the adapter's clock"),
    ],
)
def test_an_answer_that_cannot_be_used_is_named_with_its_field_and_nothing_is_kept(networked, question, instead, says):
    networked.run_of(SERVICE)
    networked.played.instead = instead
    with pytest.raises(UnableToReadAnswer, match=says) as failed:
        networked.ask(SERVICE, question, step="undertake")
    assert not failed.value.passes
    with networked.use_cases.work.reading() as connection:
        assert connection.execute(select(t.network_orders)).all() == []
    networked.played.instead = None
    networked.ask(SERVICE, question, step="undertake")
    assert networked.played.carried_out in ({}, {KEY: 1})


def test_unknown_fields_of_an_answer_are_ignored(networked):
    networked.run_of(SERVICE)
    networked.played.instead = lambda said: _first("resources", vendor="x")(said) | {"page": 1}
    assert len(networked.ask(SERVICE, resources)) == 5


def test_a_measurement_from_before_the_order_proves_nothing(networked):
    def correct(file):
        fail_over(file)
        return probe(file)

    networked.played.be("old")
    networked.run_of(SERVICE)
    with pytest.raises(UnableToUseMeasurement, match="such a measurement proves nothing") as failed:
        networked.ask(SERVICE, correct, step="undertake")
    assert failed.value.passes
    networked.played.be(None)
    assert networked.ask(SERVICE, correct, step="undertake")[Metric.AVAILABILITY] == 100
    assert networked.played.carried_out == {KEY: 1}


def test_a_series_in_another_unit_is_not_mixed_with_a_measurement(networked):
    with networked.use_cases.work.writing() as connection:
        connection.execute(
            insert(t.measured_metrics).values(
                service=SERVICE, metric="availability", unit="ratio", step_seconds=60, decimals=3
            )
        )
    with pytest.raises(UnableToReadAnswer, match="availability of S-1001 in percent, its series is in ratio"):
        networked.ask(SERVICE, probe)


def test_without_a_setting_no_step_goes_back_to_the_simulated_network(networked):
    run = networked.run_of(SERVICE)
    networked.ask(SERVICE, resources)
    settings = replace(networked.use_cases.work.settings, network=None)
    forgotten = UseCases(settings, clock=networked.clock)
    with pytest.raises(UnableToChooseNetwork, match=r"worked with the network http://.*Set TELECO_NETWORK_URL"):
        forgotten.incidents.perform(Step("look", "", resources), run_id=run)
    chosen = UseCases(replace(settings, network="simulated"), clock=networked.clock)
    chosen.incidents.perform(Step("look", "", resources), run_id=run)


def test_the_doctor_names_an_order_whose_answer_nobody_asked_for_once_its_incident_has_ended(networked):
    networked.run_of(SERVICE)
    networked.played.be("running")
    with pytest.raises(UnableToFinishOrder):
        undertake(networked)
    assert says_of_orders(networked) == []
    with networked.use_cases.work.writing() as connection:
        connection.execute(insert(steps).values(ticket=1, task=END, choice=None, done_at=networked.clock.now))
    assert says_of_orders(networked) == [f"has ended, and the network has not answered its order {KEY}"]


def says_of_orders(networked):
    with networked.use_cases.work.reading() as connection:
        return [one.says for one in check(connection) if "order" in one.says]


def cohort_of(networked, *services):
    """Let one run carry an incident of each service."""
    tickets = [networked.use_cases.lookups.incident(networked.run_of(service)).ticket.id for service in services]
    networked.use_cases.cohorts.accept({"incidents": tickets}, run_id="cohort-1")


def states(networked):
    return [member.state for member in networked.use_cases.cohorts.members("cohort-1")]


def cure(file):
    """Give an order for the port of the service, and measure the service after it."""
    port = f"R-{file.ticket.service.removeprefix('S-')}-port"
    file.network.undertake(Action.CLEAR_ALARM, port, order=f"{file.ticket.id}:x:{port}")
    file.network.probe(file.ticket.service)


CURE = Step("enter_problem_report", "", cure)
LOOK = Step("enter_problem_report", "", resources)


def test_in_a_cohort_a_wrong_token_fails_the_task_and_clearing_it_heals_all(networked):
    cohort_of(networked, "S-1001", "S-1002", "S-1011")
    settings = replace(networked.use_cases.work.settings, network=networked.played.system(token="geheim"))
    stranger = UseCases(settings, clock=networked.clock)
    with pytest.raises(UnableToUseNetwork, match="401"):
        stranger.cohorts.perform(LOOK, run_id="cohort-1")
    assert states(networked) == ["carried"] * 3
    networked.use_cases.cohorts.perform(LOOK, run_id="cohort-1")
    assert len(networked.use_cases.cohorts.completed(LOOK.name, run_id="cohort-1")) == 3
    assert not any(member.escalated for member in networked.use_cases.cohorts.members("cohort-1"))


@pytest.mark.parametrize("trouble", ["elsewhere", "moved"])
def test_in_a_cohort_a_wrong_address_fails_the_task_after_one_question(networked, trouble):
    cohort_of(networked, "S-1001", "S-1002", "S-1011")
    networked.played.be(trouble)
    with pytest.raises(UnableToUseNetwork, match="Check the address"):
        networked.use_cases.cohorts.perform(LOOK, run_id="cohort-1")
    assert states(networked) == ["carried"] * 3
    assert networked.played.requests == {"state": 1}


@pytest.mark.parametrize("wrong", ["missing", "unreadable"])
def test_in_a_cohort_a_network_that_cannot_be_chosen_fails_the_task(networked, wrong):
    cohort_of(networked, "S-1001", "S-1002")
    networked.ask(SERVICE, resources)

    def choose():
        return read_timeout("The connection teleco_network", "soon") if wrong == "unreadable" else None

    settings = replace(networked.use_cases.work.settings, network=None)
    one_worker = UseCases(settings, clock=networked.clock, network=choose)
    with pytest.raises((UnableToChooseNetwork, UnableToReadSettings)):
        one_worker.cohorts.perform(LOOK, run_id="cohort-1")
    assert states(networked) == ["carried"] * 2


def test_in_a_cohort_what_is_refused_concerns_one_incident_and_what_is_away_all(networked):
    cohort_of(networked, "S-1001", "S-1002", "S-1011")
    networked.played.be("error", only="orders")
    asked = []

    def work(file):
        asked.append(file.ticket.service)
        number = file.ticket.service.removeprefix("S-")
        file.network.undertake(Action.CLEAR_ALARM, f"R-{number}-port", order=f"{file.ticket.id}:x:R-{number}-port")

    first = Step("enter_problem_report", "", work)
    with pytest.raises(UnableToReachNetwork):
        networked.use_cases.cohorts.perform(first, run_id="cohort-1")
    networked.played.be(None)
    networked.played.instead = lambda said: said | ({"ran": "no word"} if said.get("resource") == "R-1002-port" else {})
    networked.use_cases.cohorts.perform(first, run_id="cohort-1")
    assert states(networked) == ["carried", "set aside", "carried"]
    assert set(networked.played.carried_out.values()) == {1}


@pytest.mark.parametrize("at_once", [1, 2, 200])
@pytest.mark.parametrize(
    ("trouble", "about", "error"),
    [("running", "R-1002-port", UnableToFinishOrder), ("old", "S-1002", UnableToUseMeasurement)],
)
def test_in_a_cohort_an_order_under_way_keeps_its_own_incident_only(networked, trouble, about, error, at_once):
    cohort_of(networked, "S-1001", "S-1002", "S-1011")
    networked.played.be(trouble, about=about)
    for _ in range(2):
        with pytest.raises(error, match="1002") as failed:
            networked.use_cases.cohorts.perform(CURE, run_id="cohort-1", at_once=at_once)
        assert failed.value.passes
        done = networked.use_cases.cohorts.completed(CURE.name, run_id="cohort-1")
        assert [member.own_run for member in done] == ["run-S-1001", "run-S-1011"]
    assert states(networked) == ["carried"] * 3
    assert set(networked.played.posted.values()) == {1}
    networked.played.be(None)
    networked.use_cases.cohorts.perform(CURE, run_id="cohort-1", at_once=at_once)
    assert len(networked.use_cases.cohorts.completed(CURE.name, run_id="cohort-1")) == 3
    assert set(networked.played.carried_out.values()) == {1}


def test_in_a_cohort_that_is_halved_nothing_is_asked_twice(networked):
    cohort_of(networked, "S-1001", "S-1002", "S-1011")
    networked.played.be("running", about="R-1002-port")
    with pytest.raises(UnableToFinishOrder):
        networked.use_cases.cohorts.perform(CURE, run_id="cohort-1")
    assert networked.played.requests == {"orders": 3, "measurements": 2}


def test_an_order_that_never_ends_sets_only_its_own_incident_aside(networked):
    cohort_of(networked, "S-1001", "S-1002", "S-1011")
    networked.played.be("running", about="R-1002-port")
    with pytest.raises(UnableToFinishOrder):
        networked.use_cases.cohorts.perform(CURE, run_id="cohort-1")
    assert networked.use_cases.cohorts.give_up(run_id="cohort-1", task=CURE.name, why="Still at work.") == 1
    assert states(networked) == ["carried", "set aside", "carried"]
    assert [one.escalated for one in networked.use_cases.cohorts.members("cohort-1")] == [False, True, False]
