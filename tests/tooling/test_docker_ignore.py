"""No image holds what stays on one machine: secrets, own data, databases, environments."""

from pathlib import Path

import pytest

from tests.tooling.docker_ignore import is_left_out

ROOT = Path(__file__).resolve().parents[2]


def _examples() -> list[str]:
    """Name a place for each line of .gitignore, and one in a folder where the line means every folder."""
    lines = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    patterns = [line.replace("*", "some") for line in lines if line and not line.startswith("#")]
    anchored = [line.strip("/") for line in patterns]
    return anchored + [f"deploy/demo/{line.strip('/')}" for line in patterns if "/" not in line.rstrip("/")]


@pytest.mark.parametrize("path", _examples())
def test_what_git_does_not_keep_does_not_go_into_the_image(path: str) -> None:
    assert is_left_out(path)
    assert is_left_out(f"{path}/below")


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        "deploy/.env",
        "deploy/secrets/TELECO_DB_URL",
        "my-data/customers.csv",
        "my-data/contracts/gold.yaml",
        ".screenshots/board.png",
        ".git/config",
        "tests/conftest.py",
    ],
)
def test_secrets_and_own_data_are_left_out(path: str) -> None:
    assert is_left_out(path)


@pytest.mark.parametrize(
    "path",
    [
        "dags/sla_violation.py",
        "plugins/incident_desk.py",
        "config/airflow_local_settings.py",
        "deploy/with_secrets.sh",
        "include/sla_logic/policies/credits.yaml",
        "include/sla_logic/persistence/database.py",
        "requirements-celery.txt",
    ],
)
def test_what_a_component_needs_is_copied(path: str) -> None:
    assert (ROOT / path).exists()
    assert not is_left_out(path)
