"""What a round finds of a window."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from include.sla_logic.domain.credit import Rebate
from include.sla_logic.domain.judged_facts import Basis, FactKind
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.settlement import RoundState
from include.sla_logic.domain.sla import CountedInterval, SlaComparison
from include.sla_logic.persistence.contracts import Subscription
from include.sla_logic.persistence.schema.columns import to_minor_units
from include.sla_logic.services.ended_windows import EndedWindow
from include.sla_logic.services.judged_bases import basis_of

LOOKING = "preview"


@dataclass
class Found:
    """What a round makes of one window."""

    ended: EndedWindow
    state: RoundState
    reason: str
    facts: str | None = None
    owed: Money | None = None
    rebate: Rebate | None = None
    lapsed: bool = False
    rests_on: CountedInterval | None = None
    closes: bool = False  # what is undecided of it is decided elsewhere
    basis: Basis | None = None
    judged: SlaComparison | None = None  # where it decides the round

    def row(self, subscription: Subscription, newest: Row[Any] | None, rebate: Rebate | None) -> dict[str, Any]:
        """Return the row of a round that finds this after the newest one; `rebate` is what it brings."""
        (customer, service), contract = subscription, self.ended.contract
        return {
            "customer": customer,
            "service": service,
            "window_start": self.ended.window.start,
            "window_end": self.ended.window.end,
            "round": 1 if newest is None else newest.round + 1,
            "agreement": self.ended.agreement.id,
            "contract": contract.id,
            "contract_version": contract.version,
            "state": self.state.value,
            "reason": self.reason,
            "owed": None if self.owed is None else to_minor_units(self.owed),
            "currency": contract.currency,
            "facts": self.facts,
            "rebate": None if rebate is None else rebate.model_dump_json(),
            "basis": None if self.basis is None else self.basis.model_dump_json(),
            "changed": ",".join(self.changed_since(newest)) or None,
        }

    def changed_since(self, before: Row[Any] | None) -> tuple[FactKind, ...]:
        """Name the kinds of fact that were others in the judgement before, where both say what they rest on."""
        known = None if before is None else basis_of(before)
        return () if known is None or self.basis is None else self.basis.unlike(known)

    def differs(self, before: Row[Any] | None) -> bool:
        """Tell whether the window came out differently than in its newest round."""
        if before is None or (self.state.value, self.facts) != (before.state, before.facts):
            return True
        if self.facts is None:  # not judged: the reason is all there is
            return bool(self.reason != before.reason)
        return self.owed is not None and bool(to_minor_units(self.owed) != before.owed)
