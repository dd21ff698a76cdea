"""Rules that grant a share of the charge by how bad a value is."""

import math
from fractions import Fraction

from include.sla_logic.domain.contract import rules
from include.sla_logic.domain.contract.quantities import exact_text, show_share
from include.sla_logic.domain.durations import show_duration
from include.sla_logic.domain.money import half_up
from include.sla_logic.domain.paid import PricedRate, Product, paid_rate
from include.sla_logic.domain.sla.case import Measured
from include.sla_logic.domain.sla.figures import figure
from include.sla_logic.domain.sla.objective_judgement import RefusalCode
from include.sla_logic.domain.sla.refusal import UnableToJudge
from include.sla_logic.domain.sla.rule_context import (
    Award,
    RuleContext,
    counted_seconds,
    exact_money,
    target_of,
    value_of,
    worse_by,
)


def tiers_award(rule: rules.Tiers, measured: Measured, context: RuleContext) -> Award:
    """Grant the share of the tier that holds the value; a value in no tier is refused."""
    value, steps = value_of(measured), []
    if rule.round_decimals is not None:
        value = Fraction(half_up(value, rule.round_decimals))
        steps.append(f"rounded half up to {rule.round_decimals} decimals, as the contract says: {exact_text(value)}")
    tier = next((tier for tier in rule.tiers if tier.holds(value)), None)
    if tier is None:
        raise _gap(f"{half_up(value, 8).normalize():f} {context.objective.shown_unit}", context)
    return Award(share=tier.credit, tier=str(tier), steps=[*steps, f"tier {tier}: {show_share(tier.credit)}"])


def duration_tiers_award(rule: rules.DurationTiers, measured: Measured, context: RuleContext) -> Award:
    """Grant the share of the tier that holds the cumulated downtime; the percentage column only warns."""
    seconds = counted_seconds(measured)
    tier = next((tier for tier in rule.tiers if tier.holds(Fraction(seconds))), None)
    if tier is None:
        raise _gap(f"{show_duration(int(seconds))} ({seconds} s)", context)
    found = Award(share=tier.credit, tier=str(tier))
    found.steps.append(f"{seconds} s = {show_duration(int(seconds))}: tier {tier}: {show_share(tier.credit)}")
    if rule.percent_column:
        other = next((t for t in rule.percent_column if t.holds(value_of(measured))), None)
        if other is None or other.credit != tier.credit:
            said = "says nothing" if other is None else f"says {show_share(other.credit)}"
            found.warnings.append(
                f"the percentage column {said}, the duration column {show_share(tier.credit)}; "
                "the duration column decides"
            )
    return found


def share_when_missed_award(rule: rules.ShareWhenMissed, measured: Measured, context: RuleContext) -> Award:
    """Grant one share if the value is worse than the target; equal is kept."""
    if measured.value is None:
        return Award(share=Fraction(0), steps=[measured.note or "nothing to judge"])
    missed = worse_by(measured, context) > 0
    share = rule.credit if missed else Fraction(0)
    text = f"the target {exact_text(target_of(context))} is {'missed' if missed else 'met'}: {show_share(share)}"
    return Award(share=share, tier="target missed" if missed else "target met", steps=[text])


def share_per_step_award(rule: rules.SharePerStep, measured: Measured, context: RuleContext) -> Award:
    """Grant a share per started or full step beyond the target."""
    short = max(Fraction(0), worse_by(measured, context))
    parts = short / Fraction(rule.step)
    count = math.ceil(parts) if rule.counts == "started" else math.floor(parts)
    steps = [f"beyond the target by {figure(short)}; {rule.counts} steps of {rule.step}: {count}"]
    if rule.most_steps is not None and count > rule.most_steps:
        count = rule.most_steps
        steps.append(f"at most {count} steps are paid")
    share = rule.credit * count
    steps.append(f"{count} x {show_share(rule.credit)} = {show_share(share)}")
    terms = () if context.base is None else context.base.terms
    paid = paid_rate(Product(rates=(PricedRate(kind="share", number=rule.credit, charge=terms),), count=count))
    return Award(share=share, tier=f"{count} step(s)", steps=steps, paid=paid)


def overrun_tiers_award(rule: rules.OverrunTiers, measured: Measured, context: RuleContext) -> Award:
    """Grant the share of the highest threshold that the relative overrun reaches."""
    target = target_of(context)
    if target == 0:
        raise UnableToJudge(RefusalCode.TARGET_UNKNOWN, "A relative overrun needs a target that is not zero.")
    overrun = 100 * worse_by(measured, context) / target
    reached = [entry for entry in rule.thresholds if overrun >= Fraction(entry.overrun)]
    best = max(reached, key=lambda entry: entry.overrun, default=None)
    share = best.credit if best else Fraction(0)
    tier = f"overrun from {best.overrun} % on" if best else "below every threshold"
    value, shown = exact_text(value_of(measured)), exact_text(target)
    text = f"overrun ({value} - {shown})/{shown} = {exact_money(overrun)} %"
    return Award(share=share, tier=tier, steps=[text, f"{tier}: {show_share(share)}"])


def _gap(shown: str, context: RuleContext) -> UnableToJudge:
    reason = f"{shown} lies in no tier of {context.objective.id}: the contract is silent, a person must decide."
    return UnableToJudge(RefusalCode.TIER_GAP, reason)
