"""deploy/helm/values.yaml gives every component what Compose gives it; the chart itself is not here."""

import re
from pathlib import Path
from typing import Any

import yaml

from tests.tooling.compose_file import compose, given

ROOT = Path(__file__).resolve().parents[2]
VALUES: Any = yaml.safe_load((ROOT / "deploy" / "helm" / "values.yaml").read_text())
# What the chart sets by itself, or by a value of its own name.
OF_THE_CHART = {
    "AIRFLOW__API_AUTH__JWT_SECRET",
    "AIRFLOW__API__SECRET_KEY",
    "AIRFLOW__CELERY__BROKER_URL",
    "AIRFLOW__CELERY__WORKER_CONCURRENCY",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
    "AIRFLOW__CORE__EXECUTOR",
    "AIRFLOW__CORE__FERNET_KEY",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
    "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK",
}
# Left to who installs it: the address, and the team; logins are FAB's, and the token is no file.
LEFT = {
    "AIRFLOW__API__BASE_URL",
    "AIRFLOW__API__WORKERS",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS",
    "TELECO_ALARMS_TOKEN_FILE",
    "TELECO_TEAM",
}


def test_a_component_is_given_what_compose_gives_it() -> None:
    plain = {one["name"]: one["value"] for one in VALUES["env"]}
    secret = {one["envName"] for one in VALUES["secret"]}
    image = set(re.findall(r"^ENV (\w+)=", (ROOT / "deploy" / "Dockerfile").read_text(), re.MULTILINE))
    assert plain.keys() | secret | image == given("worker") - OF_THE_CHART - LEFT | {"TELECO_ALARMS_TOKEN"}
    file = compose()["services"]["worker"]["environment"]
    assert plain == {name: file[name] for name in plain}


def test_workers_and_the_pool_are_as_in_compose() -> None:
    services = compose()["services"]
    assert VALUES["executor"] == services["worker"]["environment"]["AIRFLOW__CORE__EXECUTOR"]
    assert VALUES["workers"]["celery"]["replicas"] == services["worker"]["deploy"]["replicas"]
    each = services["worker"]["environment"]["AIRFLOW__CELERY__WORKER_CONCURRENCY"]
    assert str(VALUES["config"]["celery"]["worker_concurrency"]) == each
    assert VALUES["migrateDatabaseJob"]["args"][-1].split() == services["prepare"]["command"][-1].split()


def test_nothing_is_laid_over_the_projects_own_settings_module() -> None:
    assert VALUES["airflowLocalSettings"] is None
    assert (ROOT / "config" / "airflow_local_settings.py").exists()


def test_an_upgrade_migrates_before_the_new_pods_start() -> None:
    job = VALUES["migrateDatabaseJob"]
    assert job["useHelmHooks"] is False  # else the chart's own hook counts, which runs after the upgrade
    assert job["jobAnnotations"]["helm.sh/hook"].split(",") == ["post-install", "pre-upgrade"]


def test_a_worker_has_as_long_for_its_tasks_as_in_compose() -> None:
    period = compose()["services"]["worker"]["stop_grace_period"]
    minutes, seconds = map(int, re.findall(r"\d+", period))
    assert VALUES["workers"]["celery"]["terminationGracePeriodSeconds"] == 60 * minutes + seconds


def test_the_values_hold_no_password_and_make_no_user_with_one() -> None:
    assert VALUES["createUserJob"] == {"enabled": False}
    assert not [one for one in VALUES["env"] if "@" in one["value"] and "://" in one["value"]]
    assert not [one for one in VALUES["env"] if one["name"].startswith("TELECO_") and one["name"].endswith("_URL")]


def test_every_secret_that_the_values_name_is_on_the_page_with_its_key() -> None:
    table = (ROOT / "docs" / "operations.md").read_text().partition("| secret | keys |")[2].partition("\n\n")[0]
    rows = {name: row for row in table.splitlines()[2:] for name in re.findall(r"`(teleco-[a-z]+)`", row.split("|")[1])}
    named = {one["secretName"]: one["secretKey"] for one in VALUES["secret"]}
    assert named.keys() <= rows.keys()
    assert [name for name, key in named.items() if f"`{key}`" not in rows[name]] == []


def test_both_images_set_airflow_alike() -> None:
    def options(name: str) -> list[str]:
        lines = re.findall(r"^ENV (\S+)$", (ROOT / name).read_text(), re.MULTILINE)
        return [line for line in lines if not line.startswith("PYTHONPATH=")]

    assert options("Dockerfile") == options("deploy/Dockerfile")
    assert "ENV PYTHONPATH=/opt/airflow" in (ROOT / "deploy" / "Dockerfile").read_text()
