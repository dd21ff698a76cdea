"""What lies beyond one window of one service: means and rows of windows, rights to leave, readings, credits by event.

A contract and facts that were drawn are widened, so that what was drawn before stays as it was.
"""

import math
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from random import Random
from typing import Any

from tests.domain.sla.drawn_contracts import DAY, given_ones, rate_of, rule_of, some
from tests.domain.sla.drawn_facts import draw_facts
from tests.domain.sla.oracle.clock import day_of, first_second, stretch_of

LENGTHS = ["10 min", "1 h", "4 h", "1 d"]
WITHIN = [
    [{"days": ["sun", "mon"], "starts": "00:00", "ends": "06:00"}],
    [
        {"days": ["tue", "fri", "sat"], "starts": "22:00", "ends": "04:30"},
        {"days": ["wed"], "starts": "09:00", "ends": "17:00"},
    ],
    [{"days": ["mon", "tue", "wed", "thu", "fri"], "starts": "17:00", "ends": "09:00", "months": [1, 2, 3, 4, 10]}],
]
UNITS = {"availability": "percent", "success_rate": "percent", "latency": "ms", "delay": "days"}
Value = Callable[[dict[str, Any], dict[str, Any], str], Fraction | None]


def widen(r: Random, terms: dict[str, Any]) -> dict[str, Any]:
    """Add terms that look beyond the window or count apart."""
    found = terms | {"objectives": [*terms["objectives"]]}
    currency = terms["currency"]
    if r.random() < 0.5:
        found["objectives"].append(_of_several_windows(r, currency))
    if r.random() < 0.25:
        found["objectives"].append({"id": "e", "metric": "events", "rule": {"kind": "event_credits"}})
    if r.random() < 0.4:
        found["calendar"] = _calendar(r)
    counting = given_ones(
        faults=some(r, 4, [["outage"], ["degradation"], ["outage", "degradation"]]),
        priorities=some(r, 4, [["P1"], ["P1", "P2"]]),
    )
    found["counting"] = found["counting"] | counting
    if r.random() < 0.5:
        found["chronic"] = _chronic(r, [one["id"] for one in found["objectives"] if "target" in one])
        if "missed" in found["chronic"]:
            found["objectives"] = [_unrounded(one) for one in found["objectives"]]
    if r.random() < 0.25:
        found = {name: value for name, value in found.items() if name not in ("billing_day", "first_month")}
        found["window_from"] = "agreement"
    found["objectives"] = [_other_parts(r, one) for one in found["objectives"]]
    found["maintenance"] = found["maintenance"] | given_ones(within=some(r, 3, WITHIN))
    found["claim"] = found["claim"] | given_ones(ticket_from=some(r, 3, ["anyone", "customer"]))
    return found


def _other_parts(r: Random, objective: dict[str, Any]) -> dict[str, Any]:
    """Number events over days, or working days alone; measure the share of the samples that are too slow."""
    rule, measure = objective["rule"], objective.get("measure", {})
    if any("from_event" in tier for tier in rule.get("tiers", ())):
        rule = rule | given_ones(events_over=some(r, 2, [{"days": 5}, {"days": 30}, {"days": 1}]))
    if rule.get("for_each") == "day":
        rule = rule | given_ones(days=some(r, 2, ["working", "all"]))
    if measure.get("kind") in ("mean", "percentile") and r.random() < 0.3:
        bound = r.choice([{"more_than": 5}, {"at_least": 5.1}, {"more_than": 12}])
        objective = objective | {"measure": {"kind": "share_beyond", "bound": bound}}
    return objective | {"rule": rule}


def _of_several_windows(r: Random, currency: str) -> dict[str, Any]:
    """A mean of several windows, or a rule that pays from a missed window in a row on."""
    metric = r.choice(["availability", "availability", "latency"])
    target: Any = {"availability": r.choice(["99.9", "99.5"]), "latency": r.choice([5, 20])}[metric]
    rate = rate_of(r, currency, timed=False)
    found: dict[str, Any] = {"id": "w", "metric": metric, "target": target}
    if r.random() < 0.5:
        row = {"when": "target_missed", "in_a_row": r.choice([2, 2, 3])}
        timed = metric == "availability"
        rule = rule_of(r, currency, of="downtime") if timed else {"kind": "credit", "rate": rate}
        return found | {"rule": rule | row}
    worse, better = ("below", "at_least") if metric == "availability" else ("more_than", "at_most")
    bands = [{worse: target, "rate": rate}, {better: target, "rate": "0%"}]
    rules = [
        {"when": "target_missed", "rate": rate},
        {"beyond": "target", "block": r.choice([1, 0.1]), "rate": "1%", "most_blocks": 30},
        {"tiers": bands},
    ]
    return found | {"rolling_windows": r.choice([2, 3]), "rule": {"kind": "credit"} | r.choice(rules)}


def _calendar(r: Random) -> dict[str, Any]:
    country = r.choice([{"country": "AT"}, {"country": "DE", "subdivision": "BY"}])
    return country | given_ones(holidays=some(r, 3, [["2025-03-05", "2025-10-13"]]))


def _chronic(r: Random, objectives: list[str]) -> dict[str, Any]:
    outage = given_ones(outage=some(r, 2, [{"at_least": "1 h"}, {"more_than": "30 min"}, {"at_least": "1 d"}]))
    total = {"total": r.choice([{"more_than": "24 h"}, {"at_least": "2 h"}])}
    windows = r.choice([1, 2, 3])
    missed = {"windows": windows} | given_ones(within=some(r, 2, [windows, 4]), objective=some(r, 2, objectives))
    ways = [
        {"count": r.choice([1, 2, 3]), "within_days": r.choice([5, 30, 60])} | outage,
        total | {"total_over": r.choice(["month", "quarter", "year"])},
        total | {"total_within_days": r.choice([5, 30])},
        {"missed": missed},
    ]
    found = r.choice(ways) | (r.choice(ways) if r.random() < 0.3 else {})
    return found | given_ones(notice_days=some(r, 2, [0, 30]), warn_before=some(r, 3, [2]))


def _unrounded(objective: dict[str, Any]) -> dict[str, Any]:
    rule = {name: value for name, value in objective["rule"].items() if name != "round_decimals"}
    return objective | {"rule": rule}


def wider_facts(r: Random, terms: dict[str, Any], moment: int, value_of: Value) -> dict[str, Any]:
    """Draw facts that reach beyond the window; `value_of` tells what the records say of an objective."""
    starts, zone = None, terms["zone"]
    if terms.get("window_from") == "agreement":
        first = day_of(moment, zone) - timedelta(days=r.choice([0, 11, 45, 100, 400]))
        starts = date(first.year, first.month, r.choice([1, 15, 29, 30, first.day]) if first.month != 2 else first.day)
        terms = terms | {"billing_day": min(starts.day, 28), "first_month": starts.month}
    facts = draw_facts(r, terms, moment)
    low, high = stretch_of(terms["window"], moment, terms)
    if starts is not None:
        begun, change = first_second(starts, zone), first_second(day_of(low + 9 * DAY, zone), zone)
        one = {"start": begun}
        facts["agreements"] = [one]
        if begun < change and r.random() < 0.3:
            facts["agreements"] = [one | {"end": change}, {"start": change}]
    facts["outages"] += [_earlier(r, place, low) for place in range(r.choice([0, 1, 2, 4]))]
    for ticket in facts["tickets"]:
        ticket.update(given_ones(priority=r.choice(["P1", "P2", "P3"]) if r.random() < 0.97 else None))
        ticket.update(given_ones(opened_by=some(r, 3, ["provider", "customer"])))
    series, steps = facts["series"], 80 * DAY // facts["series"]["step"]
    if r.random() < 0.7:
        before: list[int | None] = [r.choice([49, 50, 51])] * steps
        begin = r.randrange(steps)
        before[begin : begin + 60] = [r.choice([None, 60, 300])] * len(before[begin : begin + 60])
        facts["series"] = series | {
            "start": series["start"] - steps * series["step"],
            "values": before + series["values"],
        }
    facts["event_credits"] = [
        {"event": r.choice(["O0", "E1", "E2"]), "objective": "x", "percent": r.choice(["5", "12.5", "100", "0"])}
        | given_ones(at=r.randrange(low, high) if r.random() < 0.9 else None)
        for _ in range(r.choice([0, 1, 3]))
    ]
    facts["readings"] = [_reading(r, one, terms, facts, value_of) for one in terms["objectives"] if _is_read(r, one)]
    return facts


def _earlier(r: Random, place: int, low: int) -> dict[str, Any]:
    start = low - r.randrange(1, 100 * DAY)
    return {"reference": f"B{place}", "start": start, "end": min(low, start + r.randrange(600, 200_000))}


def _is_read(r: Random, objective: dict[str, Any]) -> bool:
    of_share, of_working = objective.get("measure", {}).get("kind") == "share_beyond", "days" in objective["rule"]
    return objective["metric"] != "events" and not of_share and not of_working and r.random() < 0.15


def _reading(
    r: Random, objective: dict[str, Any], terms: dict[str, Any], facts: dict[str, Any], value_of: Value
) -> dict[str, Any]:
    """A value that agrees with the records to its decimals, or any other."""
    unit = UNITS.get(objective["metric"], "s")
    value = value_of(terms, facts | {"readings": []}, objective["id"])
    decimals = 0 if unit == "days" else r.choice([0, 1, 3])
    if value is None or r.random() < 0.3:
        written = r.choice(
            {"percent": ["99.95", "99.9", "97", "100"], "days": ["0", "1", "6"]}.get(unit, ["4", "21.5"])
        )
    else:
        scale = 10**decimals
        whole = math.floor(value * scale + Fraction(1, 2))
        written = f"{whole // scale}" + (f".{whole % scale:0{decimals}}" if decimals else "")
    return {"metric": objective["id"], "value": written, "unit": unit}
