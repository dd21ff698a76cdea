"""The outages of a credit case with their tickets, and bare numbers of fault hours."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from include.sla_logic.domain.measurements import Outage, Restoration
from include.sla_logic.domain.period import Period
from tests.acceptance.case_object import CaseObject, UnableToTranslate

_OPENED = r"(ticket_)?(opened|open|reported)(_(at|on))?|ticket_start"
_CLOSED = r"(ticket_)?(closed|close)(_(at|on))?|ticket_end"
_ATTRIBUTIONS = {"customer": "customer", "third": "third_party", "force": "force_majeure", "provider": "provider"}
NOON = 12
UNITS = {"hours": 3600, "minutes": 60, "seconds": 1}
Found = tuple[bool, Any]  # whether the field is there, and its value


def instant(text: str) -> datetime:
    """Read an instant as it is written: what names no offset is refused by the facts, not placed in a zone."""
    return datetime.fromisoformat(text)


def day_or_instant(text: str, zone: str) -> datetime:
    """Read an instant; a bare day means its noon in the zone."""
    if len(text) == len("2025-01-01"):
        return datetime.combine(date.fromisoformat(text), time(NOON), tzinfo=ZoneInfo(zone))
    return instant(text)


def outages(entry: CaseObject, case: CaseObject, window: Period) -> list[Outage]:
    """Return the outages of a case; given only in hours, one of that length at the start of the window."""
    hours = _fault_seconds(case)
    if hours is not None:
        end = window.start + timedelta(seconds=int(hours))
        return [Outage(reference="O1", start=window.start, end=end)]
    given = case.objects("outages")
    tickets = [] if entry["rule"] == "mttr" else case.objects("tickets")
    if tickets and not given:
        given, tickets = [_as_outage(ticket) for ticket in tickets], []
    beside = _beside(given, tickets)
    return [_outage(i, one, beside[i - 1], entry, case) for i, one in enumerate(given, start=1)]


def _fault_seconds(case: CaseObject) -> Decimal | None:
    for unit, seconds in UNITS.items():
        given = case.get(f"fault_{unit}")
        if given is not None:
            lengths = [Decimal(each) for each in (given if isinstance(given, list) else [given])]
            return sum((Restoration(reference="R", seconds=each * seconds).seconds for each in lengths), Decimal(0))
    return None


def _as_outage(ticket: CaseObject) -> CaseObject:
    return CaseObject({"start": ticket.value(_OPENED), "end": ticket.value(_CLOSED)}, ticket.where)


def _beside(given: list[CaseObject], tickets: list[CaseObject]) -> list[CaseObject | None]:
    """Give each outage its ticket: one by one, or the one that was opened while it lasted."""
    if not tickets:
        return [None] * len(given)
    if len(tickets) == len(given):
        return list(tickets)
    found = [
        next((ticket for ticket in tickets if _opened_during(ticket, one)), CaseObject({"opened": None}))
        for one in given
    ]
    if any(ticket not in found for ticket in tickets):
        raise UnableToTranslate("a ticket belongs to no outage")
    return list(found)


def _opened_during(ticket: CaseObject, outage: CaseObject) -> bool:
    opened, end = ticket.value(_OPENED), outage["end"]
    return (
        opened is not None
        and instant(outage["start"]) <= instant(opened)
        and (end is None or instant(opened) < instant(end))
    )


def _outage(number: int, outage: CaseObject, ticket: CaseObject | None, entry: CaseObject, case: CaseObject) -> Outage:
    start, end = outage["start"], outage["end"]
    (opened_told, opened), (closed_told, closed) = (
        _ticket_field(word, outage, ticket, case) for word in (_OPENED, _CLOSED)
    )
    if entry.get("clock_start") == "ticket_opened":  # an outage without a word of tickets is its own ticket
        opened, closed = opened if opened_told else start, closed if closed_told else end
        closed = end if _same_day(closed, end, case) else closed
    return Outage(
        reference=f"O{number}",
        start=instant(start),
        end=None if end is None else instant(end),
        attribution=_attribution(outage),
        ticket_opened_at=None if opened is None else day_or_instant(opened, case["timezone"]),
        ticket_closed_at=None if closed is None else day_or_instant(closed, case["timezone"]),
    )


def _same_day(closed: str | None, end: str | None, case: CaseObject) -> bool:
    """Tell whether only the day of closure is given, and the outage ended on it: then its end stops the clock."""
    if closed is None or end is None or len(closed) != len("2025-01-01"):
        return False
    if date.fromisoformat(closed) != instant(end).astimezone(ZoneInfo(case["timezone"])).date():
        raise UnableToTranslate(f"the moment of {closed} at which the clock stopped is not given")
    return True


def _ticket_field(pattern: str, outage: CaseObject, ticket: CaseObject | None, case: CaseObject) -> Found:
    """Find when the ticket was opened or closed: given as null it was not, given nowhere it is not known."""
    claim = case.get("claim")
    beside_case = rf"ticket_(?:{'opened|open' if pattern is _OPENED else 'closed|close'})(_(at|on))?"
    nested = outage.find("ticket")
    if nested[0] and nested[1] in (None, False):
        return True, None
    places = [(outage, pattern), (nested[1], pattern), (ticket, pattern), (case, beside_case)]
    places += [(case.get("ticket"), pattern), (claim, beside_case)]
    for place, name in places:
        if isinstance(place, CaseObject):
            there, value = place.find(name)
            if there:
                return True, None if value is False else value
    return False, None


def _attribution(outage: CaseObject) -> str:
    """Read who answers for it: a stated attribution must be known, a cause may name somebody."""
    stated = outage.value(r"attribution|attributed_to|responsible|owner|caused_by")
    for word, who in _ATTRIBUTIONS.items():
        if word in str(stated or outage.value("cause|fault|reason") or "").lower():
            return who
    if stated is not None:
        raise UnableToTranslate(f"{outage.where} is attributed to {stated}")
    return "provider"
