"""From an entry of a credit-case file to our contract file and facts: field by field, never by name."""

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from include.sla_logic.domain.measurements import (
    Charges,
    ClaimFiled,
    Delay,
    ErrorIntervals,
    EventCredit,
    Hold,
    MaintenanceWindow,
    Outage,
    Reading,
    Restoration,
    ServiceFacts,
)
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period, calendar_window

Fields = dict[str, Any]

COUNTRIES = {
    "Europe/London": ("GB", "ENG"),
    "Europe/Stockholm": ("SE", None),
    "America/New_York": ("US", None),
    "America/Chicago": ("US", None),
    "America/Denver": ("US", None),
    "America/Vancouver": ("CA", "BC"),
    "America/Toronto": ("CA", "ON"),
    "Asia/Tokyo": ("JP", None),
}
CURRENCIES = {"GB": "GBP", "SE": "SEK", "US": "USD", "CA": "CAD", "JP": "JPY"}


def contract_text(name: str, entry: Fields, case: Fields) -> str:
    """Write the contract file of one entry, in the zone and currency of the case."""
    contract: Fields = {
        "id": name,
        "version": "1",
        "title": entry["title"],
        "provider": entry.get("provider"),
        "source": entry.get("source"),
        "assumptions": entry.get("assumptions", []),
        "zone": case["timezone"],
        "currency": currency_of(case),
        "window": "quarter" if "quarterly_charge" in case else "month",
        "charge_base": "greater_of_recurring_and_usage" if "greater" in entry.get("credit_base", "") else "recurring",
        "counting": _counting(entry),
        "maintenance": _maintenance(entry),
        "calendar": _calendar(case),
        "cap": _cap(entry),
        "claim": _claim(entry),
        "chronic": _chronic(entry) if entry["rule"] == "chronic" else None,
        "objectives": list(_objectives(entry, case)),
    }
    return yaml.safe_dump({key: value for key, value in contract.items() if value is not None}, sort_keys=False)


def currency_of(case: Fields) -> str:
    if case.get("monthly_charge"):
        return case["monthly_charge"]["currency"]
    country = COUNTRIES.get(case["timezone"], (None, None))[0]
    return case.get("currency") or CURRENCIES.get(country or "", "EUR")


def _counting(entry: Fields) -> Fields:
    counting: Fields = {}
    for ours in ("clock_start", "clock_stop"):
        if ours in entry:
            counting[ours] = entry[ours]
    if entry.get("holds_stop_clock"):
        counting["holds_stop_the_clock"] = True
    if "min_period_seconds" in entry:
        counting["shortest"] = {"at_least": f"{entry['min_period_seconds']} s"}
    return counting


def _maintenance(entry: Fields) -> Fields:
    days = entry.get("maintenance_min_notice_working_days")
    return {} if days is None else {"notice_working_days": days}


def _calendar(case: Fields) -> Fields:
    if "holidays" in case:
        return {"holidays": [date.fromisoformat(day) for day in case["holidays"]]}
    country, subdivision = COUNTRIES.get(case["timezone"], (None, None))
    return {key: value for key, value in (("country", country), ("subdivision", subdivision)) if value}


def _cap(entry: Fields) -> Fields | None:
    if "cap_pct_of_quarter" in entry:
        return {"share": f"{entry['cap_pct_of_quarter']}%", "over": "quarter"}
    return {"share": f"{entry['cap_pct']}%"} if "cap_pct" in entry else None


def _claim(entry: Fields) -> Fields:
    """Read the deadline: a number of days, or the sentence's own numbers."""
    claim: Fields = {}
    sentence = entry.get("claim")
    if sentence:
        claim["note"] = sentence
        if within := re.search(r"trouble ticket within (\d+) h of the fault", sentence):
            claim["ticket_within"] = f"{within[1]} h"
        if days := re.search(r"within (\d+) days(?: of (ticket closure))?", sentence):
            claim["within_days"] = int(days[1])
            claim["counted_from"] = "ticket_closed" if days[2] else "window_end"
        if "second billing cycle after" in sentence:
            claim["billing_cycles"] = 2
    if "claim_days" in entry:
        claim["within_days"] = entry["claim_days"]
        claim["counted_from"] = "ticket_closed" if entry.get("clock_stop") == "ticket_closed" else "window_end"
    return claim


def _chronic(entry: Fields) -> Fields:
    return {
        "count": entry["count"],
        "outage": {"more_than": f"{entry['min_outage_seconds_exclusive']} s"},
        "within_days": entry["window_days"],
        "total": {"more_than": f"{entry['aggregate_seconds_exclusive']} s"},
        "notice_days": entry["notice_days"],
    }


def _value_tiers(tiers: list[Fields]) -> list[Fields]:
    names = {"gte": "at_least", "gt": "more_than", "lte": "at_most", "lt": "below"}
    return [{names[k]: t[k] for k in names if k in t} | {"credit": _credit(t)} for t in tiers]


def _duration_tiers(tiers: list[Fields]) -> list[Fields]:
    names = {"gte_s": "at_least", "gt_s": "more_than", "lte_s": "at_most", "lt_s": "below"}
    return [{names[k]: f"{t[k]} s" for k in names if k in t} | {"credit": _credit(t)} for t in tiers]


def _credit(tier: Fields) -> str:
    return tier["credit_fraction"] if "credit_fraction" in tier else f"{tier['credit_pct']}%"


def _objectives(entry: Fields, case: Fields) -> Any:
    rule = entry["rule"]
    if rule == "chronic":
        return
    objective: Fields = {"id": "main", **_RULES[rule](entry, case)}
    if "committed_pct" in entry:
        objective["target"] = entry["committed_pct"]
    yield objective
    if waiver := entry.get("hourly_waiver"):
        downtime = {"more_than": f"{waiver['min_seconds_exclusive']} s"}
        yield {"id": "waiver", "metric": "availability", "rule": {"kind": "hour_waiver", "downtime": downtime}}


def _availability(rule: Fields, **more: Any) -> Fields:
    return {"metric": "availability", "rule": rule, **more}


def _percent_tiers(entry: Fields, _case: Fields) -> Fields:
    rounding = {"round_decimals": entry["round_dp"]} if "round_dp" in entry else {}
    return _availability({"kind": "tiers", "tiers": _value_tiers(entry["tiers"]), **rounding})


def _cumulated(entry: Fields, _case: Fields) -> Fields:
    column = {"percent_column": _value_tiers(entry["parallel_pct_tiers"])} if "parallel_pct_tiers" in entry else {}
    return _availability({"kind": "duration_tiers", "tiers": _duration_tiers(entry["tiers"]), **column})


def _error_rates(entry: Fields, _case: Fields) -> Fields:
    measure = {"kind": "error_rates", "interval": f"{entry['interval_seconds']} s"}
    return {
        "metric": "success_rate",
        "measure": measure,
        "rule": {"kind": "tiers", "tiers": _value_tiers(entry["tiers"])},
    }


def _block(entry: Fields) -> Fields:
    days = {"days_in_month": "in_period"}.get(entry["day_basis"], entry["day_basis"])
    counts = "started" if entry["partial_block_counts"] else "full"
    return {"block": f"{entry['block_seconds']} s", "counts": counts, "days": days}


def _blocks(entry: Fields, _case: Fields) -> Fields:
    return _availability({"kind": "day_per_block", **_block(entry)})


def _excess_blocks(entry: Fields, _case: Fields) -> Fields:
    nearest = {"nearest": f"{entry['round_to_seconds']} s"} if "round_to_seconds" in entry else {}
    return _availability({"kind": "day_per_excess_block", **_block(entry), **nearest})


def _calendar_days(entry: Fields, _case: Fields) -> Fields:
    outage = {"more_than": f"{entry['min_outage_seconds_exclusive']} s"}
    return _availability({"kind": "share_per_day", "share": entry["fraction"], "outage": outage})


def _mean_restore(entry: Fields, _case: Fields) -> Fields:
    rule = {"kind": "share_when_missed", "credit": f"{entry['credit_pct']}%"}
    return {"metric": "time_to_restore", "target": f"{entry['target_seconds']} s", "rule": rule}


def _shortfall(entry: Fields, _case: Fields) -> Fields:
    rule = {"kind": "share_per_step", "step": entry["step_pct"], "credit": f"{entry['credit_pct_per_step']}%"}
    return _availability(rule, target=entry["target_pct"])


def _measured(entry: Fields, case: Fields) -> Fields:
    measured = case.get("measured", {})
    metric = "jitter" if "jitter" in measured.get("metric", "jitter") else "latency"
    return {"metric": metric, "target": measured.get("target", entry.get("target"))}


def _full_units(entry: Fields, case: Fields) -> Fields:
    rule = {"kind": "share_per_step", "step": "1", "counts": "full", "credit": entry["fraction_per_ms"]}
    return {**_measured(entry, case), "rule": {**rule, "most_steps": entry["max_ms"]}}


def _overruns(entry: Fields, case: Fields) -> Fields:
    thresholds = [{"overrun": tier["gte"], "credit": f"{tier['credit_pct']}%"} for tier in entry["tiers"]]
    return {**_measured(entry, case), "rule": {"kind": "overrun_tiers", "thresholds": thresholds}}


def _fixed_sums(entry: Fields, case: Fields) -> Fields:
    kind = case["kind"]
    grace = entry["grace_working_days"][kind]
    rule = {"kind": "sum_per_day", "applies_to": kind, "sum": entry["rates"][kind], "grace_working_days": grace}
    return {"metric": "delay", "rule": rule}


def _fault_hours(_entry: Fields, _case: Fields) -> Fields:
    return _availability({"kind": "day_per_block", "block": "1 h", "counts": "full"})


def _daily(entry: Fields, _case: Fields) -> Fields:
    times, days = re.search(r"x (\d+) / (\d+)", entry["formula"]).groups()
    rule = {"kind": "daily_rate", "periods_per_year": int(times), "days_per_year": int(days)}
    return {"metric": "delay", "rule": rule}


def _stated_credits(_entry: Fields, _case: Fields) -> Fields:
    return {"metric": "events", "rule": {"kind": "event_credits"}}


_RULES = {
    "availability_tiers": _percent_tiers,
    "availability_tiers_rounded": _percent_tiers,
    "error_rate_tiers": _error_rates,
    "duration_tiers": _cumulated,
    "block_day_credit": _blocks,
    "excess_block_day_credit": _excess_blocks,
    "calendar_day_fraction": _calendar_days,
    "mttr": _mean_restore,
    "shortfall_steps": _shortfall,
    "ms_over": _full_units,
    "overrun_pct_tiers": _overruns,
    "fixed_per_day": _fixed_sums,
    "hour_day_credit_quarter": _fault_hours,
    "daily_rate": _daily,
    "stacking": _stated_credits,
}


def window_of(case: Fields) -> Period:
    """Return the case's window, or the month or quarter in which its days lie."""
    if case.get("window"):
        return Period(start=moment(case["window"]["start"]), end=moment(case["window"]["end"]))
    day = next((value for key, value in case.items() if key.endswith("_date") and value), "2025-01-15")
    noon = datetime.combine(date.fromisoformat(str(day)[:10]), time(12), tzinfo=UTC)
    return calendar_window("quarter" if "quarterly_charge" in case else "month", case["timezone"], noon)


def moment(text: str, zone: str = "UTC") -> datetime:
    """Read an instant; a bare day means its noon in the zone."""
    read = datetime.fromisoformat(text)
    if len(text) == len("2025-01-01"):
        return datetime.combine(read.date(), time(12), tzinfo=ZoneInfo(zone))
    return read if read.tzinfo else read.replace(tzinfo=ZoneInfo(zone))


def as_of(case: Fields) -> datetime:
    """Return the moment of judgement: stated, or after everything that the case tells of."""
    if case.get("as_of"):
        return moment(case["as_of"])
    ends = [moment(entry["end"]) for entry in case["outages"] if entry.get("end")]
    return max([window_of(case).end, *ends])


def facts(entry: Fields, case: Fields) -> ServiceFacts:
    """Translate what the case tells."""
    zone = case["timezone"]
    return ServiceFacts(
        service="case",
        outages=[_outage(i, outage, entry, case) for i, outage in enumerate(case["outages"], start=1)],
        maintenance=[_planned(i, window, zone) for i, window in enumerate(case["maintenance"], start=1)],
        holds=[_hold(hold) for hold in case["holds"]],
        readings=_readings(case),
        error_intervals=_errors(case),
        restorations=_restorations(case),
        delays=_delays(entry, case),
        event_credits=[
            EventCredit(event=c["event"], objective=f"level-{i}", percent=Decimal(c["credit_pct"]))
            for i, c in enumerate(case.get("credits", []))
        ],
        charges=_charges(case),
        claim=_claim_filed(case),
    )


def _first(fields: Fields, *names: str) -> Any:
    return next((fields[name] for name in names if fields.get(name) is not None), None)


def _outage(number: int, outage: Fields, entry: Fields, case: Fields) -> Outage:
    zone = case["timezone"]
    opened, closed = _ticket(outage, case, "open"), _ticket(outage, case, "clos")
    if entry.get("clock_start") == "ticket_opened":  # without a ticket of its own, the entry is the ticket
        opened, closed = opened or outage["start"], closed or outage["end"]
    return Outage(
        reference=f"O{number}",
        start=moment(outage["start"]),
        end=None if outage["end"] is None else moment(outage["end"]),
        attribution=_attribution(str(_first(outage, "attribution", "cause", "fault", "owner") or "")),
        ticket_opened_at=opened and moment(opened, zone),
        ticket_closed_at=closed and moment(closed, zone),
    )


def _ticket(outage: Fields, case: Fields, word: str) -> str | None:
    """Find when the ticket was opened or closed: beside the outage, beside the case, or in a ticket of either."""
    places = (outage, outage.get("ticket") or {}, case, case.get("ticket") or {})
    found = (value for place in places for key, value in place.items() if word in key and isinstance(value, str))
    return next(found, None)


def _attribution(text: str) -> str:
    for word, who in (("customer", "customer"), ("third", "third_party"), ("force", "force_majeure")):
        if word in text.lower():
            return who
    return "provider"


def _planned(number: int, window: Fields, zone: str) -> MaintenanceWindow:
    announced = window.get("announced")
    return MaintenanceWindow(
        reference=f"M{number}",
        start=moment(window["start"]),
        end=moment(window["end"]),
        announced_at=announced and moment(announced, zone),
    )


def _hold(hold: Fields) -> Hold:
    end = hold.get("end")
    reason = hold.get("reason", "awaiting the customer")
    return Hold(start=moment(hold["start"]), end=end and moment(end), reason=reason)


def _readings(case: Fields) -> list[Reading]:
    measured = case.get("measured")
    if not measured:
        return []
    metric = "jitter" if "jitter" in measured["metric"] else "latency"
    return [Reading(metric=metric, value=Decimal(measured["value"]), unit="ms")]


def _errors(case: Fields) -> list[ErrorIntervals] | None:
    if "error_intervals" not in case:
        return None
    return [ErrorIntervals(count=e["count"], error_percent=Decimal(e["error_pct"])) for e in case["error_intervals"]]


def _restorations(case: Fields) -> list[Restoration]:
    units = {"restore_hours": 3600, "restore_minutes": 60, "restore_seconds": 1}
    return [
        Restoration(reference=f"R{i}", seconds=Decimal(value) * seconds)
        for key, seconds in units.items()
        for i, value in enumerate(case.get(key, []), start=1)
    ]


_DONE = ("done_date", "restored_date", "activated_date", "repaired_date", "closed_date")


def _delays(entry: Fields, case: Fields) -> list[Delay]:
    if "days_late" in case:
        return [Delay(kind="delay", days_late=case["days_late"])]
    if entry["rule"] != "fixed_per_day":
        return []
    done = _first(case, *_DONE)
    due = next((value for key, value in case.items() if key.endswith("_date") and key not in _DONE), None)
    return [Delay(kind=case["kind"], due=due, done=done)]


def _charges(case: Fields) -> Charges:
    currency = currency_of(case)
    recurring, per = case.get("monthly_charge"), "month"
    amount = recurring["amount"] if recurring else None
    if "quarterly_charge" in case:
        amount, per = case["quarterly_charge"], "quarter"
    usage, hourly = case.get("usage_charge"), _first(case, "hourly_charge", "hourly_rate")

    def money(text: str | None) -> Money | None:
        return None if text is None else Money(amount=Decimal(text), currency=currency)

    days = case.get("days_in_quarter")
    return Charges(recurring=money(amount), per=per, usage=money(usage), hourly=money(hourly), days=days)


def _claim_filed(case: Fields) -> ClaimFiled | None:
    """Return when the customer claimed; a case that says nothing of it is about a credit claimed at once."""
    told = case["claim"] if isinstance(case.get("claim"), dict) else case
    keys = (key for key, value in told.items() if isinstance(value, str) and ("claim" in key or told is not case))
    filed = next((told[key] for key in keys), None)
    if filed is None:
        return ClaimFiled(filed_at=window_of(case).start)
    return ClaimFiled(filed_at=moment(filed, case["timezone"]))


def with_fault_hours(found: ServiceFacts, case: Fields) -> ServiceFacts:
    """Turn a bare number of fault hours into one outage of that length at the start of the window."""
    if "fault_hours" not in case:
        return found
    start = window_of(case).start
    told = case["fault_hours"]
    hours = sum(map(Decimal, told)) if isinstance(told, list) else Decimal(told)
    end = start + timedelta(seconds=int(hours * 3600))
    return found.model_copy(update={"outages": (Outage(reference="O1", start=start, end=end),)})
