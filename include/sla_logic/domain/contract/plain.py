"""A credit rule that is a plain table, as the older kind that says the same."""

from decimal import Decimal
from functools import lru_cache

from include.sla_logic.domain.contract import rules
from include.sla_logic.domain.contract.credit_rule import Credit, CreditTier
from include.sla_logic.domain.contract.quantities import DurationTier, ValueTier
from include.sla_logic.domain.contract.rates import ShareOfCharge

_BOUNDS = ("at_least", "more_than", "at_most", "below")


@lru_cache(maxsize=1024)
def plain_rule(rule: rules.Rule) -> rules.Rule:
    """Return the table of shares that a credit rule is, or the rule itself where it is more than that."""
    if not isinstance(rule, Credit) or not _is_plain(rule):
        return rule
    if rule.rate is not None:
        return rules.ShareWhenMissed(credit=_share(rule.rate))
    if rule.bounded_by_time:
        tiers = tuple(DurationTier(**_bounds(tier, int), credit=_share(tier.rate)) for tier in rule.tiers)
        return rules.DurationTiers(tiers=tiers, percent_column=rule.percent_column)
    values = tuple(ValueTier(**_bounds(tier, Decimal), credit=_share(tier.rate)) for tier in rule.tiers)
    return rules.Tiers(tiers=values, round_decimals=rule.round_decimals)


def _is_plain(rule: Credit) -> bool:
    parts = (rule.beyond, rule.block, rule.numbered_by, rule.at_least, rule.at_most, rule.tiers_by)
    limits = (rule.each_at_least, rule.each_at_most, rule.nearest)
    shares = all(isinstance(rate, ShareOfCharge) for rate in rule.every_rate)
    table = rule.when == "always" if rule.tiers else rule.when == "target_missed"
    return rule.for_each == "window" and rule.factor == 1 and shares and table and not any((*parts, *limits))


def _share(rate: object) -> str:
    assert isinstance(rate, ShareOfCharge)  # noqa: S101 - a plain table has no other
    return f"{rate.share.numerator}/{rate.share.denominator}"


def _bounds(tier: CreditTier, kind: type) -> dict[str, object]:
    given = {name: getattr(tier, name) for name in _BOUNDS if getattr(tier, name) is not None}
    return {name: f"{int(bound)} s" if kind is int else Decimal(bound) for name, bound in given.items()}
