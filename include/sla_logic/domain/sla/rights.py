"""The right to leave, which many or long outages give."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from include.sla_logic.domain import spans
from include.sla_logic.domain.calendars import local_day, local_midnight
from include.sla_logic.domain.contract.measures import FromUnavailableState
from include.sla_logic.domain.contract.terms import Chronic
from include.sla_logic.domain.durations import show_duration
from include.sla_logic.domain.period import from_seconds, to_seconds
from include.sla_logic.domain.sla.case import Case
from include.sla_logic.domain.sla.downtime import Downtime
from include.sla_logic.domain.sla.missed_windows import MissedInARow
from include.sla_logic.domain.sla.next_tier import first_inside
from include.sla_logic.domain.sla.objective_judgement import ChronicFinding
from include.sla_logic.domain.sla.sampled_measures import unavailable_time
from include.sla_logic.domain.spans import Span

_DAY = 86_400


def find_chronic(case: Case) -> ChronicFinding | None:
    """Tell whether the outages so far give the right to leave, or whether one more would.

    Events are outages (touching ones are one), each with counted time of the length that the clause asks for;
    a group is inside the days if its first start plus the days lies after its last start.
    """
    terms = case.contract.chronic
    if terms is None:
        return None
    down = _Down.of(case)
    events = [(one[0][0], one[-1][1]) for one in down.events if terms.outage.holds(spans.total(one))]  # type: ignore[arg-type]
    names = [down.name(span) for span in events]
    missed = None if terms.missed is None else MissedInARow(case, terms.missed)
    stretches = [] if terms.total_within_days is not None else _stretches(case, terms)
    found = [_by_count(case, terms, events, names)]
    found += [_total_reached(case, terms, stretch, down) for stretch in stretches]
    found += [_rolling_total_reached(case, terms, down)]
    if missed is not None and missed.is_reached:
        found.append(_reached(case, terms, missed.reason(), missed.names, case.span[1]))
    if (reached := next(filter(None, found), None)) is not None:
        return reached
    now = min(to_seconds(case.as_of), case.span[1])
    return _nearest(_warnings(case, terms, down, (events, names), missed, stretches, now), terms)


def _by_count(case: Case, terms: Chronic, events: list[Span], names: list[str]) -> ChronicFinding | None:
    if terms.count is None or terms.within_days is None:
        return None
    for first in range(len(events) - terms.count + 1):
        last = first + terms.count - 1
        if events[last][0] >= case.span[0] and events[first][0] + terms.within_days * _DAY > events[last][0]:
            reason = f"{terms.count} outages {terms.outage} within {terms.within_days} days"
            return _reached(case, terms, reason, names[first : last + 1], events[last][1])
    return None


def _warnings(
    case: Case,
    terms: Chronic,
    down: "_Down",
    events: tuple[list[Span], list[str]],
    missed: MissedInARow | None,
    stretches: list[Span],
    now: int,
) -> list[ChronicFinding]:
    """Return how far away the right is by each of the ways that the clause names, the total first."""
    running = next((stretch for stretch in stretches if stretch[0] <= now < stretch[1]), None)
    if terms.total_within_days is not None:
        running = now - terms.total_within_days * _DAY, now
    found = [] if running is None else [_total_warned(case, terms, running, down)]
    if terms.count is not None:
        found.append(_warned(terms, *events, now))
    if missed is not None:
        found.append(_missed_warned(terms, missed))
    return [one for one in found if one is not None]


def _nearest(found: list[ChronicFinding], terms: Chronic) -> ChronicFinding:
    """Return the first warning, with the fewest further events by any of the ways; without one, the first finding."""
    if not found:
        return ChronicFinding(state="none", right=terms.right, reason="no outage so far")
    warned = next((one for one in found if one.state != "none"), found[0])
    left = [one.events_left for one in found if one.events_left is not None]
    return warned.model_copy(update={"events_left": min(left)}) if left else warned


def _missed_warned(terms: Chronic, missed: MissedInARow) -> ChronicFinding:
    near = missed.left <= terms.warn_before and missed.count > 0
    return ChronicFinding(
        state="one_event_before" if near else "none",
        right=terms.right,
        reason=missed.reason(),
        references=tuple(missed.names) if near else (),
        events_left=missed.left,
    )


def _rolling_total_reached(case: Case, terms: Chronic, down: "_Down") -> ChronicFinding | None:
    """Find the first moment of the window at which the downtime of the last days makes up the total."""
    if terms.total is None or terms.total_within_days is None:
        return None
    days, before = terms.total_within_days, spans.Running(down.pieces)
    for _start, end in down.pieces:
        at = min(end, case.span[1])
        seconds = before.total(at) - before.total(at - days * _DAY)
        if at > case.span[0] and terms.total.holds(seconds):  # type: ignore[arg-type]
            inside = spans.clip(down.pieces, (at - days * _DAY, at))
            reason = f"{show_duration(seconds)} of outage within {days} days ({terms.total})"
            return _reached(case, terms, reason, [down.name(span) for span in inside], at)
    return None


@dataclass(frozen=True, slots=True)
class _Down:
    """All counted stretches that begin before the window ends: recorded outages, and what samples show.

    `events` are the outages, of each its counted stretches: what is excluded inside it does not split it.
    """

    pieces: list[Span]
    events: list[list[Span]]
    found: list[Downtime]

    @classmethod
    def of(cls, case: Case) -> Self:
        sampled = (objective.measured_by for objective in case.contract.objectives)
        states = [unavailable_time(how, case) for how in sampled if isinstance(how, FromUnavailableState)]
        found = [case.downtime, *states]
        pieces = spans.merge(span for one in found for span in one.pieces)
        events = spans.grouped(pieces, spans.merge(span for one in found for span, _name in one.sources))
        begun = [one for one in events.values() if one[0][0] < case.span[1]]
        return cls([span for span in pieces if span[0] < case.span[1]], begun, found)

    def name(self, span: Span) -> str:
        return ", ".join(dict.fromkeys(name for one in self.found for name in one.references(span)))


def _reached(case: Case, terms: Chronic, reason: str, names: list[str], at: int) -> ChronicFinding:
    until = None
    if terms.notice_days is not None:
        zone = case.contract.zone
        until = local_midnight(local_day(from_seconds(at), zone) + timedelta(days=terms.notice_days + 1), zone)
    return ChronicFinding(
        state="reached",
        right=terms.right,
        reason=reason,
        references=tuple(names),
        notice_until=until,
        events_left=0,
    )


def _stretches(case: Case, terms: Chronic) -> list[Span]:
    """Return the months, quarters or years of the clause's total that the window touches, oldest first."""
    contract, found, at = case.contract, list[Span](), case.window.start
    while at < case.window.end or not found:
        stretch = contract.stretch(terms.total_over, at)
        found.append(stretch.span)
        at = stretch.end
    return found


def _total_reached(case: Case, terms: Chronic, stretch: Span, down: _Down) -> ChronicFinding | None:
    inside = spans.clip(down.pieces, (stretch[0], min(stretch[1], case.span[1])))
    seconds = spans.total(inside)
    if terms.total is None or not inside or inside[-1][1] <= case.span[0]:
        return None  # a right of an earlier window is not found again
    if not terms.total.holds(seconds):  # type: ignore[arg-type]
        return None
    reason = f"{show_duration(seconds)} of outage in the {terms.total_over} ({terms.total})"
    return _reached(case, terms, reason, [down.name(span) for span in inside], inside[-1][1])


def _total_warned(case: Case, terms: Chronic, stretch: Span, down: _Down) -> ChronicFinding | None:
    """Announce the right where the shortest outages that are events would complete the total."""
    inside = spans.clip(down.pieces, (stretch[0], min(stretch[1], case.span[1])))
    seconds = spans.total(inside)
    ahead = terms.warn_before * max(1, first_inside(terms.outage.low))
    over = terms.total_over if terms.total_within_days is None else f"last {terms.total_within_days} days"
    if terms.total is None or not inside or terms.total.holds(seconds):  # type: ignore[arg-type]
        return None
    if not terms.total.holds(seconds + ahead):  # type: ignore[arg-type]
        return None
    reason = f"{show_duration(seconds)} of outage in the {over} so far ({terms.total})"
    names = tuple(down.name(span) for span in inside)
    left = terms.warn_before
    return ChronicFinding(
        state="one_event_before", right=terms.right, reason=reason, references=names, events_left=left
    )


def _alive(terms: Chronic, events: list[Span], now: int) -> list[int]:
    """Return the events that count towards the right together with later ones."""
    days = terms.within_days or 0
    return [i for i, (start, _end) in enumerate(events) if start <= now < start + days * _DAY]


def _warned(terms: Chronic, events: list[Span], names: list[str], now: int) -> ChronicFinding:
    alive = _alive(terms, events, now)
    count = terms.count or 0
    left = max(1, count - len(alive))
    needed = count - terms.warn_before
    reason = f"{len(alive)} of {count} outages {terms.outage} in the last {terms.within_days} days"
    if alive and len(alive) >= needed:
        references = tuple(names[i] for i in alive)
        return ChronicFinding(
            state="one_event_before", right=terms.right, reason=reason, references=references, events_left=left
        )
    return ChronicFinding(state="none", right=terms.right, reason=reason, events_left=left)
