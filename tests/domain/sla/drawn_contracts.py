"""Contracts over the whole format, and facts that hit their edges, drawn at random."""

from collections.abc import Sequence
from functools import partial
from random import Random
from typing import Any

from tests.domain.sla.oracle.clock import WEEK

ZONES = [
    "UTC", "Europe/London", "Europe/Berlin", "America/New_York", "America/Los_Angeles", "Asia/Kolkata",
    "Asia/Kathmandu", "Australia/Lord_Howe", "Australia/Sydney", "Africa/Casablanca", "America/St_Johns",
    "Pacific/Chatham", "Pacific/Kiritimati", "Etc/GMT+12", "Africa/Cairo",
]  # fmt: skip
CURRENCIES = ["JPY", "EUR", "KWD"]
MOMENTS = ["2025-02-10", "2024-02-10", "2025-03-10", "2025-04-10", "2025-10-10", "2025-12-31"]
DAY = 86_400
HOLIDAYS = ["2025-03-05", "2025-04-18", "2025-10-03", "2025-12-25", "2024-02-12", "2025-02-12"]


def some(r: Random, chance: int, values: Sequence[Any]) -> Any:
    """Choose a value in one of `chance` cases, else None."""
    return r.choice(values) if r.randint(1, chance) == 1 else None


def given_ones(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def share(r: Random, currency: str) -> Any:
    shares, sums = ["5%", "1/30", "12.5%", "100%"], [f"5 {currency}", f"0.75 {currency}", f"40 {currency}"]
    return r.choice([*shares, *sums, {"day": "in_period"}, {"day": 30}])


def rate_of(r: Random, currency: str, *, timed: bool) -> Any:
    """A rate, or the greater or lesser of several; the time itself where time is counted."""

    def one() -> Any:
        return "pro_rata" if timed and r.randint(1, 5) == 1 else share(r, currency)

    return (
        {r.choice(["greater_of", "lesser_of"]): [one() for _ in range(r.randint(2, 4))]}
        if r.randint(0, 3) == 0
        else one()
    )


def upper(r: Random) -> tuple[str, str]:
    """Draw which of two bands the edge belongs to."""
    return r.choice([("below", "at_least"), ("at_most", "more_than")])


def bands(r: Random, currency: str, each: str, edges: list[str], *, block: bool, timed: bool, by_value: bool) -> Any:
    """Bands that cover every size, sometimes with a hole, by numbers, or both."""
    names = {"event": ["from_event"], "day": ["from_day"]}.get(each, []) + (["from_block"] if block else [])
    name = r.choice([None, None, *names])
    firsts = [1] if name is None else sorted(r.sample(range(1, 6), r.randint(1, 3)))
    rows: list[dict[str, Any]] = []
    for first in firsts:
        numbered = {} if name is None else {name: first}
        below, above = upper(r)
        rate = partial(rate_of, r, currency, timed=timed)
        if name is None or (not by_value and r.random() < 0.5):
            edge = r.choice(edges)
            low, high = ("5%", "0%") if by_value else (rate(), rate())
            if by_value and r.random() < 0.5:
                low = rate()
            rows += [numbered | {below: edge, "rate": low}, numbered | {above: edge, "rate": high}]
        else:
            rows.append(numbered | {"rate": rate()})
    return rows


def rule_of(r: Random, currency: str, *, of: str) -> dict[str, Any]:
    """A rule for `downtime`, `repairs` or `late` days."""
    each = r.choice({"downtime": ["window", "event", "day"], "repairs": ["event", "event", "window"]}.get(of, ["day"]))
    timed = of != "late" and not (of == "repairs" and each == "window")
    rule: dict[str, Any] = {"kind": "credit", "for_each": each}
    if timed:
        rule |= sizes(r, target=each == "window" or of == "repairs")
    rule |= r.choice([{}, {}, {"when": "target_missed"}])
    rule |= r.choice([{}, {}, {"times": 5}, {"times": 0.5}])
    for choices in OWN_PARTS.get((of, each), ()):
        rule |= r.choice(choices)
    for name in ("each_at_least", "each_at_most", "at_least", "at_most"):
        if r.randint(0, 5) == 0:
            rule[name] = share(r, currency)
    rule |= paid(r, currency, each, of, block="block" in rule, timed=timed)
    if any("from_event" in tier for tier in rule.get("tiers", ())):
        rule |= r.choice([{}, {"events_over": "month"}, {"events_over": "year"}])
    return rule


REPAIR = [{}, {"day_of_repair": "not_paid"}, {"day_of_repair": "paid"}]
OWN_PARTS: dict[tuple[str, str], list[list[dict[str, Any]]]] = {
    ("downtime", "event"): [[{}, {"event_in": "window_of_start"}, {"event_in": "cut"}]],
    ("downtime", "day"): [
        [{}, {"outage": {"at_least": "2 h"}}, {"outage": {"more_than": "10 min"}}],
        [{}, {"first_day": "report"}, {"first_day": "after_report"}],
        REPAIR,
    ],
    ("late", "day"): [REPAIR, [{}, {"grace_working_days": 2}, {"first_day": "after_report"}, {"promise": "line"}]],
}


def sizes(r: Random, *, target: bool) -> dict[str, Any]:
    """What is free of a time, and in which blocks it is paid."""
    found: dict[str, Any] = {}
    if r.random() < 0.5:
        found["block"] = r.choice(["300 s", "5 min", "1 h", "4 h", "1 d"])
        found |= r.choice([{}, {"counts": "full"}, {"counts": "started"}, {"most_blocks": 3}])
    if r.random() < 0.5:
        found["beyond"] = r.choice(["30 min", "1 s", "target" if target else "10 min"])
        found |= r.choice([{}, {}, {"nearest": "15 min"}, {"nearest": "1 min"}])
    return found


def paid(r: Random, currency: str, each: str, of: str, *, block: bool, timed: bool) -> dict[str, Any]:
    """One rate, or tiers."""
    if r.random() < 0.5:
        return {"rate": rate_of(r, currency, timed=timed)}
    if of == "downtime" and each == "window" and r.randint(0, 3) == 0:
        tiers = bands(r, currency, each, ["99.9", "99.5", "99"], block=False, timed=timed, by_value=True)
        return {"tiers": tiers} | r.choice([{}, {"round_decimals": 2}])
    tiers = bands(r, currency, each, ["5 min", "1 h", "1 d"], block=block, timed=timed, by_value=False)
    if of == "late":
        tiers = [{name: value for name, value in tier.items() if name in ("from_day", "rate")} for tier in tiers][:1]
    return {"tiers": tiers}


OPENINGS = [
    {"opens": "09:00", "closes": "17:00"},
    {"days": ["mon", "wed", "sat"], "opens": "08:30", "closes": "24:00"},
    {"days": ["sun", "fri"], "opens": "06:00", "closes": "22:15", "on_holidays": True},
    {"days": list(WEEK), "opens": "10:00", "closes": "11:00"},
]


def counting_of(r: Random) -> dict[str, Any]:
    clocks = ["detected", "reported", "first_of_detected_and_reported", "ticket_opened"]
    parties = ["provider", "customer", "third_party", "force_majeure"]
    return given_ones(
        clock_start=some(r, 4, clocks),
        clock_stop=some(r, 5, ["ticket_closed"]),
        holds_stop_the_clock=some(r, 2, [True]),
        stops_for=some(r, 4, [r.sample(parties, r.randint(1, 3))]),
        attributions=some(r, 4, [r.sample(parties, r.randint(1, 3))]),
        shortest=some(r, 3, [{"at_least": "5 min"}, {"more_than": "5 min"}, {"at_least": "1 h"}]),
        brackets=some(r, 3, ["longest"]),
        partial_outages=some(r, 3, ["by_share"]),
        degradations=some(r, 3, ["0%", "50%", "1/3"]),
        least_coverage=some(r, 5, ["99%", "90%"]),
        service_hours=some(r, 3, [r.sample(OPENINGS, r.randint(1, 2))]),
    )


def maintenance_of(r: Random) -> dict[str, Any]:
    work = [
        {"days": ["sun"], "starts": "02:00", "ends": "06:00"},
        {"days": ["tue", "sat"], "starts": "22:30", "ends": "05:00", "months": [3, 4, 10]},
        {"days": list(WEEK), "starts": "04:00", "ends": "05:00"},
    ]
    recurring = some(r, 3, [r.sample(work, r.randint(1, 2))])
    allowance = some(r, 3, ["1 h", "4 h"])
    return given_ones(
        excluded=some(r, 6, [False]),
        notice=some(r, 3, ["1 d", "5 d"]),
        notice_working_days=some(r, 4, [1, 3]),
        recurring=recurring,
        allowance=allowance,
        allowance_over=None if allowance is None else some(r, 2, ["quarter", "year"]),
    )


def claim_of(r: Random) -> dict[str, Any]:
    deadline: dict[str, Any] = r.choice(
        [{}, {}, {"within_days": 5}, {"within_working_days": 3}, {"within_months": 1}, {"billing_cycles": 1}]
    )
    if deadline and "billing_cycles" not in deadline:
        deadline |= r.choice(
            [{}, {"counted_from": "outage_start"}, {"counted_from": "outage_end"}, {"counted_from": "ticket_closed"}]
        )
    return deadline | given_ones(
        automatic=some(r, 5, [True]),
        ticket=some(r, 5, ["required", "not_required"]),
        ticket_within=some(r, 5, ["1 h", "1 d"]),
    )


def value_objective(r: Random, currency: str, place: int) -> dict[str, Any]:
    """An objective about a value of the window: latency in ms, or a success rate."""
    metric = r.choice(["latency", "latency", "success_rate"])
    target = r.choice([5, 20] if metric == "latency" else [99.9, 99])
    rate = partial(rate_of, r, currency, timed=False)
    below, above = upper(r)
    kind = r.choice(["tiers", "tiers", "step", "missed", "overrun", "free"])
    rule: dict[str, Any] = {"kind": "credit"}
    if kind == "tiers":
        edge = r.choice([5, 12, 20.5] if metric == "latency" else [99.9, 99.5])
        low, high = ({"rate": rate()}, {"rate": "0%"}) if metric != "latency" else ({"rate": "0%"}, {"rate": rate()})
        rule |= {"tiers": [{below: edge, **low}, {above: edge, **high}]} | r.choice([{}, {"round_decimals": 1}])
    elif kind == "overrun":
        rule |= {"tiers_by": "overrun", "tiers": [{"below": 10, "rate": "0%"}, {"at_least": 10, "rate": rate()}]}
    elif kind == "missed":
        rule |= {"when": "target_missed", "rate": rate()}
    else:
        free = "target" if kind == "step" else target
        rule |= {"beyond": free, "block": r.choice([1, 0.1, 2]), "rate": rate()}
        rule |= r.choice([{}, {"counts": "full"}, {"most_blocks": 3}])
    rule |= r.choice([{}, {"times": 2}, {"at_most": "5%"}, {"each_at_least": f"5 {currency}"}])
    found: dict[str, Any] = {"id": f"o{place}", "metric": metric, "target": target, "rule": rule}
    ways = [{"kind": "percentile", "percentile": 95}, {"kind": "percentile", "percentile": 50.5}, {"kind": "mean"}]
    if metric == "latency":
        found["measure"] = r.choice(ways)
    return found


def objective_of(r: Random, currency: str, place: int) -> dict[str, Any]:
    of = r.choice(["downtime", "downtime", "downtime", "repairs", "late", "value", "value", "tickets"])
    if of == "value":
        return value_objective(r, currency, place)
    metric = {"downtime": "availability", "repairs": "time_to_restore", "late": "delay"}.get(of) or r.choice(
        ["time_to_respond", "time_to_resolve"]
    )
    target = {"downtime": r.choice(["99.9", "99.5"]), "repairs": "4 h", "late": 0}.get(of, "30 min")
    found: dict[str, Any] = {
        "id": f"o{place}",
        "metric": metric,
        "target": target,
        "rule": rule_of(r, currency, of={"tickets": "repairs"}.get(of, of)),
    }
    if of == "downtime":
        state = {
            "kind": "unavailable_state",
            "series": "latency",
            "bad": r.choice([{"more_than": 20}, {"at_least": 20}]),
        }
        rows = [{}, {"opens_after": 2}, {"opens_after": 3, "closes_after": 2}]
        if r.randint(0, 4) == 0:
            found["measure"] = state | r.choice(rows)
            found["rule"].pop("first_day", None)
        elif r.randint(0, 8) == 0:
            found["rule"] = {"kind": "hour_waiver", "downtime": r.choice([{"more_than": "6 min"}, {"at_least": "1 h"}])}
    return found | given_ones(
        counting=some(r, 6, [counting_of(r)]) or None, maintenance=some(r, 6, [maintenance_of(r)]) or None
    )


def draw_contract(r: Random) -> dict[str, Any]:
    currency = r.choice(CURRENCIES)
    window = r.choice(["month", "month", "month", "quarter", "year"])
    cap = some(r, 2, ["50%", "100%", "1/30"])
    cap_over = ["window", "month", "quarter", "year"]
    least = [{"more_than": 1}, {"at_least": 5}, {"at_least": 0.5}]
    units = [{"unit": 0.05}, {"unit": 1, "rounded": "up"}, {"unit": 5, "rounded": "down"}]
    fields = given_ones(
        billing_day=some(r, 3, [2, 15, 28]),
        first_month=some(r, 3, [2, 7, 12]),
        proration=some(r, 2, ["by_day", "none"]),
        partial_window=r.choice(["cut", "cut", "whole", "excluded"]),
        stacking=some(r, 2, ["highest", "sum"]),
        counting=counting_of(r),
        maintenance=maintenance_of(r),
        calendar=some(r, 2, [{"holidays": HOLIDAYS}, {"holidays": HOLIDAYS[:3], "working_days": ["mon", "sat"]}]),
        cap=None if cap is None else {"share": cap} | ({"over": r.choice(cap_over)} if r.random() < 0.5 else {}),
        least_credit=some(r, 4, least),
        credit_units=some(r, 4, units),
        claim=claim_of(r),
    )
    found = [objective_of(r, currency, place) for place in range(r.randint(1, 3))]
    if any(one.get("measure", {}).get("kind") == "unavailable_state" for one in found):
        fields["claim"] = {k: v for k, v in fields["claim"].items() if k in ("automatic", "billing_cycles")} | {
            "ticket": "not_required"
        }
    return {
        "format": 2, "id": "K", "version": "1", "title": "K", "zone": r.choice(ZONES),
        "currency": currency, "window": window, "on_agreement_change": "together",
        "charge_base": r.choice(["recurring", "recurring", "usage", "greater_of_recurring_and_usage"]),
        **fields,
        "objectives": found,
    }  # fmt: skip
