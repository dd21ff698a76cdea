"""Sample series as people write them in a facts file: exact, joined by metric, refused where they contradict."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, StrictInt, model_validator

from include.sla_logic.domain.document import Value
from include.sla_logic.domain.period import Instant, from_seconds, to_seconds
from include.sla_logic.domain.samples import SampleSeries, UnableToPlaceSample

_MOST_DECIMALS = 9
_ALIKE = ("unit", "step_seconds", "nothing_came_back")

Sample = tuple[Instant, Decimal | None]


class WrittenSeries(Value):
    """One entry of `series`: pairs of instant and value, or integer `values` of 10^-decimals from `start` on.

    Without `decimals` the pairs keep as many as they are written with; a finer value than stated is refused.
    """

    metric: str
    unit: str
    step_seconds: Annotated[int, Field(gt=0)]
    decimals: Annotated[int, Field(ge=0, le=_MOST_DECIMALS)] | None = None
    labelled_by_end: bool = False
    nothing_came_back: Decimal | None = None
    answered_elsewhere: bool = False
    samples: Annotated[tuple[Sample, ...], Field(min_length=1)] | None = None
    start: Instant | None = None
    values: Annotated[tuple[StrictInt | None, ...], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _has_one_kind_of_values(self) -> Self:
        if (self.samples is None) == (self.values is None) or (self.values is None) != (self.start is None):
            msg = "give samples (pairs of instant and value), or start and values"
            raise ValueError(msg)
        if self.labelled_by_end and self.values is not None:
            msg = "labelled_by_end is about samples; start is the start of the first step"
            raise ValueError(msg)
        return self

    @property
    def places(self) -> int:
        """How many decimals its values need; raise `UnableToPlaceSample` for more than were stated, or than fit."""
        if self.values is not None:
            return 3 if self.decimals is None else self.decimals
        written = [value for _moment, value in self.samples or () if value is not None]
        written += [] if self.nothing_came_back is None else [self.nothing_came_back]
        needed = max((_decimals(value) for value in written), default=0)
        most = _MOST_DECIMALS if self.decimals is None else self.decimals
        if needed > most:
            kept = f"A sample of {self.metric} has {needed} decimals, and {most} are kept"
            msg = f"{kept}: none is rounded; write a finer `decimals`."
            raise UnableToPlaceSample(msg)
        return needed if self.decimals is None else self.decimals

    def pairs(self) -> Iterable[Sample]:
        """Yield every sample with the start of its step."""
        shift = self.step_seconds if self.labelled_by_end else 0
        for moment, value in self.samples or ():
            yield from_seconds(to_seconds(moment) - shift), value
        if self.start is not None:
            first = to_seconds(self.start)
            for number, whole in enumerate(self.values or ()):
                moment = from_seconds(first + number * self.step_seconds)
                yield moment, None if whole is None else Decimal(whole).scaleb(-self.places)


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def join_series(written: Iterable[WrittenSeries]) -> tuple[SampleSeries, ...]:
    """Return one series for each metric; raise `UnableToPlaceSample` for parts that do not fit together."""
    by_metric: dict[str, list[WrittenSeries]] = {}
    for entry in written:
        by_metric.setdefault(entry.metric, []).append(entry)
    return tuple(_joined(metric, parts) for metric, parts in by_metric.items())


def _joined(metric: str, parts: Sequence[WrittenSeries]) -> SampleSeries:
    first = parts[0]
    for name in _ALIKE:
        found = {str(getattr(part, name)) for part in parts}
        if len(found) > 1:
            msg = f"Two series of {metric} cannot be joined: their {name} are {' and '.join(sorted(found))}; write one."
            raise UnableToPlaceSample(msg)
    placed = SampleSeries.from_samples(
        (pair for part in parts for pair in part.pairs()),
        metric=metric,
        unit=first.unit,
        step_seconds=first.step_seconds,
        decimals=max(part.places for part in parts),
        nothing_came_back=first.nothing_came_back,
    )
    return placed.model_copy(update={"answered_elsewhere": any(part.answered_elsewhere for part in parts)})
