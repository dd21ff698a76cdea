"""The incidents of the small TELECO, as the demo starts them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from include.sla_logic.adapters.small_teleco import DEFAULT_SEED, Expectation, load_small_teleco, small_teleco
from include.sla_logic.office import Office


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


def load_incidents(office: Office) -> Sequence[DemoIncident]:
    """Load the small TELECO as of now and answer its incidents."""
    house = small_teleco(DEFAULT_SEED, datetime.now(UTC))
    with office.writing() as connection:
        load_small_teleco(connection, house)
    return [
        DemoIncident(key, notification.model_dump(mode="json"), house.expectations[key])
        for key, notification in house.notifications.items()
    ]
