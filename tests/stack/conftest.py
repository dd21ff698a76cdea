"""The small TELECO behind the real components, and an operator."""

from datetime import UTC, datetime

import pytest

from deploy.stack import AirflowStack
from include.sla_logic.sample_data import Sample, load_sample, make_sample
from include.sla_logic.services import Settings, UseCases
from tests.stack.operator import Operator


@pytest.fixture(scope="session")
def teleco() -> Sample:
    return make_sample(7, datetime.now(UTC))


@pytest.fixture(scope="session")
def operator(airflow_stack: AirflowStack, teleco: Sample, tmp_path_factory: pytest.TempPathFactory) -> Operator:
    folder = tmp_path_factory.mktemp("operator")
    use_cases = UseCases(Settings(airflow_stack.settings.operations.url, folder / "letters"))
    use_cases.work.migrate()
    with use_cases.work.database.write() as connection:
        load_sample(connection, teleco)
    airflow_stack.wait_for_dags(["sla_violation", "premium_problem_fix"])
    return Operator(airflow_stack, use_cases, folder)
