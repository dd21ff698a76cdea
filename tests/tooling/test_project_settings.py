"""airflow_settings.yaml holds what the Astro CLI understands, and no secret."""

import re
from pathlib import Path
from unittest import mock

import pytest
from airflow.sdk.api import client
from tenacity import RetryCallState

from deploy.stack.credentials import Credentials
from deploy.stack.project_settings import ProjectSettings, UnableToReadProjectSettings
from deploy.stack.settings import StackSettings, environment

ROOT = Path(__file__).resolve().parents[2]


def test_the_projects_settings_have_exactly_the_keys_of_the_astro_cli() -> None:
    settings = ProjectSettings.read(ROOT / "airflow_settings.yaml")
    assert "teleco_db" in [connection.conn_id for connection in settings.connections]
    assert "resource_provisioning" in [pool.pool_name for pool in settings.pools]


def test_the_projects_settings_hold_no_password() -> None:
    settings = ProjectSettings.read(ROOT / "airflow_settings.yaml")
    assert not [c.conn_id for c in settings.connections if c.conn_password or (c.conn_uri and "@" in c.conn_uri)]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("airflow: {connections: [], pools: [], variables: [], queues: []}", "airflow.queues"),
        (
            "airflow: {connections: [{conn_id: a, conn_type: b, host: c}], pools: [], variables: []}",
            "airflow.connections.0.host",
        ),
        (
            "airflow: {connections: [], pools: [{pool_name: a, pool_slot: 0, pool_description: ''}], variables: []}",
            "airflow.pools.0.pool_slot",
        ),
        (
            "airflow: {connections: [], pools: [], variables: [{variable_name: a, variable_value: 3}]}",
            "airflow.variables.0.variable_value",
        ),
        ("{}", "'airflow'"),
    ],
)
def test_a_key_or_value_that_the_astro_cli_would_drop_is_named(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "airflow_settings.yaml"
    file.write_text(text)
    with pytest.raises(UnableToReadProjectSettings, match=named.replace(".", r"\.")):
        ProjectSettings.read(file)


def test_the_image_sets_airflow_as_a_stack_of_this_checkout_does(tmp_path: Path) -> None:
    lines = [line.removeprefix("ENV ") for line in (ROOT / "Dockerfile").read_text().splitlines()]
    image = dict(line.split("=", 1) for line in lines if line.startswith("AIRFLOW__"))
    checkout = environment(StackSettings(home=tmp_path), 8080, Credentials.of(tmp_path))
    assert image == {name: checkout[name] for name in image}
    assert image["AIRFLOW__TRIGGERER__CAPACITY"] == "10000"


def _waits(*, longest: bool) -> float:
    """Return the seconds between the tries of one heartbeat, at least or at most, as the installed Airflow waits."""
    retrying = client.Client.request.retry
    with mock.patch("random.uniform", max if longest else min):
        states = [RetryCallState(retrying, None, (), {}) for _ in range(client.API_RETRIES - 1)]
        for number, state in enumerate(states, start=1):
            state.attempt_number = number
        return float(sum(retrying.wait(state) for state in states))


def test_the_page_says_how_long_a_task_goes_on_without_an_api_server() -> None:
    line = re.search(r"^.*max_failed_heartbeats.*$", (ROOT / "docs" / "operations.md").read_text("utf-8"), re.MULTILINE)
    assert line is not None
    heartbeats = int(line.group().split("|")[2])
    silent = client.API_RETRIES * client.API_TIMEOUT
    for away in (0, silent):
        least, most = (heartbeats * (away + _waits(longest=longest)) / 60 for longest in (False, True))
        assert f"{least:.0f} to {most:.0f} minutes" in line.group()
