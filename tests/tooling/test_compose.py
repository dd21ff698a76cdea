"""deploy/compose.yaml as Compose itself reads it: what its components get, and what keeps them apart and healthy."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from airflow.configuration import conf
from airflow.jobs import scheduler_job_runner

from deploy import compose_secrets
from deploy.postgres import MAX_CONNECTIONS
from deploy.stack.celery_workers import PATIENCE
from deploy.stack.credentials import Credentials
from deploy.stack.settings import StackSettings, environment
from include.sla_logic.services import Settings
from tests.tooling.compose_file import compose, given

ROOT = Path(__file__).resolve().parents[2]
AIRFLOW = {"prepare", "api-server", "scheduler", "dag-processor", "triggerer", "worker"}
OTHERS = {"postgres", "redis", "mail"}
# Options of the Celery provider, which is not installed by default.
OF_CELERY = {
    "AIRFLOW__CELERY__BROKER_URL",
    "AIRFLOW__CELERY__SYNC_PARALLELISM",
    "AIRFLOW__CELERY__WORKER_CONCURRENCY",
    "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT",
}
# Read by Airflow, and left out of the description of its options.
UNDESCRIBED = {"AIRFLOW__SCHEDULER__NUM_STUCK_IN_QUEUED_RETRIES"}
# What a stack of this checkout sets because it is one machine's: folders, and loopback alone.
OF_ONE_MACHINE = {
    "AIRFLOW__API__HOST",
    "AIRFLOW__API__PORT",
    "AIRFLOW__CORE__DAGS_FOLDER",
    "AIRFLOW__CORE__PLUGINS_FOLDER",
    "AIRFLOW__LOGGING__BASE_LOG_FOLDER",
}
LONGEST_STEP = 300  # seconds: of a large cohort
# Without one of these a component would work on files of its own container, or send nothing.
REQUIRED = {"AIRFLOW_CONN_TELECO_DB", "TELECO_DB_URL", "TELECO_SMTP_URL", "TELECO_NETWORK_URL", "TELECO_OPERATORS"}


def settings_of_the_project() -> set[str]:
    class Asked(dict[str, str]):
        def get(self, name: str, default: Any = None) -> Any:
            names.add(name)
            return default

    names: set[str] = set()
    Settings.from_environment(Asked())
    return names


def test_the_file_has_every_component_and_what_they_need() -> None:
    assert set(compose()["services"]) == AIRFLOW | OTHERS
    assert compose()["services"]["mail"]["profiles"] == ["trial"]
    assert compose()["services"]["worker"]["deploy"]["replicas"] == 2


@pytest.mark.parametrize("service", sorted(AIRFLOW))
def test_whatever_a_component_is_given_is_read_by_the_project_or_by_airflow(service: str) -> None:
    assert {"TELECO_DB_URL", "TELECO_ALARMS_TOKEN_FILE"} <= settings_of_the_project()
    known = settings_of_the_project() | OF_CELERY | UNDESCRIBED | {"PYTHONPATH", "AIRFLOW_CONN_TELECO_DB"}
    options = {name for name in given(service) - known if name.startswith("AIRFLOW__")}
    assert given(service) - known == options
    sections = [name.removeprefix("AIRFLOW__").lower().split("__") for name in options]
    described = conf.configuration_description
    assert [one for one in sections if one[1] not in described.get(one[0], {}).get("options", {})] == []


@pytest.mark.parametrize("service", sorted(AIRFLOW))
def test_a_component_is_given_all_that_a_stack_of_this_checkout_has(service: str, tmp_path: Path) -> None:
    own = environment(StackSettings(home=tmp_path, metadata_url="postgresql://"), 8080, Credentials.of(tmp_path))
    options = {name for name in own if name.startswith("AIRFLOW__")} - OF_ONE_MACHINE
    assert (options | REQUIRED | {"PYTHONPATH"}) - given(service) == set()


def test_what_airflow_reads_and_does_not_describe_is_still_read() -> None:
    source = Path(scheduler_job_runner.__file__).read_text("utf-8")
    assert {f"AIRFLOW__SCHEDULER__{key.upper()}" for key in re.findall(r'key="(num_\w+)"', source)} == UNDESCRIBED


def test_what_stands_in_both_is_the_same(tmp_path: Path) -> None:
    own = environment(StackSettings(home=tmp_path), 8080, Credentials.of(tmp_path))
    file = compose()["services"]["scheduler"]["environment"]
    differs = {name for name in file if name in own and own[name] != file[name]}
    assert {name.partition("__")[2] for name in differs} == {
        "API__BASE_URL",
        "CORE__EXECUTION_API_SERVER_URL",
        "CORE__EXECUTOR",
        "CORE__MAX_ACTIVE_TASKS_PER_DAG",
        "CORE__PARALLELISM",
        "CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE",
    }


def test_a_dead_worker_and_an_empty_redis_cost_what_they_cost_a_stack_of_this_checkout() -> None:
    file = compose()["services"]["scheduler"]["environment"]
    assert {name: file.get(name) for name in PATIENCE} == PATIENCE
    seconds = {name.rpartition("__")[2]: int(value) for name, value in PATIENCE.items()}
    look = conf.getfloat("scheduler", "task_instance_heartbeat_timeout_detection_interval")
    assert seconds["TASK_INSTANCE_HEARTBEAT_TIMEOUT"] + look <= 60
    assert seconds["TASK_QUEUED_TIMEOUT"] + seconds["TASK_QUEUED_TIMEOUT_CHECK_INTERVAL"] <= 120
    runs = [
        int(hours)
        for dag in (ROOT / "dags").glob("*.py")
        for hours in re.findall(r"dagrun_timeout=pendulum.duration\(hours=(\d+)", dag.read_text("utf-8"))
    ]
    assert seconds["VISIBILITY_TIMEOUT"] > max(runs) * 3600
    assert seconds["TASK_QUEUED_TIMEOUT"] * seconds["NUM_STUCK_IN_QUEUED_RETRIES"] > LONGEST_STEP


def test_no_more_tasks_are_sent_than_the_workers_can_run() -> None:
    worker = compose()["services"]["worker"]
    each = int(worker["environment"]["AIRFLOW__CELERY__WORKER_CONCURRENCY"])
    assert int(worker["environment"]["AIRFLOW__CORE__PARALLELISM"]) == each * worker["deploy"]["replicas"]


def test_every_service_that_stays_has_a_health_check_and_starts_after_what_it_needs() -> None:
    services = compose()["services"]
    assert {name for name, service in services.items() if "healthcheck" not in service} == {"prepare"}
    for name in AIRFLOW - {"prepare"}:
        assert services[name]["depends_on"]["prepare"]["condition"] == "service_completed_successfully"
    assert services["prepare"]["depends_on"]["postgres"]["condition"] == "service_healthy"


def test_one_service_builds_the_image_of_all() -> None:
    services = compose()["services"]
    assert [name for name, service in services.items() if "build" in service] == ["prepare"]
    assert len({services[name]["image"] for name in AIRFLOW}) == 1


def test_workers_end_while_the_api_server_still_takes_what_became_of_their_tasks() -> None:
    worker = compose()["services"]["worker"]
    assert worker["depends_on"]["api-server"]["condition"] == "service_healthy"
    minutes, seconds = map(int, re.findall(r"\d+", worker["stop_grace_period"]))
    assert 60 * minutes + seconds > LONGEST_STEP


def test_postgres_takes_the_connections_of_a_tested_stack_and_is_not_ready_while_it_is_made() -> None:
    postgres = compose()["services"]["postgres"]
    assert f"max_connections={MAX_CONNECTIONS}" in postgres["command"]
    assert "--host=127.0.0.1" in postgres["healthcheck"]["test"]


@pytest.mark.more
def test_the_operations_database_is_migrated_first_and_needs_nothing_of_airflow(tmp_path: Path) -> None:
    commands = [line.strip() for line in compose()["services"]["prepare"]["command"][-1].splitlines()]
    ours = next(line for line in commands if "include.sla_logic.cli" in line)
    assert commands.index(ours) < commands.index("airflow db migrate")
    nowhere = "postgresql+psycopg://nobody@127.0.0.1:9/none"
    done = subprocess.run(
        [sys.executable, *ours.split()[1:]],
        env={
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": nowhere,
            "AIRFLOW_HOME": str(tmp_path / "home"),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "TELECO_DB_URL": f"sqlite:///{tmp_path / 'teleco.db'}",
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "teleco.db").exists()
    assert not (tmp_path / "home").exists()


def test_the_page_restarts_what_is_unhealthy_of_this_project_alone() -> None:
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    assert re.findall(r"label=com\.docker\.compose\.project=(\S+) -f health=unhealthy", page) == [compose()["name"]]


def test_nothing_listens_beyond_this_machine() -> None:
    ports = [port for service in compose()["services"].values() for port in service.get("ports", [])]
    assert {port["host_ip"] for port in ports} == {"127.0.0.1"}


def test_secrets_come_as_files_that_are_made_and_are_kept_out_of_git_and_image(tmp_path: Path) -> None:
    names = set(compose()["secrets"])
    assert set(compose_secrets.write(tmp_path / "secrets")) == names
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0
    assert {Path(secret["file"]).parent.name for secret in compose()["secrets"].values()} == {"secrets"}
    for file in (".gitignore", ".dockerignore"):
        assert "deploy/secrets/" in (ROOT / file).read_text()
    values = {
        value for service in compose()["services"].values() for value in (service.get("environment") or {}).values()
    }
    assert not [value for value in values if "@" in value and "://" in value]


def test_what_may_hold_a_login_is_a_secret_and_never_a_variable_that_the_container_shows() -> None:
    addresses = {name for name in settings_of_the_project() if name.endswith("_URL")}
    assert {"TELECO_NETWORK_URL", "TELECO_BILLING_URL"} <= addresses <= set(compose()["secrets"])
    for service in AIRFLOW:
        assert not addresses & set(compose()["services"][service]["environment"])
        assert addresses <= {secret["source"] for secret in compose()["services"][service]["secrets"]}


def _kept(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}


def test_what_a_later_release_needs_is_added_and_what_is_there_stays(tmp_path: Path) -> None:
    compose_secrets.write(tmp_path)
    (tmp_path / "TELECO_SMTP_URL").write_text("smtp://mail.example.net:25")
    before = _kept(tmp_path)
    assert compose_secrets.write(tmp_path) == []
    for name in ("TELECO_NETWORK_URL", "alarms_token"):
        (tmp_path / name).unlink()
    assert compose_secrets.write(tmp_path) == ["TELECO_NETWORK_URL", "alarms_token"]
    after = _kept(tmp_path)
    assert before | {"alarms_token": after["alarms_token"]} == after


@pytest.mark.parametrize(("lost", "password"), [("TELECO_DB_URL", "postgres_password"), ("redis_password", None)])
def test_no_password_is_made_that_would_not_fit_the_others(tmp_path: Path, lost: str, password: str | None) -> None:
    compose_secrets.write(tmp_path)
    for name in (lost, "alarms_token"):
        (tmp_path / name).unlink()
    before = _kept(tmp_path)
    done = subprocess.run(
        [sys.executable, compose_secrets.__file__, tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "alarms_token" in done.stdout.splitlines()
    assert lost in done.stdout.splitlines()[-1]
    assert _kept(tmp_path).keys() - before.keys() == {"alarms_token"}
    assert password is None or before[password] == _kept(tmp_path)[password]


def test_what_is_made_together_fits_and_names_every_file_that_holds_a_password() -> None:
    made = compose_secrets.contents()
    for names in compose_secrets.FITTING:
        [password] = [made[name] for name in names if name.endswith("_password")]
        assert {name for name, content in made.items() if password in content} == names


def test_a_component_starts_with_its_secrets_in_its_environment(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    compose_secrets.write(folder)
    script = (ROOT / "deploy" / "with_secrets.sh").read_text().replace("/run/secrets", str(folder))
    passwords = tmp_path / "passwords.json"
    done = subprocess.run(
        [
            "/bin/bash",
            "-c",
            script,
            "with_secrets.sh",
            sys.executable,
            "-c",
            "import json, os; print(json.dumps(dict(os.environ)))",
        ],
        env={"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert {name: found.get(name) for name in compose()["secrets"] if name.isupper()} == {
        file.name: file.read_text() for file in folder.iterdir() if file.name.isupper()
    }
    assert "postgres_password" not in found
    assert passwords.stat().st_mode & 0o077 == 0
    assert json.loads(passwords.read_text()).keys() == {"admin"}
    read = Settings.from_environment(found)
    assert read.database_url.endswith("@postgres/teleco")
    assert read.smtp
    assert read.smtp.host == "mail"
    # Nobody has chosen them yet: the connections of Airflow count, and a database that knows an adapter keeps to it.
    assert (read.network, read.billing) == (None, None)


def test_the_pool_is_the_one_of_the_projects_settings() -> None:
    [pool] = yaml.safe_load((ROOT / "airflow_settings.yaml").read_text())["airflow"]["pools"]
    command = " ".join(compose()["services"]["prepare"]["command"])
    assert f'pools set {pool["pool_name"]} {pool["pool_slot"]} "{pool["pool_description"]}"' in command
