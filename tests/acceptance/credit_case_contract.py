"""From an entry of a credit-case file to our contract file: field by field, never by name."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import yaml

from tests.acceptance.case_object import CaseObject, UnableToTranslate
from tests.acceptance.credit_case_rules import RULES

Fields = dict[str, Any]

COUNTRIES = {
    "Europe/London": ("GB", "ENG"),
    "Europe/Stockholm": ("SE", None),
    "America/New_York": ("US", None),
    "America/Chicago": ("US", None),
    "America/Denver": ("US", None),
    "America/Los_Angeles": ("US", None),
    "America/Vancouver": ("CA", "BC"),
    "America/Toronto": ("CA", "ON"),
    "Asia/Tokyo": ("JP", None),
}
CURRENCIES = {"GB": "GBP", "SE": "SEK", "US": "USD", "CA": "CAD", "JP": "JPY"}
QUARTERLY = r"quarter(ly)?_(charge|rental|fee)"
OF_THE_WINDOW = r"(prorated|partial|window)_(monthly_)?(charge|fee)|(charge|fee)_(for|in)_window"


def contract_text(name: str, entry: CaseObject, case: CaseObject) -> str:
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
        "window": "quarter" if case.find(QUARTERLY)[0] else "month",
        "charge_base": _charge_base(entry),
        "proration": "none" if case.find(OF_THE_WINDOW)[0] else "by_time",
        "counting": _counting(entry),
        "maintenance": _maintenance(entry),
        "calendar": _calendar(case),
        "cap": _cap(entry),
        "claim": _claim(entry),
        "chronic": _chronic(entry) if entry["rule"] == "chronic" else None,
        "objectives": list(_objectives(entry, case)),
    }
    return yaml.safe_dump({key: value for key, value in contract.items() if value is not None}, sort_keys=False)


def speaks_in_percent(entry: CaseObject) -> bool:
    """Tell whether the entry's credits are written in percent, and not as days, sums or fractions."""
    if entry["rule"] == "stacking" or "credit_pct" in entry or "credit_pct_per_step" in entry:
        return True
    return any("credit_pct" in tier for tier in entry.objects("tiers"))


def currency_of(case: CaseObject) -> str:
    """Return the currency of the case's charge; without a charge, that of its zone."""
    for charge in (case.get("monthly_charge"), case.value(QUARTERLY), case.value(OF_THE_WINDOW)):
        if isinstance(charge, CaseObject):
            currency: str = charge["currency"]
            return currency
    country = COUNTRIES.get(case["timezone"], (None, None))[0]
    return case.get("currency") or CURRENCIES.get(country or "", "EUR")


def _charge_base(entry: CaseObject) -> str:
    base = entry.get("basis", entry.get("credit_base", "monthly_charge"))
    known = {
        "monthly_charge": "recurring",
        "greater of port MRC and usage charge": "greater_of_recurring_and_usage",
    }
    if base not in known:
        raise UnableToTranslate(f"the credit base {base!r} is not understood")
    return known[base]


def _counting(entry: CaseObject) -> Fields:
    counting = {ours: entry[ours] for ours in ("clock_start", "clock_stop") if ours in entry}
    if entry.get("holds_stop_clock"):
        counting["holds_stop_the_clock"] = True
    if "min_period_seconds" in entry:
        counting["shortest"] = {"at_least": f"{entry['min_period_seconds']} s"}
    return counting


def _maintenance(entry: CaseObject) -> Fields:
    days = entry.get("maintenance_min_notice_working_days")
    return {} if days is None else {"notice_working_days": days}


def _calendar(case: CaseObject) -> Fields:
    if "holidays" in case:
        return {"holidays": [date.fromisoformat(day) for day in case["holidays"]]}
    country, subdivision = COUNTRIES.get(case["timezone"], (None, None))
    return {key: value for key, value in (("country", country), ("subdivision", subdivision)) if value}


def _cap(entry: CaseObject) -> Fields | None:
    if "cap_pct_of_quarter" in entry:
        return {"share": f"{entry['cap_pct_of_quarter']}%", "over": "quarter"}
    return {"share": f"{entry['cap_pct']}%"} if "cap_pct" in entry else None


def _claim(entry: CaseObject) -> Fields:
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


def _chronic(entry: CaseObject) -> Fields:
    return {
        "count": entry["count"],
        "outage": {"more_than": f"{entry['min_outage_seconds_exclusive']} s"},
        "within_days": entry["window_days"],
        "total": {"more_than": f"{entry['aggregate_seconds_exclusive']} s"},
        "notice_days": entry["notice_days"],
    }


def _objectives(entry: CaseObject, case: CaseObject) -> Iterator[Fields]:
    rule = entry["rule"]
    if rule == "chronic":
        return
    if rule not in RULES:
        raise UnableToTranslate(f"the rule {rule} is not known")
    objective: Fields = {"id": "main", **RULES[rule](entry, case)}
    if "committed_pct" in entry:
        objective["target"] = entry["committed_pct"]
    yield objective
    if waiver := entry.get("hourly_waiver"):
        downtime = {"more_than": f"{waiver['min_seconds_exclusive']} s"}
        yield {"id": "waiver", "metric": "availability", "rule": {"kind": "hour_waiver", "downtime": downtime}}
