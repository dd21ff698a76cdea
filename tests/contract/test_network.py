"""The contract of the network, kept alike by the simulated one, on both databases, and by one reached over HTTP."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import select

from include.sla_logic.domain.network import Action, Layer, ResourceState
from include.sla_logic.domain.notification import Metric
from include.sla_logic.domain.period import to_seconds
from include.sla_logic.persistence.database import open_database
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.sample_data import load_sample, make_sample
from tests.contract.networks import Networked
from tests.reference.walk import ANCHOR
from tests.sharing import MIGRATED
from tests.use_case_fixtures import POSTGRES

DOWN, DEGRADED, STUBBORN = "S-1001", "S-1002", "S-1011"


@pytest.fixture(scope="module")
def sample():
    return make_sample(7, ANCHOR, history_days=1)


@pytest.fixture(scope="module")
def loaded(postgres_server, sample):
    """Load the sample once into a database of PostgreSQL, of which only copies are changed; return its name."""
    name = f"loaded_{uuid4().hex}"
    database = open_database(postgres_server.create_database(name, template=MIGRATED))
    with database.write() as connection:
        load_sample(connection, sample)
    database.engine.dispose()
    return name


@pytest.fixture
def postgres_sample(postgres_server, loaded):
    name = f"test_{uuid4().hex}"
    yield postgres_server.create_database(name, template=loaded)
    postgres_server.drop_database(name)


@pytest.fixture(params=["simulated", POSTGRES, "http"])
def networked(request, tmp_path, sample):
    """Play the simulated network on SQLite and on PostgreSQL, and one over HTTP."""
    url = request.getfixturevalue("postgres_sample") if request.param == "postgres" else None
    networked = Networked(tmp_path, sample, over_http=request.param == "http", url=url)
    yield networked
    networked.close()


def order(action, resource, key):
    return lambda file: file.network.undertake(action, resource, order=key)


def measure(file):
    return {probe.metric: probe.value for probe in file.network.probe(file.ticket.service)}


def outages(networked, service):
    query = select(t.outages).where(
        t.outages.c.service == service, t.outages.c.started_at >= ANCHOR - timedelta(days=1)
    )
    with networked.use_cases.work.reading() as connection:
        return {row.reference: row.ended_at for row in connection.execute(query)}


def test_resources_come_in_order_from_the_customer(networked):
    found = networked.ask(DOWN, lambda file: file.network.resources(DOWN))
    assert [resource.kind for resource in found] == ["profile", "port", "link", "card", "node"]
    assert found[0].layer is Layer.SERVICE
    assert found[2].state is ResourceState.OUT_OF_SERVICE


def test_only_alarms_that_are_not_cleared_are_shown(networked):
    [alarm] = networked.ask(DOWN, lambda file: file.network.alarms(DOWN))
    assert (alarm.code, alarm.resource) == ("LINK_DOWN", "R-1001-link")
    networked.ask(DOWN, order(Action.FAIL_OVER_LINK, "R-1001-link", "o1"))
    assert list(networked.ask(DOWN, lambda file: file.network.alarms(DOWN))) == []


def test_a_service_that_the_network_does_not_know_has_no_resource_and_is_not_said_to_be_up(networked):
    def look(file):
        available = [one.value for one in file.network.probe("S-NONE") if one.metric is Metric.AVAILABILITY]
        return list(file.network.resources("S-NONE")), list(file.network.alarms("S-NONE")), available

    assert networked.ask(DOWN, look) == ([], [], [None])


def test_the_right_action_brings_the_service_back_within_one_step(networked):
    def correct(file):
        before = measure(file), file.network.resources(DOWN)[2].state
        file.network.undertake(Action.FAIL_OVER_LINK, "R-1001-link", order="o1")
        return before, measure(file), {r.state for r in file.network.resources(DOWN)}, list(file.network.alarms(DOWN))

    before, after, states, alarms = networked.ask(DOWN, correct)
    assert before == ({Metric.AVAILABILITY: 0}, ResourceState.OUT_OF_SERVICE)
    assert (after, states, alarms) == ({Metric.AVAILABILITY: 100}, {ResourceState.IN_SERVICE}, [])


def test_the_outage_ends_when_the_service_is_measured_again_not_before(networked):
    assert list(outages(networked, DOWN).values()) == [None]
    networked.ask(DOWN, order(Action.FAIL_OVER_LINK, "R-1001-link", "o1"))
    assert list(outages(networked, DOWN).values()) == [None]
    networked.clock.pass_by(minutes=2)
    networked.ask(DOWN, measure)
    assert list(outages(networked, DOWN).values()) == [networked.clock.now]


def test_a_step_that_fails_after_an_order_is_repeated_with_the_answer_to_the_same_order(networked):
    def fail(file):
        file.network.undertake(Action.CLEAR_ALARM, "R-1001-link", order="TT-000001:work:R-1001-link:clear_alarm")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        networked.ask(DOWN, fail, step="work")
    again = order(Action.CLEAR_ALARM, "R-1001-link", "TT-000001:work:R-1001-link:clear_alarm")
    assert networked.ask(DOWN, again, step="work").ran
    if networked.played:
        assert list(networked.played.carried_out.values()) == [1]


def test_the_wrong_action_runs_and_changes_nothing(networked):
    result = networked.ask(DOWN, order(Action.RESTART_PORT, "R-1001-link", "o1"))
    assert result.ran
    assert "still there" in result.answer
    assert networked.ask(DOWN, measure)[Metric.AVAILABILITY] == 0
    assert list(outages(networked, DOWN).values()) == [None]


def test_no_action_cures_a_stubborn_fault_and_its_alarm_comes_back(networked):
    for action in Action:
        networked.ask(STUBBORN, order(action, "R-1011-port", f"o-{action}"))
    assert [alarm.code for alarm in networked.ask(STUBBORN, lambda file: file.network.alarms(STUBBORN))] == [
        "PORT_ERRORS"
    ]
    assert networked.ask(STUBBORN, measure)[Metric.JITTER] > 60


def test_the_same_order_acts_once_and_answers_the_same_to_a_later_step_and_to_another_incident(networked):
    first = networked.ask(DOWN, order(Action.CLEAR_ALARM, "R-1001-link", "SP-000001:R-1001-link:clear_alarm"))
    networked.ask(DOWN, order(Action.FAIL_OVER_LINK, "R-1001-link", "o2"))
    networked.clock.pass_by(hours=1)
    again = order(Action.CLEAR_ALARM, "R-1001-link", "SP-000001:R-1001-link:clear_alarm")
    assert networked.ask(DOWN, again) == networked.ask(DEGRADED, again) == first
    with networked.use_cases.work.reading() as connection:
        assert len(connection.execute(select(t.network_orders)).all()) == 2


def test_an_order_on_an_unknown_resource_does_not_run(networked):
    result = networked.ask(DOWN, order(Action.RESTART_PORT, "R-NONE", "o1"))
    assert (result.ran, result.answer) == (False, "there is no resource R-NONE")


def test_a_measurement_is_kept_as_a_sample_of_its_step(networked):
    assert networked.ask(DEGRADED, measure)[Metric.PACKET_LOSS] == 4
    step = to_seconds(networked.clock.now) // 300 * 300
    one = (t.samples.c.service == DEGRADED, t.samples.c.metric == "packet_loss", t.samples.c.at == step)
    with networked.use_cases.work.reading() as connection:
        assert Decimal(connection.scalar(select(t.samples.c.value).where(*one))).scaleb(-3) == 4
