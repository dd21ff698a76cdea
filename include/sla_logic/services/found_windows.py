"""What a round finds of a window."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from include.sla_logic.domain.credit import Rebate
from include.sla_logic.domain.judged_facts import Basis, FactKind
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.settlement import RoundState
from include.sla_logic.domain.sla import CountedInterval
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
