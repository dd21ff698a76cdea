"""Claims, incident by incident: what was claimed too late is not paid, what was claimed in time stays."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from include.sla_logic.domain import spans
from include.sla_logic.domain.calendars import local_day
from include.sla_logic.domain.contract.contract import Contract
from include.sla_logic.domain.contract.measures import FromDaysLate, FromUnavailableState
from include.sla_logic.domain.durations import show_duration
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.measurements import Delay, Outage, ServiceFacts
from include.sla_logic.domain.period import Period, from_seconds, to_seconds
from include.sla_logic.domain.sla.case import Case
from include.sla_logic.domain.sla.claim_days import day_before, deadline_after, last_day
from include.sla_logic.domain.sla.delays import from_days_late
from include.sla_logic.domain.sla.downtime import Downtime
from include.sla_logic.domain.sla.reach import reach_of
from include.sla_logic.domain.sla.sampled_measures import unavailable_time
from include.sla_logic.domain.spans import Span


class UnableToUseClaim(ForeseenError):
    """A claim was filed before there was anything to claim, or lies in the future."""


@dataclass(frozen=True, slots=True)
class Claimable:
    """One incident, or the whole window: until when it could be claimed, and when it was.

    `deadline` is the first instant that is too late; None while nothing says when the days begin, or end.
    """

    name: str
    deadline: datetime | None
    filed: datetime | None
    late: bool
    span: Span | None = None
    outages: tuple[Outage, ...] = ()
    delay: Delay | None = None


def as_claimed(contract: Contract) -> Contract:
    """Return the contract as if every credit was claimed in time; what the customer must report is still asked."""
    return contract.model_copy(update={"claim": contract.claim.model_copy(update={"automatic": True})})


def by_incident(case: Case) -> bool:
    """Tell whether each incident has a deadline of its own."""
    terms = case.contract.claim
    return not terms.automatic and terms.has_days and terms.counted_from != "window_end"


def incidents_of(case: Case) -> Sequence[Claimable]:
    """Return what counts in the window, incident by incident; raise `UnableToJudge` as measuring does.

    Records and sampled downtime that touch are one incident. An outage that does not count is none.
    """
    if not by_incident(case):
        return ()
    if case.incidents is None:
        case.incidents = (*_outages(case), *_delays(case))
    return case.incidents


def whole_window(case: Case) -> Claimable:
    """Return the claim to what describes the whole window; its days begin when the contract's window ends."""
    return _claimable(case, "the window", window_deadline(case.contract, case.agreed.calendar.end), case.window.start)


def window_deadline(contract: Contract, end: datetime) -> datetime | None:
    """Return the first instant that is too late to claim the whole window that ends then; None where there is none."""
    if contract.claim.billing_cycles is not None:
        for _cycle in range(contract.claim.billing_cycles):
            end = contract.window_at(end).end
        return end
    if not contract.claim.has_days:
        return None
    last = last_day(contract, local_day(end - timedelta(seconds=1), contract.zone))
    return None if last is None else deadline_after(last, contract.zone)


def check_claims(facts: ServiceFacts, window: Period, contract: Contract, *, now: datetime) -> None:
    """Raise `UnableToUseClaim` for a claim from before the first fault of the window, or from the future."""
    first = first_fault(facts, window, contract)
    for claim in facts.claims_filed:
        if (objection := objection_to(claim.filed_at, first=first, now=now)) is not None:
            raise UnableToUseClaim(objection)


def first_fault(facts: ServiceFacts, window: Period, contract: Contract) -> datetime:
    """Return when the first outage of the window began that the provider answers for; else the window's start."""
    touching = [o for o in facts.outages if o.start < window.end and (o.end is None or o.end > window.start)]
    begun = [o.start for o in touching if o.attribution in contract.counting.attributions]
    return min(begun, default=window.start)


def objection_to(filed: datetime, *, first: datetime, now: datetime) -> str | None:
    """Say why a claim of that moment cannot be one for a fault that began then."""
    if filed > now:
        return f"A claim of {filed:%Y-%m-%d %H:%M:%S} UTC lies in the future (after {now:%Y-%m-%d %H:%M:%S} UTC)."
    if filed < first:
        return f"A claim of {filed:%Y-%m-%d %H:%M:%S} UTC lies before the fault of {first:%Y-%m-%d %H:%M:%S} UTC."
    return None


def _claimable(case: Case, name: str, deadline: datetime | None, begun: datetime) -> Claimable:
    place = bisect_left(case.filed, begun)
    filed = case.filed[place] if place < len(case.filed) else None
    late = deadline is not None and (case.as_of if filed is None else filed) >= deadline
    return Claimable(name, deadline, filed, late)


def _outages(case: Case) -> Iterator[Claimable]:
    """Group the records that have counted time in the window with each other, and with sampled downtime."""
    sampled = [o.measured_by for o in case.contract.objectives if isinstance(o.measured_by, FromUnavailableState)]
    until = to_seconds(case.as_of)
    records = sorted(((_span(outage, until), outage) for outage in _counted(case)), key=lambda entry: entry[0])
    starts = [span[0] for span, _outage in records]
    pieces = [span for how in sampled for span in _pieces(unavailable_time(how, case))]
    for group in spans.merge([*(span for span, _ in records), *pieces]):
        within = records[bisect_left(starts, group[0]) : bisect_left(starts, group[1])]
        members = tuple(outage for _span, outage in within)
        ends = [_anchor(case, outage) for outage in members] or [from_seconds(group[1])]
        known = [end for end in ends if end is not None]
        deadline = _deadline(case, max(known)) if len(known) == len(ends) else None
        name = ", ".join(dict.fromkeys(outage.reference for outage in members)) or "sampled downtime"
        one = _claimable(case, name, deadline, from_seconds(group[0]))
        yield Claimable(one.name, one.deadline, one.filed, one.late, span=group, outages=members)


def ticket_too_late(contract: Contract, outage: Outage) -> str | None:
    """Say by how much the ticket of an outage came too late, or that none was opened where one is wanted."""
    within, opened = contract.claim.ticket_within, outage.ticket_opened_at
    if within is None and not contract.wants_ticket:
        return None
    if contract.format > 1 or contract.claim.ticket is not None:  # format 1 knows tickets alone
        opened = opened or outage.reported_at
    if outage.attribution not in contract.counting.attributions:
        return None
    if opened is None:
        return "the customer did not report it" if contract.wants_ticket else None
    if within is None:
        return None
    late = to_seconds(opened) - to_seconds(outage.start) - within
    return f"the ticket was opened {show_duration(late)} too late" if late > 0 else None


def _span(outage: Outage, until: int) -> Span:
    start = to_seconds(outage.start)
    return start, max(start + 1, until if outage.end is None else to_seconds(outage.end))


def _counted(case: Case) -> list[Outage]:
    """Return the records with counted time in the window, whose tickets were in time."""
    down, until = case.downtime, to_seconds(case.as_of)
    names = set(down.events)
    return [
        outage
        for outage in case.facts.outages
        if outage.reference in names
        and outage.attribution in case.contract.counting.attributions
        and ticket_too_late(case.contract, outage) is None
        and spans.meets(reach_of(outage, until), down.counted)
    ]


def _pieces(down: Downtime) -> list[Span]:
    return [piece for piece in down.pieces if spans.meets(piece, down.counted)]


def _anchor(case: Case, outage: Outage) -> datetime | None:
    """Return the moment from which the days of an incident are counted; None while it has not come."""
    named = case.contract.claim.counted_from
    if named == "outage_start":
        return outage.start
    if named == "ticket_closed" and outage.ticket_opened_at is not None:
        return outage.ticket_closed_at
    return (outage.ticket_closed_at if named == "ticket_closed" else None) or outage.end


def _deadline(case: Case, anchor: datetime) -> datetime | None:
    last = last_day(case.contract, local_day(anchor, case.contract.zone))
    return None if last is None else deadline_after(last, case.contract.zone)


def _delays(case: Case) -> Iterator[Claimable]:
    """Return the late promises that count, each from the day on which it was kept; before that, no day is the last."""
    for delay in case.facts.delays:
        if delay.days_late is None and delay.due is not None and _counts_late(case, delay):
            last = None if delay.done is None else last_day(case.contract, delay.done)
            deadline = None if last is None else deadline_after(last, case.contract.zone)
            begun = deadline_after(delay.due, case.contract.zone)
            one = _claimable(case, f"{delay.kind} of {delay.due}", deadline, begun)
            yield Claimable(one.name, one.deadline, one.filed, one.late, delay=delay)


def _counts_late(case: Case, delay: Delay) -> bool:
    """Tell whether any objective counts days of this promise in the window."""
    alone = replace(case, facts=case.facts.model_copy(update={"delays": (delay,)}))
    late = (o for o in case.contract.objectives if isinstance(o.measured_by, FromDaysLate))
    return any(from_days_late(objective, alone).days for objective in late)


def shown_day(deadline: datetime, zone: str) -> str:
    """Write the last day of a claim."""
    return f"{day_before(deadline, zone):%Y-%m-%d} (the last day, in {zone})"
