"""A restoration through the DAG with an operator's own network, which loses the answers to its orders."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from include.sla_logic.domain.corrective_actions import CorrectiveActions
from include.sla_logic.domain.trouble_ticket import TicketStatus
from tests.dags.conftest import SampleTeleco, worked_on_by_airflow
from tests.dags.loading import load_dag
from tests.played_network import TOKEN, PlayedNetwork, forget_the_network

pytestmark = [pytest.mark.airflow, pytest.mark.more]
KEY = "automatic_restoration"
Both = tuple[SampleTeleco, PlayedNetwork]


@pytest.fixture
def both(
    airflow_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[SampleTeleco, PlayedNetwork]]:
    teleco = SampleTeleco(f"sqlite+pysqlite:///{tmp_path / 'teleco.db'}", tmp_path)
    played = PlayedNetwork(tmp_path, teleco.sample, teleco.now)
    forget_the_network(teleco.use_cases.work.database)
    monkeypatch.setenv("TELECO_NETWORK_URL", f"{played.url}?token={TOKEN}&timeout=60")
    with worked_on_by_airflow(teleco):
        yield teleco, played
    played.close()


def test_the_service_is_restored_by_orders_that_are_done_once(both: Both) -> None:
    teleco, played = both
    expected = teleco.sample.expectations[KEY]
    played.be("broken_off", only="orders")
    run = load_dag("sla_violation").test(run_conf=teleco.conf(KEY))
    case = teleco.use_cases.lookups.incident(run.run_id)
    assert run.state == "success"
    assert set(case.tasks) == set(expected.path)
    actions = [CorrectiveActions.model_validate(d.body) for d in case.documents if d.kind == "CorrectiveActions"]
    assert [one.verified for one in actions] == [True]
    assert case.ticket.status is TicketStatus.RESOLVED
    assert case.rebate.total == expected.credit
    ordered = {(result.resource, result.action) for one in actions[0].corrections for result in one.results}
    assert sum(played.carried_out.values()) == len(ordered) > 0
    assert set(played.posted.values()) == {1}
