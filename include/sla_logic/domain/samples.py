"""Regular sample series, kept as exact integers in one numpy column."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, Rounded
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import ConfigDict, Field, PlainSerializer, PlainValidator, WithJsonSchema

from include.sla_logic.domain.document import Value
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.period import Instant, Period, from_seconds, to_seconds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Column = NDArray[np.int64]
else:
    Column = Any

NOT_MEASURED = -(2**63)
MOST_STEPS = 5_000_000  # a month of seconds, or a year of samples every 10 s
_LARGEST = 2**62
_EXACTLY = Context(prec=100, traps=[Inexact, Rounded])  # a shift of the decimal point loses nothing


class UnableToPlaceSample(ForeseenError):
    """A sample does not lie on the series' grid, or two samples claim the same step."""


def _to_column(values: Any) -> Column:
    import numpy as np

    if isinstance(values, np.ndarray) and values.dtype == np.int64:
        return values
    return np.array([NOT_MEASURED if value is None else int(value) for value in values], dtype=np.int64)


def _to_list(column: Column) -> list[int | None]:
    return [None if value == NOT_MEASURED else value for value in column.tolist()]


class SampleSeries(Value):
    """One metric of one service, one value per step; a step is named by its START.

    `values` are integers in units of 10^-decimals, so sums and comparisons stay exact;
    None is a step in which nothing was measured. `nothing_came_back` is the value that says so
    (e.g. 100 for loss in percent), where the metric has one; `answered_elsewhere`, of earlier files, decides nothing.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", arbitrary_types_allowed=True)

    metric: str
    unit: str
    start: Instant
    step_seconds: Annotated[int, Field(gt=0)]
    decimals: Annotated[int, Field(ge=0, le=9)] = 3
    nothing_came_back: Decimal | None = None
    answered_elsewhere: bool = False
    values: Annotated[
        Column,
        PlainValidator(_to_column),
        PlainSerializer(_to_list),
        WithJsonSchema({"type": "array", "items": {"type": ["integer", "null"]}}),
    ]

    @property
    def period(self) -> Period:
        """The time that the steps cover."""
        end = to_seconds(self.start) + self.step_seconds * len(self.values)
        return Period(start=self.start, end=from_seconds(end))

    def exact(self, value: int) -> Fraction:
        """Return a stored integer in the series' unit."""
        return Fraction(value, 10**self.decimals)

    def __eq__(self, other: object) -> bool:
        """Compare by the stored form."""
        return isinstance(other, SampleSeries) and self.model_dump() == other.model_dump()

    def __hash__(self) -> int:
        """Agree with equality."""
        return hash((self.metric, self.start, self.step_seconds, self.values.tobytes()))

    @classmethod
    def from_samples(
        cls,
        samples: Iterable[tuple[datetime, Decimal | int | str | None]],
        *,
        metric: str,
        unit: str,
        step_seconds: int,
        decimals: int = 3,
        labelled_by_end: bool = False,
        nothing_came_back: Decimal | None = None,
    ) -> Self:
        """Place samples, in any order, on a regular grid; steps without a sample are not measured.

        `labelled_by_end` moves samples that carry the END of their step to its start.
        Values finer than `decimals` are rounded half up, once, here.
        """
        shift = step_seconds if labelled_by_end else 0
        placed = _placed(samples, metric, shift, decimals)
        first = min(placed)
        column = _empty((max(placed) - first) // step_seconds + 1, metric)
        for at, stored in placed.items():
            index, off = divmod(at - first, step_seconds)
            if off:
                when = from_seconds(at + shift).isoformat()
                msg = f"The sample of {metric} at {when} is off the {step_seconds} s grid: write its step."
                raise UnableToPlaceSample(msg)
            column[index] = NOT_MEASURED if stored is None else stored
        return cls(
            metric=metric,
            unit=unit,
            start=from_seconds(first),
            step_seconds=step_seconds,
            decimals=decimals,
            nothing_came_back=nothing_came_back,
            values=column,
        )


def _empty(steps: int, metric: str) -> Column:
    import numpy as np

    if steps > MOST_STEPS:
        msg = f"The samples of {metric} lie {steps} steps apart; write a shorter series, of at most {MOST_STEPS}."
        raise UnableToPlaceSample(msg)
    return np.full(steps, NOT_MEASURED, dtype=np.int64)


def _placed(
    samples: Iterable[tuple[datetime, Decimal | int | str | None]], metric: str, shift: int, decimals: int
) -> dict[int, int | None]:
    """Return the values as integers by the start of their step; two different ones of one step are refused."""
    placed: dict[int, int | None] = {}
    for moment, value in samples:
        at, stored = to_seconds(moment) - shift, None
        if value is not None:
            stored = int(_EXACTLY.scaleb(Decimal(value), decimals).to_integral_value(ROUND_HALF_UP))
            if abs(stored) >= _LARGEST:
                msg = f"The sample {value} of {metric} is too large: write it with fewer decimals."
                raise UnableToPlaceSample(msg)
        if at in placed and placed[at] != stored:
            msg = f"Two different samples of {metric} at {moment.isoformat()}: write the one that holds."
            raise UnableToPlaceSample(msg)
        placed[at] = stored
    if not placed:
        msg = f"A series of {metric} needs at least one sample: write it, or leave the series out."
        raise UnableToPlaceSample(msg)
    return placed
