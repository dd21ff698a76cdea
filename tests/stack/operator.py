"""Somebody at a terminal beside a running Airflow."""

import json
import os
import subprocess
from pathlib import Path

from deploy.stack import AirflowStack
from include.sla_logic.services import UseCases

PATIENCE = 1200  # seconds for one run, or one answer of a component, on a machine with much else to do


class Operator:
    """Uses the command line as a person would, and may look into the database."""

    def __init__(self, stack: AirflowStack, use_cases: UseCases, folder: Path) -> None:
        self.stack = stack
        self.use_cases = use_cases
        self.folder = folder

    def sla(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "TELECO_DB_URL": self.use_cases.work.settings.database_url,
            "TELECO_AIRFLOW_URL": self.stack.address,
            "TELECO_AIRFLOW_USER": self.stack.user,
            "TELECO_AIRFLOW_PASSWORD": self.stack.password,
        }
        command = [str(self.stack.settings.root / ".venv" / "bin" / "sla"), *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def send(self, conf: dict[str, object]) -> subprocess.CompletedProcess[str]:
        file = self.folder / "notification.json"
        file.write_text(json.dumps(conf))
        return self.sla("incident", "start", str(file))
