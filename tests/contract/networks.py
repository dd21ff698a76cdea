"""The two networks that must behave alike: the simulated one, and an operator's own that is reached over HTTP."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from include.sla_logic.process.ports import CaseFile
from include.sla_logic.process.step import Step
from include.sla_logic.sample_data import Sample
from include.sla_logic.services import Settings, UseCases
from tests.clock import Clock
from tests.played_network import PlayedNetwork, sample_file


class Networked:
    """Use cases on the small TELECO; each `ask` is a step of its own on an incident of that service."""

    def __init__(
        self, folder: Path, sample: Sample, *, over_http: bool, timeout: float = 60, url: str | None = None
    ) -> None:
        """Open them on a file of SQLite, or at `url` on a database that holds the sample already."""
        self.sample, self.clock, self._steps = sample, Clock(sample.anchor + timedelta(minutes=2)), 0
        self.played = PlayedNetwork(folder, sample, self.clock) if over_http else None
        network = self.played.system(timeout=timeout) if self.played else None
        url = url or sample_file(folder / "teleco.db", sample, network=not over_http)
        self.use_cases = UseCases(Settings(url, folder / "letters", network=network), clock=self.clock)
        self._runs: dict[str, str] = {}

    def close(self) -> None:
        if self.played:
            self.played.close()

    def run_of(self, service: str) -> str:
        """Accept one incident of this service, once."""
        if service not in self._runs:
            notification = next(one for one in self.sample.notifications.values() if one.service == service)
            run = f"run-{service}"
            self.use_cases.incidents.accept(notification.model_dump(mode="json"), run_id=run, origin="test")
            self._runs[service] = run
        return self._runs[service]

    def ask(self, service: str, question: Callable[[CaseFile], Any], *, step: str | None = None) -> Any:
        """Perform one step that asks the network; without a name, the next one of this test."""
        self._steps += 1
        heard = []
        asking = Step(step or f"ask_{self._steps}", "", lambda file: heard.append(question(file)))
        self.use_cases.incidents.perform(asking, run_id=self.run_of(service))
        return heard[-1] if heard else None
