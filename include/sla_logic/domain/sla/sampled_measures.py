"""Values from sample series, readings and error rates."""

import math
from collections.abc import Sequence
from fractions import Fraction

from include.sla_logic.domain import spans
from include.sla_logic.domain.contract import measures
from include.sla_logic.domain.contract.contract import Objective
from include.sla_logic.domain.contract.quantities import exact_text
from include.sla_logic.domain.durations import show_duration
from include.sla_logic.domain.measurements import ErrorIntervals
from include.sla_logic.domain.period import from_seconds, to_seconds
from include.sla_logic.domain.samples import SampleSeries
from include.sla_logic.domain.sla import sampled
from include.sla_logic.domain.sla.case import Case, Measured, availability_of, total_seconds
from include.sla_logic.domain.sla.downtime import Downtime, check_order, count_spans
from include.sla_logic.domain.sla.exclusions import Exclusions
from include.sla_logic.domain.sla.figures import figure
from include.sla_logic.domain.sla.objective_judgement import DataState, RefusalCode
from include.sla_logic.domain.sla.readings import same_unit
from include.sla_logic.domain.sla.refusal import UnableToJudge


def from_unavailable_state(objective: Objective, case: Case) -> Measured:
    """Return the availability that the samples of a series show; silence in the whole window is no downtime."""
    how, total = objective.measured_by, total_seconds(case)
    assert isinstance(how, measures.FromUnavailableState)  # noqa: S101 - the dispatch below says so
    check_order(case.facts)
    series, downtime = _named(how.series, case), unavailable_time(how, case)
    unknown = spans.total(downtime.unknown)
    if series is None or unknown >= case.seconds:
        return Measured(total=total, state=DataState.NO_DATA, unknown_seconds=total)
    inside = _inside(series, case)
    samples = int(inside.measured.sum())
    if sampled.is_silent(inside):
        return Measured(total=total, state=DataState.NEVER_ANSWERED, samples=samples, unknown_seconds=unknown)
    found = availability_of(case, downtime)
    found.events = ()
    found.samples = samples
    return found


def unavailable_time(how: measures.FromUnavailableState, case: Case) -> Downtime:
    """Return the counted time of unavailable states, none in a window in which the target was silent throughout.

    The states are found on the whole series and cut to the window afterwards, so windows that touch add up.
    """
    if how in case.states:
        return case.states[how]
    found = case.states[how] = Downtime(case.held)
    series = _named(how.series, case)
    if series is None:
        found.unknown = case.held
        return found
    steps = sampled.Steps.known(series, to_seconds(case.as_of))
    raw, open_since = sampled.unavailable_spans(steps, how)
    raw = spans.subtract(raw, _silent_windows(steps, raw, case))
    excluded = _elsewhere(case)
    found.warnings += excluded.warnings
    found.open_reasons += excluded.open_reasons
    found.sources = [(span, f"samples of {how.series}") for span in raw]
    count_spans(case.contract, found, raw, excluded, extra_unknown=_unknown(steps, case))
    found.longest = found.counted
    if open_since is not None and open_since < case.span[1]:
        found.open_reasons.append("the unavailable state had not ended at the last sample")
    return found


def _silent_windows(steps: sampled.Steps, raw: Sequence[spans.Span], case: Case) -> list[spans.Span]:
    """Return the windows, of those that hold unavailable time, in which nothing came back at any time."""
    contract, found = case.contract, [case.span] if sampled.is_silent(steps.within(case.span)) else []
    at = raw[0][0] if raw else 0
    while raw and at < raw[-1][1]:
        window = contract.window_at(from_seconds(at))
        at = window.span[1]
        if sampled.is_silent(steps.within(window.span)):
            found.append(window.span)
    return found


def from_statistic(objective: Objective, case: Case) -> Measured:
    """Return a statistic of the samples outside excluded time."""
    how, total = objective.measured_by, total_seconds(case)
    unit = None if isinstance(how, measures.FromShareBeyond) else objective.shown_unit
    check_order(case.facts)
    assert isinstance(how, measures.STATISTICS)  # noqa: S101 - the dispatch below says so
    steps = _series(how.series or objective.metric.value, unit, case)
    unknown = total if steps is None else spans.total(_unknown(steps, case))
    if steps is not None:
        steps = steps.without(_elsewhere(case).spans)
    if steps is None or not steps.measured.any():
        return Measured(total=total, state=DataState.NO_DATA, unknown_seconds=total)
    count = int(steps.measured.sum())
    if sampled.is_silent(_inside(steps.series, case)):
        return Measured(total=total, state=DataState.NEVER_ANSWERED, samples=count, unknown_seconds=unknown)
    value, text = _statistic(how, steps)
    shown = f"{text} of {count} samples = {_decimal(value)} {objective.shown_unit}"
    return Measured(total=total, value=value, samples=count, unknown_seconds=unknown, steps=[shown])


def from_error_rates(objective: Objective, case: Case) -> Measured:
    """Return 100 less the mean error rate over every interval of the window; one without a rate had no error."""
    how, total = objective.measured_by, total_seconds(case)
    assert isinstance(how, measures.FromErrorRates)  # noqa: S101
    found, intervals = Measured(total=total), math.ceil(Fraction(total, how.interval))
    stated = case.facts.error_intervals
    if stated is not None and _named("error_rate", case) is not None:
        reason = "Error rates are given twice: as error_intervals and as a series error_rate."
        raise UnableToJudge(RefusalCode.CONTRADICTING_FACTS, reason)
    if stated is None:
        summed, found.samples = _error_series(how, case, found, intervals)
    else:
        summed, found.samples = _stated_errors(stated, intervals), intervals
    if summed is not None:
        found.value = 100 - summed / found.samples
        text = f"100 - {_decimal(summed)}/{found.samples} intervals = {figure(found.value)} %"
        found.steps.append(text)
    return found


def _stated_errors(stated: Sequence[ErrorIntervals], intervals: int) -> Fraction:
    if sum(entry.count for entry in stated) > intervals:
        reason = f"There are more intervals with errors than the {intervals} of the window."
        raise UnableToJudge(RefusalCode.TOO_MANY_INTERVALS, reason)
    return sum((entry.count * Fraction(entry.error_percent) for entry in stated), Fraction(0))


def _error_series(
    how: measures.FromErrorRates, case: Case, found: Measured, intervals: int
) -> tuple[Fraction | None, int]:
    """Return the sum of the rates and the number of intervals, and note how much of the window has none."""
    steps = _series("error_rate", "percent", case)
    if steps is not None and steps.series.step_seconds != how.interval:
        own, wanted = show_duration(steps.series.step_seconds), show_duration(how.interval)
        reason = f"The error rates are those of {own} each, the contract speaks of intervals of {wanted}."
        raise UnableToJudge(RefusalCode.UNIT_MISMATCH, reason)
    if steps is None or not steps.measured.any():
        found.state, found.unknown_seconds = DataState.NO_DATA, found.total
        return None, intervals
    known = int(steps.measured.sum())
    count = max(intervals, known)
    found.unknown_seconds = spans.total(_unknown(steps, case))
    if (without := count - known) > 0:
        found.steps.append(f"{without} interval(s) without a rate count as free of errors")
    return sampled.mean(steps) * known, count


def _statistic(how: measures.Measure, steps: sampled.Steps) -> tuple[Fraction, str]:
    if isinstance(how, measures.FromPercentile):
        return sampled.percentile(steps, Fraction(how.percentile)), f"percentile {how.percentile} (nearest rank)"
    if isinstance(how, measures.FromShareBeyond):
        return sampled.share_in(steps, how.bound), f"share of values {how.bound}"
    return sampled.mean(steps), "mean"


def _series(name: str, unit: str | None, case: Case) -> sampled.Steps | None:
    series = _named(name, case)
    if series is None:
        return None
    if unit is not None and same_unit(series.unit) != same_unit(unit):
        reason = f"The series {name} is in {series.unit}, the contract speaks of {unit}."
        raise UnableToJudge(RefusalCode.UNIT_MISMATCH, reason)
    return _inside(series, case)


def _inside(series: SampleSeries, case: Case) -> sampled.Steps:
    start, end = case.span
    steps = sampled.Steps.inside(series, (start, min(end, to_seconds(case.as_of) + 1)))
    return steps.without(spans.subtract([case.span], case.held))


def _named(name: str, case: Case) -> SampleSeries | None:
    found = [series for series in case.facts.series if series.metric == name]
    if len(found) > 1:
        reason = f"There are {len(found)} series of {name}; joined they would be one."
        raise UnableToJudge(RefusalCode.CONTRADICTING_FACTS, reason)
    return found[0] if found else None


def _unknown(steps: sampled.Steps, case: Case) -> list[spans.Span]:
    return spans.subtract(case.held, steps.spans_where(steps.measured))


def _elsewhere(case: Case) -> Exclusions:
    """Maintenance, holds, and outages that the contract attributes to others."""
    until = to_seconds(case.as_of)
    found = Exclusions.of(case.contract, case.facts, until)
    for outage in case.facts.outages:
        if outage.attribution not in case.contract.counting.attributions:
            end = until if outage.end is None else to_seconds(outage.end)
            why = f"the {outage.attribution.replace('_', ' ')} answers for it"
            found.reasons.append(((to_seconds(outage.start), end), why, outage.reference))
    return found


def _decimal(value: Fraction) -> str:
    text = exact_text(value)
    return text if "/" not in text else figure(value)
