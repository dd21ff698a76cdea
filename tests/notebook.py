"""An Airflow that remembers which database it works: one for each database, as far as a test asks no real one."""

from collections import defaultdict
from dataclasses import dataclass

import pytest

from include.sla_logic.services import UseCases
from sla_airflow import pairing

ENTER, BEAT, TELL_LOST = pairing.enter, pairing.beat, pairing.tell_lost  # as they ask Airflow itself


@dataclass
class MemoryNotebook:
    """Airflow's variable in memory (`services.installation.Notebook`)."""

    text: str | None = None

    def read(self) -> str | None:
        return self.text

    def write(self, text: str) -> None:
        self.text = text


def remember_each_database(patch: pytest.MonkeyPatch) -> None:
    """Give each database an Airflow of its own: tests work many with one Airflow."""
    notebooks: dict[str, MemoryNotebook] = defaultdict(MemoryNotebook)

    def enter(use_cases: UseCases) -> None:
        use_cases.installation.enter(notebooks[use_cases.work.settings.database_url])

    def beat(use_cases: UseCases) -> None:
        use_cases.installation.beat(notebooks[use_cases.work.settings.database_url])

    patch.setattr(pairing, "enter", enter)
    patch.setattr(pairing, "beat", beat)
    patch.setattr(pairing, "tell_lost", lambda _: None)
