"""Somebody at a terminal beside a running Airflow."""

import json
import os
import subprocess
import time
from collections.abc import Sequence
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

    def pause(self, *dags: str) -> None:
        """Pause these DAGs while none of their runs is under way: a run of a paused DAG would never end."""
        end = time.monotonic() + PATIENCE
        while True:
            self._switch(dags, paused=True)
            if not self._has_open_runs(dags):
                return
            self._switch(dags, paused=False)
            while self._has_open_runs(dags):
                assert time.monotonic() < end, f"the runs of {', '.join(dags)} do not end"
                time.sleep(0.5)

    def resume(self, *dags: str) -> None:
        self._switch(dags, paused=False)

    def _switch(self, dags: Sequence[str], *, paused: bool) -> None:
        for dag in dags:
            self.stack.api.call("PATCH", f"/api/v2/dags/{dag}", json={"is_paused": paused})

    def _has_open_runs(self, dags: Sequence[str]) -> bool:
        return any({"queued", "running"} & set(self.stack.api.run_states(dag).values()) for dag in dags)
