"""Award the credit of a measured value: one function per rule shape, exact, before any rounding."""

from collections.abc import Callable
from fractions import Fraction

from include.sla_logic.domain.contract import rules
from include.sla_logic.domain.contract.quantities import show_share
from include.sla_logic.domain.sla.case import Measured
from include.sla_logic.domain.sla.day_awards import (
    daily_rate_award,
    day_per_block_award,
    day_per_excess_block_award,
    hour_waiver_award,
    share_per_day_award,
    sum_per_day_award,
)
from include.sla_logic.domain.sla.rule_context import Award, RuleContext
from include.sla_logic.domain.sla.share_awards import (
    duration_tiers_award,
    overrun_tiers_award,
    share_per_step_award,
    share_when_missed_award,
    tiers_award,
)


def award(measured: Measured, context: RuleContext) -> Award:
    """Apply the objective's rule; raise `UnableToJudge` where the value lies in no tier."""
    return _RULES[type(context.objective.rule)](context.objective.rule, measured, context)


def _event_credits(_rule: rules.EventCredits, _measured: Measured, context: RuleContext) -> Award:
    shares: dict[str, list[Fraction]] = {}
    for entry in context.case.facts.event_credits:
        shares.setdefault(entry.event, []).append(Fraction(entry.percent) / 100)
    stacking = context.case.contract.stacking
    summed = stacking == "sum"
    by_event = {event: sum(values, Fraction(0)) if summed else max(values) for event, values in shares.items()}
    highest = max(by_event.values(), default=Fraction(0))
    total = highest if stacking == "highest" else sum(by_event.values(), Fraction(0))
    steps = [f"event {event}: {show_share(share)}" for event, share in by_event.items()]
    return Award(share=total, tier=f"{len(by_event)} event(s)", steps=[*steps, f"together {show_share(total)}"])


_RULES: dict[type, Callable[..., Award]] = {
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
