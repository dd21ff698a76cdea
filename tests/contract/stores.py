"""The stores that must keep the same contract: the fake in memory, and the office on both databases."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from include.sla_logic.adapters.restorations import UnableToReleaseRestoration
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.restoration import RestorationOutcome
from include.sla_logic.domain.trouble_ticket import TroubleTicket
from include.sla_logic.office import Office
from include.sla_logic.ports import CaseFile
from tests.fakes import MemoryOffice, World
from tests.office.town import NOON, Clock, conf

RUN = "run-1"


@dataclass(frozen=True)
class Kept:
    """What is kept of the one incident; `papers` as (kind, round)."""

    ticket: TroubleTicket
    papers: list[tuple[str, int]]
    timeline: list[tuple[str, str]]
    steps: dict[str, str | None]
    statuses: list[str]


class Store(Protocol):
    """One incident, accepted at noon, under a clock that is moved by hand."""

    def move_clock(self, now: datetime) -> None: ...
    def perform(self, step: Callable[[CaseFile], object]) -> str | None: ...
    def release(self) -> None: ...
    def reject(self) -> None: ...
    def decide(self) -> RestorationOutcome | None: ...
    def kept(self) -> Kept: ...


@dataclass
class MemoryStore:
    office: MemoryOffice = field(default_factory=lambda: MemoryOffice(World(now=NOON)))

    def __post_init__(self) -> None:
        notification = ProblemNotification.model_validate(conf())
        self.office.accept(notification.model_copy(update={"reported_at": NOON}), run_id=RUN)

    def move_clock(self, now: datetime) -> None:
        self.office.world.now = now

    def perform(self, step: Callable[[CaseFile], object]) -> str | None:
        return self.office.perform(step, run_id=RUN)

    def release(self) -> None:
        self.office.release(RUN)

    def reject(self) -> None:
        self.office.reject(RUN)

    def decide(self) -> RestorationOutcome | None:
        return self.office.decide(RUN)

    def kept(self) -> Kept:
        incident = self.office.incidents[RUN]
        return Kept(
            ticket=incident.ticket,
            papers=[(kind, number) for kind, number, _ in incident.papers],
            timeline=[(str(lane), event) for _, lane, event in incident.timeline],
            steps=dict(incident.steps),
            statuses=[str(status) for _, status, _ in incident.moves],
        )


@dataclass
class DatabaseStore:
    office: Office
    clock: Clock

    def __post_init__(self) -> None:
        self.office.accept(conf(), run_id=RUN, origin="test")

    def move_clock(self, now: datetime) -> None:
        self.clock.now = now

    def perform(self, step: Callable[[CaseFile], object]) -> str | None:
        return self.office.perform(step, run_id=RUN)

    def release(self) -> None:
        self.office.release_restoration(RUN, by="Kim", reason="agreed")

    def reject(self) -> None:
        self.office.reject_restoration(RUN, by="Kim", reason="not now")

    def decide(self) -> RestorationOutcome | None:
        return self.office.decide_restoration(RUN)

    def kept(self) -> Kept:
        """Leave out what the office writes by itself at acceptance."""
        case = self.office.case(RUN)
        return Kept(
            ticket=case.ticket,
            papers=[(paper.kind, paper.round) for paper in case.documents],
            timeline=[(entry.lane, entry.event) for entry in case.timeline[1:]],
            steps={step.task: step.choice for step in case.path},
            statuses=[str(change.status) for change in case.status_history[1:]],
        )


__all__ = ["RUN", "DatabaseStore", "Kept", "MemoryStore", "Store", "UnableToReleaseRestoration"]
