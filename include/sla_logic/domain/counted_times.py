"""Time that counts against a promise, and time that does not with its reason, as a customer reads it."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from types import MappingProxyType

from include.sla_logic.domain.document import Value
from include.sla_logic.domain.measurements import ServiceFacts
from include.sla_logic.domain.paid import Exact
from include.sla_logic.domain.period import Instant, to_seconds
from include.sla_logic.domain.sla.comparison import CountedInterval, SlaComparison
from include.sla_logic.domain.spans import Span

COUNTS, OTHER, PLANNED_WORK = "counts", "other", "planned_work"
# How the judgement begins to say why time does not count, and the code under which letters say it.
_REASONS = MappingProxyType(
    {
        "maintenance ": PLANNED_WORK,
        "no agreement": "not_agreed",
        "the clock is stopped": "clock_stopped",
        "outside the service hours": "service_hours",
        "recurring work": PLANNED_WORK,
        "the contract does not count what": "others",
        "the contract does not count a fault": "in_part",
        "the contract does not count it": "in_part",
        "the clock never started": "not_reported",
        "its clock started only": "not_reported",
    }
)


class Stretch(Value):
    """One stretch of time and why it counts or does not; `announced_at` is the notice of planned work.

    `in_part` says that an outage of a part of the service, or a degradation, has to do with it, `weight` which share of
    the time counts, where it is not the whole.
    """

    start: Instant
    end: Instant
    why: str
    announced_at: Instant | None = None
    in_part: bool = False
    weight: Exact | None = None

    @property
    def counts(self) -> bool:
        """Tell whether it counts."""
        return self.why == COUNTS

    @property
    def span(self) -> Span:
        """The two ends in seconds since 1970."""
        return to_seconds(self.start), to_seconds(self.end)

    @property
    def seconds(self) -> int:
        """Its length."""
        return int((self.end - self.start).total_seconds())


class CountedTimes(Value):
    """Every stretch that was judged for one objective, oldest first."""

    objective: str
    stretches: tuple[Stretch, ...]


def counted_times(comparison: SlaComparison, facts: ServiceFacts) -> tuple[CountedTimes, ...]:
    """Return what counts and what does not for each objective that is judged on downtime."""
    announced = {one.reference: one.announced_at for one in facts.maintenance}
    parts = {one.reference for one in facts.outages if one.degraded or one.affected_percent not in {None, 100}}
    return tuple(
        CountedTimes(objective=judged.objective, stretches=tuple(_stretches(judged.intervals, announced, parts)))
        for judged in comparison.objectives
        if judged.counted_seconds is not None
    )


def _stretches(
    intervals: Sequence[CountedInterval], announced: Mapping[str, datetime | None], parts: AbstractSet[str]
) -> Iterator[Stretch]:
    for one in intervals:
        if one.kind != "no_data" and one.seconds:
            why = COUNTS if one.kind == "counted" else _code(one.why)
            notice = announced.get(one.reference or "") if why == PLANNED_WORK else None
            in_part = not parts.isdisjoint((one.reference or "").split(", "))
            yield Stretch(
                start=one.start, end=one.end, why=why, announced_at=notice, in_part=in_part, weight=one.weight
            )


def _code(why: str) -> str:
    if "is too short to count" in why:
        return "too_short"
    return next((code for begins, code in _REASONS.items() if why.startswith(begins)), OTHER)
