"""How a service performed, in the few points that a picture needs."""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Annotated

from pydantic import Field

from include.sla_logic.domain import spans
from include.sla_logic.domain.document import Value
from include.sla_logic.domain.measurements import ServiceFacts
from include.sla_logic.domain.money import half_up
from include.sla_logic.domain.period import Instant, Period, from_seconds, of_span, to_seconds
from include.sla_logic.domain.samples import NOT_MEASURED, SampleSeries

POINTS = 200  # more than a picture of a letter's width can show


class Bound(StrEnum):
    """On which side of the target the promise is kept."""

    AT_MOST = "at_most"
    AT_LEAST = "at_least"


class PerformancePoint(Value):
    """One stretch of the picture: its mean and its worst sample; None where nothing was measured."""

    at: Instant
    mean: Decimal | None
    worst: Decimal | None


class PerformanceSeries(Value):
    """One objective's course over the contract period, small enough to travel in a document.

    `points` are empty for a service that is judged only on its outages; the picture then shows those.
    `shown` ends where knowledge ends; `window` is the contract's period. `zone` is the contract's.
    """

    metric: str
    unit: str
    window: Period
    shown: Period
    zone: str = "UTC"
    target: Decimal | None = None
    bound: Bound = Bound.AT_MOST
    points: tuple[PerformancePoint, ...] = ()
    outages: tuple[Period, ...] = ()
    maintenance: tuple[Period, ...] = ()
    unobserved: tuple[Period, ...] = ()
    corrected_at: Instant | None = None

    @property
    def counted_downtime(self) -> tuple[Period, ...]:
        """The outages without the time of planned work, merged, within what is shown."""
        down = spans.subtract([p.span for p in self.outages], [p.span for p in self.maintenance])
        return tuple(of_span(s) for s in spans.clip(down, self.shown.span))

    @property
    def allowed_seconds(self) -> Fraction | None:
        """How much downtime the availability target leaves in the contract's period."""
        if self.metric != "availability" or self.target is None:
            return None
        return Fraction(100 - self.target) / 100 * self.window.seconds


def series_of(  # noqa: PLR0913 - keyword-only description of one picture
    facts: ServiceFacts,
    *,
    metric: str,
    unit: str,
    window: Period,
    as_of: Instant,
    zone: str = "UTC",
    target: Decimal | None = None,
    bound: Bound = Bound.AT_MOST,
    corrected_at: Instant | None = None,
    resolution: Annotated[int, Field(gt=0)] = POINTS,
) -> PerformanceSeries:
    """Take from the facts what the picture of one objective shows, up to `as_of`."""
    shown = Period(start=window.start, end=max(window.start, min(window.end, as_of)))
    outages = [(to_seconds(o.start), to_seconds(o.end or as_of)) for o in facts.outages]
    work = [(to_seconds(m.start), to_seconds(m.end)) for m in facts.maintenance if m.announced_at is not None]
    return PerformanceSeries(
        metric=metric,
        unit=unit,
        window=window,
        shown=shown,
        zone=zone,
        target=target,
        bound=bound,
        points=tuple(
            point
            for series in facts.series
            if series.metric == metric
            for point in _points(series, shown, bound, resolution)
        ),
        outages=_within(outages, shown),
        maintenance=_within(work, shown),
        unobserved=_within([p.span for p in facts.unobserved], shown),
        corrected_at=corrected_at,
    )


def _within(stretches: list[spans.Span], shown: Period) -> tuple[Period, ...]:
    sound = [(start, end) for start, end in stretches if start < end]
    return tuple(of_span(s) for s in spans.clip(spans.merge(sound), shown.span))


def _points(series: SampleSeries, shown: Period, bound: Bound, resolution: int) -> Iterator[PerformancePoint]:
    """Cut the shown part of a series into at most `resolution` stretches of equal length."""
    first, last = shown.span
    start = to_seconds(series.start)
    low = max(0, -(-(first - start) // series.step_seconds))
    high = min(len(series.values), max(0, -(-(last - start) // series.step_seconds)))
    width = max(1, -(-(high - low) // resolution))
    for begin in range(low, high, width):
        chosen = [v for v in series.values[begin : min(begin + width, high)].tolist() if v != NOT_MEASURED]
        at = from_seconds(start + begin * series.step_seconds)
        if not chosen:
            yield PerformancePoint(at=at, mean=None, worst=None)
            continue
        worst = max(chosen) if bound is Bound.AT_MOST else min(chosen)
        mean = half_up(series.exact(sum(chosen)) / len(chosen), series.decimals)
        yield PerformancePoint(at=at, mean=mean, worst=half_up(series.exact(worst), series.decimals))
