"""The small TELECO behind the real components, and an operator."""

from datetime import UTC, datetime

import pytest

from deploy.stack import AirflowStack
from include.sla_logic.adapters.small_teleco import SmallTeleco, load_small_teleco, small_teleco
from include.sla_logic.office import Office, Settings
from tests.stack.operator import Operator


@pytest.fixture(scope="session")
def teleco() -> SmallTeleco:
    return small_teleco(7, datetime.now(UTC))


@pytest.fixture(scope="session")
def operator(airflow_stack: AirflowStack, teleco: SmallTeleco, tmp_path_factory: pytest.TempPathFactory) -> Operator:
    folder = tmp_path_factory.mktemp("operator")
    office = Office(Settings(airflow_stack.settings.operations.url, folder / "letters"))
    office.migrate()
    with office.database.write() as connection:
        load_small_teleco(connection, teleco)
    airflow_stack.wait_for_dags(["sla_violation", "premium_problem_fix"])
    return Operator(airflow_stack, office, folder)
