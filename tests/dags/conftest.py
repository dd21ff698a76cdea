"""An Airflow that works on the sample data, with a clock that can be moved and a trigger that looks often."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from include.sla_logic.sample_data import Sample, load_sample, make_sample
from include.sla_logic.services import Settings, UseCases


class TelecoUnderTest:
    """Use cases with a movable clock, and what an operator does meanwhile."""

    def __init__(self, url: str, folder: Path, *, ahead: timedelta = timedelta()) -> None:
        self.ahead = ahead
        self.use_cases = UseCases(Settings(url, folder / "letters"), clock=self.now)
        self.use_cases.work.migrate()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def release(self, run_id: str) -> None:
        self.use_cases.restorations.release(run_id, by="operator", reason="The reserve route has room.")

    def let_the_deadline_pass(self, run_id: str) -> None:
        self.ahead += self.use_cases.restorations.find(run_id).deadline - self.now() + timedelta(seconds=1)

    def _holds(self, run_id: str) -> bool:
        wait = self.use_cases.lookups.incident(run_id).restoration
        return wait is not None and wait.sent_at is None

    @contextmanager
    def meanwhile(self, act: Callable[[str], None], reference: str) -> Iterator[None]:
        """Act in a thread as soon as the restoration request of this incident is held."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(0.2):
                for ticket in self.use_cases.lookups.tickets():
                    if ticket.external_reference == reference and self._holds(ticket.run_id):
                        act(ticket.run_id)
                        return

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()


class SampleTeleco(TelecoUnderTest):
    """The operations database with the sample data."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(url, folder)
        self.sample: Sample = make_sample(7, datetime.now(UTC))
        with self.use_cases.work.database.write() as connection:
            load_sample(connection, self.sample)

    def conf(self, key: str, **changes: object) -> dict[str, object]:
        return self.sample.notifications[key].model_dump(mode="json") | changes


AnyTeleco = TypeVar("AnyTeleco", bound=TelecoUnderTest)


@contextmanager
def worked_on_by_airflow(teleco: AnyTeleco) -> Iterator[AnyTeleco]:
    """Let Airflow's tasks and triggers work on this database, by its clock."""
    # Not at the top: a conftest is read before Airflow's home is set.
    from sla_airflow import connections, restoration, runtime, wait_poller

    url = teleco.use_cases.work.settings.database_url

    def open_use_cases(*, sends: bool = True) -> UseCases:
        settings = connections.settings() if sends else connections.settings_inside()
        assert settings.database_url == url
        return UseCases(settings, clock=teleco.now, network=connections.network)

    def answered_runs(asked: str, decided_within: timedelta) -> frozenset[str]:
        assert asked == url
        return teleco.use_cases.restorations.answered(decided_within=decided_within)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_CONN_TELECO_DB", url)
        patch.setenv("TELECO_LETTERS", str(teleco.use_cases.work.settings.letters_folder))
        patch.setattr(runtime, "open_use_cases", open_use_cases)
        patch.setattr(wait_poller, "answered_runs", answered_runs)
        patch.setattr(wait_poller, "POLL_SECONDS", 0.2)
        patch.setattr(restoration, "FIRST_LOOK_SECONDS", 0)
        patch.setattr(restoration, "JITTER_SECONDS", 1)
        yield teleco


@pytest.fixture(scope="module")
def teleco(airflow_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleTeleco]:
    folder = tmp_path_factory.mktemp("teleco")
    with worked_on_by_airflow(SampleTeleco(f"sqlite+pysqlite:///{folder / 'teleco.db'}", folder)) as teleco:
        yield teleco


@pytest.fixture
def teleco_on_postgresql(airflow_home: Path, postgres_url: str, tmp_path: Path) -> Iterator[SampleTeleco]:
    with worked_on_by_airflow(SampleTeleco(postgres_url, tmp_path)) as teleco:
        yield teleco
