"""What the next tier of an objective costs: what the window would still bring, then less now."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from include.sla_logic.domain import spans
from include.sla_logic.domain.credit import within_cap
from include.sla_logic.domain.money import Money, round_to_minor_unit
from include.sla_logic.domain.netting import net_off
from include.sla_logic.domain.period import Period, to_seconds
from include.sla_logic.domain.sla.case import Case
from include.sla_logic.domain.sla.judgement import Judged
from include.sla_logic.domain.sla.objective_judgement import NextTier
from include.sla_logic.domain.sla.payment import payable
from include.sla_logic.domain.sla.stacking import shared_events, stack


def with_costs(judged: Sequence[Judged], case: Case, cap: Fraction | None, cap_window: Period | None) -> list[Judged]:
    """Name what each next tier costs: nothing where the cap is used up, or the window ends before the tier."""
    if case.as_of >= case.window.end:  # nothing is at stake
        return list(judged)
    named = [entry for entry in judged if entry.exact is not None]
    events = shared_events([entry.judgement for entry in named])
    now = {entry.judgement.objective: entry.ahead[0] if entry.ahead else entry.exact or Fraction(0) for entry in named}

    def brings(amounts: Mapping[str, Fraction]) -> Money:
        """Return what would be booked for the window beyond what was credited."""
        owed, credited = _due(amounts, events, case, cap), case.facts.credited
        limit = None if cap is None else round_to_minor_unit(cap, owed.currency)
        left = within_cap(owed, case.window, limit, cap_window, credited)
        return max(net_off(left, case.window, credited).net, Money.zero(owed.currency))

    return [_with_cost(entry, case, brings, now) for entry in judged]


def _with_cost(
    entry: Judged, case: Case, brings: Callable[[Mapping[str, Fraction]], Money], now: Mapping[str, Fraction]
) -> Judged:
    tier = entry.judgement.next_tier
    if tier is None or entry.ahead is None:
        return entry
    own = case.counted_for(case.contract.objective(entry.judgement.objective))
    told = _reached(tier, own)
    if _can_come(tier, own):
        told["costs_more"] = brings({**now, entry.judgement.objective: entry.ahead[1]}) - brings(now)
    tier = tier.model_copy(update=told)
    return replace(entry, judgement=entry.judgement.model_copy(update={"next_tier": tier}))


def _reached(tier: NextTier, case: Case) -> dict[str, Any]:
    if tier.seconds_left is None or case.contract.counting.service_hours is None:
        return {}
    reached_at = case.contract.after_service_time(case.as_of, tier.seconds_left)
    return {"reached_at": reached_at, "service_hours": case.contract.service_hours}


def _due(
    amounts: Mapping[str, Fraction], events: Mapping[str, tuple[str, ...]], case: Case, cap: Fraction | None
) -> Money:
    paid = stack([(name, events[name], amount) for name, amount in amounts.items()], case.contract.stacking)
    total = sum(paid.values(), Fraction(0))
    total, _how = payable(total if cap is None else min(total, cap), cap, case.contract)
    return round_to_minor_unit(total, case.contract.currency)


def _can_come(tier: NextTier, case: Case) -> bool:
    """Tell whether the window has as much time left as the tier needs."""
    left = spans.total(spans.clip(case.held, (to_seconds(case.as_of), case.span[1])))
    return left > 0 and (tier.seconds_left is None or tier.seconds_left <= left)
