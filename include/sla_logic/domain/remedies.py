"""The remedy for each type of problem (row 16)."""

from enum import IntEnum, StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from include.sla_logic.domain.network import Action
from include.sla_logic.domain.tables import Table
from include.sla_logic.domain.verification import ProbeTarget


class Route(StrEnum):
    """Which of the three ways of the process a type of problem takes."""

    NONE = "none"
    MINOR = "minor"
    RESTORATION = "restoration"


class _Weight(IntEnum):
    NONE = 0
    MINOR = 1
    RESTORATION = 2


class Remedy(Table):
    """One row of the remedy table; `why_held` is what an operator reads where automation is not safe.

    Whether it is safe must be said: a row that forgets it is refused, not automated.
    """

    type: str
    title: str
    route: Route
    actions: tuple[Action, ...]
    safe_to_automate: bool
    why_held: str | None = None

    @model_validator(mode="after")
    def _has_what_its_route_needs(self) -> Self:
        if self.route is Route.NONE and self.actions:
            msg = f"{self.type}: no action is taken on the route none"
            raise ValueError(msg)
        if self.route is Route.MINOR and not (self.actions and self.safe_to_automate):
            msg = f"{self.type}: a minor correction needs an action that is safe to automate"
            raise ValueError(msg)
        if self.safe_to_automate == bool(self.why_held):
            msg = f"{self.type}: why_held is given exactly where the remedy is not safe to automate"
            raise ValueError(msg)
        return self


class RemedyPolicy(Table):
    """The remedy table, and what a fresh measurement must show where the contract promises nothing for it."""

    version: str
    remedies: Annotated[tuple[Remedy, ...], Field(min_length=1)]
    verify_at_least: tuple[ProbeTarget, ...]

    @model_validator(mode="after")
    def _has_one_remedy_per_type(self) -> Self:
        types = [remedy.type for remedy in self.remedies]
        if twice := sorted({name for name in types if types.count(name) > 1}):
            msg = f"more than one remedy for {', '.join(twice)}"
            raise ValueError(msg)
        return self

    def remedy(self, type_of_problem: str) -> Remedy:
        """Return the remedy; the tables are checked together, so every type of problem has one."""
        return next(remedy for remedy in self.remedies if remedy.type == type_of_problem)

    def choose(self, types_of_problem: tuple[str, ...]) -> Remedy:
        """Return the weightiest remedy: restoration before minor, held before automatic, then the first."""
        remedies = [self.remedy(name) for name in types_of_problem]
        return max(remedies, key=lambda r: (_Weight[r.route.name], not r.safe_to_automate))
