"""Rounds of windows that owe nothing: what the exact judgement would say of them, out of columns."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cached_property
from math import gcd
from typing import Any

import numpy as np

from include.sla_logic.domain.contract.sources import Source
from include.sla_logic.domain.judged_facts import Basis, FactKind, digest_of_contract
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import from_seconds, of_span
from include.sla_logic.domain.rebate import name_of_facts
from include.sla_logic.domain.settlement import Line, RoundState
from include.sla_logic.domain.sla import RULES_VERSION, ClaimFinding, ObjectiveJudgement, SlaComparison, Verdict
from include.sla_logic.domain.sla.briefs import briefs
from include.sla_logic.domain.sla.case import Measured
from include.sla_logic.domain.sla.claims import window_deadline
from include.sla_logic.domain.sla.columns import Column, Mask, Stretches
from include.sla_logic.domain.sla.evidence import evidence_of
from include.sla_logic.domain.sla.quiet_windows import FactColumns, JudgedColumns, WindowColumns
from include.sla_logic.domain.sla.reason import reason_of
from include.sla_logic.persistence.columns import Columns
from include.sla_logic.persistence.completeness import not_complete
from include.sla_logic.persistence.contracts import Subscription
from include.sla_logic.persistence.round_columns import STATES
from include.sla_logic.services.window_columns import LaidWindows

OUTAGES = Source("outages")  # what feeds every contract that is judged in columns
ANY_MINUTE = not_complete(OUTAGES, "____-__-__ __:__")  # a pattern of SQL
_DONE, _WAITING = (STATES.index(state) for state in (RoundState.DONE, RoundState.WAITING))


@dataclass
class QuietRounds:
    """Windows of one contract that are due and owe nothing, beside the newest round of each, and which are complete."""

    laid: LaidWindows
    windows: WindowColumns
    agreement: Column
    judged: JudgedColumns
    before: Columns
    complete: Mask
    facts: FactColumns
    at: datetime

    @cached_property
    def changed(self) -> Column:
        """Which of the windows came out differently than in their newest round."""
        same = ~self.complete & (self.before["state"] == _WAITING) & (self.before["alike"] == 1)
        done = self.judged.quiet & self.complete & (self.before["state"] == _DONE) & (self.before["owed"] == 0)
        before = np.flatnonzero(done)
        same[before] = self.before["facts"][before] == self._names(before)
        return np.flatnonzero(self.judged.quiet & ~same)

    def _names(self, numbers: Column) -> Any:
        """Name the judgements of these windows, which are complete and quiet."""
        found = []
        due, texts, late = str(self._nothing), dict[tuple[int, int], str](), dict[int, bool]()
        objectives = [one.id for one in self.laid.contract.objectives]
        for number in numbers.tolist():
            span = int(self.windows.start[number]), int(self.windows.end[number])
            ends = int(self.windows.calendar_end[number])
            if span not in texts:
                texts[span] = str(of_span(span))
            if ends not in late:
                late[ends] = self._is_late(ends)
            rows = [[name, *said, "0/1", None] for name, said in zip(objectives, self._said(number), strict=True)]
            found.append(name_of_facts(texts[span], rows, late=late[ends], due=due))
        return np.array(found, dtype="S64")

    def lines(self) -> Iterator[Line]:
        """Count the windows that came out differently."""
        contract = self.laid.contract
        for state, mask in ((RoundState.DONE, self.complete), (RoundState.WAITING, ~self.complete)):
            if count := int(mask[self.changed].sum()):
                yield Line(
                    contract=contract.id,
                    state=state,
                    credit=None,
                    currency=contract.currency,
                    windows=count,
                    amount=self._nothing.amount,
                )

    def rounds(self, subscriptions: list[Subscription], common: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the rows of the rounds of windows that came out differently."""
        contract, windows = self.laid.contract, self.windows
        done = self.changed[self.complete[self.changed]]
        names = dict(zip(done.tolist(), self._names(done).tolist(), strict=True))
        bases = dict(zip(self.changed.tolist(), self._bases(), strict=True))
        for number in self.changed.tolist():
            complete, end = bool(self.complete[number]), from_seconds(int(windows.end[number]))
            customer, service = subscriptions[int(windows.place[number])]
            yield {
                **common,
                "customer": customer,
                "service": service,
                "window_start": from_seconds(int(windows.start[number])),
                "window_end": end,
                "round": int(self.before["round"][number]) + 1,
                "agreement": self.laid.agreements[int(self.agreement[number])].id,
                "contract": contract.id,
                "contract_version": contract.version,
                "state": (RoundState.DONE if complete else RoundState.WAITING).value,
                "reason": self._reason(number) if complete else not_complete(OUTAGES, f"{end:%Y-%m-%d %H:%M}"),
                "owed": 0 if complete else None,
                "currency": contract.currency,
                "facts": names[number].decode() if complete else None,
                "rebate": None,
                "basis": bases[number],
                "changed": None,
            }

    def comparison(self, number: int, service: str) -> SlaComparison:
        """Return the judgement of a window as far as it is told to others: it owes nothing."""
        contract, windows = self.laid.contract, self.windows
        return SlaComparison(
            contract=contract.id,
            contract_version=contract.version,
            contract_title=contract.title,
            rules_version=RULES_VERSION,
            service=service,
            window=of_span((int(windows.start[number]), int(windows.end[number]))),
            zone=contract.zone,
            currency=contract.currency,
            as_of=self.at,
            objectives=tuple(self._judgements(number)),
            credit_due=self._nothing,
            claim=ClaimFinding(state="automatic", reason="Nothing is due."),
        )

    def _judgements(self, number: int) -> Iterator[ObjectiveJudgement]:
        whole = int(self.judged.total[number])
        for objective, (verdict, value, _seconds) in zip(
            self.laid.contract.objectives, self._said(number), strict=True
        ):
            measured = Measured(total=whole, value=Fraction(value))
            breached = verdict == Verdict.BREACHED.value
            yield ObjectiveJudgement(
                **evidence_of(objective, measured),
                breached=breached,
                verdict=Verdict(verdict),
                reason=reason_of(objective, measured, self._nothing, breached=breached),
                credit=self._nothing,
            )

    def _bases(self) -> Iterator[str]:
        """Yield what the judgements rest on, of windows that came out differently."""
        mine, kinds = self.changed, {FactKind.CONTRACT: digest_of_contract(self.laid.contract)}
        windows = Stretches.at(self.windows.place[mine], self.windows.start[mine], self.windows.end[mine])
        for brief in briefs(self.facts, windows):
            yield Basis(kinds=kinds, brief=brief).model_dump_json()

    @property
    def _nothing(self) -> Money:
        return Money.zero(self.laid.contract.currency)

    def _is_late(self, calendar_end: int) -> bool:
        contract = self.laid.contract
        deadline = None if contract.claim.automatic else window_deadline(contract, from_seconds(calendar_end))
        return deadline is not None and self.at >= deadline

    def _said(self, number: int) -> Iterator[tuple[str, str, int]]:
        """Yield by objective the verdict, the exact value and the counted seconds."""
        whole = int(self.judged.total[number])
        for counted, missed in zip(self.judged.counted, self.judged.missed, strict=True):
            seconds, left = int(counted[number]), 100 * (whole - int(counted[number]))
            divisor = gcd(left, whole)
            verdict = Verdict.BREACHED if missed[number] else Verdict.MET
            yield verdict.value, f"{left // divisor}/{whole // divisor}", seconds

    def _reason(self, number: int) -> str:
        pairs = zip(self.laid.contract.objectives, self._said(number), strict=True)
        whole, said = int(self.judged.total[number]), []
        for objective, (verdict, value, _seconds) in pairs:
            measured = Measured(total=whole, value=Fraction(value))
            reason = reason_of(objective, measured, self._nothing, breached=verdict == Verdict.BREACHED.value)
            said.append(f"{objective.id}: {reason}")
        return f"No credit is due: {'; '.join(said)}"
