"""Start the four components of Airflow, wait until they are healthy, stop them all."""

import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.stack.components import Components
from deploy.stack.credentials import USER, Credentials
from deploy.stack.metadata import copy_kept, keep
from deploy.stack.project_settings import ProjectSettings
from deploy.stack.rest import StackApi
from deploy.stack.settings import StackSettings, environment, free_port
from include.sla_logic.cli.airflow_api import AirflowBusy
from include.sla_logic.domain.errors import ForeseenError

START_SECONDS = 600  # on a machine with much else to do
LOOK_SECONDS = 0.3
HEALTHY_PARTS = ("metadatabase", "scheduler", "triggerer", "dag_processor")
# Log servers would listen on every interface; here all logs are files of one machine.
COMPONENTS: Mapping[str, Sequence[str]] = {
    "api-server": (),
    "scheduler": ("--skip-serve-logs",),
    "dag-processor": (),
    "triggerer": ("--skip-serve-logs",),
}

Tell = Callable[[str], None]


class UnableToStartAirflow(ForeseenError):
    """Say which component is missing and quote the end of its log."""


class AirflowStack:
    """Run api-server, scheduler, dag-processor and triggerer for as long as the context lasts.

    `tell` is called with one sentence per step of the start. After entering, `api` is logged in as the
    administrator; `address`, `user` and `password` are for a browser; `components` kills and restarts single
    components; `environment` is what a further process of this stack needs.
    """

    user = USER

    def __init__(self, settings: StackSettings, *, tell: Tell = lambda _: None) -> None:
        self.settings = settings
        self._tell = tell
        settings.home.mkdir(parents=True, exist_ok=True)
        port = free_port(settings.port)
        self.address = f"http://127.0.0.1:{port}"
        credentials = Credentials.of(settings.home)
        self.password = credentials.password
        self.environment = environment(settings, port, credentials)
        self.api = StackApi(self.address, user=self.user, password=self.password)
        self.components: Components

    @property
    def login_file(self) -> Path:
        """Tell where the login is kept."""
        return self.settings.home / "passwords.json"

    def start(self, *, dags: Iterable[str] = ()) -> Self:
        """Migrate the metadata database, start everything, wait for health and for the DAGs named."""
        self._prepare_metadata()
        self.components = Components(
            environment=self.environment,
            log_folder=self.settings.home / "logs" / "components",
            working_folder=self.settings.root,
        )
        try:
            for name in COMPONENTS:
                self.start_component(name)
            self.wait_healthy()
            self._apply_project_settings()
            self.wait_for_dags(dags)
        except BaseException:
            self.stop()
            raise
        return self

    def start_component(self, name: str) -> int:
        """Start one component by Airflow's own command name; answers its process id."""
        return self.components.start(name, [str(self.airflow), name, *COMPONENTS[name]])

    def stop(self) -> None:
        """End all components and all their processes."""
        self.api.close()
        self.components.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tell("Stopping Airflow")
        self.stop()

    def wait_healthy(self, timeout_seconds: float = START_SECONDS) -> None:
        """Wait until Airflow calls all its parts healthy."""
        told = ""

        def healthy() -> bool:
            nonlocal told
            found = self.api.health()
            missing = [part for part in HEALTHY_PARTS if found.get(part) != "healthy"]
            waiting = f"Waiting for {', '.join(missing)}" if found else "Waiting for the api-server"
            if missing and waiting != told:
                told = waiting
                self._tell(waiting)
            return not missing

        self._wait(healthy, "healthy", timeout_seconds)

    def wait_for_dags(self, dags: Iterable[str], timeout_seconds: float = START_SECONDS) -> None:
        """Wait until Airflow has read these DAGs; a DAG file that cannot be read ends the wait."""
        wanted = set(dags)
        if wanted:
            self._tell(f"Waiting for the DAGs {', '.join(sorted(wanted))}")
            self._wait(lambda: wanted <= self.api.dag_ids(), "ready with its DAGs", timeout_seconds)

    def wait_ended(self) -> None:
        """Wait for ever; a component that ends by itself raises UnableToStartAirflow with the end of its log."""
        while True:
            self._complain_of_ended()
            time.sleep(1)

    @property
    def airflow(self) -> Path:
        """Name the command line of the environment of this checkout."""
        return self.settings.root / ".venv" / "bin" / "airflow"

    def _prepare_metadata(self) -> None:
        """Migrate the metadata database; a new SQLite file is copied from the last one that was new."""
        self._tell("Preparing Airflow's metadata database")
        file, root = self.settings.metadata_file, self.settings.root
        if file is None:
            self._migrate()
            return
        is_new = not file.exists()
        if not copy_kept(root, file):
            self._migrate()
            if is_new:
                keep(root, file)
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")  # kept in the file: readers no longer hold up writers

    def _migrate(self) -> None:
        done = subprocess.run(
            [str(self.airflow), "db", "migrate"],
            env=self.environment,
            cwd=self.settings.root,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise UnableToStartAirflow(f"airflow db migrate failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")

    def _apply_project_settings(self) -> None:
        """Make the pools and variables of airflow_settings.yaml; connections come by the environment."""
        wanted = ProjectSettings.read(self.settings.root / "airflow_settings.yaml")
        for pool in wanted.pools:
            self.api.set_pool(pool.pool_name, pool.pool_slot, pool.pool_description)
        for variable in wanted.variables:
            self.api.set_variable(variable.variable_name, variable.variable_value)

    def _wait(self, reached: Callable[[], bool], what: str, timeout_seconds: float) -> None:
        deadline = time.monotonic() + timeout_seconds
        while True:
            with suppress(AirflowBusy):
                if reached():
                    return
                if what != "healthy" and (errors := self.api.import_errors()):
                    raise UnableToStartAirflow(f"DAG files cannot be read: {errors}")
            self._complain_of_ended()
            if time.monotonic() > deadline:
                raise UnableToStartAirflow(f"Airflow was not {what} within {timeout_seconds:g} s")
            time.sleep(LOOK_SECONDS)

    def _complain_of_ended(self) -> None:
        for name, code in self.components.ended.items():
            raise UnableToStartAirflow(f"{name} ended with {code}:\n{self.components.log_tail(name)}")
