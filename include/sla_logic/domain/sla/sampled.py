"""From sample series to unavailable time and to exact statistics."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from include.sla_logic.domain import spans
from include.sla_logic.domain.contract.quantities import Range
from include.sla_logic.domain.period import to_seconds
from include.sla_logic.domain.samples import NOT_MEASURED, SampleSeries
from include.sla_logic.domain.spans import Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from include.sla_logic.domain.contract.measures import FromUnavailableState

    Column = NDArray[np.int64]
    Mask = NDArray[np.bool_]
else:
    Column = Mask = Any

GAP, GOOD, BAD = -1, 0, 1


@dataclass(frozen=True)
class Steps:
    """The steps of a series that begin inside a window; `start` is the first of them."""

    series: SampleSeries
    start: int
    column: Column

    @classmethod
    def inside(cls, series: SampleSeries, window: Span) -> Steps:
        """Cut a series to the steps that begin in the window."""
        first, step = to_seconds(series.start), series.step_seconds
        low = max(0, -((first - window[0]) // step))
        high = max(low, min(len(series.values), -((first - window[1]) // step)))
        return cls(series, first + low * step, series.values[low:high])

    @cached_property
    def measured(self) -> Mask:
        """Which steps have a sample."""
        mask: Mask = self.column != NOT_MEASURED
        return mask

    @classmethod
    def known(cls, series: SampleSeries, until: int) -> Steps:
        """Return all steps that have begun by that second, inside or outside of any window."""
        return cls.inside(series, (to_seconds(series.start), until + 1))

    def within(self, span: Span) -> Steps:
        """Return those of these steps that begin in the span."""
        step = self.series.step_seconds
        low = max(0, -((self.start - span[0]) // step))
        high = max(low, min(len(self.column), -((self.start - span[1]) // step)))
        return Steps(self.series, self.start + low * step, self.column[low:high])

    def spans_where(self, mask: Mask) -> list[Span]:
        """Return the stretches of steps at which the mask holds."""
        import numpy as np

        if not mask.any():
            return []
        turns = np.flatnonzero(mask[1:] != mask[:-1]) + 1
        edges = [*([0] if mask[0] else []), *turns.tolist(), *([len(mask)] if mask[-1] else [])]
        step = self.series.step_seconds
        return [
            (self.start + low * step, self.start + high * step)
            for low, high in zip(edges[::2], edges[1::2], strict=True)
        ]

    def without(self, excluded: list[Span]) -> Steps:
        """Forget the samples of steps that begin in excluded time."""
        hits = [Steps.inside(self.series, span) for span in spans.merge(excluded)]
        column = self.column.copy() if hits else self.column
        for hit in hits:
            offset = (hit.start - self.start) // self.series.step_seconds
            low, high = max(0, offset), max(0, offset + len(hit.column))
            column[low:high] = NOT_MEASURED
        return Steps(self.series, self.start, column)


def in_range(steps: Steps, bounds: Range) -> Mask:
    """Tell which measured values lie in the bounds: compared as integers, so exactly."""
    mask = steps.measured.copy()
    scale = 10**steps.series.decimals
    (low, low_in), (high, high_in) = bounds.low, bounds.high
    if low is not None:
        edge = low * scale
        mask &= steps.column >= (math.ceil(edge) if low_in else math.floor(edge) + 1)
    if high is not None:
        edge = high * scale
        mask &= steps.column <= (math.floor(edge) if high_in else math.ceil(edge) - 1)
    return mask


def is_silent(steps: Steps) -> bool:
    """Tell whether something was measured in these steps, and nothing came back throughout."""
    silence = steps.series.nothing_came_back
    if silence is None:
        return False
    measured = steps.column[steps.measured]
    return bool(len(measured)) and bool((measured == int(silence * 10**steps.series.decimals)).all())


def is_settled(series: SampleSeries, rule: FromUnavailableState) -> bool:
    """Tell whether a row of good samples is long enough to end any unavailable state."""
    steps = Steps.inside(series, series.period.span)
    rows = _rows(in_range(steps, rule.bad), steps.measured)
    return any(state == GOOD and high - low >= rule.closes_after for low, high, state in rows)


def unavailable_spans(steps: Steps, rule: FromUnavailableState) -> tuple[list[Span], int | None]:
    """Return the unavailable time, and since when more of it may be, where the last sample leaves that open.

    Rows are rows of measured steps: a gap breaks a row, changes no state, and is itself not down.
    """
    bad = in_range(steps, rule.bad)
    measured = steps.measured
    if rule.opens_after == 1 and rule.closes_after == 1:
        found = steps.spans_where(bad)
        return found, found[-1][0] if found and bad[measured][-1] else None
    states, since = _states(_rows(bad, measured), rule)
    step = steps.series.step_seconds
    down = [(steps.start + low * step, steps.start + high * step) for low, high in states]
    open_since = None if since is None else steps.start + since * step
    return spans.subtract(down, steps.spans_where(~measured)), open_since


def _states(rows: list[tuple[int, int, int]], rule: FromUnavailableState) -> tuple[list[Span], int | None]:
    """Return the states in steps, and the first step of one that is open at the end, or about to open."""
    found: list[Span] = []
    since: int | None = None
    for low, high, state in rows:
        if state == BAD and since is None and high - low >= rule.opens_after:
            since = low
        elif state == GOOD and since is not None and high - low >= rule.closes_after:
            found.append((since, low))
            since = None
    if since is not None:
        return [*found, (since, rows[-1][1])], since
    return found, rows[-1][0] if rows and rows[-1][2] == BAD else None


def _rows(bad: Mask, measured: Mask) -> list[tuple[int, int, int]]:
    """Return runs of equal state as (first step, step after the last, state)."""
    import numpy as np

    state = bad.astype(np.int8)  # GOOD or BAD
    state[~measured] = GAP
    turns = (np.flatnonzero(state[1:] != state[:-1]) + 1).tolist()
    starts = [0, *turns] if len(state) else []
    return list(zip(starts, [*turns, len(state)], state[starts].tolist(), strict=False))


def mean(steps: Steps) -> Fraction:
    """Return the exact mean of the measured values."""
    values = steps.column[steps.measured]
    largest = int(abs(values).max())
    total = int(values.sum()) if largest * len(values) < 2**62 else sum(values.tolist())
    return Fraction(total, len(values) * 10**steps.series.decimals)


def percentile(steps: Steps, rank: Fraction) -> Fraction:
    """Return the nearest-rank percentile: the smallest value that `rank` percent of all do not exceed."""
    import numpy as np

    values = steps.column[steps.measured]
    index = max(1, math.ceil(rank * len(values) / 100)) - 1
    return Fraction(int(np.partition(values, index)[index]), 10**steps.series.decimals)


def share_in(steps: Steps, bounds: Range) -> Fraction:
    """Return the share of measured values in the bounds, in percent."""
    return Fraction(100 * int(in_range(steps, bounds).sum()), int(steps.measured.sum()))
