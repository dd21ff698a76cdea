"""Judging many windows in columns: which of them owe nothing for certain; all others are the exact judgement's."""

from dataclasses import dataclass, field, fields
from fractions import Fraction
from typing import Self

import numpy as np

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.contract.contract import Objective
from include.sla_logic.domain.contract.terms import Counting, MaintenanceTerms
from include.sla_logic.domain.measurements import Attribution
from include.sla_logic.domain.period import of_span
from include.sla_logic.domain.sla.columns import Column, Mask, Stretches
from include.sla_logic.domain.sla.quiet_bounds import Probe, QuietBounds, is_in_columns

ATTRIBUTIONS = tuple(Attribution)


@dataclass(frozen=True, slots=True)
class FactColumns:
    """The records of many services. `attribution` is a place in `ATTRIBUTIONS`, `owner` one in `owners`.

    `ahead` is how many seconds before its start planned work was announced, below zero where it never was. `doubtful`
    is time about which there is anything else to know than these columns say: no window that meets it is judged here.
    """

    outages: Stretches
    attribution: Column
    maintenance: Stretches
    ahead: Column
    holds: Stretches
    owner: Column
    owners: tuple[str, ...]
    doubtful: Stretches


@dataclass(frozen=True, slots=True)
class WindowColumns:
    """Windows of one contract, by service and in seconds since 1970; those of the calendar of which they are a part."""

    place: Column
    start: Column
    end: Column
    calendar_start: Column
    calendar_end: Column

    def where(self, mask: Mask) -> Self:
        """Return some of them."""
        return type(self)(*(getattr(self, one.name)[mask] for one in fields(self)))


@dataclass(frozen=True, slots=True)
class JudgedColumns:
    """Which windows owe nothing; of these, by objective, the seconds counted, the whole, and whether it was missed."""

    quiet: Mask
    counted: list[Column]
    total: Column
    missed: list[Mask]


@dataclass
class ColumnarContract:
    """One contract, with the bounds of every length of window that was asked for."""

    contract: Contract
    _bounds: dict[tuple[int, int], tuple[int, list[QuietBounds]]] = field(default_factory=dict)

    def judge(self, windows: WindowColumns, facts: FactColumns) -> JudgedColumns:
        """Judge windows that are over; equal to the exact judgement wherever it says that nothing is owed."""
        on_line = Stretches.at(windows.place, windows.start, windows.end)
        quiet = ~facts.doubtful.meet(on_line)
        objectives = self.contract.objectives
        if not is_in_columns(self.contract):
            no, nothing = np.zeros(quiet.size, dtype=np.bool_), np.zeros(quiet.size, dtype=np.int64)
            return JudgedColumns(no, [nothing for _ in objectives], nothing, [no for _ in objectives])
        total, bounds = self._bounds_of(windows)
        counted, missed = [], []
        for objective, (owes_from, missed_from) in zip(objectives, bounds, strict=True):
            seconds, doubt = self._counted(objective, on_line, facts)
            quiet &= ~doubt & (seconds < owes_from)
            counted.append(seconds)
            missed.append(seconds >= missed_from)
        return JudgedColumns(quiet, counted, total, missed)

    def _counted(self, objective: Objective, windows: Stretches, facts: FactColumns) -> tuple[Column, Mask]:
        """Return the counted seconds of each window, and where they may be others."""
        terms = self.contract.counted_for(objective)
        raw = facts.outages.where(_counts(terms.counting)[facts.attribution])
        planned, stops = _is_work(terms.maintenance, facts.ahead), _stops(terms.counting, facts)
        left = raw.merged().without(facts.maintenance.where(planned).and_also(facts.holds.where(stops)).merged())
        doubt = np.zeros(windows.start.size, dtype=bool)
        if (shortest := terms.counting.shortest) is not None:
            edges = np.concatenate([windows.start, windows.end])
            crossed = raw.meet(Stretches(edges - 1, edges + 1)).reshape(2, windows.start.size)
            doubt |= crossed[0] | crossed[1]  # how long an outage is depends on what is beyond the window
            lengths, which = np.unique(left.end - left.start, return_inverse=True)
            left = left.where(np.array([shortest.holds(Fraction(n)) for n in lengths.tolist()], dtype=bool)[which])
        work = terms.maintenance
        if any(term is not None for term in (work.notice_working_days, work.allowance, work.within)):
            doubt |= facts.maintenance.meet(windows)
        return left.within(windows), doubt

    def _bounds_of(self, windows: WindowColumns) -> tuple[Column, list[tuple[Column, Column]]]:
        """Return the whole of each window, and by objective from how many seconds on it owes, and is missed."""
        lengths = np.stack([windows.end - windows.start, windows.calendar_end - windows.calendar_start])
        kinds, example, which = np.unique(lengths, axis=1, return_index=True, return_inverse=True)
        found = []
        for (length, calendar), at in zip(kinds.T.tolist(), example.tolist(), strict=True):
            if (length, calendar) not in self._bounds:
                probe = Probe(self.contract, of_span((int(windows.start[at]), int(windows.end[at]))))
                self._bounds[length, calendar] = probe.total, probe.bounds()
            found.append(self._bounds[length, calendar])
        which = which.reshape(-1)
        total = np.array([whole for whole, _bounds in found], dtype=np.int64)[which]
        sides = [
            tuple(
                np.array([getattr(bounds[place], name) for _whole, bounds in found], dtype=np.int64)[which]
                for name in ("owes_from", "missed_from")
            )
            for place in range(len(self.contract.objectives))
        ]
        return total, [(owes, missed) for owes, missed in sides]


def _counts(counting: Counting) -> Mask:
    return np.array([one in counting.attributions for one in ATTRIBUTIONS], dtype=bool)


def _is_work(terms: MaintenanceTerms, ahead: Column) -> Mask:
    return np.full(ahead.size, terms.excluded) & (ahead >= terms.notice if terms.notice is not None else True)


def _stops(counting: Counting, facts: FactColumns) -> Mask:
    stopping = np.array([counting.stopped_by(owner) for owner in facts.owners], dtype=bool)
    return stopping[facts.owner] if facts.owner.size else np.zeros(0, dtype=bool)
