"""Start the four components of Airflow, wait until they are healthy, stop them all."""

import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.ports import free_port
from deploy.postgres import UnableToStartPostgres
from deploy.stack.celery_workers import CeleryWorkers
from deploy.stack.components import Components
from deploy.stack.credentials import USER, Credentials
from deploy.stack.metadata import BundledMetadata
from deploy.stack.project_settings import ProjectSettings
from deploy.stack.rest import StackApi
from deploy.stack.settings import StackSettings, environment
from include.sla_logic.cli.airflow_api import AirflowBusy
from include.sla_logic.domain.errors import ForeseenError

START_SECONDS = 600  # on a machine with much else to do
LOOK_SECONDS = 0.3
RESTARTS, RESTART_SECONDS = 3, 300  # a component that has ended as often within this time is given up
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
    """Run api-server, scheduler, dag-processor, triggerer and workers for as long as the context lasts.

    `tell` is called with one sentence per step of the start, `before` when the metadata are prepared and before any
    component runs, which may use the operations database at once. After entering, `api` is logged in as the
    administrator; `address`, `user` and `password` are for a browser; `components` kills and restarts single
    components; `environment` is what a further process of this stack needs.
    """

    user = USER

    def __init__(
        self, settings: StackSettings, *, tell: Tell = lambda _: None, before: Callable[[], object] = lambda: None
    ) -> None:
        self._tell, self._before = tell, before
        settings.home.mkdir(parents=True, exist_ok=True)
        port = _port(settings.port)
        self.address = f"http://127.0.0.1:{port}"
        credentials = Credentials.of(settings.home)
        self.password = credentials.password
        self._metadata: BundledMetadata | None = None
        if settings.metadata_url is None:
            self._metadata = BundledMetadata(settings.home, settings.root, credentials.metadata_password)
            settings = replace(settings, metadata_url=self._metadata.metadata_url)
        commands = {name: [name, *options] for name, options in COMPONENTS.items()}
        self._commands = {name: [str(_airflow(settings)), *words] for name, words in commands.items()}
        if settings.celery_workers:
            workers = CeleryWorkers(settings, credentials.redis_password)
            settings = replace(settings, extra_environment={**workers.environment, **settings.extra_environment})
            self._commands = {**workers.commands(_airflow(settings)), **self._commands}
        self.settings = settings
        self.environment = environment(settings, port, credentials)
        self.api = StackApi(self.address, user=self.user, password=self.password)
        self._components: Components | None = None
        self._restarts: dict[str, list[float]] = {}

    @property
    def components(self) -> Components:
        """Return the running components."""
        if self._components is None:
            raise RuntimeError("the stack has not been started")
        return self._components

    @property
    def login_file(self) -> Path:
        """Tell where the login is kept."""
        return self.settings.home / "passwords.json"

    def start(self, *, dags: Iterable[str] = ()) -> Self:
        """Migrate the metadata database, start everything, wait for health and for the DAGs named."""
        try:
            self._prepare_metadata()
            self._before()
            logs = self.settings.home / "logs" / "components"
            self.use(Components(environment=self.environment, log_folder=logs, working_folder=self.settings.root))
            for name in self._commands:
                self.start_component(name)
            self.wait_healthy()
            self._apply_project_settings()
            self.wait_for_dags(dags)
        except BaseException:
            self.stop()
            raise
        return self

    def use(self, components: Components) -> None:
        """Start what this stack starts through these components."""
        self._components = components

    def start_component(self, name: str) -> int:
        """Start one component by Airflow's own command name, or a worker by its own; answers its process id."""
        return self.components.start(name, self._commands[name])

    def stop(self) -> None:
        """End all components and all their processes."""
        self.api.close()
        if self._components:
            self._components.close()
        if self._metadata:
            self._metadata.close()

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

    def run_for_ever(self) -> None:
        """Keep every component running."""
        while True:
            self.restart_ended()
            time.sleep(1)

    def restart_ended(self) -> None:
        """Start again what has ended by itself, and say why; UnableToStartAirflow where it ends again and again."""
        if self._metadata and not self._metadata.runs:
            self._tell("The server of Airflow's metadata has ended and is started again")
            self._metadata.start_again()
        for name, code in list(self.components.ended.items()):
            ends = [end for end in self._restarts.get(name, []) if end > time.monotonic() - RESTART_SECONDS]
            if len(ends) == RESTARTS:
                self._complain_of_ended()
            self._restarts[name] = [*ends, time.monotonic()]
            self._tell(f"{name} ended with {code} and is started again: {self.components.reason(name)}")
            self.start_component(name)

    @property
    def airflow(self) -> Path:
        """Name the command line of the environment of this checkout."""
        return _airflow(self.settings)

    def _prepare_metadata(self) -> None:
        """Start the server of the metadata where it is the stack's own, and migrate the metadata."""
        self._tell("Preparing Airflow's metadata database")
        if self._metadata:
            try:
                self._metadata.open(self._migrate)
            except UnableToStartPostgres as error:
                self._metadata = None  # it is not ours to end
                raise UnableToStartAirflow(str(error)) from error
        else:
            self._migrate()

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


def _airflow(settings: StackSettings) -> Path:
    return settings.root / ".venv" / "bin" / "airflow"


def _port(wanted: int | None) -> int:
    try:
        return free_port(wanted)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnableToStartAirflow(f"port {wanted} cannot be used: {reason}. Name another one, or none.") from error
