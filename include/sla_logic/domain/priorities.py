"""Priorities P1 to P5 from impact and urgency (ITIL's 3x3 matrix, kept as data)."""

from datetime import timedelta
from enum import StrEnum
from itertools import pairwise, product
from typing import Annotated, Self

from pydantic import Field, model_validator

from include.sla_logic.domain.notification import Level
from include.sla_logic.domain.policy_hours import HoursTable, WrittenHours
from include.sla_logic.domain.tables import Table


class Priority(StrEnum):
    """How soon a measure is due; P1 is the highest."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"
    P5 = "P5"

    @property
    def rank(self) -> int:
        """1 for P1 to 5 for P5, for sorting."""
        return int(self[1:])

    def raised(self) -> "Priority":
        """Return the next higher priority; nothing lies beyond P1."""
        return Priority(f"P{max(1, self.rank - 1)}")


Duration = Annotated[timedelta, Field(gt=timedelta(0))]


class MatrixCell(Table):
    """One cell of the matrix."""

    impact: Level
    urgency: Level
    priority: Priority


class PriorityPolicy(HoursTable):
    """The matrix, and whether money at risk raises what it says.

    `due` is how soon a measure is due, counted in the `service_hours` of its priority, else in those of sla_clock.yaml.

    `raise_when_next_tier_within`: while an outage runs and the next credit tier of the contract is nearer
    than this, the priority is one level higher; null switches that off.
    `at_risk_when_next_tier_within`: a promise still kept is at risk when its next credit tier is nearer.
    `write_next_within`: a customer whose service could not be examined reads from us again within this time.
    """

    version: str
    matrix: tuple[MatrixCell, ...]
    due: dict[Priority, Duration]
    service_hours: dict[Priority, WrittenHours] = Field(default_factory=dict)
    raise_when_next_tier_within: Duration | None
    at_risk_when_next_tier_within: Duration
    write_next_within: Duration = timedelta(days=2)

    @model_validator(mode="after")
    def _has_every_cell_once(self) -> Self:
        cells = [(cell.impact, cell.urgency) for cell in self.matrix]
        for cell in product(Level, Level):
            if (times := cells.count(cell)) != 1:
                msg = f"matrix has impact {cell[0]}, urgency {cell[1]} {times} times instead of once"
                raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _does_not_fall_where_need_grows(self) -> Self:
        for cell in self.matrix:
            for worse in self.matrix:
                higher = worse.impact <= cell.impact and worse.urgency <= cell.urgency
                if higher and worse.priority.rank > cell.priority.rank:
                    msg = f"matrix gives {worse.priority} to more impact or urgency than {cell.priority}"
                    raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _is_due_sooner_the_higher(self) -> Self:
        if missing := [priority.value for priority in Priority if priority not in self.due]:
            msg = f"due has no time for {', '.join(missing)}"
            raise ValueError(msg)
        for higher, lower in pairwise(Priority):
            if self.due[higher] > self.due[lower]:
                msg = f"due gives {higher} more time than {lower}"
                raise ValueError(msg)
        return self

    def priority(self, impact: Level, urgency: Level) -> Priority:
        """Look up the cell; the table is complete, or it would not have been loaded."""
        return next(c.priority for c in self.matrix if (c.impact, c.urgency) == (impact, urgency))
