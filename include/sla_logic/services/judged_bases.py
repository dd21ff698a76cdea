"""What the judgement of a window rests on: everything that it reads, named kind by kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import Row

from include.sla_logic.domain.credit import Rebate
from include.sla_logic.domain.judged_facts import Basis, FactKind, digest, digest_of_contract, digests_of
from include.sla_logic.domain.measurements import ServiceFacts
from include.sla_logic.domain.netting import EarlierCredit
from include.sla_logic.domain.rebate import facts_of
from include.sla_logic.domain.settlement import RoundState
from include.sla_logic.domain.sla import SlaComparison, compare
from include.sla_logic.services.ended_windows import EndedWindow

FOR_A_YEAR = timedelta(days=366)


@dataclass
class Read:
    """What was read for the judgement of one window: nothing else may decide how it comes out.

    `missing` names records that are not complete, `active` incidents under way, `earlier` credits under the
    same cap. While it is `disputed` nothing is found of it.
    """

    ended: EndedWindow
    facts: ServiceFacts
    missing: Sequence[str]
    active: Sequence[str]
    earlier: Sequence[EarlierCredit]
    disputed: bool = False

    @cached_property
    def kinds(self) -> dict[FactKind, str]:
        """All of it, kind by kind."""
        window = self.ended.window
        beside = sorted((str(one.window), str(one.amount)) for one in self.earlier if not one.window.overlaps(window))
        found = digests_of(self.facts) | {
            FactKind.CONTRACT: digest_of_contract(self.ended.contract),
            FactKind.COMPLETENESS: digest(self.missing),
            FactKind.CREDITS: digest(beside),
        }
        return found | {FactKind.INCIDENTS: digest([found[FactKind.INCIDENTS], self.active])}

    def stands(self, newest: Row[Any] | None, at: datetime) -> bool:
        """Tell whether the newest round is what a judgement would find again."""
        judged = newest is not None and newest.state == RoundState.DONE and not self.disputed
        known = basis_of(newest) if newest is not None and judged else None
        return known is not None and known.holds(self.kinds, at)

    def basis(self, comparison: SlaComparison, rebate: Rebate | None, at: datetime) -> Basis:
        """Return what the judgement rests on; with a rebate that is done, also for which time the judgement stands.

        That is a year, if the same facts come out alike at its end: in between, time only makes things longer or later.
        """
        from include.sla_logic.domain.sla.briefs import brief_of  # numpy, which no other use case needs

        basis = Basis(kinds=self.kinds, brief=brief_of(self.facts, self.ended.window))
        if rebate is None or comparison.provisional or comparison.undecided:
            return basis
        until = at + FOR_A_YEAR
        later = compare(self.ended.contract, self.facts, window=self.ended.calendar, as_of=until)
        return basis.model_copy(update={"since": at, "until": until}) if facts_of(later) == rebate.facts else basis


def basis_of(row: Row[Any]) -> Basis | None:
    """Return the basis of the last judgement that found what this round says; None if an earlier release wrote it."""
    said = row.confirmed or row.basis
    return None if said is None else Basis.model_validate_json(said)
