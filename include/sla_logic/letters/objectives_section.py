"""What was promised and what was measured, objective by objective, with its picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from include.sla_logic.domain.customer_report import CreditState, CustomerReport
from include.sla_logic.domain.mail_message import one_line
from include.sla_logic.domain.monthly_report import ServiceMonth
from include.sla_logic.domain.performance import Bound, PerformanceSeries
from include.sla_logic.domain.resolution import Outcome
from include.sla_logic.domain.service_performance import ObjectivePerformance, ObjectiveState
from include.sla_logic.domain.statement import SettlementStatement
from include.sla_logic.letters.charts.performance import Words, as_png, can_draw
from include.sla_logic.letters.counted_times_section import arithmetic, counted_by, stretches_of, times_blocks
from include.sla_logic.letters.translations import Wording
from include.sla_logic.letters.view_model import (
    Block,
    Fact,
    Image,
    Note,
    Objective,
    Paragraph,
    Section,
    Tone,
)

_PICTURES = 2  # more would push what was done off the reader's first pages
_SHORTEST_GAP = 900  # seconds; the sample that is just being taken is no gap
_ORDER = (
    ObjectiveState.BREACHED,
    ObjectiveState.AT_RISK,
    ObjectiveState.UNKNOWN,
    ObjectiveState.MET,
    ObjectiveState.NOT_PROMISED,
)
_TONES = {
    ObjectiveState.MET: Tone.GOOD,
    ObjectiveState.AT_RISK: Tone.MIXED,
    ObjectiveState.BREACHED: Tone.BAD,
    ObjectiveState.UNKNOWN: Tone.MIXED,
    ObjectiveState.NOT_PROMISED: Tone.MIXED,
}


Told = CustomerReport | SettlementStatement | ServiceMonth


def worst_first(report: Told) -> list[ObjectivePerformance]:
    """Return the objectives, broken promises first."""
    return sorted(report.performance.objectives, key=lambda o: _ORDER.index(o.state))


def name_of(objective: ObjectivePerformance, report: Told, wording: Wording) -> str:
    """Name what is promised; the contract's own title tells two promises of one kind apart."""
    name = metric_name(objective.metric, wording)
    kinds = Counter(o.metric for o in report.performance.objectives)
    title = one_line(objective.title, 80)
    return f"{name} ({title})" if kinds[objective.metric] > 1 and title else name


def metric_name(metric: str, wording: Wording) -> str:
    """Name a metric in the reader's language."""
    return wording.say(f"metric.{metric}" if wording.has(f"metric.{metric}") else "metric.other")


def bound_text(value: Decimal | None, unit: str, wording: Wording, *, at_least: bool) -> str:
    """Say what is promised."""
    if value is None:
        return wording.say("measured.by_table")
    shown = wording.quantity(value, unit)
    return wording.say("measured.at_least" if at_least else "measured.at_most", value=shown)


def promised_text(objective: ObjectivePerformance, wording: Wording) -> str:
    """Say what is promised for an objective."""
    return bound_text(objective.promised, objective.unit, wording, at_least=objective.at_least)


def measured_text(objective: ObjectivePerformance, wording: Wording) -> str:
    """Say what was measured, or that it is not known."""
    if objective.measured is None:
        return wording.say("measured.unknown")
    return wording.measured(objective.measured, objective.unit, objective.promised)


def verdict_text(objective: ObjectivePerformance, wording: Wording) -> str:
    """Say whether the promise was kept."""
    state = "undecided" if objective.state is ObjectiveState.UNKNOWN else objective.state.value
    return wording.say(f"measured.{state}")


def objectives_section(report: CustomerReport, wording: Wording) -> Section:
    """Return the section about what was promised and measured."""
    performance = report.performance
    period, moment = wording.period(performance.window), wording.moment(performance.as_of)
    blocks: list[Block] = [Paragraph(wording.say("measured.period", period=period, moment=moment))]
    if performance.provisional and not _said_provisional(report):
        blocks.append(Note(wording.say("measured.provisional")))
    pictures = _pictures(report, wording)
    for objective in worst_first(report):
        notes = tuple(_notes(objective, report, wording))
        blocks.append(objective_block(objective, report, wording, notes=notes))
        blocks += times_blocks(objective, report, wording)
        if (picture := pictures.pop(objective.metric, None)) is not None:
            blocks.append(picture)
    return Section(wording.say("section.measured"), tuple(blocks))


def _said_provisional(report: CustomerReport) -> bool:
    """Tell whether the sentence about the credit says that the figures are provisional."""
    return report.credit is not None and report.credit.state is CreditState.PROVISIONAL


def objective_block(
    objective: ObjectivePerformance, report: Told, wording: Wording, *, notes: tuple[str, ...]
) -> Objective:
    """Return one promise beside what was measured of it."""
    tone = _TONES[objective.state]
    return Objective(
        name=name_of(objective, report, wording),
        promised=Fact(wording.say("figure.promised"), promised_text(objective, wording)),
        measured=Fact(wording.say("figure.measured"), measured_text(objective, wording), tone=tone),
        verdict=verdict_text(objective, wording),
        tone=tone,
        notes=notes,
    )


def _notes(objective: ObjectivePerformance, report: CustomerReport, wording: Wording) -> Iterator[str]:
    listed = bool(stretches_of(objective, report))  # one by one, each with the reason
    excluded = 0 if listed else objective.excluded_seconds
    return _exact_notes(objective, wording, excluded=excluded, unobserved=_missed_seconds(objective, report))


def _exact_notes(objective: ObjectivePerformance, wording: Wording, *, excluded: int, unobserved: int) -> Iterator[str]:
    """Say to the second what counts, what does not, and what nobody measured; and how the value follows from it."""
    if objective.clause:
        yield wording.say("measured.clause", clause=one_line(objective.clause, 40))
    lengths = {"counted": counted_by(objective), "excluded": excluded, "unobserved": unobserved}
    for what, seconds in lengths.items():
        if seconds:
            yield wording.say(f"measured.{what}", length=wording.exact_seconds(Fraction(seconds)))
    yield from arithmetic(objective, wording)


def notes_of_window(objective: ObjectivePerformance, wording: Wording) -> tuple[str, ...]:
    """Return the notes about a promise in a window that is over."""
    excluded, unobserved = objective.excluded_seconds, objective.no_data_seconds
    return tuple(_exact_notes(objective, wording, excluded=excluded, unobserved=unobserved))


def _missed_seconds(objective: ObjectivePerformance, report: CustomerReport) -> int:
    """Return how long nothing was measured, without the rest of the period, which is still to come.

    Samples are missing for the rest of the period too; outages are not.
    """
    sampled = any(series.points for series in report.series if series.metric == objective.metric)
    left = int((report.performance.window.end - report.performance.as_of).total_seconds()) if sampled else 0
    missed = objective.no_data_seconds - max(0, left)
    return missed if missed >= _SHORTEST_GAP else 0


def _pictures(report: CustomerReport, wording: Wording) -> dict[str, Image]:
    """Draw the first `_PICTURES` objectives, broken ones first; a picture belongs to its metric."""
    courses = {series.metric: series for series in reversed(report.series) if can_draw(series)}
    metrics = [metric for metric in dict.fromkeys(o.metric for o in worst_first(report)) if metric in courses]
    images = {}
    for number, metric in enumerate(metrics[:_PICTURES], start=1):
        series = courses[metric]
        words, alt, caption = (_samples if series.points else _downtime)(series, report, wording)
        images[metric] = Image(f"performance-{number}", alt, caption, as_png(series, words))
    return images


def _downtime(series: PerformanceSeries, report: CustomerReport, wording: Wording) -> tuple[Words, str, str]:
    allowed = wording.length(int(series.allowed_seconds or 0))
    words = _words(wording, wording.say("chart.downtime"), wording.say("chart.allowed", length=allowed), "", report)
    alt = wording.say(
        "chart.alt_downtime",
        service=one_line(report.service_name, 80),
        period=wording.period(series.shown),
        down=wording.length(sum(p.seconds for p in series.counted_downtime)),
        allowed=allowed,
    )
    return words, alt, wording.say("chart.caption_downtime")


def _samples(series: PerformanceSeries, report: CustomerReport, wording: Wording) -> tuple[Words, str, str]:
    metric = metric_name(series.metric, wording)
    target = bound_text(series.target, series.unit, wording, at_least=series.bound is Bound.AT_LEAST)
    unit = "%" if series.unit == "percent" else one_line(series.unit, 16)
    words = _words(wording, metric, wording.say("chart.promised", value=target), unit, report)
    period = wording.period(series.shown)
    alt = wording.say(
        "chart.alt_series", metric=metric, service=one_line(report.service_name, 80), period=period, target=target
    )
    return words, alt, wording.say(f"chart.caption_{series.bound.value}")


def _words(wording: Wording, measured: str, promised: str, unit: str, report: CustomerReport) -> Words:
    return Words(
        measured=measured,
        promised=promised,
        outage=wording.say("chart.outage"),
        maintenance=wording.say("chart.maintenance"),
        corrected=wording.say("chart.corrected" if report.outcome is Outcome.RESTORED else "chart.acted"),
        unit=unit,
        date=wording.axis_date,
        number_locale=wording.number_locale(),
        time_locale=wording.time_locale(),
    )
