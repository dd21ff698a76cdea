"""The document that states what was promised, what was measured and what is owed (process.md, row 2)."""

from collections.abc import Iterator
from decimal import Decimal

from include.sla_logic.domain.document import Document
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.paid import Payout
from include.sla_logic.domain.period import Instant, Period
from include.sla_logic.domain.service_hours import ServiceHours
from include.sla_logic.domain.sla.explanation import chronic_line, objective_lines
from include.sla_logic.domain.sla.objective_judgement import (
    ChronicFinding,
    ClaimFinding,
    CountedInterval,
    DataState,
    IntervalKind,
    NextTier,
    ObjectiveJudgement,
    RefusalCode,
    TierBound,
    Verdict,
)

__all__ = [
    "ChronicFinding",
    "ClaimFinding",
    "CountedInterval",
    "DataState",
    "IntervalKind",
    "NextTier",
    "ObjectiveJudgement",
    "RefusalCode",
    "SlaComparison",
    "TierBound",
    "Verdict",
]


class SlaComparison(Document):
    """Extent and details of the degradation against one contract, in one window.

    `credit_due` is after stacking and cap, before netting; None means that a person must decide first. `window` is
    what agreements hold of the `contract_window`; None in documents that were written before agreements bounded it.
    `service_hours` are those of the contract as a whole; None in documents of before it had any. `payout` is how the
    objectives' credits become `credit_due`; None in documents of earlier releases.
    """

    contract: str
    contract_version: str
    contract_title: str
    rules_version: str
    service: str
    window: Period
    zone: str
    currency: str
    as_of: Instant
    objectives: tuple[ObjectiveJudgement, ...]
    credit_due: Money | None
    credit_percent: Decimal | None = None
    credit_steps: tuple[str, ...] = ()
    shares: tuple[tuple[str, Money], ...] = ()
    payout: Payout | None = None
    charge_base: Money | None = None
    capped: bool = False
    cap: Money | None = None
    cap_window: Period | None = None
    provisional: bool = False
    provisional_reasons: tuple[str, ...] = ()
    needs_approval: bool = False
    approval_reasons: tuple[str, ...] = ()
    claim: ClaimFinding
    chronic: ChronicFinding | None = None
    maintenance: tuple[Period, ...] = ()
    refused_maintenance: tuple[Period, ...] = ()
    contract_window: Period | None = None
    service_hours: ServiceHours | None = None

    @property
    def breached(self) -> bool:
        """Tell whether any objective is breached."""
        return any(objective.breached for objective in self.objectives)

    @property
    def undecided(self) -> tuple[ObjectiveJudgement, ...]:
        """The objectives that could not be judged."""
        return tuple(o for o in self.objectives if o.verdict in (Verdict.NO_DATA, Verdict.REFUSED))

    @property
    def provisional_objectives(self) -> tuple[str, ...]:
        """Name the objectives that rest on something that goes on."""
        return tuple(o.objective for o in self.objectives if o.provisional)

    @property
    def needs_decision(self) -> bool:
        """Tell whether a person must name an amount, or a part of it, that cannot be judged."""
        return self.credit_due is None or any(o.needs_approval for o in self.undecided)

    @property
    def worst(self) -> ObjectiveJudgement:
        """The objective that matters most: highest credit, then breached, then undecided, then met."""
        order = {Verdict.BREACHED: 0, Verdict.REFUSED: 1, Verdict.NO_DATA: 2, Verdict.MET: 3, Verdict.NOT_PROMISED: 4}
        return min(self.objectives, key=lambda o: (-(o.credit.amount if o.credit else 0), order[o.verdict]))

    @property
    def seconds_to_next_tier(self) -> int | None:
        """The least downtime that makes any objective dearer."""
        left = [o.seconds_to_next_tier for o in self.objectives if o.seconds_to_next_tier is not None]
        return min(left, default=None)

    def explain(self) -> str:
        """Return the judgement as text that a person can check by hand."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"Service {self.service} under {self.contract_title}"
        yield f"  contract {self.contract} version {self.contract_version}"
        yield f"  rules of judgement version {self.rules_version}"
        yield f"  window {self.window} = {self.window.seconds} s, counted in {self.zone}"
        if self.contract_window is not None and self.contract_window != self.window:
            yield f"  only this part of the contract's window {self.contract_window} is agreed"
        yield f"  facts as of {self.as_of:%Y-%m-%d %H:%M:%S} UTC"
        for objective in self.objectives:
            yield ""
            yield from objective_lines(objective)
        yield from ("", "Credit", *(f"  {step}" for step in self.credit_steps))
        due = "cannot be named, a person must decide" if self.credit_due is None else str(self.credit_due)
        yield f"  due: {due}"
        yield f"  claim: {self.claim.reason}"
        if self.provisional:
            yield f"  provisional: {'; '.join(self.provisional_reasons)}"
        if self.needs_approval:
            yield f"  held for a second person: {'; '.join(self.approval_reasons)}"
        if self.chronic is not None:
            yield chronic_line(self.chronic)
