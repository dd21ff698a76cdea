"""Where a stack lives and how its Airflow is set."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from deploy.stack.credentials import Credentials

ROOT = Path(__file__).resolve().parent.parent.parent
SCHEDULER_LOOK_SECONDS = 0.1  # a lone incident takes 5 s instead of 26 with Airflow's default of 1
LOOKED_AT_TOGETHER = 5  # runs: what has happened meanwhile is seen, and what can start starts, only after all of them
# Airflow 3.3 often sees that a task has ended only with its next heartbeat: 12 incidents at once took 115 s with its
# default of 5, and take 31. A failed heartbeat is itself tried five times, with waits: a task is given up minutes after
# the last answer.
HEARTBEAT_SECONDS, FAILED_HEARTBEATS = 1, 15
PARALLELISM = 8  # on two cores 4 take twice as long, as each waits a second for its end to be seen, and 16 do no more
WAITING_RUNS = 10_000  # a waiting restoration must not keep the next incident from starting


@dataclass(frozen=True)
class OperationsDatabase:
    """Names the product's own database by its SQLAlchemy URL."""

    url: str

    @classmethod
    def of_checkout(cls, root: Path = ROOT) -> "OperationsDatabase":
        """Take TELECO_DB_URL, or else the SQLite file that every command of this checkout shares."""
        return cls(os.environ.get("TELECO_DB_URL") or sqlite_url(root / ".teleco" / "teleco.db"))


@dataclass(frozen=True)
class StackSettings:
    """Names the records, databases and limits of one stack; everything of it lies under `home`.

    Without a URL, Airflow's metadata are in a PostgreSQL server of the stack's own (ADR 0011). Without workers of
    Celery, tasks run below the scheduler.
    """

    home: Path
    root: Path = ROOT
    dags_folder: Path = ROOT / "dags"
    plugins_folder: Path = ROOT / "plugins"
    operations: OperationsDatabase = field(default_factory=OperationsDatabase.of_checkout)
    metadata_url: str | None = None
    parallelism: int | None = None
    port: int | None = None
    celery_workers: int = 0
    extra_environment: dict[str, str] = field(default_factory=dict)

    @property
    def workers(self) -> int:
        """Default to what two cores carry."""
        return self.parallelism or PARALLELISM


def sqlite_url(path: Path) -> str:
    """Write the SQLAlchemy URL of a SQLite file."""
    return f"sqlite:///{path.resolve()}"


def environment(settings: StackSettings, port: int, credentials: Credentials) -> dict[str, str]:
    """Compose the environment of every component; nothing of the caller's own Airflow settings gets through."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW")}
    paths = [settings.root, settings.root / "config"]
    return {
        **inherited,
        "AIRFLOW_HOME": str(settings.home),
        "PATH": f"{settings.root / '.venv' / 'bin'}{os.pathsep}{inherited.get('PATH', '')}",
        "PYTHONPATH": os.pathsep.join(str(path) for path in paths),
        "PYTHONUNBUFFERED": "1",
        "TELECO_DB_URL": settings.operations.url,
        "AIRFLOW_CONN_TELECO_DB": settings.operations.url,
        **_airflow(settings, port),
        **credentials.environment(),
        **settings.extra_environment,
    }


def _airflow(settings: StackSettings, port: int) -> dict[str, str]:
    """Name each option by section and key, as Airflow's documentation does."""
    address = f"http://127.0.0.1:{port}"
    options: dict[str, dict[str, object]] = {
        "core": {
            "dags_folder": settings.dags_folder,
            "plugins_folder": settings.plugins_folder,
            "load_examples": False,
            "executor": "LocalExecutor",
            "parallelism": settings.workers,
            "max_active_tasks_per_dag": settings.workers,
            "max_active_runs_per_dag": WAITING_RUNS,
            "dags_are_paused_at_creation": False,
            "execution_api_server_url": f"{address}/execution/",
            "simple_auth_manager_users": "admin:admin",
            "simple_auth_manager_passwords_file": settings.home / "passwords.json",
        },
        "database": _database(settings.metadata_url or ""),
        "scheduler": {
            "scheduler_idle_sleep_time": SCHEDULER_LOOK_SECONDS,
            "max_dagruns_per_loop_to_schedule": LOOKED_AT_TOGETHER,
        },
        "triggerer": {"capacity": WAITING_RUNS},
        "workers": {"min_heartbeat_interval": HEARTBEAT_SECONDS, "max_failed_heartbeats": FAILED_HEARTBEATS},
        "dag_processor": {"parsing_processes": 1, "refresh_interval": 30},
        "api": {"host": "127.0.0.1", "port": port, "base_url": address, "workers": 1},
        "logging": {
            "base_log_folder": settings.home / "logs",
        },
    }
    return {
        f"AIRFLOW__{section.upper()}__{key.upper()}": str(value)
        for section, values in options.items()
        for key, value in values.items()
    }


def _database(url: str) -> dict[str, object]:
    """Let the asynchronous parts use psycopg too, which comes with the product, where Airflow would want asyncpg."""
    keys = ["sql_alchemy_conn"] if url.startswith("sqlite") else ["sql_alchemy_conn", "sql_alchemy_conn_async"]
    return dict.fromkeys(keys, url)
