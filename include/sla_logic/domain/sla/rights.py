"""What the window means beyond its credit: the claim and its deadline, and the right to leave."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from include.sla_logic.domain import spans
from include.sla_logic.domain.contract.quantities import show_duration
from include.sla_logic.domain.contract.terms import Chronic
from include.sla_logic.domain.period import calendar_window, find_zone, from_seconds, local_midnight, to_seconds
from include.sla_logic.domain.sla.case import Case
from include.sla_logic.domain.sla.objective_judgement import ChronicFinding, ClaimFinding
from include.sla_logic.domain.spans import Span

_DAY = 86_400


def find_claim(case: Case) -> ClaimFinding:
    """Tell whether the credit is paid by itself, or until when it must be claimed; the last day counts."""
    terms = case.contract.claim
    if terms.automatic:
        return ClaimFinding(state="automatic", reason="The contract pays without a claim.")
    deadline = _deadline(case)
    filed = case.facts.claim
    if deadline is None:
        state = "in_time" if filed else "open"
        return ClaimFinding(state=state, reason=terms.note or "The contract names no deadline for the claim.")
    shown = f"{deadline - timedelta(seconds=1):%Y-%m-%d %H:%M:%S} UTC"
    if filed is None:
        if case.as_of >= deadline:
            return ClaimFinding(state="late", reason=f"No claim was filed until {shown}.", deadline=deadline)
        return ClaimFinding(state="open", reason=f"The credit must be claimed until {shown}.", deadline=deadline)
    if filed.filed_at < deadline:
        return ClaimFinding(state="in_time", reason=f"Claimed in time (until {shown}).", deadline=deadline)
    reason = f"Claimed at {filed.filed_at:%Y-%m-%d %H:%M:%S} UTC, after the last moment {shown}."
    return ClaimFinding(state="late", reason=reason, deadline=deadline)


def _deadline(case: Case) -> datetime | None:
    """Return the first instant that is too late."""
    contract, terms = case.contract, case.contract.claim
    if terms.billing_cycles is not None:
        end = case.window.end
        for _cycle in range(terms.billing_cycles):
            end = calendar_window(contract.window, contract.zone, end, billing_day=contract.billing_day).end
        return end
    if terms.within_days is None:
        return None
    zone = find_zone(contract.zone)
    return local_midnight(_anchor(case) + timedelta(days=terms.within_days + 1), zone)


def _anchor(case: Case) -> date:
    """Return the local day from which the days of the claim are counted."""
    zone = find_zone(case.contract.zone)
    named = case.contract.claim.counted_from
    ends = [
        outage.ticket_closed_at or outage.end if named == "ticket_closed" else outage.end
        for outage in case.facts.outages
        if outage.start < case.window.end and (outage.end is None or outage.end > case.window.start)
    ]
    known = [end for end in ends if end is not None]
    if named != "window_end" and known:
        return max(known).astimezone(zone).date()
    return (case.window.end - timedelta(seconds=1)).astimezone(zone).date()


def find_chronic(case: Case) -> ChronicFinding | None:
    """Tell whether the outages so far give the right to leave, or whether one more would.

    Events are counted stretches (attributed, merged, without maintenance), each of the length that the
    clause asks for; a group is inside the days if its first start plus the days lies after its last start.
    """
    terms = case.contract.chronic
    if terms is None:
        return None
    downtime = case.downtime
    events = [span for span in downtime.pieces if terms.outage.holds(span[1] - span[0])]  # type: ignore[arg-type]
    names = [", ".join(downtime.references(span)) for span in events]
    window_start = case.span[0]
    for first in range(len(events) - terms.count + 1):
        last = first + terms.count - 1
        if events[last][0] >= window_start and events[first][0] + terms.within_days * _DAY > events[last][0]:
            reason = f"{terms.count} outages {terms.outage} within {terms.within_days} days"
            return _reached(case, terms, reason, names[first : last + 1], events[last][1])
    if (total := _total_reached(case, terms)) is not None:
        return total
    return _warned(case, terms, events, names)


def _reached(case: Case, terms: Chronic, reason: str, names: list[str], at: int) -> ChronicFinding:
    until = None
    if terms.notice_days is not None:
        zone = find_zone(case.contract.zone)
        day = from_seconds(at).astimezone(zone).date() + timedelta(days=terms.notice_days + 1)
        until = local_midnight(day, zone).astimezone(UTC)
    return ChronicFinding(
        state="reached", right=terms.right, reason=reason, references=tuple(names), notice_until=until
    )


def _total_reached(case: Case, terms: Chronic) -> ChronicFinding | None:
    if terms.total is None:
        return None
    for stretch in _stretches(case, terms):
        inside = spans.clip(case.downtime.pieces, stretch)
        seconds = spans.total(inside)
        if terms.total.holds(seconds):  # type: ignore[arg-type]
            reason = f"{show_duration(seconds)} of outage in the {terms.total_over} ({terms.total})"
            names = [", ".join(case.downtime.references(span)) for span in inside]
            return _reached(case, terms, reason, names, inside[-1][1])
    return None


def _stretches(case: Case, terms: Chronic) -> Iterator[Span]:
    """Return each month, quarter or year that the window touches."""
    contract, at = case.contract, case.window.start
    while True:
        stretch = calendar_window(terms.total_over, contract.zone, at, billing_day=contract.billing_day)
        yield stretch.span
        at = stretch.end
        if at >= case.window.end:
            return


def _warned(case: Case, terms: Chronic, events: list[Span], names: list[str]) -> ChronicFinding:
    now = min(to_seconds(case.as_of), case.span[1])
    alive = [i for i, (start, _end) in enumerate(events) if start <= now < start + terms.within_days * _DAY]
    needed = terms.count - terms.warn_before
    if needed > 0 and len(alive) >= needed:
        reason = f"{len(alive)} of {terms.count} outages {terms.outage} in the last {terms.within_days} days"
        return ChronicFinding(
            state="one_event_before", right=terms.right, reason=reason, references=tuple(names[i] for i in alive)
        )
    reason = f"{len(alive)} of {terms.count} outages {terms.outage} in the last {terms.within_days} days"
    return ChronicFinding(state="none", right=terms.right, reason=reason)
