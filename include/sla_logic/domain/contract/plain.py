"""A credit rule that is a plain table, as the older kind that says the same."""

from decimal import Decimal

from include.sla_logic.domain.contract import rules
from include.sla_logic.domain.contract.credit_rule import Credit, CreditTier
from include.sla_logic.domain.contract.quantities import DurationTier, ValueTier
from include.sla_logic.domain.contract.rates import ShareOfCharge

_PLAIN = "plain"
_BOUNDS = ("at_least", "more_than", "at_most", "below")


def plain_rule(rule: rules.Rule) -> rules.Rule:
    """Return the table of shares that a credit rule is, or the rule itself where it is more than that."""
    if not isinstance(rule, Credit):
        return rule
    if _PLAIN not in rule.known:
        rule.known[_PLAIN] = _plain_rule(rule)
    found: rules.Rule = rule.known[_PLAIN]
    return found


def _plain_rule(rule: Credit) -> rules.Rule:
    if not _is_plain(rule):
        return rule
    if rule.tiers_by is not None:
        return _thresholds(rule) or rule
    if rule.rate is not None:
        return rules.ShareWhenMissed(credit=_share(rule.rate))
    if rule.bounded_by_time:
        tiers = tuple(DurationTier(**_bounds(tier, int), credit=_share(tier.rate)) for tier in rule.tiers)
        return rules.DurationTiers(tiers=tiers, percent_column=rule.percent_column)
    values = tuple(ValueTier(**_bounds(tier, Decimal), credit=_share(tier.rate)) for tier in rule.tiers)
    return rules.Tiers(tiers=values, round_decimals=rule.round_decimals)


def _is_plain(rule: Credit) -> bool:
    parts = (rule.beyond, rule.block, rule.numbered_by, rule.at_least, rule.at_most)
    limits = (rule.each_at_least, rule.each_at_most, rule.nearest)
    shares = all(isinstance(rate, ShareOfCharge) for rate in rule.every_rate)
    table = rule.when == "always" if rule.tiers else rule.when == "target_missed"
    return rule.for_each == "window" and rule.factor == 1 and shares and table and not any((*parts, *limits))


def _thresholds(rule: Credit) -> rules.OverrunTiers | None:
    """Return bands that follow each other without a hole as thresholds; None for any other bands."""
    paying = sorted((t for t in rule.tiers if t.at_least), key=lambda tier: tier.at_least or 0)
    least = [t for t in rule.tiers if not t.at_least]
    ends = [tier.below for tier in (*least, *paying)]
    begins = [*(tier.at_least for tier in paying), None]
    exclusive = any(tier.more_than is not None or tier.at_most is not None for tier in rule.tiers)
    if not paying or exclusive or ends != begins or [_share(tier.rate) for tier in least] != ["0/1"]:
        return None
    found = [{"overrun": tier.at_least, "credit": _share(tier.rate)} for tier in paying]
    return rules.OverrunTiers.model_validate({"thresholds": found})


def _share(rate: object) -> str:
    assert isinstance(rate, ShareOfCharge)  # noqa: S101 - a plain table has no other
    return f"{rate.share.numerator}/{rate.share.denominator}"


def _bounds(tier: CreditTier, kind: type) -> dict[str, object]:
    given = {name: getattr(tier, name) for name in _BOUNDS if getattr(tier, name) is not None}
    return {name: f"{int(bound)} s" if kind is int else Decimal(bound) for name, bound in given.items()}
