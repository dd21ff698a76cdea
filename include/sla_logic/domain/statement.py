"""What a customer is told of a settled window: restated in full, and what has changed since the last letter."""

from collections.abc import Iterable
from enum import StrEnum
from fractions import Fraction
from typing import Any

from pydantic import AwareDatetime

from include.sla_logic.domain.credit import Rebate
from include.sla_logic.domain.customer_report import CreditLine
from include.sla_logic.domain.disputes import StatedDispute
from include.sla_logic.domain.document import Value
from include.sla_logic.domain.judged_facts import FactKind
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.paid import Exact, Payout
from include.sla_logic.domain.period import Instant, Period
from include.sla_logic.domain.service_performance import ServicePerformance
from include.sla_logic.domain.sla import ObjectiveJudgement, SlaComparison


class StatementKind(StrEnum):
    """The first letter about a settled window, one that corrects an earlier letter, or one that announces a charge."""

    FINAL = "final"
    CORRECTION = "correction"
    CHARGE = "charge"


class Unlike(StrEnum):
    """Why what is credited is not what the window owes."""

    REVIEWED = "reviewed"
    LAPSED = "lapsed"


class StatedCredit(Value):
    """One credit of the window: what is booked, or can still be claimed; a new one was in no letter before."""

    reference: str
    window: Period
    amount: Money
    state: str  # booked, unclaimed, or withdrawn: what a letter named and nobody can claim any more
    booked_at: Instant
    invoice: str | None = None
    new: bool = False


class CountedOutages(Value):
    """The stretches of time that count against one objective, one by one.

    `weights` are the shares of them that count, in the same order; without any, all count whole.
    """

    objective: str
    outages: tuple[Period, ...]
    weights: tuple[Exact, ...] = ()

    @property
    def weighed(self) -> tuple[tuple[Period, Fraction], ...]:
        """Each stretch with the share of it that counts."""
        return tuple(zip(self.outages, self.weights or [Fraction(1)] * len(self.outages), strict=True))


class SettlementStatement(Value):
    """A settled window as the customer reads it.

    `owed` is what the window owes by the judgement, which `lines` explain; `before` is what earlier letters named as
    credited, `promised` tells that they called it provisional, `follows` that
    there was a letter about the window before. `unlike` is why the credits differ from `owed`.
    `added` and `removed` are the downtime that the letter before did not count, and that only it did; `changed` names
    the kinds of fact that are others since it. `disputes` are what the customer contested of the window, all decided.
    `payout` is how the credits of the promises became `owed`, `cap` the most for the `cap_window`.
    """

    reference: str
    kind: StatementKind
    customer: str
    locale: str
    provider: str | None
    zone: str
    service: str
    service_name: str
    contract: str
    contract_version: str
    performance: ServicePerformance
    outages: tuple[CountedOutages, ...]
    added: tuple[Period, ...] = ()
    removed: tuple[Period, ...] = ()
    changed: tuple[FactKind, ...] = ()
    lines: tuple[CreditLine, ...]
    owed: Money
    credits: tuple[StatedCredit, ...]
    promised: bool
    follows: bool
    claimed_late: bool = False
    unlike: Unlike | None = None
    claim_deadline: AwareDatetime | None = None
    amounts: str | None = None
    payout: Payout | None = None
    cap: Money | None = None
    cap_window: Period | None = None
    disputes: tuple[StatedDispute, ...] = ()
    created_at: AwareDatetime

    @property
    def downtime(self) -> tuple[Period, ...]:
        """All downtime that counts, whichever promise it counts against."""
        return tuple(sorted({each for one in self.outages for each in one.outages}, key=lambda period: period.span))

    @property
    def missing(self) -> Money:
        """What is owed beyond what is credited or can be claimed; less than nothing where the customer keeps more."""
        return self.owed - self.final - self.to_claim

    def after(self, before: "SettlementStatement", changed: Iterable[FactKind]) -> "SettlementStatement":
        """Say what counts now and did not in the letter before, and which kinds of fact have changed since."""
        added = tuple(one for one in self.downtime if one not in before.downtime)
        removed = tuple(one for one in before.downtime if one not in self.downtime)
        return self.model_copy(update={"added": added, "removed": removed, "changed": tuple(changed)})

    @property
    def final(self) -> Money:
        """What is credited for the window in all."""
        return self._sum(one.amount for one in self.credits if one.state == "booked")

    @property
    def before(self) -> Money:
        """What earlier letters named as credited."""
        return self._sum(one.amount for one in self.credits if one.state == "booked" and not one.new)

    @property
    def difference(self) -> Money:
        """What this letter brings; less than nothing is charged."""
        return self.final - self.before

    @property
    def to_claim(self) -> Money:
        """What the customer can still claim."""
        return self._sum(one.amount for one in self.credits if one.state == "unclaimed")

    def _sum(self, amounts: Iterable[Money]) -> Money:
        return sum(amounts, start=Money.zero(self.owed.currency))


def counted_outages(comparison: SlaComparison) -> tuple[CountedOutages, ...]:
    """Return what counts against each objective that is judged on downtime."""
    return tuple(_counted(judged) for judged in comparison.objectives if judged.counted_seconds is not None)


def _counted(judged: ObjectiveJudgement) -> CountedOutages:
    counted = [one for one in judged.intervals if one.kind == "counted"]
    in_part = any(one.weight is not None for one in counted)
    return CountedOutages(
        objective=judged.objective,
        outages=tuple(Period(start=one.start, end=one.end) for one in counted),
        weights=tuple(Fraction(1) if one.weight is None else one.weight for one in counted) if in_part else (),
    )


def owed_by(rebate: Rebate) -> dict[str, Any]:
    """Return what the window owes, nothing taken off, and what explains the amount."""
    owed = {"owed": rebate.gross, "lines": _lines(rebate)}
    return owed | {"payout": rebate.payout, "cap": rebate.cap, "cap_window": rebate.cap_window}


def _lines(rebate: Rebate) -> tuple[CreditLine, ...]:
    return tuple(
        CreditLine(objective=line.objective, amount=line.gross, arithmetic=line.arithmetic, gross=line.gross)
        for line in rebate.lines
        if line.gross
    )
