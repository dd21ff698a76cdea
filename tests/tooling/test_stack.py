"""The stack is a whole Airflow: healthy, closed to strangers, and repaired when a part of it dies."""

from contextlib import suppress
from typing import Any

import httpx
import psutil
import pytest

from deploy.stack import AirflowStack, StackApi, UnableToReachAirflow

pytestmark = pytest.mark.more


def test_all_parts_of_the_stack_are_healthy_and_its_dags_can_be_read(airflow_stack: AirflowStack) -> None:
    assert set(airflow_stack.api.health().values()) == {"healthy"}
    assert set(airflow_stack.components.pids) == {"api-server", "scheduler", "dag-processor", "triggerer"}
    assert airflow_stack.api.import_errors() == {}


def test_the_stack_is_closed_without_its_password(airflow_stack: AirflowStack) -> None:
    assert httpx.get(f"{airflow_stack.address}/api/v2/dags", trust_env=False).status_code == 401
    with (
        StackApi(airflow_stack.address, user=airflow_stack.user, password="guessed") as stranger,
        pytest.raises(UnableToReachAirflow, match=r"refused the login of .* with 401"),
    ):
        stranger.dag_ids()


def test_the_stack_listens_on_loopback_alone(airflow_stack: AirflowStack) -> None:
    processes = [psutil.Process(pid) for pid in airflow_stack.components.pids.values()]
    family = [member for process in processes for member in [process, *process.children(recursive=True)]]
    listening = [found for member in family for found in _connections(member) if found.status == "LISTEN"]
    assert {found.laddr.ip for found in listening} == {"127.0.0.1"}


def _connections(process: psutil.Process) -> list[Any]:
    """List the sockets of a process; one that has ended meanwhile has none.

    Airflow's supervisors of tasks hide theirs from everybody but root: they talk to their tasks and listen nowhere.
    """
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return process.net_connections()
    return []


def test_the_login_is_readable_by_its_owner_alone(airflow_stack: AirflowStack) -> None:
    assert airflow_stack.login_file.stat().st_mode & 0o077 == 0


def test_the_stack_has_the_pool_for_resource_work(airflow_stack: AirflowStack) -> None:
    pool = airflow_stack.api.call("GET", "/api/v2/pools/resource_provisioning")
    assert pool["slots"] > 0


def test_a_triggerer_that_was_killed_is_started_again(airflow_stack: AirflowStack) -> None:
    airflow_stack.components.kill("triggerer")
    airflow_stack.components.wait_ended("triggerer")
    airflow_stack.restart_ended()
    airflow_stack.wait_healthy()
    assert "triggerer" in airflow_stack.components.pids
