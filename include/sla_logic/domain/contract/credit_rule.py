"""The rule of most contracts: a rate, times a quantity, for each window, event or day, within bounds."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from include.sla_logic.domain.contract.conditions import given, needs, only_if, some, unless
from include.sla_logic.domain.contract.quantities import (
    Bound,
    BoundRange,
    Duration,
    DurationRange,
    Quantity,
    Term,
    Tiered,
    ValueTier,
    show_bound,
)
from include.sla_logic.domain.contract.rates import Chosen, ProRata, Rate, SimpleRate, simple_rates
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.domain.written import WRITTEN, in_files

AnyRate = SimpleRate | Chosen


Number = Annotated[int, Field(ge=1, le=10_000)]


class CreditTier(BoundRange):
    """A band of sizes or values, from a day, event or block of this number on, and its rate."""

    from_day: Number | None = None
    from_event: Number | None = None
    from_block: Number | None = None
    rate: Rate

    @property
    def first(self) -> int:
        """The number of the first day, event or block for which it stands."""
        return self.from_day or self.from_event or self.from_block or 1

    def __str__(self) -> str:
        """Show as `from day 3, at least 5 min`."""
        numbers = [f"from {name} {n}" for name in NUMBERED if (n := getattr(self, f"from_{name}")) is not None]
        names = ("at_least", "more_than", "at_most", "below")
        bounds = [(name.replace("_", " "), getattr(self, name)) for name in names]
        return ", ".join([*numbers, *(f"{n} {show_bound(b)}" for n, b in bounds if b is not None)]) or "any"


class RollingDays(Term):
    """Of earlier events, those that ended within these days, of 24 hours each, before the event began."""

    days: Annotated[int, Field(ge=1, le=3660)]


NUMBERED = ("day", "event", "block")
# What `_fits_together` refuses, for the published schema.
_CONDITIONS: list[Any] = [
    {"oneOf": [given("rate"), {"properties": {"tiers": {"minItems": 1}}, "required": ["tiers"]}]},
    only_if(given("in_a_row"), "when", "target_missed"),
    needs("counts", "block"),
    needs("most_blocks", "block"),
    {"if": some("tiers", "from_block"), "then": given("block")},
    only_if(some("tiers", "from_event"), "for_each", "event"),
    only_if(some("tiers", "from_day"), "for_each", "day"),
    *(only_if(given(name), "for_each", "day") for name in ("outage", "first_day", "day_of_repair", "days")),
    unless(some("tiers", "from_event"), "events_over", "window"),
    *({"not": {"allOf": [some("tiers", f"from_{name}") for name in two]}} for two in combinations(NUMBERED, 2)),
    *({"properties": {name: {WRITTEN: "limit"}}} for name in ("each_at_least", "each_at_most", "at_least", "at_most")),
]


class Credit(Tiered, Term):
    """Pay a rate for each window, event or day, or for each block of it, and add up.

    `beyond` is what is free, `block` what is counted, `times` a factor; the bounds hold for each unit
    (`each_at_…`) and for all together (`at_…`). Every part is optional but one of `rate` and `tiers`.
    """

    model_config = ConfigDict(json_schema_extra=in_files(allOf=_CONDITIONS))

    kind: Literal["credit"] = "credit"
    for_each: Literal["window", "event", "day"] = "window"
    when: Literal["always", "target_missed"] = "always"
    in_a_row: Annotated[int, Field(ge=2, le=24)] | None = None
    beyond: Literal["target"] | Bound | None = None
    nearest: Annotated[Duration, Field(gt=0)] | None = None
    block: Annotated[Bound, Field(gt=0)] | None = None
    counts: Literal["started", "full"] | None = None
    most_blocks: Number | None = None
    rate: Rate | None = None
    tiers: tuple[CreditTier, ...] = ()
    tiers_by: Literal["overrun"] | None = None
    round_decimals: Annotated[int, Field(ge=0, le=8)] | None = None
    percent_column: tuple[ValueTier, ...] = ()
    times: Annotated[Quantity, Field(gt=0)] = Decimal(1)
    event_in: Literal["window_of_end", "window_of_start", "cut"] = "window_of_end"
    events_over: Literal["window", "month", "quarter", "year"] | RollingDays = "window"
    outage: DurationRange | None = None
    first_day: Literal["outage", "report", "after_report"] | None = None
    grace_working_days: Annotated[int, Field(ge=0)] = 0
    days: Literal["all", "working"] | None = None
    day_of_repair: Literal["paid", "not_paid"] | None = None
    promise: str | None = None
    each_at_least: Rate | None = None
    each_at_most: Rate | None = None
    at_least: Rate | None = None
    at_most: Rate | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for wrong, text in (
            ((self.rate is None) == (not self.tiers), Sentence("give one of rate and tiers")),
            (
                self.in_a_row is not None and self.when != "target_missed",
                Sentence("in_a_row needs when: target_missed"),
            ),
            (
                self.block is None and self.counts is not None,
                Sentence("counts says which blocks are paid: give the block"),
            ),
            (self.block is None and self.most_blocks is not None, Sentence("most_blocks needs a block")),
            (self.block is None and self._numbered("block"), Sentence("from_block needs a block")),
            (self.for_each != "event" and self._numbered("event"), Sentence("from_event needs for_each: event")),
            (self.for_each != "day" and self._numbered("day"), Sentence("from_day needs for_each: day")),
            (self.for_each != "day" and self.outage is not None, Sentence("outage needs for_each: day")),
            (self.for_each != "day" and self.first_day is not None, Sentence("first_day needs for_each: day")),
            (self.for_each != "day" and self.day_of_repair is not None, Sentence("day_of_repair needs for_each: day")),
            (self.for_each != "day" and self.days is not None, Sentence("days needs for_each: day")),
            (
                not self._numbered("event") and self.events_over != "window",
                Sentence("events_over needs a tier with from_event"),
            ),
            (
                len([n for n in NUMBERED if self._numbered(n)]) > 1,
                Sentence("number the tiers by one of day, event and block"),
            ),
            (
                any(isinstance(r, ProRata) for b in self._limits() for r in simple_rates(b)),
                Sentence("no bound is pro_rata"),
            ),
        ):
            if wrong:
                raise ValueError(text)
        return self

    def _numbered(self, name: str) -> bool:
        return any(getattr(tier, f"from_{name}") is not None for tier in self.tiers)

    def _limits(self) -> Iterator[AnyRate]:
        limits = (self.each_at_least, self.each_at_most, self.at_least, self.at_most)
        yield from (limit for limit in limits if limit is not None)

    @property
    def numbered_by(self) -> str | None:
        """What the tiers number: day, event or block; None where they do not."""
        return next((name for name in NUMBERED if self._numbered(name)), None)

    @property
    def every_rate(self) -> tuple[AnyRate, ...]:
        """Every rate of the rule, the bounds of credits included."""
        own = (self.rate,) if self.rate is not None else ()
        return (*own, *(tier.rate for tier in self.tiers), *self._limits())

    @property
    def pays_time(self) -> bool:
        """Tell whether the time itself is paid."""
        return any(isinstance(one, ProRata) for rate in self.every_rate for one in simple_rates(rate))

    @property
    def pays_always(self) -> bool:
        """Tell whether the rule pays for anything that is counted, whatever its size."""
        return self.beyond is None and self.when == "always" and not self.has_bands

    @property
    def needs_time(self) -> bool:
        """Tell whether only the counted time says what a window is worth, and the measured value does not."""
        lengths = any(isinstance(size, int) for size in (self.beyond, self.block, self.nearest))
        return lengths or self.bounded_by_time or self.pays_time or self.pays_always

    @property
    def bounded_by_time(self) -> bool:
        """Tell whether the tiers are bands of time."""
        return any(isinstance(bound, int) for tier in self.tiers for bound in tier.bounds)

    @property
    def has_bands(self) -> bool:
        """Tell whether the tiers are bands of sizes or values, besides being numbered."""
        return any(tier.bounds for tier in self.tiers)

    @property
    def factor(self) -> Fraction:
        """The factor, exact."""
        return Fraction(self.times)
