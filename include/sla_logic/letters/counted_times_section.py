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
        length = wording.exact_length(sum(one.seconds for one in more if one.counts))
        yield Paragraph(wording.say("times.more", number=str(len(more)), length=length))


def _time(stretch: Stretch, wording: Wording) -> Step:
    when = f"{wording.exact_moment(stretch.start)} – {wording.exact_moment(stretch.end)}"
    length = wording.exact_length(stretch.seconds)
    if stretch.counts:
        return Step(when, wording.say("times.counts", length=length))
    if stretch.why == PLANNED_WORK and stretch.announced_at is not None:
        return Step(when, wording.say("times.announced", length=length, day=wording.day(stretch.announced_at)))
    return Step(when, wording.say(f"times.{stretch.why}", length=length))


def arithmetic(objective: ObjectivePerformance, wording: Wording) -> Iterator[str]:
    """Write the availability as a fraction of seconds, where it is that fraction."""
    total, counted, measured = objective.total_seconds, objective.counted_seconds, objective.measured
    if objective.unit != "percent" or not total or counted is None or measured is None:
        return
    if half_up(Fraction(100 * (total - counted), total), 8) == measured:
        yield wording.say(
            "measured.arithmetic",
            total=wording.number(Decimal(total)),
            counted=wording.number(Decimal(counted)),
            value=wording.quantity(measured, "percent"),
        )
