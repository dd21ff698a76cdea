"""Every incident of the small TELECO with a network that is reached over HTTP and that loses answers now and then."""

import pytest
from sqlalchemy import select

from include.sla_logic.domain.corrective_actions import CorrectiveActions
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.persistence.invariants import check
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.sample_data import make_sample
from include.sla_logic.sample_data.catalogue import read_catalogue
from tests.played_network import PlayedNetwork
from tests.reference.walk import ANCHOR, walk_all

pytestmark = pytest.mark.more

KEYS = [incident.key for incident in read_catalogue().incidents]


@pytest.fixture(scope="module")
def teleco():
    return make_sample(7, ANCHOR, history_days=15)


@pytest.fixture(scope="module")
def walked(teleco, tmp_path_factory):
    """Walk all incidents; the network carries every order out and loses its answer."""
    folder, made = tmp_path_factory.mktemp("own"), []

    def open_network(clock):
        made.append(PlayedNetwork(folder, make_sample(7, ANCHOR, history_days=1), clock))
        made[0].be("broken_off", only="orders")
        return made[0]

    use_cases, ways = walk_all(teleco, f"sqlite:///{folder / 'teleco.db'}", folder, network=open_network)
    yield use_cases, ways, made[0]
    made[0].close()


@pytest.mark.parametrize("key", KEYS)
def test_the_incident_takes_the_way_and_ends_as_the_data_say(walked, teleco, key):
    use_cases, ways, _ = walked
    expectation, case = teleco.expectations[key], use_cases.lookups.incident(f"walk-{key}")
    assert ways[key] == expectation.path
    assert case.closed.outcome == expectation.outcome
    assert (case.ticket.status is TicketStatus.RESOLVED) is not expectation.escalated
    assert case.rebate.total == expectation.credit


def test_every_order_was_carried_out_once_and_is_known_to_the_case_files(walked):
    use_cases, _, network = walked
    documents = [
        document
        for key in KEYS
        for document in use_cases.lookups.incident(f"walk-{key}").documents
        if document.kind == "CorrectiveActions"
    ]
    results = [
        (result.resource, result.action.value)
        for document in documents
        for correction in CorrectiveActions.model_validate(document.body).corrections
        for result in correction.results
    ]
    assert results
    assert set(network.carried_out.values()) == set(network.posted.values()) == {1}
    assert len(network.carried_out) == network.requests["found"] == len(set(results))
    with use_cases.work.reading() as connection:
        kept = connection.execute(select(t.network_orders.c.order_key)).scalars().all()
        sent = connection.execute(select(t.network_orders_sent.c.order_key)).scalars().all()
        assert sorted(kept) == sorted(sent) == sorted(network.carried_out)
        assert list(check(connection)) == []
