"""What a facts file states outright: values that were read elsewhere, and credits by event."""

import math
from fractions import Fraction
from typing import Any

from tests.domain.sla.oracle.clock import Stretch
from tests.domain.sla.oracle.paying import Charge, Seen, Unclear, worse_by
from tests.domain.sla.oracle.sampled import is_silent


def reading_of(objective: dict[str, Any], facts: dict[str, Any]) -> str | None:
    """Return the value that was read, as it is written; two that differ are refused."""
    own = [one for one in facts.get("readings", ()) if one["metric"] in (objective["id"], objective["metric"])]
    if len({Fraction(one["value"]) for one in own}) > 1:
        raise Unclear
    return own[0]["value"] if own else None


def is_of_one_window(objective: dict[str, Any], facts: dict[str, Any]) -> bool:
    """Tell whether what is known of the objective says of one window only."""
    single = {"success_rate": facts["errors"], "events": facts.get("event_credits")}
    named = {objective["id"], objective["metric"]}
    return bool(single.get(objective["metric"])) or any(one["metric"] in named for one in facts.get("readings", ()))


def with_reading(
    objective: dict[str, Any],
    terms: dict[str, Any],
    facts: dict[str, Any],
    seen: Seen,
    held: list[Stretch],
    now: int,
) -> tuple[Seen, bool]:
    """Return what is judged, and whether a reading alone tells it."""
    written = reading_of(objective, facts)
    if written is None:
        return seen, False
    of_outages = objective["metric"] == "availability" and "measure" not in objective
    sampled = objective["metric"] == "latency" or objective.get("measure", {}).get("kind") == "unavailable_state"
    if sampled and is_silent(terms, facts, held, now):
        return seen, False
    if seen.value is not None and (facts["outages"] or not of_outages):
        scale = 10 ** len(written.partition(".")[2])
        if Fraction(math.floor(seen.value * scale + Fraction(1, 2)), scale) != Fraction(written):
            raise Unclear
        return seen, False
    value = Fraction(written)
    if objective["metric"] == "delay":
        return Seen(value, late_days=[(None, place + 1) for place in range(int(value))], is_stated=True), True
    check_rule(objective, value)
    return Seen(value, total=seen.total, stretches=seen.stretches, is_stated=True), True


def check_rule(objective: dict[str, Any], value: Fraction) -> None:
    """Refuse a value where the rule counts downtime; a target that is kept owes nothing by any rule."""
    rule = objective["rule"]
    if rule["kind"] != "credit":
        raise Unclear
    if rule.get("when") == "target_missed" and worse_by(objective, value) <= 0:
        return
    if rule.get("for_each", "window") != "window":
        raise Unclear
    if objective["metric"] != "availability":
        return
    if "nearest" in rule or "pro_rata" in repr(rule):
        raise Unclear
    sizes = [rule.get("block"), rule.get("beyond")]
    sizes += [
        tier.get(name) for tier in rule.get("tiers", ()) for name in ("at_least", "more_than", "at_most", "below")
    ]
    if any(" " in str(size) for size in sizes):
        raise Unclear
    bare = all(size is None for size in sizes[1:])
    if bare and rule.get("when") != "target_missed":
        raise Unclear


def credits_by_event(terms: dict[str, Any], facts: dict[str, Any], charge: Charge) -> tuple[Fraction, list[str]]:
    """Return what credits by event come to, each of the charge in force then, and the events."""
    how = terms.get("stacking", "highest_per_event")
    names = list(dict.fromkeys(one["event"] for one in facts["event_credits"]))
    worth = []
    for name in names:
        own = [one for one in facts["event_credits"] if one["event"] == name]
        shares = [Fraction(one["percent"]) / 100 for one in own]
        share = sum(shares, Fraction(0)) if how == "sum" else max(shares)
        if charge.changes:
            moments = [one["at"] for one in own if "at" in one]
            if not moments:
                raise Unclear
            worth.append(share * charge.at(min(moments)).window)
        else:
            worth.append(share * charge.window)
    return (max(worth, default=Fraction(0)) if how == "highest" else sum(worth, Fraction(0))), names
