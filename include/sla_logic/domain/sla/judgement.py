"""Judging one objective: measured value, verdict, award, next tier; every doubt named."""

from dataclasses import dataclass
from fractions import Fraction

from include.sla_logic.domain import spans
from include.sla_logic.domain.contract import rules
from include.sla_logic.domain.contract.contract import Objective
from include.sla_logic.domain.contract.plain import plain_rule
from include.sla_logic.domain.contract.quantities import exact_text
from include.sla_logic.domain.money import Money, half_up, round_to_minor_unit
from include.sla_logic.domain.period import to_seconds
from include.sla_logic.domain.sla.award import award
from include.sla_logic.domain.sla.case import Case, Measured, total_seconds
from include.sla_logic.domain.sla.charge import ChargeBase
from include.sla_logic.domain.sla.claimed import measure_claimed
from include.sla_logic.domain.sla.downtime import Downtime
from include.sla_logic.domain.sla.evidence import evidence_of, tier_bounds, value_bounds
from include.sla_logic.domain.sla.next_tier import next_by_downtime, next_by_value
from include.sla_logic.domain.sla.objective_judgement import (
    DataState,
    NextTier,
    ObjectiveJudgement,
    Verdict,
)
from include.sla_logic.domain.sla.reason import reason_of
from include.sla_logic.domain.sla.refusal import UnableToJudge
from include.sla_logic.domain.sla.rule_context import Award, RuleContext


@dataclass(frozen=True, slots=True)
class Judged:
    """A judgement with the exact credit behind its rounded one; no credit means that none can be named.

    `share` is the share of the charge that the rule speaks of; None where it speaks of an amount. `ahead` is the
    credit from which more downtime would count, and that of the next tier. `stated`: a reading alone tells the value.
    """

    judgement: ObjectiveJudgement
    exact: Fraction | None
    share: Fraction | None
    ahead: tuple[Fraction, Fraction] | None = None
    stated: bool = False


def judge(objective: Objective, case: Case, base: ChargeBase | None, missing: UnableToJudge | None = None) -> Judged:
    """Judge one objective; what cannot be judged is a refusal with its reason, never a zero."""
    measured = Measured(total=total_seconds(case))
    if not case.agreed.parts:
        return _not_promised(objective, measured, case)
    try:
        measured = measure_claimed(objective, case)
        if not case.agreed.promised:
            return _not_promised(objective, measured, case)
        if (doubt := _doubt(measured, case)) is not None:
            return _undecided(objective, measured, doubt)
        context = RuleContext(case, objective, base, missing)
        found, exact = _awarded(measured.paid, context)
    except UnableToJudge as refusal:
        return _refused(objective, measured, refusal)
    share = (found.share or Fraction(0)) if found.amount is None else None
    tier, ahead = _next(objective, measured, context, found, exact)
    decided = _decided(objective, measured, context, found, exact, tier)
    return Judged(decided, exact, share, ahead, stated=measured.stated)


def _awarded(paid: Measured, context: RuleContext) -> tuple[Award, Fraction]:
    """Return what the rule grants, and its exact amount."""
    found = award(paid, context) if paid.is_claimed else Award(share=Fraction(0), steps=["nothing of it was claimed"])
    if found.amount is not None:
        return found, found.amount
    return found, found.share * context.charge().window if found.share else Fraction(0)


def _doubt(measured: Measured, case: Case) -> str | None:
    """Return why the data do not suffice for a judgement, or None."""
    if measured.state is DataState.NEVER_ANSWERED:
        return (
            "The target never answered in this window: line down, switched off or not answering to probes; "
            "the data cannot tell, a person must decide."
        )
    if measured.state is DataState.NO_DATA:
        return measured.note or "Nothing was measured in this window."
    return measured.doubt(case.contract)


def _not_promised(objective: Objective, measured: Measured, case: Case) -> Judged:
    agreed = case.agreed
    why = f"The contract promises nothing in a window that is agreed in part: {agreed.window} of {agreed.calendar}."
    if not agreed.parts:
        why = f"Nothing is promised: no agreement held any time from {agreed.window}."
    judgement = ObjectiveJudgement(
        **evidence_of(objective, measured),
        breached=False,
        verdict=Verdict.NOT_PROMISED,
        reason=why,
        steps=(*measured.steps, why),
        credit=Money.zero(case.contract.currency),
    )
    return Judged(judgement, Fraction(0), Fraction(0))


def _undecided(objective: Objective, measured: Measured, doubt: str) -> Judged:
    seen = measured.state is not DataState.NO_DATA  # nothing at all needs no decision: it is named, and left out
    fields = evidence_of(objective, measured) | {"measured": None, "measured_exact": None, "margin": None}
    judgement = ObjectiveJudgement(
        **fields,
        breached=None,
        verdict=Verdict.NO_DATA,
        reason=doubt,
        steps=(*measured.steps, doubt),
        needs_approval=seen,
        approval_reason=f"{objective.id}: {doubt}" if seen else None,
    )
    return Judged(judgement, None, None)


def _refused(objective: Objective, measured: Measured, refusal: UnableToJudge) -> Judged:
    judgement = ObjectiveJudgement(
        **evidence_of(objective, measured),
        breached=_breached(objective, measured, None),
        verdict=Verdict.REFUSED,
        reason=refusal.reason,
        refusal=refusal.code,
        steps=(*measured.steps, f"refused: {refusal.reason}"),
        warnings=tuple(measured.downtime.warnings) if measured.downtime else (),
        needs_approval=True,
        approval_reason=f"{objective.id}: {refusal.reason}",
    )
    return Judged(judgement, None, None)


def _breached(objective: Objective, measured: Measured, found: Award | None) -> bool | None:
    """Tell whether the promise was broken: by the target, where there is one, else by what is owed."""
    if measured.value is not None and objective.target is not None:
        value = measured.value
        rule = plain_rule(objective.rule)
        if isinstance(rule, rules.Tiers) and rule.round_decimals is not None:
            value = Fraction(half_up(value, rule.round_decimals))
        return objective.is_missed(value)
    return None if found is None else not found.is_nothing or bool(found.waived_hours)


def _decided(
    objective: Objective,
    measured: Measured,
    context: RuleContext,
    found: Award,
    exact: Fraction,
    tier: NextTier | None,
) -> ObjectiveJudgement:
    currency, base = context.case.contract.currency, context.base
    breached = bool(_breached(objective, measured, found))
    credit = round_to_minor_unit(exact, currency)
    share = found.share if found.amount is None else None
    steps = [*measured.steps, *(measured.claimed.steps if measured.claimed else ()), *found.steps]
    if share and base is not None:
        product = f"{exact_text(share * 100)} % x {exact_text(base.window)} = {exact_text(exact)} {currency}"
        steps += [*base.steps, product]
    elif found.amount and base is not None and not isinstance(objective.rule, rules.SumPerDay):
        steps += base.steps
    return ObjectiveJudgement(
        **evidence_of(objective, measured),
        breached=breached,
        verdict=Verdict.BREACHED if breached else Verdict.MET,
        reason=reason_of(objective, measured, credit, breached=breached),
        steps=tuple(steps),
        tier=found.tier,
        credit_percent=None if share is None else half_up(share * 100, 8).normalize() + 0,
        credit_exact=f"{exact.numerator}/{exact.denominator}",
        credit=credit,
        charge_base=None if base is None else round_to_minor_unit(base.window, currency),
        days=found.days,
        waived_hours=found.waived_hours,
        paid=found.paid if exact else None,
        next_tier=tier,
        tier_bounds=tier_bounds(objective, measured),
        value_bounds=value_bounds(objective, measured),
        warnings=(*(measured.downtime.warnings if measured.downtime else ()), *found.warnings),
    )


def _next(
    objective: Objective, measured: Measured, context: RuleContext, found: Award, now: Fraction
) -> tuple[NextTier | None, tuple[Fraction, Fraction] | None]:
    """Return the distance to the next higher credit, and the credits of now and then; None if there is none.

    More downtime would be an incident that can still be claimed: it is counted from what is not lost.
    """
    from_here, base = measured.ahead or measured.paid, context.base
    if measured.ahead is not None:
        try:
            found, now = _awarded(measured.ahead, context)
        except UnableToJudge:
            return None, None
    if from_here.downtime is not None:
        outright = found.amount is not None
        worth_now = (found.amount if outright else found.share) or Fraction(0)
        step = next_by_downtime(objective, from_here, worth_now, lambda seconds: _worth(from_here, context, seconds))
        if step is None:
            return None, None
        amount = None if base is None else step.share if outright else step.share * base.window
        return _priced(step.seconds - from_here.downtime.seconds, None, step.tier, amount, now, context)
    if from_here.value is None or (near := next_by_value(objective, from_here.value)) is None:
        return None, None
    distance, tier, share = near
    return _priced(None, distance, tier, None if base is None else share * base.window, now, context)


def _worth(measured: Measured, context: RuleContext, seconds: int) -> Fraction | None:
    """Return the credit for a number of counted seconds, those beyond the present ones from now on; None in a hole."""
    known, case = measured.downtime, context.case
    assert known is not None  # noqa: S101 - asked of downtime alone
    now = max([min(to_seconds(case.as_of), case.span[1]), *(end for _start, end in known.counted)])
    more = spans.merge([*known.counted, (now, now + seconds - known.seconds)])
    pretended, total = Downtime(known.parts, counted=more, weights=known.weights), measured.total
    value = 100 - Fraction(100 * pretended.counts, total)
    try:
        found = award(Measured(total=total, value=value, downtime=pretended), context)
    except UnableToJudge:
        return None
    return found.share if found.amount is None else found.amount


def _priced(
    left: int | None,
    distance: Fraction | None,
    tier: str,
    amount: Fraction | None,
    now: Fraction,
    context: RuleContext,
) -> tuple[NextTier, tuple[Fraction, Fraction] | None]:
    """Name the tier; what it costs is told where the cap and the other objectives are known."""
    currency = context.case.contract.currency
    named = NextTier(
        seconds_left=left,
        value_left=None if distance is None else half_up(distance, 8),
        tier=tier,
        credit=None if amount is None else round_to_minor_unit(amount, currency),
        costs_more=None if amount is None else Money.zero(currency),
    )
    return named, None if amount is None else (now, amount)
