"""From facts to the measured value of one objective, exact."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction

from include.sla_logic.domain import spans
from include.sla_logic.domain.contract import measures
from include.sla_logic.domain.contract.contract import Contract, Objective
from include.sla_logic.domain.contract.quantities import exact_text
from include.sla_logic.domain.contract.rules import SumPerDay
from include.sla_logic.domain.measurements import Delay, ServiceFacts
from include.sla_logic.domain.money import half_up
from include.sla_logic.domain.period import Period, find_zone, to_seconds
from include.sla_logic.domain.sla import sampled
from include.sla_logic.domain.sla.comparison import DataState, RefusalCode
from include.sla_logic.domain.sla.downtime import Downtime, check_order, count_downtime, count_spans
from include.sla_logic.domain.sla.exclusions import Exclusions
from include.sla_logic.domain.sla.refusal import UnableToJudge


@dataclass(slots=True)
class Measured:
    """The value of one objective in its unit, with the evidence; no value means nothing was measured."""

    total: int
    value: Fraction | None = None
    state: DataState = DataState.MEASURED
    downtime: Downtime | None = None
    samples: int | None = None
    unknown_seconds: int = 0
    steps: list[str] = field(default_factory=list)
    note: str | None = None
    days: int | None = None
    open_reasons: list[str] = field(default_factory=list)
    events: tuple[str, ...] = ()

    @property
    def coverage(self) -> Fraction:
        """The share of the window about which anything is known, in percent."""
        return 100 - Fraction(100 * self.unknown_seconds, self.total) if self.total else Fraction(100)


@dataclass(slots=True)
class Case:
    """One contract, its facts, the window and the moment; the downtime is counted once for all objectives."""

    contract: Contract
    facts: ServiceFacts
    window: Period
    as_of: datetime
    _downtime: Downtime | None = None

    @property
    def span(self) -> spans.Span:
        """The window in seconds."""
        return self.window.span

    @property
    def downtime(self) -> Downtime:
        """The counted outages; raise `UnableToJudge` where a record cannot be right."""
        if self._downtime is None:
            self._downtime = count_downtime(self.contract, self.facts, self.span, self.as_of)
        return self._downtime

    @property
    def today(self) -> date:
        """The local day of the moment of judgement."""
        return self.as_of.astimezone(find_zone(self.contract.zone)).date()


def measure(objective: Objective, case: Case) -> Measured:
    """Return the objective's value; raise `UnableToJudge` for facts that cannot be right."""
    if _total(case) <= 0:
        raise UnableToJudge(RefusalCode.EMPTY_WINDOW, "The window has no time in it.")
    return _MEASURING[type(objective.measured_by)](objective, case)


def _total(case: Case) -> int:
    start, end = case.span
    return end - start


def _availability(case: Case, downtime: Downtime) -> Measured:
    total, seconds = _total(case), downtime.seconds
    found = Measured(total=total, downtime=downtime, unknown_seconds=spans.total(downtime.unknown))
    found.open_reasons = downtime.open_reasons
    found.events = downtime.events
    if found.unknown_seconds >= total:
        found.state = DataState.NO_DATA
        return found
    found.value = 100 - Fraction(100 * seconds, total)
    lengths = [end - start for start, end in downtime.counted]
    summed = f"{' + '.join(map(str, lengths))} = {seconds} s" if 1 < len(lengths) <= 20 else f"{seconds} s"  # noqa: PLR2004
    found.steps += [
        f"downtime {summed} in {len(lengths)} counted interval(s)" if lengths else "downtime 0 s",
        f"availability = 100 x (1 - {seconds}/{total}) = {half_up(found.value, 8)} %",
    ]
    return found


def _from_outages(_objective: Objective, case: Case) -> Measured:
    return _availability(case, case.downtime)


def _series(name: str, unit: str | None, case: Case) -> sampled.Steps | None:
    series = next((s for s in case.facts.series if s.metric == name), None)
    if series is None:
        return None
    if unit is not None and _unit(series.unit) != _unit(unit):
        reason = f"The series {name} is in {series.unit}, the contract speaks of {unit}."
        raise UnableToJudge(RefusalCode.UNIT_MISMATCH, reason)
    return sampled.Steps.inside(series, case.span)


def _unit(name: str) -> str:
    return {"%": "percent"}.get(name, name)


def _unknown(steps: sampled.Steps, case: Case) -> list[spans.Span]:
    return spans.subtract([case.span], steps.spans_where(steps.measured))


def _elsewhere(case: Case) -> Exclusions:
    """Maintenance, holds, and outages that the contract lays at somebody else's door."""
    until = to_seconds(case.as_of)
    found = Exclusions.of(case.contract, case.facts, until)
    for outage in case.facts.outages:
        if outage.attribution not in case.contract.counting.attributions:
            end = until if outage.end is None else to_seconds(outage.end)
            why = f"the {outage.attribution.replace('_', ' ')} answers for it"
            found.reasons.append(((to_seconds(outage.start), end), why, outage.reference))
    return found


def _from_unavailable_state(objective: Objective, case: Case) -> Measured:
    how = objective.measured_by
    assert isinstance(how, measures.FromUnavailableState)  # noqa: S101 - the dispatch below says so
    check_order(case.facts)
    steps = _series(how.series, None, case)
    if steps is None or not steps.measured.any():
        return Measured(total=_total(case), state=DataState.NO_DATA, unknown_seconds=_total(case))
    if sampled.never_answered(steps.series):
        return Measured(total=_total(case), state=DataState.NEVER_ANSWERED, samples=int(steps.measured.sum()))
    raw, still_open = sampled.unavailable_spans(steps, how)
    downtime = Downtime(window=case.span)
    excluded = _elsewhere(case)
    downtime.warnings += excluded.warnings
    downtime.sources = [(span, f"samples of {how.series}") for span in raw]
    count_spans(case.contract, downtime, raw, excluded, extra_unknown=_unknown(steps, case))
    downtime.longest = downtime.counted
    if still_open:
        downtime.open_reasons.append("the unavailable state had not ended at the last sample")
    found = _availability(case, downtime)
    found.events = ()
    found.samples = int(steps.measured.sum())
    return found


def _from_statistic(objective: Objective, case: Case) -> Measured:
    how, total = objective.measured_by, _total(case)
    reading = next((r for r in case.facts.readings if r.metric in (objective.id, objective.metric.value)), None)
    unit = None if isinstance(how, measures.FromShareBeyond) else objective.shown_unit
    if reading is not None:
        if _unit(reading.unit) != _unit(objective.shown_unit):
            reason = f"{reading.metric} was measured in {reading.unit}, the contract speaks of {objective.shown_unit}."
            raise UnableToJudge(RefusalCode.UNIT_MISMATCH, reason)
        text = f"{reading.metric} = {reading.value} {reading.unit}, as measured"
        return Measured(total=total, value=Fraction(reading.value), steps=[text])
    check_order(case.facts)
    steps = _series(objective.metric.value, unit, case)
    if steps is not None:
        steps = steps.without(_elsewhere(case).spans)
    if steps is None or not steps.measured.any():
        return Measured(total=total, state=DataState.NO_DATA, unknown_seconds=total)
    unknown = spans.total(_unknown(steps, case))
    count = int(steps.measured.sum())
    if sampled.never_answered(steps.series):
        return Measured(total=total, state=DataState.NEVER_ANSWERED, samples=count, unknown_seconds=unknown)
    value, text = _statistic(how, steps)
    shown = f"{text} of {count} samples = {_decimal(value)} {objective.shown_unit}"
    return Measured(total=total, value=value, samples=count, unknown_seconds=unknown, steps=[shown])


def _decimal(value: Fraction) -> str:
    text = exact_text(value)
    return text if "/" not in text else f"{half_up(value, 8)}"


def _statistic(how: measures.Measure, steps: sampled.Steps) -> tuple[Fraction, str]:
    if isinstance(how, measures.FromPercentile):
        return sampled.percentile(steps, Fraction(how.percentile)), f"percentile {how.percentile} (nearest rank)"
    if isinstance(how, measures.FromShareBeyond):
        return sampled.share_in(steps, how.bound), f"share of values {how.bound}"
    return sampled.mean(steps), "mean"


def _from_error_rates(objective: Objective, case: Case) -> Measured:
    how, total = objective.measured_by, _total(case)
    assert isinstance(how, measures.FromErrorRates)  # noqa: S101
    count = math.ceil(Fraction(total, how.interval))
    if case.facts.error_intervals is None:
        steps = _series("error_rate", "percent", case)
        if steps is None or not steps.measured.any():
            return Measured(total=total, state=DataState.NO_DATA, unknown_seconds=total)
        rates, known = sampled.mean(steps), int(steps.measured.sum())
        summed, count = rates * known, known
    else:
        summed = sum((e.count * Fraction(e.error_percent) for e in case.facts.error_intervals), Fraction(0))
        if sum(entry.count for entry in case.facts.error_intervals) > count:
            reason = f"There are more intervals with errors than the {count} of the window."
            raise UnableToJudge(RefusalCode.TOO_MANY_INTERVALS, reason)
    value = 100 - summed / count
    text = f"100 - {_decimal(summed)}/{count} intervals = {half_up(value, 8)} %"
    return Measured(total=total, value=value, samples=count, steps=[text])


def _from_restore_times(_objective: Objective, case: Case) -> Measured:
    found = Measured(total=_total(case))
    times = [Fraction(r.seconds) for r in case.facts.restorations]
    names = [r.reference for r in case.facts.restorations]
    if not times:
        times, names = _repairs(case, found)
    if not times:
        found.note = "nothing was repaired in this window"
        return found
    found.value = sum(times, Fraction(0)) / len(times)
    found.events = tuple(names)
    summed = " + ".join(_decimal(time) for time in times)
    found.steps.append(f"mean time to restore = ({summed}) / {len(times)} = {_decimal(found.value)} s")
    return found


def _repairs(case: Case, found: Measured) -> tuple[list[Fraction], list[str]]:
    """Return the counted length of each outage that ended in the window, alone, with its name."""
    times, names = [], []
    check_order(case.facts)
    for outage in case.facts.outages:
        closed = outage.ticket_closed_at if case.contract.counting.clock_stop == "ticket_closed" else outage.end
        if closed is None:
            found.open_reasons.append(f"the outage {outage.reference} is still open")
        elif case.window.contains(closed):
            alone = case.facts.model_copy(update={"outages": (outage,)})
            wide = count_downtime(case.contract, alone, (0, 2**40), case.as_of)
            if wide.seconds:
                times.append(Fraction(wide.seconds))
                names.append(outage.reference)
    return times, names


def _from_days_late(objective: Objective, case: Case) -> Measured:
    found = Measured(total=_total(case))
    rule = objective.rule
    kind = rule.applies_to if isinstance(rule, SumPerDay) else None
    grace = rule.grace_working_days if isinstance(rule, SumPerDay) else 0
    delays = [delay for delay in case.facts.delays if kind in (None, delay.kind)]
    if not delays:
        found.note = f"no {kind or 'delay'} is on record"
        return found
    found.days = sum(_days_late(delay, grace, case, found) for delay in delays)
    found.value = Fraction(found.days)
    return found


def _days_late(delay: Delay, grace: int, case: Case, found: Measured) -> int:
    """Count calendar days from the first that is paid to the day before the promise was kept."""
    if delay.days_late is not None:
        found.steps.append(f"{delay.kind}: {delay.days_late} day(s) late, as stated")
        return delay.days_late
    if delay.due is None:
        raise UnableToJudge(RefusalCode.TARGET_UNKNOWN, f"The {delay.kind} has no promised day.")
    done = delay.done
    if done is None:
        done = case.today
        found.open_reasons.append(f"the {delay.kind} promised for {delay.due} is still open")
    if grace and done < delay.due:
        reason = f"The {delay.kind} of {delay.due} was done on {done}, before it was reported."
        raise UnableToJudge(RefusalCode.DONE_BEFORE_DUE, reason)
    first = delay.due
    if grace:
        first = date.fromordinal(case.contract.calendar.after_working_days(delay.due, grace).toordinal() + 1)
    days = max(0, (done - first).days)
    after = f", first paid day {first} after {grace} working day(s) of grace" if grace else ""
    found.steps.append(f"{delay.kind}: promised {delay.due}{after}, done {done}: {days} day(s), the last not paid")
    return days


def _from_events(_objective: Objective, case: Case) -> Measured:
    found = Measured(total=_total(case), events=tuple(dict.fromkeys(c.event for c in case.facts.event_credits)))
    if not case.facts.event_credits:
        found.note = "no event with a credit is on record"
    else:
        found.value = Fraction(len(found.events))
    return found


_MEASURING: dict[type, Callable[[Objective, Case], Measured]] = {
    measures.FromOutages: _from_outages,
    measures.FromUnavailableState: _from_unavailable_state,
    measures.FromMean: _from_statistic,
    measures.FromPercentile: _from_statistic,
    measures.FromShareBeyond: _from_statistic,
    measures.FromErrorRates: _from_error_rates,
    measures.FromRestoreTimes: _from_restore_times,
    measures.FromDaysLate: _from_days_late,
    measures.FromEvents: _from_events,
}
