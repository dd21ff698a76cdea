"""The whole judgement of a contract: window, charge, objectives, stacking, cap, least credit, units and claim."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any

from tests.domain.sla.oracle import sampled
from tests.domain.sla.oracle.clock import (
    MONTHS,
    Stretch,
    after_working_days,
    day_of,
    days_in,
    first_second,
    seconds,
    stretch_of,
)
from tests.domain.sla.oracle.counting import (
    EVER,
    Slot,
    counted_slots,
    outages_of,
    served_seconds,
    served_stretches,
    share,
)
from tests.domain.sla.oracle.paying import Charge, Seen, Unclear, credit, is_inside, late_days, waived_hours, worse_by
from tests.domain.sla.oracle.rights import Right, right_of
from tests.domain.sla.oracle.stated import credits_by_event, is_of_one_window, with_reading


@dataclass
class Owed:
    """What one objective owes; no credit where a value lies in no tier, or nothing was measured."""

    credit: Fraction | None
    value: Fraction | None = None
    counted: int | None = None
    verdict: str = ""
    events: set[str] = field(default_factory=set)
    stretches: list[Stretch] = field(default_factory=list)
    waived: int | None = None
    lost: bool = False  # the whole window was not reported, or not claimed in time
    stated: bool = False  # a reading alone tells the value


@dataclass
class Result:
    window: Stretch
    owed: dict[str, Owed]
    due: Fraction | None
    claim: str
    last_day: date | None
    right: Right | None = None


def judge(contract: dict[str, Any], facts: dict[str, Any], at: int, now: int) -> Result:
    """Judge the window in which `at` lies, as things are known `now`."""
    terms = begun(contract, facts)
    calendar = stretch_of(terms.get("window", "month"), at, terms)
    held = held_parts(facts, calendar)
    window = (held[0][0], held[-1][1]) if held else calendar
    charge = charge_of(terms, facts, calendar, held)
    owed = {}
    for objective in terms["objectives"]:
        own = counted_for(terms, objective)
        if not held or (terms.get("partial_window") == "excluded" and held != [calendar]):
            owed[objective["id"]] = Owed(Fraction(0), verdict="not_promised")
        else:
            try:
                owed[objective["id"]] = one(objective, own, facts, calendar, held, charge, now)
            except Unclear:
                owed[objective["id"]] = Owed(None, verdict="refused")
    for objective in terms["objectives"]:
        if (is_of_incidents(objective) and not owed[objective["id"]].stated) or not held:
            continue
        late = is_by_incident(terms) and is_late(terms, facts, *whole_window(terms, calendar, window), now)[1]
        silent = wants_ticket(counted_for(terms, objective)) and not is_reported(terms, facts, window, now)
        owed[objective["id"]].lost = late or silent
    state, last, paid = claim_of(terms, facts, calendar, window, held, owed, now)
    return Result(
        window,
        owed,
        due_of(terms, facts, charge, owed, calendar, held) * paid
        if any(o.credit is not None for o in owed.values())
        else None,
        state,
        last,
        right_of(terms, facts, held, window, now, missed_of(terms, facts, calendar, charge, now))
        if "chronic" in terms
        else None,
    )


def missed_of(
    terms: dict[str, Any], facts: dict[str, Any], calendar: Stretch, charge: Charge, now: int
) -> Callable[[int], bool | None]:
    """Tell of the window that lies `number` windows before this one whether it missed a target; None: nobody knows."""
    named = terms["chronic"].get("missed", {}).get("objective") if "chronic" in terms else None

    def missed(objective: dict[str, Any], window: Stretch, held: list[Stretch]) -> bool | None:
        if window != calendar and is_of_one_window(objective, facts):
            return None
        own = counted_for(terms, objective)
        if not served_seconds(own, [window] if terms.get("partial_window") == "whole" else held):
            return None
        try:
            if objective["metric"] == "events":
                return any(float(one_["percent"]) for one_ in facts["event_credits"])
            seen = value_in(objective, own, facts, window, held, now)
        except Unclear:
            return None
        return None if seen is None else seen.value is not None and worse_by(objective, seen.value) > 0

    def told(number: int) -> bool | None:
        window = calendar
        for _earlier in range(number):
            window = stretch_of(terms.get("window", "month"), window[0] - 1, terms)
        held = held_parts(facts, window)
        if not is_promised(terms, window, held):
            return False
        found = [missed(o, window, held) for o in terms["objectives"] if named in (None, o["id"])]
        return True if any(found) else None if None in found else False

    return told


def is_promised(terms: dict[str, Any], calendar: Stretch, held: list[Stretch]) -> bool:
    return bool(held) and (terms.get("partial_window") != "excluded" or held == [calendar])


def value_in(
    objective: dict[str, Any],
    terms: dict[str, Any],
    facts: dict[str, Any],
    calendar: Stretch,
    held: list[Stretch],
    now: int,
) -> Seen | None:
    """Measure an objective in a window as it stands, or as the mean of several; None where that is not known."""
    if "rolling_windows" in objective:
        return mean_over(objective, terms, facts, calendar, held, now)
    seen = measure(objective, terms, facts, calendar, held, now, unpaid=set())
    seen, _stated = with_reading(objective, terms, facts, seen, held, now)
    return seen if is_known(objective, seen, terms, facts, held, now) else None


def mean_over(
    objective: dict[str, Any],
    terms: dict[str, Any],
    facts: dict[str, Any],
    calendar: Stretch,
    held: list[Stretch],
    now: int,
) -> Seen | None:
    """Return the mean of this window's value and those before it; None where one is not known."""
    windows = [(calendar, held), *promised_before(terms, facts, calendar, objective["rolling_windows"] - 1)]
    if is_of_one_window(objective, facts):
        raise Unclear
    found = [measure(objective, terms, facts, window, own, now, unpaid=set()) for window, own in windows]
    values = [seen.value for seen in found if seen.value is not None]
    known = [is_known(objective, seen, terms, facts, own, now) for seen, (_w, own) in zip(found, windows, strict=True)]
    if not all(known) or len(values) < len(windows):
        return None
    names = {name for slot in found[0].slots or [] if is_inside(slot.low, held) for name in slot.names}
    return Seen(sum(values, Fraction(0)) / len(values), total=found[0].total, names=names | found[0].names)


def promised_before(
    terms: dict[str, Any], facts: dict[str, Any], calendar: Stretch, count: int
) -> list[tuple[Stretch, list[Stretch]]]:
    """Return what agreements hold of the windows before, the nearest first, without those that promise nothing."""
    found, window = [], calendar
    for _number in range(count):
        window = stretch_of(terms.get("window", "month"), window[0] - 1, terms)
        held = held_parts(facts, window)
        if is_promised(terms, window, held):
            found.append((window, held))
    return found


def row_before(
    objective: dict[str, Any], terms: dict[str, Any], facts: dict[str, Any], calendar: Stretch, now: int, most: int
) -> int:
    """Count the windows in a row before this one that missed the target."""
    if is_of_one_window(objective, facts):
        raise Unclear
    count = 0
    for window, held in promised_before(terms, facts, calendar, most):
        seen = value_in(objective, terms, facts, window, held, now)
        if seen is None:
            raise Unclear
        if seen.value is None or worse_by(objective, seen.value) <= 0:
            break
        count += 1
    return count


def is_known(
    objective: dict[str, Any], seen: Seen, terms: dict[str, Any], facts: dict[str, Any], held: list[Stretch], now: int
) -> bool:
    """Tell whether there is a value where there must be one, and enough of the time was measured."""
    of_samples = "measure" in objective or objective["metric"] == "latency"
    if seen.value is None and objective["metric"] in ("availability", "latency"):
        return False
    least = terms.get("counting", {}).get("least_coverage")
    if least is None or not (seen.slots is not None or (of_samples and seen.value is not None and not seen.is_stated)):
        return True
    unknown = (sampled.unknown_seconds if of_samples else unknown_seconds)(terms, facts, held, now)
    return Fraction(seen.total - unknown, seen.total) >= share(least)


def begun(terms: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    """Let windows begin on the day of the agreement, where the contract says so."""
    if terms.get("window_from") != "agreement":
        return terms
    day = day_of(facts["agreements"][0]["start"], terms["zone"])
    return terms | {"billing_day": min(day.day, 28), "first_month": day.month}


def counted_for(terms: dict[str, Any], objective: dict[str, Any]) -> dict[str, Any]:
    own = {name: terms.get(name, {}) | objective[name] for name in ("counting", "maintenance") if name in objective}
    return terms | own


def parts_of(facts: dict[str, Any], calendar: Stretch) -> list[Stretch]:
    """Return what each agreement holds of the window."""
    if not facts["agreements"]:
        return [calendar]
    cut = ((max(one_["start"], calendar[0]), min(one_.get("end", EVER), calendar[1])) for one_ in facts["agreements"])
    return sorted((low, high) for low, high in cut if low < high)


def held_parts(facts: dict[str, Any], calendar: Stretch) -> list[Stretch]:
    """Return what agreements hold of the window, those that follow each other as one."""
    found: list[Stretch] = []
    for low, high in parts_of(facts, calendar):
        if found and found[-1][1] == low:
            found[-1] = (found[-1][0], high)
        else:
            found.append((low, high))
    return found


def charge_of(terms: dict[str, Any], facts: dict[str, Any], calendar: Stretch, held: list[Stretch]) -> Charge:
    charges, zone = facts["charges"], terms["zone"]
    window = (held[0][0], held[-1][1]) if held else calendar
    found = []
    if terms["charge_base"] != "usage":
        per = charges.get("per", "month")
        periods = Fraction(MONTHS[terms.get("window", "month")], MONTHS[per])
        stated = {one_["start"]: Fraction(one_["charge"]) for one_ in facts["agreements"] if "charge" in one_}
        amounts = []
        for part in parts_of(facts, calendar):
            begun_ = max((start for start in stated if start <= part[0]), default=None)
            holds_it = any(one_["start"] == begun_ and part[0] < one_.get("end", EVER) for one_ in facts["agreements"])
            amounts.append(
                (part, stated[begun_] if begun_ is not None and holds_it else Fraction(charges["recurring"]))
            )
        shares = [prorated(terms, part, calendar) for part, _amount in amounts]
        whole = sum((amount * periods * part for (_p, amount), part in zip(amounts, shares, strict=True)), Fraction(0))
        last = amounts[-1][1] if amounts else Fraction(charges["recurring"])
        days = charges.get("days") or days_in(stretch_of(per, window[0], terms), zone)
        covered = min(sum(shares, Fraction(0)), Fraction(1))
        months, at = list[tuple[Stretch, int]](), window[0]
        while "days" not in charges and periods > 1 and at < window[1]:
            month = stretch_of(per, at, terms)
            months.append((month, days_in(month, zone)))
            at = month[1]
        found.append(Charge(whole, last, days, last * periods, tuple(amounts), covered, tuple(months)))
    if terms["charge_base"] != "recurring" and "usage" in charges:
        usage = Fraction(charges["usage"])
        found.append(Charge(usage, usage, charges.get("days") or days_in(window, zone), usage))
    return max(found, key=lambda one_: one_.window)  # of two that are equal, the recurring one


def prorated(terms: dict[str, Any], part: Stretch, calendar: Stretch) -> Fraction:
    how = terms.get("proration", "by_time")
    if how == "none" or part == calendar:
        return Fraction(1)
    if how == "by_day":
        return Fraction(days_in(part, terms["zone"]), days_in(calendar, terms["zone"]))
    return Fraction(part[1] - part[0], calendar[1] - calendar[0])


def one(
    objective: dict[str, Any],
    terms: dict[str, Any],
    facts: dict[str, Any],
    calendar: Stretch,
    held: list[Stretch],
    charge: Charge,
    now: int,
) -> Owed:
    """Judge one objective."""
    if not served_seconds(terms, [calendar] if terms.get("partial_window") == "whole" else held):
        return Owed(None, verdict="refused")  # there is no time in which anything was promised
    if objective["metric"] == "events":
        amount, events = credits_by_event(terms, facts, charge)
        return Owed(amount, Fraction(len(events)) if events else None, events=set(events))
    if "rolling_windows" in objective:
        mean = mean_over(objective, terms, facts, calendar, held, now)
        paid_mean = None if mean is None else credit(objective, mean, terms, charge, held)
        own = Seen(None) if mean is None else mean
        return Owed(paid_mean, own.value, verdict="" if mean else "no_data", events=own.names)
    return of_one(objective, terms, facts, calendar, held, charge, now)


def of_one(
    objective: dict[str, Any],
    terms: dict[str, Any],
    facts: dict[str, Any],
    calendar: Stretch,
    held: list[Stretch],
    charge: Charge,
    now: int,
) -> Owed:
    """Judge what is measured in this window."""
    measured = measure(objective, terms, facts, calendar, held, now, unpaid=set())
    measured, stated = with_reading(objective, terms, facts, measured, held, now)
    unpaid = set() if stated else unreported(terms, facts) | late_incidents(terms, facts, held, now)
    paid = measured
    if unpaid and objective.get("measure", {}).get("kind") != "unavailable_state":
        paid = measure(objective, terms, facts, calendar, held, now, unpaid=unpaid)
    counted = None
    owed = Owed(Fraction(0), measured.value, stated=stated)
    if measured.slots is not None:
        inside = [slot for slot in measured.slots if is_inside(slot.low, held)]
        counted = sum(slot.high - slot.low for slot in inside)
        owed = Owed(Fraction(0), measured.value, counted)
        owed.events = {name for slot in inside for name in slot.names} if "measure" not in objective else set()
        owed.stretches = [(slot.low, slot.high) for slot in inside]
    owed.events |= measured.names
    if not is_known(objective, measured, terms, facts, held, now):
        owed.credit, owed.verdict = None, "no_data"
        return owed
    if objective["rule"]["kind"] == "hour_waiver":
        owed.waived = waived_hours(objective["rule"], measured, terms["zone"])
        return owed
    row = objective["rule"].get("in_a_row", 1)
    misses = row > 1 and paid.value is not None and worse_by(objective, paid.value) > 0
    if misses and 1 + row_before(objective, terms, facts, calendar, now, row - 1) < row:
        return owed
    owed.credit = credit(objective, paid, terms, charge, held)
    return owed


def measure(
    objective: dict[str, Any],
    terms: dict[str, Any],
    facts: dict[str, Any],
    calendar: Stretch,
    held: list[Stretch],
    now: int,
    *,
    unpaid: set[str],
) -> Seen:
    """Measure an objective without what is not paid."""
    known = facts | {"window": calendar, "outages": [o for o in facts["outages"] if o["reference"] not in unpaid]}
    total = served_seconds(terms, [calendar] if terms.get("partial_window") == "whole" else held)
    others = {
        "delay": lambda: promises(objective, terms, facts, held, now, unpaid),
        "time_to_restore": lambda: repairs(terms, known, held, now),
        "time_to_respond": lambda: sampled.tickets(objective, terms, facts, held, now),
        "time_to_resolve": lambda: sampled.tickets(objective, terms, facts, held, now),
        "success_rate": lambda: sampled.error_rates(facts, total),
        "latency": lambda: sampled.statistic(objective, terms, facts, held, now, total),
    }
    if objective["metric"] != "availability":
        return others[objective["metric"]]()
    if "measure" in objective:
        if sampled.is_silent(terms, facts, held, now):
            return Seen(None)
        raw = sampled.unavailable(objective["measure"], facts, now)
        raw = sampled.without_silent_windows(terms, facts, raw, held, now)
        unknown = sampled.unknown_seconds(terms, facts, held, now)
        known["others"] = True
    else:
        raw, unknown = outages_of(terms, known, now), unknown_seconds(terms, facts, held, now)
    slots = counted_slots(terms, known, raw, now)
    judged = [slot for slot in slots if _is_judged(facts, slot)]
    inside = sum((slot.size for slot in judged if is_inside(slot.low, held)), Fraction(0))
    return Seen(
        100 - 100 * inside / total if unknown < served_seconds(terms, held) else None,
        slots=judged,
        stretches=served_stretches(terms, held),
        total=total,
        raw_ends={s.event: max(r.high for r in raw if r.name in event_names(slots, s.event)) for s in judged},
        reports=reports_of(known, slots),
    )


def promises(
    objective: dict[str, Any],
    terms: dict[str, Any],
    facts: dict[str, Any],
    held: list[Stretch],
    now: int,
    unpaid: set[str],
) -> Seen:
    delays = [delay for delay in facts["delays"] if name_of(delay) not in unpaid and _is_of(objective, delay)]
    days = [day for delay in delays for day in _late(objective, delay, terms, held, now)]
    return Seen(Fraction(len(days)) if delays else None, late_days=days)


def _is_judged(facts: dict[str, Any], slot: Slot) -> bool:
    agreements = facts["agreements"]
    return not agreements or any(one_["start"] <= slot.low < one_.get("end", EVER) for one_ in agreements)


def event_names(slots: list[Slot], event: int) -> set[str]:
    return {name for slot in slots if slot.event == event for name in slot.names}


def reports_of(facts: dict[str, Any], slots: list[Slot]) -> dict[int, int]:
    found = {}
    for event in {slot.event for slot in slots}:
        names = event_names(slots, event)
        moments = [o["reported_at"] for o in facts["outages"] if o["reference"] in names and "reported_at" in o]
        if moments:
            found[event] = min(moments)
    return found


def unknown_seconds(terms: dict[str, Any], facts: dict[str, Any], held: list[Stretch], now: int) -> int:
    """Count the seconds of the window that nobody observed, and in which no outage is on record."""
    raw = outages_of(terms, facts, now)
    found = 0
    for low, high in served_stretches(terms, held):
        edges = {low, high}
        for a, b in [*facts["unobserved"], *((one_.low, one_.high) for one_ in raw)]:
            edges |= {edge for edge in (a, b) if low < edge < high}
        for a, b in pairwise(sorted(edges)):
            seen = any(one_.low <= a < one_.high for one_ in raw)
            found += (b - a) * (not seen and any(x <= a < y for x, y in facts["unobserved"]))
    return found


def repairs(terms: dict[str, Any], facts: dict[str, Any], held: list[Stretch], now: int) -> Seen:
    """Return the counted length of each outage that ended in the window."""
    found: list[tuple[Fraction, int, str, int]] = []
    for outage in facts["outages"]:
        end = outage.get(
            "ticket_closed_at" if terms.get("counting", {}).get("clock_stop") == "ticket_closed" else "end"
        )
        if end is None or end > now:
            continue
        alone = facts | {"outages": [outage], "window": (end, end)}
        size = sum(slot.high - slot.low for slot in counted_slots(terms, alone, outages_of(terms, alone, now), now))
        if size:
            found.append((Fraction(size), end, outage["reference"], outage["start"]))
    found.sort(key=lambda entry: (entry[1], entry[2]))
    inside = [size for size, end, _name, _start in found if is_inside(end, held)]
    value = sum(inside, Fraction(0)) / len(inside) if inside else None
    names = {name for _size, end, name, _start in found if is_inside(end, held)}
    lengths = [(size, end, start) for size, end, _name, start in found]
    return Seen(value, repairs=lengths, names=names, stretches=served_stretches(terms, held))


def _is_of(objective: dict[str, Any], delay: dict[str, Any]) -> bool:
    return objective["rule"].get("promise") in (None, delay["kind"])


def _late(
    objective: dict[str, Any], delay: dict[str, Any], terms: dict[str, Any], held: list[Stretch], now: int
) -> list[tuple[Any, int]]:
    if not _is_of(objective, delay):
        return []
    days = late_days(objective["rule"], delay, terms, day_of(now, terms["zone"]))
    return [(day, n) for day, n in days if day is None or is_inside(first_second(day, terms["zone"]), held)]


def wants_ticket(terms: dict[str, Any]) -> bool:
    claim = terms.get("claim", {})
    if "ticket" in claim:
        return bool(claim["ticket"] == "required")
    return "ticket_within" in claim or terms.get("counting", {}).get("clock_start") in ("reported", "ticket_opened")


def unreported(terms: dict[str, Any], facts: dict[str, Any]) -> set[str]:
    """Name the outages that the customer did not report, or too late."""
    within, found = terms.get("claim", {}).get("ticket_within"), set()
    for outage in facts["outages"]:
        opened = outage.get("ticket_opened_at", outage.get("reported_at"))
        if (opened is None and wants_ticket(terms)) or (
            opened is not None and within is not None and opened - outage["start"] > seconds(within)
        ):
            found.add(outage["reference"])
    return found


def is_by_incident(terms: dict[str, Any]) -> bool:
    claim = terms.get("claim", {})
    days = any(name in claim for name in ("within_days", "within_working_days", "within_months"))
    return days and not claim.get("automatic") and claim.get("counted_from", "window_end") != "window_end"


def last_day_after(terms: dict[str, Any], day: date) -> date | None:
    claim = terms.get("claim", {})
    if "within_days" in claim:
        return day + timedelta(days=claim["within_days"])
    if "within_working_days" in claim:
        return after_working_days(day, claim["within_working_days"], terms.get("calendar", {}))
    if "within_months" in claim:
        months = day.year * 12 + day.month - 1 + claim["within_months"]
        for number in range(day.day, 0, -1):
            try:
                return date(months // 12, months % 12 + 1, number)
            except ValueError:
                continue
    return None


@dataclass
class Incident:
    names: set[str]
    begun: int
    last: date | None


def incidents(terms: dict[str, Any], facts: dict[str, Any], held: list[Stretch], now: int) -> list[Incident]:
    """Group the outages that count in the window and touch, each with its last day."""
    if not is_by_incident(terms):
        return []
    raw = outages_of(terms, facts, now)
    window = (held[0][0], held[-1][1])
    slots = counted_slots(terms, facts | {"window": window}, raw, now)
    names = {name for slot in slots if is_inside(slot.low, held) for name in slot.names} - unreported(terms, facts)
    rows = sorted((o for o in facts["outages"] if o["reference"] in names), key=lambda o: o["start"])
    groups: list[tuple[int, list[dict[str, Any]]]] = []
    for outage in rows:
        end = max(outage["start"] + 1, outage.get("end") or now)
        if groups and outage["start"] <= groups[-1][0]:
            groups[-1][1].append(outage)
            groups[-1] = (max(groups[-1][0], end), groups[-1][1])
        else:
            groups.append((end, [outage]))
    found = []
    for _end, members in groups:
        anchors = [anchor(terms, outage) for outage in members]
        known = [moment for moment in anchors if moment is not None]
        is_known = len(known) == len(anchors)
        last = last_day_after(terms, day_of(max(known), terms["zone"])) if is_known else None
        found.append(Incident({o["reference"] for o in members}, min(o["start"] for o in members), last))
    for delay in facts["delays"]:
        late = [o for o in terms["objectives"] if o["metric"] == "delay" and _late(o, delay, terms, held, now)]
        if late and "days_late" not in delay:
            last = last_day_after(terms, date.fromisoformat(delay["done"])) if "done" in delay else None
            due = date.fromisoformat(delay["due"]) + timedelta(days=1)
            found.append(Incident({name_of(delay)}, first_second(due, terms["zone"]), last))
    return found


def name_of(delay: dict[str, Any]) -> str:
    return f"{delay['kind']} {delay['due']} {delay.get('done')}"


def anchor(terms: dict[str, Any], outage: dict[str, Any]) -> int | None:
    """Return the moment from which the days of an incident are counted; None while it has not come."""
    named = terms["claim"]["counted_from"]
    has_ticket = "ticket_opened_at" in outage or "ticket_closed_at" in outage
    field_ = {"outage_start": "start", "ticket_closed": "ticket_closed_at" if has_ticket else "end"}.get(named, "end")
    found: int | None = outage.get(field_)
    return found


def is_late(
    terms: dict[str, Any], facts: dict[str, Any], begun_: int, last: date | None, now: int
) -> tuple[bool, bool]:
    """Tell whether it was claimed, and whether it is lost."""
    filed = min((moment for moment in facts["claims"] if moment >= begun_), default=None)
    if last is None:
        return filed is not None, False
    return filed is not None, (now if filed is None else filed) >= first_second(last + timedelta(days=1), terms["zone"])


def is_of_incidents(objective: dict[str, Any]) -> bool:
    return "rolling_windows" not in objective and objective["metric"] in ("availability", "time_to_restore", "delay")


def is_reported(terms: dict[str, Any], facts: dict[str, Any], window: Stretch, now: int) -> bool:
    """Tell whether anything in the window was reported by the customer."""
    anyone = terms.get("claim", {}).get("ticket_from") == "anyone"
    theirs = [ticket for ticket in facts["tickets"] if anyone or ticket.get("opened_by", "customer") == "customer"]
    opened = any(window[0] <= ticket["opened_at"] < window[1] for ticket in theirs)
    return opened or any(
        ("ticket_opened_at" in o or "reported_at" in o) and o["start"] < window[1] and o.get("end", now) > window[0]
        for o in facts["outages"]
    )


def whole_window(terms: dict[str, Any], calendar: Stretch, window: Stretch) -> tuple[int, date | None]:
    """Return when the claim to what describes the whole window begins, and its last day."""
    end, zone = calendar[1], terms["zone"]
    for _cycle in range(terms.get("claim", {}).get("billing_cycles", 0)):
        end = stretch_of(terms.get("window", "month"), end, terms)[1]
    is_day = "billing_cycles" in terms.get("claim", {})
    return window[0], day_of(end - 1, zone) if is_day else last_day_after(terms, day_of(end - 1, zone))


def late_incidents(terms: dict[str, Any], facts: dict[str, Any], held: list[Stretch], now: int) -> set[str]:
    """Name what was claimed too late; where all of it was, that is told of the whole credit."""
    found = [
        (one_, is_late(terms, facts, one_.begun, one_.last, now)[1]) for one_ in incidents(terms, facts, held, now)
    ]
    if (
        not facts.get("readings")
        and all(late for _one, late in found)
        and all(is_of_incidents(objective) for objective in terms["objectives"])
    ):
        return set()
    return {name for one_, late in found if late for name in one_.names}


def claim_of(
    terms: dict[str, Any],
    facts: dict[str, Any],
    calendar: Stretch,
    window: Stretch,
    held: list[Stretch],
    owed: dict[str, Owed],
    now: int,
) -> tuple[str, date | None, int]:
    """Return the state of the claim, the last day that is told, and whether anything is paid."""
    claim = terms.get("claim", {})
    if claim.get("automatic"):
        return "automatic", None, 1
    rows = [(one_.begun, one_.last) for one_ in incidents(terms, facts, held, now)] if held else []
    whole = [owed[o["id"]] for o in terms["objectives"] if owed[o["id"]].stated or not is_of_incidents(o)]
    if not rows or any(one_.credit for one_ in whole):
        rows.append(whole_window(terms, calendar, window))
    judged = [(*is_late(terms, facts, begun_, last, now), last) for begun_, last in rows]
    alive = [entry for entry in judged if not entry[1]]
    waiting = [entry for entry in alive if not entry[0]]
    days = sorted(entry[2] for entry in waiting or alive or judged if entry[2] is not None)
    told = None if not days else days[0] if alive else days[-1]
    return "open" if waiting else "in_time" if alive else "late", told, int(bool(alive))


def due_of(
    terms: dict[str, Any],
    facts: dict[str, Any],
    charge: Charge,
    owed: dict[str, Owed],
    calendar: Stretch,
    held: list[Stretch],
) -> Fraction:
    """Return what is paid in the end, exact."""
    total = stacked(
        terms.get("stacking", "highest_per_event"), {name: o for name, o in owed.items() if o.credit is not None}
    )
    cap = None
    if "cap" in terms:
        cap = share(terms["cap"]["share"]) * charge_over(terms, facts, charge, calendar, held)
        total = min(total, cap)
    least = terms.get("least_credit", {})
    if total and (
        total < number_of(least, "at_least") if "at_least" in least else total <= number_of(least, "more_than")
    ):
        return Fraction(0)
    if "credit_units" in terms and total:
        unit = Fraction(str(terms["credit_units"]["unit"]))
        how = terms["credit_units"].get("rounded", "half_up")
        parts = total / unit
        total = (
            unit
            * {"up": math.ceil(parts), "down": math.floor(parts), "half_up": math.floor(parts + Fraction(1, 2))}[how]
        )
        if cap is not None:
            total = min(total, cap)
    return total


def number_of(least: dict[str, Any], name: str) -> Fraction:
    return Fraction(str(least.get(name, 0)))


def stacked(how: str, owed: dict[str, Owed]) -> Fraction:
    amounts = {name: Fraction(0) if o.lost else o.credit or Fraction(0) for name, o in owed.items()}
    if how == "sum":
        return sum(amounts.values(), Fraction(0))
    if how == "highest":
        return max(amounts.values(), default=Fraction(0))
    groups = {name: {name} for name in amounts}
    for one_, two in combinations(amounts, 2):
        touch = any(a <= d and c <= b for a, b in owed[one_].stretches for c, d in owed[two].stretches)
        if owed[one_].events & owed[two].events or touch:
            joined = groups[one_] | groups[two]
            for name in joined:
                groups[name] = joined
    return sum((max(amounts[name] for name in group) for group in {frozenset(g) for g in groups.values()}), Fraction(0))


def charge_over(
    terms: dict[str, Any], facts: dict[str, Any], charge: Charge, calendar: Stretch, held: list[Stretch]
) -> Fraction:
    """Return the charge of the stretch of a cap."""
    kind, own = terms["cap"].get("over", "window"), MONTHS[terms.get("window", "month")]
    if kind == "window":
        return charge.window
    ratio = Fraction(MONTHS[kind], own)
    if ratio <= 1:
        return charge.window * ratio
    if not facts["agreements"] or not charge.parts:
        return charge.window + charge.full * (ratio - 1)
    stretch, found = stretch_of(kind, held[0][0], terms), Fraction(0)
    at = stretch[0]
    while at < stretch[1]:
        window = stretch_of(terms.get("window", "month"), at, terms)
        other = charge_of({**terms, "charge_base": "recurring"}, facts, window, held_parts(facts, window))
        found += other.window
        at = window[1]
    return found
