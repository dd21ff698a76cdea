"""Rules that pay by the day, the block or the hour."""

import math
from collections import Counter
from fractions import Fraction

from include.sla_logic.domain.calendars import clock_hour, local_days_of, local_midnight
from include.sla_logic.domain.contract import rules
from include.sla_logic.domain.contract.quantities import exact_text, show_share
from include.sla_logic.domain.durations import show_duration
from include.sla_logic.domain.money import Money, half_up
from include.sla_logic.domain.paid import ChargeTerm, PricedRate, Product, paid_rate
from include.sla_logic.domain.period import to_seconds
from include.sla_logic.domain.sla.case import Measured
from include.sla_logic.domain.sla.charge import ChargeBase
from include.sla_logic.domain.sla.objective_judgement import RefusalCode
from include.sla_logic.domain.sla.refusal import UnableToJudge
from include.sla_logic.domain.sla.rule_context import (
    Award,
    RuleContext,
    counted_seconds,
    exact_money,
    of_charge,
    target_of,
)


def day_per_block_award(rule: rules.DayPerBlock, measured: Measured, context: RuleContext) -> Award:
    """Pay a day's charge for each block of cumulated downtime."""
    seconds = counted_seconds(measured)
    blocks = _blocks(Fraction(seconds), rule)
    found = _daily(rule, blocks, measured, context)
    found.steps.insert(0, f"{seconds} s = {blocks} {rule.counts} block(s) of {show_duration(rule.block)}")
    return found


def day_per_excess_block_award(rule: rules.DayPerExcessBlock, measured: Measured, context: RuleContext) -> Award:
    """Pay a day's charge for each block beyond the downtime that the target allows."""
    seconds, target = counted_seconds(measured), target_of(context)
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
    found = _daily(rule, blocks, measured, context, after=allowed)
    found.steps = [*steps, f"{blocks} {rule.counts} block(s) of {show_duration(rule.block)}", *found.steps]
    return found


def _daily(
    rule: rules.DayPerBlock | rules.DayPerExcessBlock,
    blocks: int,
    measured: Measured,
    context: RuleContext,
    *,
    after: Fraction = Fraction(0),
) -> Award:
    """Pay a day for each block, of the charge in force where it begins: beyond the downtime `after` which it pays."""
    if blocks == 0:
        return Award(amount=Fraction(0), days=0, steps=["no block, no day is credited"])
    assert measured.downtime is not None  # noqa: S101 - counted_seconds has seen it
    base = context.charge()
    charges = Counter({_day_of(base, rule): blocks})
    if base.varies:
        begins = (measured.downtime.second(after + number * rule.block) for number in range(blocks))
        charges = Counter(_day_of(base.at(second), rule) for second in begins)
    amount = sum((charge * count / days for (charge, days), count in charges.items()), Fraction(0))
    currency = context.case.contract.currency
    summed = " + ".join(f"{count} day(s) x {exact_text(charge)}/{days}" for (charge, days), count in charges.items())
    text = f"{summed} = {exact_money(amount)} {currency}"
    paid = paid_rate(*(_days_of(charge, days, count) for (charge, days), count in charges.items()))
    return Award(amount=amount, days=blocks, tier=f"{blocks} day(s)", steps=[text], paid=paid)


def _day_of(base: ChargeBase, rule: rules.DayPerBlock | rules.DayPerExcessBlock) -> tuple[Fraction, int]:
    """Return the charge and the number of days that a day's charge is a part of."""
    return base.per_period, base.days if rule.days == "in_period" else rule.days


def _days_of(charge: Fraction, days: int, count: int, times: Fraction = Fraction(1)) -> Product:
    """Return a number of days' charges as data."""
    rate = PricedRate(kind="day", number=Fraction(days), charge=(ChargeTerm(amount=charge),))
    return Product(rates=(rate,), count=count, times=times)


def _blocks(seconds: Fraction, rule: rules.DayPerBlock | rules.DayPerExcessBlock) -> int:
    parts = seconds / rule.block
    return math.ceil(parts) if rule.counts == "started" else math.floor(parts)


def share_per_day_award(rule: rules.SharePerDay, measured: Measured, context: RuleContext) -> Award:
    """Pay a share of the charge for each local day with a long enough outage inside that day."""
    counted_seconds(measured)
    assert measured.downtime is not None  # noqa: S101 - counted_seconds has seen it
    days: dict[str, tuple[int, int]] = {}
    for start, end in measured.downtime.counted:
        for day, (midnight, next_midnight) in local_days_of((start, end), context.case.contract.zone):
            inside = min(end, next_midnight) - max(start, midnight)
            if rule.outage.holds(Fraction(inside)):
                longest, first = days.get(f"{day}", (0, max(start, midnight)))
                days[f"{day}"] = max(inside, longest), first
    shown = ", ".join(f"{day} ({seconds} s)" for day, (seconds, _first) in days.items()) or "none"
    owed = sum((of_charge(rule.share, context, at=first) for _seconds, first in days.values()), Fraction(0))
    product = f"{len(days)} x {show_share(rule.share)} x the charge then = {exact_money(owed)}"
    steps = [
        f"local days with an outage {rule.outage}: {shown}",
        f"{product} {context.case.contract.currency}",
    ]
    firsts = [first for _seconds, first in days.values()] if rule.share else []
    paid = paid_rate(*(_share_at(rule.share, context, first) for first in firsts))
    return Award(amount=owed, days=len(days), tier=f"{len(days)} day(s)", steps=steps, paid=paid)


def _share_at(share: Fraction, context: RuleContext, at: int) -> Product:
    """Return a share of the charge in force at that second as data."""
    return Product(rates=(PricedRate(kind="share", number=share, charge=context.charge_at(at).terms),))


def sum_per_day_award(rule: rules.SumPerDay, measured: Measured, context: RuleContext) -> Award:
    """Pay a fixed sum for each day late."""
    days = measured.days or 0
    amount = Fraction(rule.sum) * days
    text = f"{days} day(s) x {rule.sum} = {exact_text(amount)} {context.case.contract.currency}"
    paid = paid_rate(Product(rates=(PricedRate(kind="sum", number=Fraction(rule.sum)),), count=days))
    return Award(amount=amount, days=days, tier=f"{days} day(s)", steps=[text], paid=paid)


def daily_rate_award(rule: rules.DailyRate, measured: Measured, context: RuleContext) -> Award:
    """Pay the charge's daily rate for each day late; rounded once, at the end."""
    days = measured.days or 0
    if not days:
        return Award(amount=Fraction(0), days=0, steps=["no day late"])
    base, zone = context.charge(), context.case.contract.zone
    charges = {base.per_period: days}
    if base.changes:
        if len(measured.late_days) < days:
            reason = "The charge changes in the window, and it is not known on which days the promise was late."
            raise UnableToJudge(RefusalCode.CHARGE_UNKNOWN, reason)
        late = (to_seconds(local_midnight(day, zone)) for day in measured.late_days)
        charges = Counter(base.at(second).per_period for second in late)
    yearly = Fraction(rule.periods_per_year, rule.days_per_year)
    amount = sum((charge * yearly * count for charge, count in charges.items()), Fraction(0))
    summed = " + ".join(
        f"{exact_text(charge)} x {rule.periods_per_year}/{rule.days_per_year} x {count} day(s)"
        for charge, count in charges.items()
    )
    text = f"{summed} = {exact_money(amount)}"
    periods = Fraction(rule.periods_per_year)
    paid = paid_rate(*(_days_of(charge, rule.days_per_year, count, periods) for charge, count in charges.items()))
    return Award(amount=amount, days=days, tier=f"{days} day(s)", steps=[text], paid=paid)


def hour_waiver_award(rule: rules.HourWaiver, measured: Measured, context: RuleContext) -> Award:
    """Count the local clock hours that are not billed; they are no credit."""
    counted_seconds(measured)
    assert measured.downtime is not None  # noqa: S101
    hours: dict[int, int] = {}
    for start, end in measured.downtime.counted:
        at = start
        while at < end:
            hour, next_hour = clock_hour(at, context.case.contract.zone)
            hours[hour] = hours.get(hour, 0) + min(end, next_hour) - at
            at = next_hour
    waived = sum(rule.downtime.holds(Fraction(seconds)) for seconds in hours.values())
    steps = [f"{waived} clock hour(s) with downtime {rule.downtime} are left off the bill"]
    if context.case.facts.charges.hourly is not None and waived:
        hourly = context.case.facts.charges.hourly
        product = Money(amount=waived * hourly.amount, currency=hourly.currency)
        steps.append(f"{waived} x {hourly} per hour = {product} are not charged")
    return Award(share=Fraction(0), waived_hours=waived, steps=steps)
