"""What a credit rule counts: the window, its events, or its days, each with its size and its number."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from include.sla_logic.domain import spans
from include.sla_logic.domain.calendars import local_day, local_days_of, local_midnight
from include.sla_logic.domain.contract.credit_rule import Credit
from include.sla_logic.domain.period import from_seconds, to_seconds
from include.sla_logic.domain.sla.case import Case, Measured
from include.sla_logic.domain.sla.downtime import Downtime
from include.sla_logic.domain.sla.numbered_days import first_after_grace, numbered_days
from include.sla_logic.domain.sla.numbering import numbers
from include.sla_logic.domain.sla.objective_judgement import RefusalCode
from include.sla_logic.domain.sla.refusal import UnableToJudge
from include.sla_logic.domain.sla.rule_context import RuleContext
from include.sla_logic.domain.sla.weights import Weighing
from include.sla_logic.domain.spans import Span

_EVER = 2**40


@dataclass(frozen=True, slots=True)
class Unit:
    """One window, event or day: its size (seconds, or in the objective's unit), its number, and when it begins."""

    name: str
    size: Fraction
    number: int = 1
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One outage: touching records are one, what is excluded inside it does not split it."""

    pieces: tuple[Span, ...]
    references: tuple[str, ...]
    ends: int

    @property
    def start(self) -> int:
        """The first counted second."""
        return self.pieces[0][0]

    @property
    def name(self) -> str:
        """Its records, and its start."""
        return f"{', '.join(self.references)} from {from_seconds(self.start):%Y-%m-%d %H:%M:%S} UTC"

    @property
    def last(self) -> int:
        """The last counted second."""
        return self.pieces[-1][1] - 1


@dataclass(slots=True)
class Units:
    """The units that a rule pays for, and what was left out."""

    units: list[Unit]
    steps: list[str] = field(default_factory=list)


def units_of(rule: Credit, measured: Measured, context: RuleContext, *, timed: bool) -> Units:
    """Return what the rule counts: `timed` where the window's size is its counted time, not the measured value."""
    case, downtime = context.case, measured.downtime
    if rule.for_each == "window":
        size = measured.value or Fraction(0)
        return Units([Unit("window", Fraction(downtime.counts) if timed and downtime is not None else size)])
    if downtime is not None:
        return (event_units if rule.for_each == "event" else day_units)(rule, downtime, case)
    if rule.for_each == "event" and measured.repairs:
        return repair_units(measured)
    if rule.for_each == "day" and measured.days is not None:
        return late_units(measured, case)
    reason = f"The rule pays for each {rule.for_each}, but {context.objective.metric} measures none."
    raise UnableToJudge(RefusalCode.UNIT_MISMATCH, reason)


def events_of(downtime: Downtime, case: Case) -> list[Event]:
    """Return the events of all the counted time under the agreements that are judged, beyond the window too."""
    raw = spans.merge(span for span, _reference in downtime.sources)
    found = []
    for place, pieces in spans.grouped(spans.intersect(downtime.pieces, _judged_time(case)), raw).items():
        whole = raw[place]
        found.append(Event(tuple(pieces), tuple(dict.fromkeys(downtime.references(whole))), whole[1]))
    return found


def _judged_time(case: Case) -> list[Span]:
    """Return the time under the judged agreements; where none are stated, a window cut short bounds its cut edges."""
    agreements = case.facts.agreements
    if agreements:
        return spans.merge(one.span for one in agreements if one.judged)
    (start, end), calendar = case.span, case.agreed.calendar.span
    return [(start if start > calendar[0] else -_EVER, end if end < calendar[1] else _EVER)]


def event_units(rule: Credit, downtime: Downtime, case: Case) -> Units:
    """Return each event of the window with its own length."""
    events, weighing = events_of(downtime, case), Weighing(downtime.weights)
    found = []
    for event, number in zip(events, _numbers(rule, events, case), strict=True):
        pieces = list(event.pieces)
        if rule.event_in == "cut":
            pieces = spans.intersect(pieces, case.agreed.held)
        elif not case.agreed.contains(_belongs(rule, event)):
            continue
        if pieces:
            found.append(Unit(event.name, weighing.seconds(pieces), number, pieces[0][0]))
    return Units(found)


def _belongs(rule: Credit, event: Event) -> int:
    """Return the second whose window pays for the event."""
    return event.last if rule.event_in == "window_of_end" else event.start


def _numbers(rule: Credit, events: list[Event], case: Case) -> list[int]:
    """Return the number of each event, by their start."""
    cut = [rule.event_in == "cut" and event.start < case.span[0] <= event.last for event in events]
    belong = [case.span[0] if is_cut else _belongs(rule, event) for is_cut, event in zip(cut, events, strict=True)]
    placed = [((event.start, event.last + 1), at) for event, at in zip(events, belong, strict=True)]
    return numbers(rule, placed, case, case.agreed.contains)


def day_units(rule: Credit, downtime: Downtime, case: Case) -> Units:
    """Return each local day of the window with a long enough outage inside it; a day is one unit.

    A day belongs to the window in which its first counted second lies.
    """
    zone, found, weighing = case.contract.zone, Units([]), Weighing(downtime.weights)
    sizes: dict[date, Fraction] = {}
    begins: dict[date, int] = {}
    places: dict[date, int] = {}
    for event in events_of(downtime, case):
        first = _first_day(rule, event, case)
        if first is None:
            found.steps.append(f"{event.name}: it was not reported, so no day is counted")
            continue
        by_day = dict(_days_inside(rule, event, zone))
        for day, number in numbered_days(rule, first, by_day, case.contract.calendar):
            inside = by_day[day]
            sizes[day] = sizes.get(day, Fraction(0)) + weighing.seconds(inside)
            begins[day] = min(begins.get(day, inside[0][0]), inside[0][0])
            places[day] = max(places.get(day, 0), number)
    for day in sorted(sizes):
        if case.agreed.contains(begins[day]):
            found.units.append(Unit(f"{day}", sizes[day], places[day], begins[day]))
    return found


def _days_inside(rule: Credit, event: Event, zone: str) -> Iterator[tuple[date, list[Span]]]:
    """Yield the days that the event touches with its counted time in each; the day of repair as the rule says."""
    repaired = local_day(from_seconds(event.ends), zone) if rule.day_of_repair == "not_paid" else None
    by_day: dict[date, list[Span]] = {}
    for piece in event.pieces:
        for day, (midnight, following) in local_days_of(piece, zone):
            by_day.setdefault(day, []).append((max(piece[0], midnight), min(piece[1], following)))
    for day, inside in by_day.items():
        wanted = rule.outage
        long_enough = wanted is None or any(wanted.holds(Fraction(end - start)) for start, end in inside)
        if long_enough and day != repaired:
            yield day, inside


def _first_day(rule: Credit, event: Event, case: Case) -> date | None:
    """Return the day that has number 1; None where it is counted from a report that there is not."""
    zone, calendar = case.contract.zone, case.contract.calendar
    if rule.first_day in (None, "outage"):
        return first_after_grace(rule, local_day(from_seconds(event.start), zone), calendar)
    names = set(event.references)
    moments = [o.reported_at for o in case.facts.outages if o.reference in names and o.reported_at is not None]
    if not moments:
        return None
    return first_after_grace(rule, local_day(min(moments), zone), calendar)


def late_units(measured: Measured, case: Case) -> Units:
    """Return each day late that is paid in this window."""
    found, zone = [], case.contract.zone
    for late in measured.paid_days:
        at = None if late.day is None else to_seconds(local_midnight(late.day, zone))
        found.append(Unit(f"{late.kind} {late.day or ''}".strip(), Fraction(1), late.number, at))
    return Units(found)


def repair_units(measured: Measured) -> Units:
    """Return each repair of the window with its own length, numbered as they ended."""
    return Units([Unit(one.name, one.seconds, one.number, one.at) for one in measured.repairs])
