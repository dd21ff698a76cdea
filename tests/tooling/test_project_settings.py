"""airflow_settings.yaml holds what the Astro CLI understands, and no secret."""

from pathlib import Path

import pytest

from deploy.stack.project_settings import ProjectSettings, UnableToReadProjectSettings

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


def test_the_image_lets_ten_thousand_incidents_wait() -> None:
    image = (ROOT / "Dockerfile").read_text().splitlines()
    assert "ENV AIRFLOW__CORE__MAX_ACTIVE_RUNS_PER_DAG=10000" in image
    assert "ENV AIRFLOW__TRIGGERER__CAPACITY=10000" in image
