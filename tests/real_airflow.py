"""A real Airflow with this checkout's DAGs, for as long as a context lasts."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from deploy.postgres import Databases
from deploy.stack import AirflowStack, OperationsDatabase, StackSettings
from deploy.stack.settings import sqlite_url

VIEWER = "rita"  # may look; Airflow makes her password with its start
USER, OPERATOR = "ute", "otto"  # may act at the desk; of the roles user and op
LOGINS = f"admin:admin,{VIEWER}:viewer,{USER}:user,{OPERATOR}:op"


@contextmanager
def running_stack(folder: Path, postgres_server: Databases) -> Iterator[AirflowStack]:
    """Run the real components with an operations database of their own that is not migrated yet."""
    operations = OperationsDatabase(sqlite_url(folder / "teleco.db"))
    metadata = postgres_server.create_database(f"airflow_{uuid4().hex}")
    settings = StackSettings(
        home=folder / "airflow",
        operations=operations,
        metadata_url=metadata,
        extra_environment={"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": LOGINS, "SLA_SETTLEMENT_SHARDS": "3"},
    )
    with AirflowStack(settings, tell=print) as stack:
        yield stack
