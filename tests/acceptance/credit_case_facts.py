"""What a credit case tells, as our facts: decided by which fields are there, never guessed."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.measurements import (
    Charges,
    ClaimFiled,
    ErrorIntervals,
    EventCredit,
    Hold,
    MaintenanceWindow,
    Reading,
    Restoration,
    ServiceFacts,
)
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period
from tests.acceptance.case_object import CaseObject, UnableToTranslate
from tests.acceptance.credit_case_contract import OF_THE_WINDOW, QUARTERLY, currency_of
from tests.acceptance.credit_case_delays import day_of, delays, given_days
from tests.acceptance.credit_case_outages import NOON, UNITS, day_or_instant, instant, outages
from tests.acceptance.credit_case_rules import metric_of


def window_of(case: CaseObject) -> Period:
    """Return the case's window, cut to the time of service, or the month or quarter in which its days lie."""
    if window := case.get("window"):
        start, end = instant(window["start"]), instant(window["end"])
        began = (
            None if "kind" in case else case.value(r"(service_)?(activated|activation|active_from|started)(_at|_on)?")
        )
        return Period(start=max(start, instant(began)) if began else start, end=end)
    kind = "quarter" if case.find(QUARTERLY)[0] else "month"
    noon = datetime.combine(_some_day(case), time(NOON), tzinfo=UTC)
    found = calendar_window(kind, case["timezone"], noon)
    ends = [instant(outage["end"]) for outage in case.objects("outages") if outage.get("end")]
    return Period(start=found.start, end=max([found.end, *ends]))


def _some_day(case: CaseObject) -> date:
    """Return a day of a case without window; one in which the calendar plays no part may have any."""
    if quarter := case.get("quarter"):
        year, number = str(quarter).upper().replace("-", "").split("Q")
        return date(int(year), 3 * int(number) - 1, 1)
    given = [*given_days(case), *(day_of(outage["start"], case["timezone"]) for outage in case.objects("outages"))]
    if not given and case.find(QUARTERLY)[0] and "days_late" not in case and case.get("days_in_quarter") is None:
        raise UnableToTranslate("the case names neither a window nor the days of its quarter")
    return min(given, default=date(2025, 1, 15))


def as_of(case: CaseObject) -> datetime:
    """Return the moment of judgement: stated, or after everything that the case tells of."""
    if (stated := case.value("as_of")) is not None:
        return instant(stated)
    ends = [instant(outage["end"]) for outage in case.objects("outages") if outage.get("end")]
    return max([window_of(case).end, *ends])


def facts(entry: CaseObject, case: CaseObject) -> ServiceFacts:
    """Translate what the case tells."""
    zone = case["timezone"]
    return ServiceFacts(
        service="case",
        outages=outages(entry, case, window_of(case)),
        maintenance=[_planned(i, window, zone) for i, window in enumerate(case.objects("maintenance"), start=1)],
        holds=[_hold(hold) for hold in case.objects("holds")],
        readings=_readings(case),
        error_intervals=_errors(case),
        restorations=_restorations(entry, case),
        delays=delays(entry, case),
        event_credits=[_event_credit(i, credit) for i, credit in enumerate(case.objects("credits"), start=1)],
        charges=_charges(case),
        claim=_claim_filed(entry, case),
    )


def _planned(number: int, window: CaseObject, zone: str) -> MaintenanceWindow:
    announced = window.value(r"announced(_at|_on)?|announcement|notice_given")
    return MaintenanceWindow(
        reference=f"M{number}",
        start=instant(window["start"]),
        end=instant(window["end"]),
        announced_at=None if announced is None else day_or_instant(announced, zone),
    )


def _hold(hold: CaseObject) -> Hold:
    end, owner = hold["end"], hold.value(r"owner|owed_by|waiting_for|awaiting|responsible")
    reason = hold.value("reason|why") or "awaiting the customer"
    return Hold(
        start=instant(hold["start"]),
        end=None if end is None else instant(end),
        reason=reason,
        owner=_owner(owner or "customer"),
    )


def _owner(text: str) -> str:
    for word, who in (("customer", "customer"), ("third", "third_party")):
        if word in text.lower():
            return who
    if any(word in text.lower() for word in ("provider", "transport", "supplier")):
        return "provider"
    raise UnableToTranslate(f"who owes the next step: {text}?")


def _readings(case: CaseObject) -> list[Reading]:
    measured = case.get("measured")
    if not measured or (value := measured.value(r"value(_ms)?|mean(_ms)?")) is None:
        return []  # nothing was measured
    unit = measured.value("unit") or "ms"
    return [Reading(metric=metric_of(measured), value=Decimal(value), unit=unit)]


def _errors(case: CaseObject) -> list[ErrorIntervals] | None:
    if "error_intervals" not in case:
        return None
    case.find(
        r"(idle|empty|silent|no_request)_intervals|intervals_without_requests"
    )  # they have the error rate 0, as all that are not listed
    return [
        ErrorIntervals(count=e["count"], error_percent=Decimal(e["error_pct"])) for e in case.objects("error_intervals")
    ]


def _restorations(entry: CaseObject, case: CaseObject) -> list[Restoration]:
    given = [(case.value(f"(restore|repair)_{unit}"), seconds) for unit, seconds in UNITS.items()]
    lengths = [Decimal(value) * seconds for values, seconds in given for value in values or []]
    if entry["rule"] == "mttr":
        for ticket in case.objects("tickets"):
            opened, closed = ticket.value("opened(_at)?"), ticket.value("closed(_at)?")
            lengths.append(Decimal(int((instant(closed) - instant(opened)).total_seconds())))
    return [Restoration(reference=f"R{i}", seconds=seconds) for i, seconds in enumerate(lengths, start=1)]


def _event_credit(number: int, credit: CaseObject) -> EventCredit:
    level = credit.value("objective|level|service_level|metric|sla") or f"level-{number}"
    return EventCredit(event=credit["event"], objective=level, percent=Decimal(credit["credit_pct"]))


def _charges(case: CaseObject) -> Charges:
    currency = currency_of(case)

    def money(given: Any) -> Money | None:
        amount = given["amount"] if isinstance(given, CaseObject) else given
        if isinstance(given, CaseObject) and given.get("currency", currency) != currency:
            raise UnableToTranslate(f"{given.where} is in {given['currency']}, not in {currency}")
        return None if amount is None else Money(amount=Decimal(amount), currency=currency)

    quarterly, monthly, part = case.value(QUARTERLY), case.get("monthly_charge"), case.value(OF_THE_WINDOW)
    return Charges(
        recurring=money(next((given for given in (quarterly, part, monthly) if given is not None), None)),
        per="month" if quarterly is None else "quarter",
        usage=money(case.value(r"usage(_charge)?")),
        hourly=money(case.value(r"hourly_(charge|rate|price)|(charge|rate|price)_per_hour")),
        days=case.get("days_in_quarter"),
    )


def _claim_filed(entry: CaseObject, case: CaseObject) -> ClaimFiled | None:
    """Return when the customer claimed; a case that says nothing of it is about a credit claimed at once."""
    given, window, zone = case.get("claim"), window_of(case), case["timezone"]
    _check_incident(case)
    if isinstance(given, CaseObject):
        there, filed = given.find(r"(claim_)?(filed|claimed|submitted|received|made|date|day)(_(at|on|date|day))?")
    else:
        there, filed = case.find(
            r"claim(ed)?(_(filed|date|at|on|day|made|received|submitted|filed_at|filed_on))?|filed_.*"
        )
    days_after = (given if isinstance(given, CaseObject) else case).value(
        r"(claim(ed)?_)?(days_after|after_days)(_\w+)?|claim_days?"
    )
    if isinstance(filed, int) and not isinstance(filed, bool):
        days_after, filed = filed, None
    if days_after is not None:
        return ClaimFiled(filed_at=_days_after(int(days_after), entry, case))
    if not there or filed is True:
        return ClaimFiled(filed_at=window.start)
    return None if filed in (None, False) else ClaimFiled(filed_at=day_or_instant(filed, zone))


def _check_incident(case: CaseObject) -> None:
    """Accept a day of the incident only where it is the day of an outage: then it tells nothing new."""
    day = case.value("incident(_date|_at|_day)?")
    if day is not None and day_of(day, case["timezone"]) not in _days_of_outages(case):
        raise UnableToTranslate(f"no outage began or ended on the day of the incident, {day}")


def _days_of_outages(case: CaseObject) -> set[date]:
    """Return the local days on which the case's outages began and ended."""
    given = [one.get(end) for one in case.objects("outages") for end in ("start", "end")]
    return {day_of(text, case["timezone"]) for text in given if text}


def _days_after(days: int, entry: CaseObject, case: CaseObject) -> datetime:
    """Return noon of the local day so long after the ticket's closure, or after the window."""
    zone, window = ZoneInfo(case["timezone"]), window_of(case)
    anchor = window.end - timedelta(seconds=1)
    closed = [o.ticket_closed_at or o.end for o in outages(entry, case, window)]
    if "ticket" in entry.get("claim", "") or entry.get("clock_stop") == "ticket_closed":
        anchor = max((moment for moment in closed if moment is not None), default=anchor)
    return datetime.combine(anchor.astimezone(zone).date() + timedelta(days=days), time(NOON), tzinfo=zone)
