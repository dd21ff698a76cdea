"""The table of counted outages, and the arithmetic from them to the measured value."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from include.sla_logic.domain.counted_times import PLANNED_WORK, Stretch
from include.sla_logic.domain.customer_report import CustomerReport
from include.sla_logic.domain.money import half_up
from include.sla_logic.domain.service_performance import ObjectivePerformance
from include.sla_logic.letters.translations import Wording
from include.sla_logic.letters.view_model import Block, Paragraph, Step, Steps

_MOST_TIMES = 100  # stretches that a letter lists one by one


def stretches_of(objective: ObjectivePerformance, report: CustomerReport) -> tuple[Stretch, ...]:
    """Return what was judged for an objective; reports of earlier releases do not hold it."""
    return next((one.stretches for one in report.times if one.objective == objective.objective), ())


def times_blocks(objective: ObjectivePerformance, report: CustomerReport, wording: Wording) -> Iterator[Block]:
    """List every stretch that was judged, with both ends, its length, and whether it counts or why not."""
    stretches = stretches_of(objective, report)
    if not stretches:
        return
    yield Paragraph(wording.say("times.intro"))
    shown, more = stretches[:_MOST_TIMES], stretches[_MOST_TIMES:]
    yield Steps(tuple(_time(one, wording) for one in shown))
    if more:
        counted = (one.seconds * (one.weight or Fraction(1)) for one in more if one.counts)
        length = wording.exact_seconds(sum(counted, Fraction(0)))
        yield Paragraph(wording.say("times.more", number=str(len(more)), length=length))


def _time(stretch: Stretch, wording: Wording) -> Step:
    when = f"{wording.exact_moment(stretch.start)} – {wording.exact_moment(stretch.end)}"
    length = wording.exact_length(stretch.seconds)
    if stretch.counts and stretch.weight is not None:
        counted = wording.exact_seconds(stretch.seconds * stretch.weight)
        said = {"length": length, "percent": wording.share(stretch.weight), "counted": counted}
        return Step(when, wording.say("times.counts_in_part", **said))
    if stretch.counts:
        return Step(when, wording.say("times.counts", length=length))
    if stretch.why == PLANNED_WORK and stretch.announced_at is not None:
        return Step(when, wording.say("times.announced", length=length, day=wording.day(stretch.announced_at)))
    return Step(when, wording.say(f"times.{stretch.why}", length=length))


def counted_by(objective: ObjectivePerformance) -> Fraction | None:
    """Return the seconds as they count: outages may count in part."""
    if objective.weighed_seconds is not None:
        return objective.weighed_seconds
    return None if objective.counted_seconds is None else Fraction(objective.counted_seconds)


def arithmetic(objective: ObjectivePerformance, wording: Wording) -> Iterator[str]:
    """Write the availability as a fraction of seconds, where it is that fraction."""
    total, counted, measured = objective.total_seconds, counted_by(objective), objective.measured
    if objective.unit != "percent" or not total or counted is None or measured is None:
        return
    if half_up(Fraction(100 * (total - counted), total), 8) == measured:
        yield wording.say(
            "measured.arithmetic",
            total=wording.number(Decimal(total)),
            counted=wording.number(wording.to_decimal(counted)),
            value=wording.quantity(measured, "percent"),
        )
