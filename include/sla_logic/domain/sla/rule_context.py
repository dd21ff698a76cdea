"""The input of a rule besides the measured value, and the award that it grants."""

from dataclasses import dataclass, field
from fractions import Fraction

from include.sla_logic.domain.contract.contract import Objective
from include.sla_logic.domain.contract.quantities import exact_text
from include.sla_logic.domain.paid import PaidCredit
from include.sla_logic.domain.sla.case import Case, Measured
from include.sla_logic.domain.sla.charge import ChargeBase
from include.sla_logic.domain.sla.figures import figure
from include.sla_logic.domain.sla.objective_judgement import RefusalCode
from include.sla_logic.domain.sla.refusal import UnableToJudge


@dataclass(slots=True)
class Award:
    """What a rule grants: a share of the window's charge, or an amount outright; both exact.

    A waiver is not a credit: the hours are left off the bill. `paid` is the same as data, for letters.
    """

    share: Fraction | None = None
    amount: Fraction | None = None
    tier: str | None = None
    days: int | None = None
    waived_hours: int | None = None
    steps: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    paid: PaidCredit | None = None

    @property
    def is_nothing(self) -> bool:
        """Tell whether nothing is owed, regardless of the charge."""
        return not self.share and not self.amount


@dataclass(frozen=True, slots=True)
class RuleContext:
    """The input of a rule besides the measured value."""

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

    def charge_at(self, second: int) -> ChargeBase:
        """Return the charge in force at that second, for what lies in time: a block, a day, an event."""
        return self.charge().at(second)


def value_of(measured: Measured) -> Fraction:
    """Return the exact measured value; raise `UnableToJudge` where nothing was measured."""
    if measured.value is None:
        raise UnableToJudge(RefusalCode.TARGET_UNKNOWN, "Nothing was measured that this rule could judge.")
    return measured.value


def counted_seconds(measured: Measured) -> int | Fraction:
    """Return the counted downtime; raise `UnableToJudge` for an objective that measures no time."""
    if measured.downtime is None:
        raise UnableToJudge(RefusalCode.UNIT_MISMATCH, "The rule counts seconds, but the objective measures none.")
    return measured.downtime.counts


def target_of(context: RuleContext) -> Fraction:
    """Return the exact target; raise `UnableToJudge` where the contract names none."""
    if context.objective.target is None:
        reason = f"The objective {context.objective.id} has no target."
        raise UnableToJudge(RefusalCode.TARGET_UNKNOWN, reason)
    return Fraction(context.objective.target)


def worse_by(measured: Measured, context: RuleContext) -> Fraction:
    """Return by how much the target is missed (0 or less: it is met)."""
    distance = value_of(measured) - target_of(context)
    return -distance if context.objective.higher_is_better else distance


def of_charge(share: Fraction, context: RuleContext, *, at: int) -> Fraction:
    """Return a share of the charge in force at that second, which must be known only if anything is owed."""
    return share * context.charge_at(at).window if share else Fraction(0)


def exact_money(amount: Fraction) -> str:
    """Show an exact amount; a fraction without a finite decimal also with six decimals."""
    text = exact_text(amount)
    return text if "/" not in text else f"{text} ({figure(amount, 6)})"
