"""The incidents of the small TELECO, as the demo starts them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from include.sla_logic.sample_data import DEFAULT_SEED, Expectation, load_sample, make_sample
from include.sla_logic.services import UseCases


@dataclass(frozen=True)
class DemoIncident:
    """Hold one notification, and what the data say must come of it."""

    key: str
    conf: dict[str, Any]
    expected: Expectation

    @property
    def run_id(self) -> str:
        """Name the run; a home that is emptied before each demo never sees the name twice."""
        return f"demo-{self.key}"


def load_incidents(use_cases: UseCases) -> Sequence[DemoIncident]:
    """Load the small TELECO as of now and answer its incidents."""
    teleco = make_sample(DEFAULT_SEED, datetime.now(UTC))
    with use_cases.work.writing() as connection:
        load_sample(connection, teleco)
    return [
        DemoIncident(key, notification.model_dump(mode="json"), teleco.expectations[key])
        for key, notification in teleco.notifications.items()
    ]
