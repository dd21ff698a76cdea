"""The simulated network: orders act once, measurements show what is left, on both databases."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest
from sqlalchemy import delete, insert, select

from include.sla_logic.domain.network import Action
from include.sla_logic.domain.notification import Metric
from include.sla_logic.gateways.simulated_network import SimulatedNetwork
from include.sla_logic.persistence.batch import Batch
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.services.gateways import gateways_of

NOW = datetime(2026, 11, 23, 23, 7, 0, tzinfo=UTC)


@pytest.fixture
def network(connection):
    return EachAlone(connection, NOW)


class EachAlone:
    """Every call is a batch of its own, written at once."""

    def __init__(self, connection, now):
        self._connection, self._now = connection, now

    def __getattr__(self, name):
        return partial(self._do, name)

    def _do(self, name, *args, **kwargs):
        network = network_of_batch(self._connection, self._now)
        answer = getattr(network, name)(*args, **kwargs)
        network.flush()
        return answer


def network_of_batch(connection, now):
    return SimulatedNetwork(Batch(connection, [], now=now, gateways=gateways_of(lambda: "simulated")), list)


def measured(network, service):
    return {probe.metric: probe.value for probe in network.probe(service)}


def open_outage(connection, service):
    return connection.execute(
        select(t.outages).where(t.outages.c.service == service, t.outages.c.ended_at.is_(None))
    ).one_or_none()


def test_what_is_done_for_one_incident_of_a_batch_counts_for_the_next_and_is_written_at_the_end(connection):
    network = network_of_batch(connection, NOW)
    network.undertake(Action.FAIL_OVER_LINK, "R-1001-link", order="o1")
    assert network.alarms("S-1001") == []
    assert measured(network, "S-1001") == measured(network, "S-1001")
    assert measured(network, "S-1001")[Metric.AVAILABILITY] == 100
    assert open_outage(connection, "S-1001") is not None
    network.flush()
    assert open_outage(connection, "S-1001") is None
    assert EachAlone(connection, NOW).undertake(Action.FAIL_OVER_LINK, "R-1001-link", order="o1").at == NOW


def test_an_order_that_an_earlier_release_gave_without_the_installation_is_not_given_again(network, connection):
    first = network.undertake(Action.CLEAR_ALARM, "R-1001-link", order="SP-000009:R-1001-link:clear_alarm")
    again = EachAlone(connection, NOW + timedelta(hours=1))
    assert again.undertake(Action.CLEAR_ALARM, "R-1001-link", order="k3:SP-000009:R-1001-link:clear_alarm") == first
    other = again.undertake(Action.CLEAR_ALARM, "R-1001-link", order="k3:SP-000010:R-1001-link:clear_alarm")
    assert other.at > first.at


def test_an_alarm_without_a_fault_can_be_cleared(network, connection):
    row = {"id": "AL-X", "resource": "R-1004-port", "code": "PORT_ERRORS", "severity": "minor", "text": "old"}
    connection.execute(insert(t.alarms).values(**row, raised_at=NOW, cleared_at=None))
    network.undertake(Action.CLEAR_ALARM, "R-1004-port", order="o1")
    assert network.alarms("S-1004") == []


def test_a_degraded_service_is_up_and_its_metrics_show_the_fault(network):
    values = measured(network, "S-1002")
    assert values[Metric.AVAILABILITY] == 100
    assert values[Metric.PACKET_LOSS] == 4
    assert 19 < values[Metric.LATENCY] < 21
    network.undertake(Action.FAIL_OVER_LINK, "R-1002-link", order="o1")
    values = measured(network, "S-1002")
    assert values[Metric.PACKET_LOSS] == 0
    assert 11 < values[Metric.LATENCY] < 13


def test_measuring_twice_in_one_step_keeps_the_later_value(network, connection):
    network.probe("S-1002")
    network.undertake(Action.FAIL_OVER_LINK, "R-1002-link", order="o1")
    network.probe("S-1002")
    step = int(NOW.timestamp()) // 300 * 300
    values = connection.scalars(
        select(t.samples.c.value).where(
            t.samples.c.service == "S-1002", t.samples.c.metric == "packet_loss", t.samples.c.at == step
        )
    ).all()
    assert values == [0]


def test_the_same_moment_gives_the_same_measurement(network):
    assert network.probe("S-1003") == network.probe("S-1003")


def test_without_a_healthy_value_the_newest_sample_is_the_answer(network, connection):
    metric = {"service": "S-1001", "metric": "latency", "unit": "ms", "step_seconds": 300, "decimals": 3}
    connection.execute(insert(t.measured_metrics).values(**metric, nothing_came_back=None, baseline=None))
    assert measured(network, "S-1001")[Metric.LATENCY] is None
    at = int(NOW.timestamp()) - 600
    connection.execute(insert(t.samples).values(service="S-1001", metric="latency", at=at, value=12345))
    [probe] = [probe for probe in network.probe("S-1001") if probe.metric is Metric.LATENCY]
    assert (probe.value, probe.taken_at) == (Decimal("12.345"), NOW - timedelta(seconds=600))


def test_of_a_service_without_known_resources_nobody_says_that_it_is_up(network, connection):
    assert measured(network, "S-1004")[Metric.AVAILABILITY] == 100
    connection.execute(delete(t.topology).where(t.topology.c.service == "S-1004"))
    assert measured(network, "S-1004")[Metric.AVAILABILITY] is None
    row = {"service": "S-1004", "reference": "IMPORTED", "started_at": NOW, "attribution": "provider"}
    connection.execute(insert(t.outages).values(**row))
    assert measured(network, "S-1004")[Metric.AVAILABILITY] == 0


def test_an_open_outage_that_no_fault_explains_is_down(network, connection):
    row = {"service": "S-1004", "reference": "IMPORTED", "started_at": NOW, "attribution": "provider"}
    connection.execute(insert(t.outages).values(**row))
    assert measured(network, "S-1004")[Metric.AVAILABILITY] == 0
    assert open_outage(connection, "S-1004").reference == "IMPORTED"
