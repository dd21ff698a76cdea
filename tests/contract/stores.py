"""The stores that must keep the same contract: the fake in memory, and the use cases on both databases."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.restoration import RestorationOutcome
from include.sla_logic.domain.trouble_ticket import TroubleTicket
from include.sla_logic.persistence.restorations import UnableToReleaseRestoration
from include.sla_logic.process.ports import CaseFile
from include.sla_logic.process.step import step
from include.sla_logic.services import UseCases
from tests.clock import NOON, Clock
from tests.fakes import MemoryUseCases, World
from tests.services.sample import conf

RUN = "run-1"


@dataclass(frozen=True)
class Kept:
    """What is kept of the one incident; `documents` as (kind, round)."""

    ticket: TroubleTicket
    documents: list[tuple[str, int]]
    timeline: list[tuple[str, str]]
    steps: dict[str, str | None]
    statuses: list[str]


class Store(Protocol):
    """One incident, accepted at noon, under a clock that is moved by hand."""

    def move_clock(self, now: datetime) -> None: ...
    def perform(self, function: Callable[[CaseFile], object]) -> str | None: ...
    def release(self) -> None: ...
    def reject(self) -> None: ...
    def decide(self) -> RestorationOutcome | None: ...
    def kept(self) -> Kept: ...


@dataclass
class MemoryStore:
    use_cases: MemoryUseCases = field(default_factory=lambda: MemoryUseCases(World(now=NOON)))

    def __post_init__(self) -> None:
        notification = ProblemNotification.model_validate(conf())
        self.use_cases.accept(notification.model_copy(update={"reported_at": NOON}), run_id=RUN)

    def move_clock(self, now: datetime) -> None:
        self.use_cases.world.now = now

    def perform(self, function: Callable[[CaseFile], object]) -> str | None:
        return self.use_cases.perform(step(function), run_id=RUN)

    def release(self) -> None:
        self.use_cases.release(RUN)

    def reject(self) -> None:
        self.use_cases.reject(RUN)

    def decide(self) -> RestorationOutcome | None:
        return self.use_cases.decide(RUN)

    def kept(self) -> Kept:
        incident = self.use_cases.incidents[RUN]
        return Kept(
            ticket=incident.ticket,
            documents=[(kind, number) for kind, number, _ in incident.documents],
            timeline=[(str(lane), event) for _, lane, event in incident.timeline],
            steps=dict(incident.steps),
            statuses=[str(status) for _, status, _ in incident.moves],
        )


@dataclass
class DatabaseStore:
    use_cases: UseCases
    clock: Clock

    def __post_init__(self) -> None:
        self.use_cases.incidents.accept(conf(), run_id=RUN, origin="test")

    def move_clock(self, now: datetime) -> None:
        self.clock.now = now

    def perform(self, function: Callable[[CaseFile], object]) -> str | None:
        return self.use_cases.incidents.perform(step(function), run_id=RUN)

    def release(self) -> None:
        self.use_cases.restorations.release(RUN, by="Kim", reason="agreed")

    def reject(self) -> None:
        self.use_cases.restorations.reject(RUN, by="Kim", reason="not now")

    def decide(self) -> RestorationOutcome | None:
        return self.use_cases.restorations.decide(RUN)

    def kept(self) -> Kept:
        """Leave out what the use cases write themselves at acceptance."""
        case = self.use_cases.lookups.incident(RUN)
        return Kept(
            ticket=case.ticket,
            documents=[(document.kind, document.round) for document in case.documents],
            timeline=[(entry.lane, entry.event) for entry in case.timeline[1:]],
            steps={step.task: step.choice for step in case.path},
            statuses=[str(change.status) for change in case.status_history[1:]],
        )


__all__ = ["RUN", "DatabaseStore", "Kept", "MemoryStore", "Store", "UnableToReleaseRestoration"]
