"""From a measured value to what it is worth: one function per rule shape, exact, before any rounding."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction

from include.sla_logic.domain.contract import rules
from include.sla_logic.domain.contract.contract import Objective
from include.sla_logic.domain.contract.quantities import exact_text, show_duration, show_share
from include.sla_logic.domain.money import half_up
from include.sla_logic.domain.period import find_zone, from_seconds, local_midnight, to_seconds
from include.sla_logic.domain.sla.charge import ChargeBase
from include.sla_logic.domain.sla.comparison import RefusalCode
from include.sla_logic.domain.sla.measuring import Case, Measured
from include.sla_logic.domain.sla.refusal import UnableToJudge


@dataclass(slots=True)
class Award:
    """What a rule grants: a share of the window's charge, or an amount outright; both exact.

    A waiver is not a credit: the hours are left off the bill.
    """

    share: Fraction | None = None
    amount: Fraction | None = None
    tier: str | None = None
    days: int | None = None
    waived_hours: int | None = None
    steps: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def is_nothing(self) -> bool:
        """Tell whether nothing is owed, whatever the charge is."""
        return not self.share and not self.amount


@dataclass(frozen=True, slots=True)
class Bench:
    """What a rule may look at besides the measured value."""

    case: Case
    objective: Objective
    base: ChargeBase | None
    missing: UnableToJudge | None = None

    def charge(self) -> ChargeBase:
        """Return the charge; raise `UnableToJudge` where it is not known."""
        if self.missing is not None:
            raise self.missing
        if self.base is None:
            reason = f"The {self.case.contract.charge_base.replace('_', ' ')} charge of the window is not known."
            raise UnableToJudge(RefusalCode.CHARGE_UNKNOWN, reason)
        return self.base


def award(measured: Measured, bench: Bench) -> Award:
    """Apply the objective's rule; raise `UnableToJudge` where the value lies in no tier."""
    return _RULES[type(bench.objective.rule)](bench.objective.rule, measured, bench)


def _value(measured: Measured) -> Fraction:
    if measured.value is None:
        raise UnableToJudge(RefusalCode.TARGET_UNKNOWN, "Nothing was measured that this rule could judge.")
    return measured.value


def _seconds(measured: Measured) -> int:
    if measured.downtime is None:
        raise UnableToJudge(RefusalCode.UNIT_MISMATCH, "The rule counts seconds, but the objective measures none.")
    return measured.downtime.seconds


def _target(bench: Bench) -> Fraction:
    if bench.objective.target is None:
        reason = f"The objective {bench.objective.id} has no target."
        raise UnableToJudge(RefusalCode.TARGET_UNKNOWN, reason)
    return Fraction(bench.objective.target)


def _gap(shown: str, bench: Bench) -> UnableToJudge:
    reason = f"{shown} lies in no tier of {bench.objective.id}: the contract is silent, a person must decide."
    return UnableToJudge(RefusalCode.TIER_GAP, reason)


def _tiers(rule: rules.Tiers, measured: Measured, bench: Bench) -> Award:
    value, steps = _value(measured), []
    if rule.round_decimals is not None:
        value = Fraction(half_up(value, rule.round_decimals))
        steps.append(f"rounded half up to {rule.round_decimals} decimals, as the contract says: {exact_text(value)}")
    tier = next((tier for tier in rule.tiers if tier.holds(value)), None)
    if tier is None:
        raise _gap(f"{half_up(value, 8).normalize():f} {bench.objective.shown_unit}", bench)
    return Award(share=tier.credit, tier=str(tier), steps=[*steps, f"tier {tier}: {show_share(tier.credit)}"])


def _duration_tiers(rule: rules.DurationTiers, measured: Measured, bench: Bench) -> Award:
    seconds = _seconds(measured)
    tier = next((tier for tier in rule.tiers if tier.holds(Fraction(seconds))), None)
    if tier is None:
        raise _gap(f"{show_duration(seconds)} ({seconds} s)", bench)
    found = Award(share=tier.credit, tier=str(tier))
    found.steps.append(f"{seconds} s = {show_duration(seconds)}: tier {tier}: {show_share(tier.credit)}")
    if rule.percent_column:
        other = next((t for t in rule.percent_column if t.holds(_value(measured))), None)
        if other is None or other.credit != tier.credit:
            said = "says nothing" if other is None else f"says {show_share(other.credit)}"
            found.warnings.append(
                f"the percentage column {said}, the duration column {show_share(tier.credit)}; "
                "the duration column decides"
            )
    return found


def _daily(rule: rules.DayPerBlock | rules.DayPerExcessBlock, blocks: int, bench: Bench) -> Award:
    if blocks == 0:
        return Award(amount=Fraction(0), days=0, steps=["no block, no day is credited"])
    base = bench.charge()
    days = base.days if rule.days == "in_period" else rule.days
    amount = blocks * base.per_period / days
    currency = bench.case.contract.currency
    text = f"{blocks} day(s) x {exact_text(base.per_period)}/{days} = {_money(amount)} {currency}"
    return Award(amount=amount, days=blocks, tier=f"{blocks} day(s)", steps=[text])


def _money(amount: Fraction) -> str:
    text = exact_text(amount)
    return text if "/" not in text else f"{text} ({half_up(amount, 6)})"


def _blocks(seconds: Fraction, rule: rules.DayPerBlock | rules.DayPerExcessBlock) -> int:
    parts = seconds / rule.block
    return math.ceil(parts) if rule.counts == "started" else math.floor(parts)


def _day_per_block(rule: rules.DayPerBlock, measured: Measured, bench: Bench) -> Award:
    seconds = _seconds(measured)
    blocks = _blocks(Fraction(seconds), rule)
    found = _daily(rule, blocks, bench)
    found.steps.insert(0, f"{seconds} s = {blocks} {rule.counts} block(s) of {show_duration(rule.block)}")
    return found


def _day_per_excess_block(rule: rules.DayPerExcessBlock, measured: Measured, bench: Bench) -> Award:
    seconds, target = _seconds(measured), _target(bench)
    allowed = (100 - target) / 100 * measured.total
    excess = max(Fraction(0), seconds - allowed)
    steps = [
        f"allowed (100 - {exact_text(target)}) % x {measured.total} s = {exact_text(allowed)} s",
        f"excess {seconds} - {exact_text(allowed)} = {exact_text(excess)} s",
    ]
    if rule.nearest:
        excess = Fraction(half_up(excess / rule.nearest, 0)) * rule.nearest
        steps.append(f"to the nearest {show_duration(rule.nearest)}: {exact_text(excess)} s")
    blocks = _blocks(excess, rule)
    found = _daily(rule, blocks, bench)
    found.steps = [*steps, f"{blocks} {rule.counts} block(s) of {show_duration(rule.block)}", *found.steps]
    return found


def _share_per_day(rule: rules.SharePerDay, measured: Measured, bench: Bench) -> Award:
    _seconds(measured)
    assert measured.downtime is not None  # noqa: S101 - _seconds has seen it
    zone = find_zone(bench.case.contract.zone)
    days: dict[str, int] = {}
    for start, end in measured.downtime.counted:
        day = from_seconds(start).astimezone(zone).date()
        while (low := to_seconds(local_midnight(day, zone))) < end:
            high = to_seconds(local_midnight(day + timedelta(days=1), zone))
            inside = min(end, high) - max(start, low)
            if rule.outage.holds(Fraction(inside)):
                days[f"{day}"] = max(inside, days.get(f"{day}", 0))
            day += timedelta(days=1)
    share = rule.share * len(days)
    shown = ", ".join(f"{day} ({seconds} s)" for day, seconds in days.items()) or "none"
    steps = [f"local days with an outage {rule.outage}: {shown}", f"{len(days)} x {show_share(rule.share)}"]
    return Award(amount=_of(share, bench), days=len(days), tier=f"{len(days)} day(s)", steps=steps)


def _of(share: Fraction, bench: Bench) -> Fraction:
    return share * bench.charge().window if share else Fraction(0)


def _worse(measured: Measured, bench: Bench) -> Fraction:
    """Return by how much the target is missed (0 or less: it is met)."""
    distance = _value(measured) - _target(bench)
    return -distance if bench.objective.higher_is_better else distance


def _share_when_missed(rule: rules.ShareWhenMissed, measured: Measured, bench: Bench) -> Award:
    if measured.value is None:
        return Award(share=Fraction(0), steps=[measured.note or "nothing to judge"])
    missed = _worse(measured, bench) > 0
    share = rule.credit if missed else Fraction(0)
    text = f"the target {exact_text(_target(bench))} is {'missed' if missed else 'met'}: {show_share(share)}"
    return Award(share=share, tier="target missed" if missed else "target met", steps=[text])


def _share_per_step(rule: rules.SharePerStep, measured: Measured, bench: Bench) -> Award:
    short = max(Fraction(0), _worse(measured, bench))
    parts = short / Fraction(rule.step)
    count = math.ceil(parts) if rule.counts == "started" else math.floor(parts)
    steps = [f"beyond the target by {half_up(short, 8)}; {rule.counts} steps of {rule.step}: {count}"]
    if rule.most_steps is not None and count > rule.most_steps:
        count = rule.most_steps
        steps.append(f"at most {count} steps are paid")
    share = rule.credit * count
    steps.append(f"{count} x {show_share(rule.credit)} = {show_share(share)}")
    return Award(share=share, tier=f"{count} step(s)", steps=steps)


def _overrun_tiers(rule: rules.OverrunTiers, measured: Measured, bench: Bench) -> Award:
    target = _target(bench)
    if target == 0:
        raise UnableToJudge(RefusalCode.TARGET_UNKNOWN, "A relative overrun needs a target that is not zero.")
    overrun = 100 * _worse(measured, bench) / target
    reached = [entry for entry in rule.thresholds if overrun >= Fraction(entry.overrun)]
    best = max(reached, key=lambda entry: entry.overrun, default=None)
    share = best.credit if best else Fraction(0)
    tier = f"overrun from {best.overrun} % on" if best else "below every threshold"
    text = f"overrun ({_shown(measured)} - {exact_text(target)})/{exact_text(target)} = {_money(overrun)} %"
    return Award(share=share, tier=tier, steps=[text, f"{tier}: {show_share(share)}"])


def _shown(measured: Measured) -> str:
    return exact_text(_value(measured))


def _sum_per_day(rule: rules.SumPerDay, measured: Measured, bench: Bench) -> Award:
    days = measured.days or 0
    amount = Fraction(rule.sum) * days
    text = f"{days} day(s) x {rule.sum} = {exact_text(amount)} {bench.case.contract.currency}"
    return Award(amount=amount, days=days, tier=f"{days} day(s)", steps=[text])


def _daily_rate(rule: rules.DailyRate, measured: Measured, bench: Bench) -> Award:
    days = measured.days or 0
    if not days:
        return Award(amount=Fraction(0), days=0, steps=["no day late"])
    charge = bench.charge().per_period
    amount = charge * rule.periods_per_year / rule.days_per_year * days
    text = f"{exact_text(charge)} x {rule.periods_per_year}/{rule.days_per_year} x {days} day(s) = {_money(amount)}"
    return Award(amount=amount, days=days, tier=f"{days} day(s)", steps=[text])


def _hour_waiver(rule: rules.HourWaiver, measured: Measured, bench: Bench) -> Award:
    _seconds(measured)
    assert measured.downtime is not None  # noqa: S101
    zone, hours = find_zone(bench.case.contract.zone), dict[int, int]()
    for start, end in measured.downtime.counted:
        at = start
        while at < end:
            offset = from_seconds(at).astimezone(zone).utcoffset() or timedelta(0)
            shift = int(offset.total_seconds()) % 3600
            hour = (at + shift) // 3600 * 3600 - shift
            hours[hour] = hours.get(hour, 0) + min(end, hour + 3600) - at
            at = hour + 3600
    waived = sum(rule.downtime.holds(Fraction(seconds)) for seconds in hours.values())
    steps = [f"{waived} clock hour(s) with downtime {rule.downtime} are left off the bill"]
    if bench.case.facts.charges.hourly is not None and waived:
        steps.append(f"{waived} x {bench.case.facts.charges.hourly} per hour are not charged")
    return Award(share=Fraction(0), waived_hours=waived, steps=steps)


def _event_credits(_rule: rules.EventCredits, _measured: Measured, bench: Bench) -> Award:
    shares: dict[str, list[Fraction]] = {}
    for entry in bench.case.facts.event_credits:
        shares.setdefault(entry.event, []).append(Fraction(entry.percent) / 100)
    stacking = bench.case.contract.stacking
    summed = stacking == "sum"
    by_event = {event: sum(values, Fraction(0)) if summed else max(values) for event, values in shares.items()}
    highest = max(by_event.values(), default=Fraction(0))
    total = highest if stacking == "highest" else sum(by_event.values(), Fraction(0))
    steps = [f"event {event}: {show_share(share)}" for event, share in by_event.items()]
    return Award(share=total, tier=f"{len(by_event)} event(s)", steps=[*steps, f"together {show_share(total)}"])


_RULES: dict[type, Callable[..., Award]] = {
    rules.Tiers: _tiers,
    rules.DurationTiers: _duration_tiers,
    rules.DayPerBlock: _day_per_block,
    rules.DayPerExcessBlock: _day_per_excess_block,
    rules.SharePerDay: _share_per_day,
    rules.ShareWhenMissed: _share_when_missed,
    rules.SharePerStep: _share_per_step,
    rules.OverrunTiers: _overrun_tiers,
    rules.SumPerDay: _sum_per_day,
    rules.DailyRate: _daily_rate,
    rules.HourWaiver: _hour_waiver,
    rules.EventCredits: _event_credits,
}
