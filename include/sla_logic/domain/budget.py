"""The budget of a window: the downtime that the target allows, what is used, and what the next tier costs."""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from include.sla_logic.domain.contract.contract import Contract
from include.sla_logic.domain.document import Value
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.netting import EarlierCredit
from include.sla_logic.domain.period import Instant, Period
from include.sla_logic.domain.sla.comparison import ChronicFinding, SlaComparison
from include.sla_logic.domain.sla.objective_judgement import NextTier, ObjectiveJudgement, Verdict


class ObjectiveBudget(Value):
    """The budget of one objective: in seconds if it is about time, else only value and target.

    `allowed_seconds` is the downtime that still keeps the target, `left_seconds` what remains of it (below
    zero: overspent). `next_tier` is the next higher credit, also after the target is missed.
    """

    objective: str
    title: str
    verdict: Verdict
    reason: str
    unit: str
    target: Decimal | None
    measured: Decimal | None
    allowed_seconds: int | None
    used_seconds: int | None
    left_seconds: int | None
    credit: Money | None
    next_tier: NextTier | None


class ServiceBudget(Value):
    """The state of one subscribed service in its current window, with the credit due and the credit already given."""

    agreement: str
    customer: str
    service: str
    contract: str
    contract_version: str
    window: Period
    as_of: Instant
    objectives: tuple[ObjectiveBudget, ...]
    credit_due: Money | None
    credited: Money
    provisional: bool
    chronic: ChronicFinding | None


def work_out_budget(
    comparison: SlaComparison,
    contract: Contract,
    *,
    agreement: str,
    customer: str,
    earlier: Iterable[EarlierCredit],
) -> ServiceBudget:
    """Return the budget left after the judgement of a window."""
    mine = (credit.amount for credit in earlier if credit.window == comparison.window)
    return ServiceBudget(
        agreement=agreement,
        customer=customer,
        service=comparison.service,
        contract=comparison.contract,
        contract_version=comparison.contract_version,
        window=comparison.window,
        as_of=comparison.as_of,
        objectives=tuple(_budget(judged, contract) for judged in comparison.objectives),
        credit_due=comparison.credit_due,
        credited=sum(mine, start=Money.zero(comparison.currency)),
        provisional=comparison.provisional,
        chronic=comparison.chronic,
    )


def _budget(judged: ObjectiveJudgement, contract: Contract) -> ObjectiveBudget:
    allowed = _allowed(judged, contract)
    used = judged.counted_seconds
    return ObjectiveBudget(
        objective=judged.objective,
        title=judged.title,
        verdict=judged.verdict,
        reason=judged.reason,
        unit=judged.unit,
        target=judged.target,
        measured=judged.measured,
        allowed_seconds=allowed,
        used_seconds=used,
        left_seconds=None if allowed is None or used is None else allowed - used,
        credit=judged.credit,
        next_tier=judged.next_tier,
    )


def _allowed(judged: ObjectiveJudgement, contract: Contract) -> int | None:
    """Return the most whole seconds of downtime that still meet the target."""
    if judged.counted_seconds is None or judged.target is None:
        return None
    if not contract.objective(judged.objective).higher_is_better:
        return None
    return int((100 - Fraction(judged.target)) * judged.total_seconds / 100)
