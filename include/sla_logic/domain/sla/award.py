"""Award the credit of a measured value: one function per rule shape, exact, before any rounding."""

from collections.abc import Callable, Iterable
from fractions import Fraction

from include.sla_logic.domain.contract import rules
from include.sla_logic.domain.contract.credit_rule import Credit
from include.sla_logic.domain.contract.quantities import show_share
from include.sla_logic.domain.measurements import EventCredit
from include.sla_logic.domain.paid import PricedRate, Product, paid_rate
from include.sla_logic.domain.period import to_seconds
from include.sla_logic.domain.sla.case import Measured
from include.sla_logic.domain.sla.credit_award import credit_award
from include.sla_logic.domain.sla.day_awards import (
    daily_rate_award,
    day_per_block_award,
    day_per_excess_block_award,
    hour_waiver_award,
    share_per_day_award,
    sum_per_day_award,
)
from include.sla_logic.domain.sla.objective_judgement import RefusalCode
from include.sla_logic.domain.sla.refusal import UnableToJudge
from include.sla_logic.domain.sla.rule_context import Award, RuleContext, exact_money, of_charge
from include.sla_logic.domain.sla.share_awards import (
    duration_tiers_award,
    overrun_tiers_award,
    share_per_step_award,
    share_when_missed_award,
    tiers_award,
)


def award(measured: Measured, context: RuleContext) -> Award:
    """Apply the objective's rule; raise `UnableToJudge` where the value lies in no tier."""
    found = _RULES[type(context.objective.rule)](context.objective.rule, measured, context)
    if found.paid is None and found.share:
        terms = () if context.base is None else context.base.terms
        found.paid = paid_rate(Product(rates=(PricedRate(kind="share", number=found.share, charge=terms),)))
    return found


def _event_credits(_rule: rules.EventCredits, _measured: Measured, context: RuleContext) -> Award:
    stated = context.case.facts.event_credits
    shares: dict[str, list[Fraction]] = {}
    for entry in stated:
        shares.setdefault(entry.event, []).append(Fraction(entry.percent) / 100)
    stacking = context.case.contract.stacking
    summed = stacking == "sum"
    by_event = {event: sum(values, Fraction(0)) if summed else max(values) for event, values in shares.items()}
    steps = [f"event {event}: {show_share(share)}" for event, share in by_event.items()]
    if by_event and context.base is not None and context.base.changes:
        amounts = {event: of_charge(share, context, at=_moment(event, stated)) for event, share in by_event.items()}
        owed = _joined(amounts.values(), stacking)
        steps.append(f"together {exact_money(owed)} of the charges in force then")
        paid = (
            None if stacking == "highest" else paid_rate(*(_charged(by_event[e], e, stated, context) for e in by_event))
        )
        return Award(amount=owed, tier=f"{len(by_event)} event(s)", steps=steps, paid=paid)
    total = _joined(by_event.values(), stacking)
    return Award(share=total, tier=f"{len(by_event)} event(s)", steps=[*steps, f"together {show_share(total)}"])


def _joined(values: Iterable[Fraction], stacking: str) -> Fraction:
    return max(values, default=Fraction(0)) if stacking == "highest" else sum(values, Fraction(0))


def _charged(share: Fraction, event: str, stated: Iterable[EventCredit], context: RuleContext) -> Product:
    """Return an event's share of the charge in force when it happened."""
    terms = context.charge_at(_moment(event, stated)).terms
    return Product(rates=(PricedRate(kind="share", number=share, charge=terms),))


def _moment(event: str, stated: Iterable[EventCredit]) -> int:
    moments = {to_seconds(entry.at) for entry in stated if entry.event == event and entry.at is not None}
    if not moments:
        reason = f"The charge changes in the window: say when the event {event} happened (`at`)."
        raise UnableToJudge(RefusalCode.CHARGE_UNKNOWN, reason)
    return min(moments)


_RULES: dict[type, Callable[..., Award]] = {
    Credit: credit_award,
    rules.Tiers: tiers_award,
    rules.DurationTiers: duration_tiers_award,
    rules.DayPerBlock: day_per_block_award,
    rules.DayPerExcessBlock: day_per_excess_block_award,
    rules.SharePerDay: share_per_day_award,
    rules.ShareWhenMissed: share_when_missed_award,
    rules.SharePerStep: share_per_step_award,
    rules.OverrunTiers: overrun_tiers_award,
    rules.SumPerDay: sum_per_day_award,
    rules.DailyRate: daily_rate_award,
    rules.HourWaiver: hour_waiver_award,
    rules.EventCredits: _event_credits,
}
