"""Planned work that recurs, and an allowance beyond which planned work counts."""

from collections.abc import Iterable
from datetime import datetime

from include.sla_logic.domain import spans
from include.sla_logic.domain.calendars import WEEKDAYS, local_days_of
from include.sla_logic.domain.contract.contract import Contract
from include.sla_logic.domain.contract.terms import RecurringWork
from include.sla_logic.domain.measurements import ServiceFacts
from include.sla_logic.domain.period import from_seconds
from include.sla_logic.domain.service_hours import local_moment, minutes_of
from include.sla_logic.domain.sla.reach import reach_of
from include.sla_logic.domain.spans import Span

_DAY = 86_400
_WHOLE = 24 * 60


def recurring(contract: Contract, facts: ServiceFacts, until: int) -> Iterable[tuple[Span, str]]:
    """Yield each recurring window of planned work around what the facts record, and what it is."""
    if not contract.maintenance.excluded or not contract.maintenance.recurring:
        return
    stretches = [reach_of(outage, until) for outage in facts.outages]
    stretches += [series.period.span for series in facts.series]
    known = [(start, end) for start, end in stretches if start < end]
    if not known:
        return
    whole = min(start for start, _end in known), max(end for _start, end in known)
    for work in contract.maintenance.recurring:
        for span in _occurrences(work, contract.zone, whole):
            yield span, f"recurring work, {work}"


def within_hours(contract: Contract, span: Span) -> list[Span]:
    """Return the part of an announced window that lies in the hours of planned work; all of it without such hours."""
    if contract.maintenance.within is None:
        return [span]
    hours = (one for work in contract.maintenance.within for one in _occurrences(work, contract.zone, span))
    return spans.clip(spans.merge(hours), span)


def _occurrences(work: RecurringWork, zone: str, whole: Span) -> Iterable[Span]:
    """Yield the windows that begin on a day from the one before the span; one past midnight ends on the next day."""
    overnight = minutes_of(work.ends) <= minutes_of(work.starts)
    for day, (midnight, following) in local_days_of((whole[0] - _DAY, whole[1]), zone):
        if WEEKDAYS[day.weekday()] not in work.days or (work.months and day.month not in work.months):
            continue
        if following - midnight == _DAY and not overnight:  # the clocks do not change: no zone need be asked
            yield midnight + minutes_of(work.starts) * 60, midnight + minutes_of(work.ends) * 60
            continue
        last = day.fromordinal(day.toordinal() + 1) if overnight else day
        ends = following if minutes_of(work.ends) == _WHOLE else local_moment(last, work.ends, zone, fold=1)
        yield local_moment(day, work.starts, zone, fold=0), ends


def beyond_allowance(contract: Contract, worked: list[Span]) -> list[Span]:
    """Return the downtime in planned work that comes after the allowance of its month, quarter or year is used up."""
    terms, used, over = contract.maintenance, dict[datetime, int](), list[Span]()
    if terms.allowance is None:
        return over
    for start, end in (served for span in spans.merge(worked) for served in contract.service_time(span)):
        at = start
        while at < end:
            stretch = contract.stretch(terms.allowance_over, from_seconds(at))
            until = min(end, stretch.span[1])
            left = max(0, terms.allowance - used.get(stretch.start, 0))
            used[stretch.start] = used.get(stretch.start, 0) + until - at
            if at + left < until:
                over.append((at + left, until))
            at = until
    return over
