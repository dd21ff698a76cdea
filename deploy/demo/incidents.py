"""What the demo starts, and what must come of it."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from include.sla_logic.domain.closed_incident import Ending
from include.sla_logic.domain.customer_report import CreditState
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.resolution import Outcome


class Expectation(BaseModel):
    """Name the way that one incident must take and how it must end; None is not checked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tasks: frozenset[str]
    outcome: Outcome
    ending: Ending
    credit_state: CreditState
    credit: Money | None = None
    breached: tuple[str, ...] | None = None
    children: int = 0


class DemoIncident(BaseModel):
    """One notification, the way that it must take, and whether an operator releases its restoration on the way."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    conf: dict[str, Any]
    release: bool = False
    expected: Expectation

    @property
    def run_id(self) -> str:
        """Name the run; a home that is emptied before each demo never sees the name twice."""
        return f"demo-{self.name}"
