"""A real Airflow with this checkout's DAGs, for as long as a context lasts."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from deploy.postgres import Databases
from deploy.stack import AirflowStack, OperationsDatabase, StackSettings
from deploy.stack.settings import sqlite_url

VIEWER = "rita"  # may look; Airflow makes her password with its start
USER, OPERATOR = "ute", "otto"  # may act at the desk; of the roles user and op
PARTNER, OTHER_PARTNER = "paula", "olga"  # have no role: the file of the open APIs lets them in
LOGINS = f"admin:admin,{VIEWER}:viewer,{USER}:user,{OPERATOR}:op,{PARTNER}:,{OTHER_PARTNER}:"
OF_PARTNERS = {PARTNER: {"customers": ["C-1001"]}, OTHER_PARTNER: {"customers": ["C-1002"]}}


@contextmanager
def running_stack(folder: Path, postgres_server: Databases) -> Iterator[AirflowStack]:
    """Run the real components with an operations database of their own that is not migrated yet."""
    operations = OperationsDatabase(sqlite_url(folder / "teleco.db"))
    metadata = postgres_server.create_database(f"airflow_{uuid4().hex}")
    open_apis = folder / "open-apis.yaml"
    open_apis.write_text(json.dumps({"partners": OF_PARTNERS}), "utf-8")  # JSON is YAML
    settings = StackSettings(
        home=folder / "airflow",
        operations=operations,
        metadata_url=metadata,
        extra_environment={
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": LOGINS,
            "SLA_SETTLEMENT_SHARDS": "3",
            "TELECO_OPEN_APIS": str(open_apis),
        },
    )
    with AirflowStack(settings, tell=print) as stack:
        yield stack
