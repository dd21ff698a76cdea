"""Many windows at once: those that owe nothing by their columns are settled here, all others are left to be judged."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from sqlalchemy import Connection

from include.sla_logic.domain.disputes import Dispute
from include.sla_logic.domain.open_apis.sla_violation import Violation
from include.sla_logic.domain.period import to_seconds
from include.sla_logic.domain.settlement import Line, Preview, RoundState
from include.sla_logic.domain.sla.columns import Column, Mask
from include.sla_logic.domain.sla.quiet_windows import ColumnarContract, WindowColumns
from include.sla_logic.domain.spans import Span
from include.sla_logic.persistence.columns import Columns
from include.sla_logic.persistence.contracts import ContractRegister, Subscription
from include.sla_logic.persistence.disputes import open_disputes
from include.sla_logic.persistence.fact_columns import FactReader
from include.sla_logic.persistence.round_columns import STATES, newest_in_columns
from include.sla_logic.services.quiet_rounds import ANY_MINUTE, OUTAGES, QuietRounds
from include.sla_logic.services.settled_violations import quiet_violations
from include.sla_logic.services.window_columns import LaidWindows, lay_windows

_DONE = STATES.index(RoundState.DONE)

Known = dict[tuple[str, str, int, int], ColumnarContract]


@dataclass
class Screened:
    """What became of windows that owe nothing, and which others are left to be judged exactly."""

    preview: Preview
    rounds: list[dict[str, Any]]
    left: Mapping[Subscription, set[Span]]
    violations: Sequence[Violation] = ()


@dataclass
class Screening:
    """The windows of some customers' services, as one transaction sees them; `known` are contracts met before."""

    connection: Connection
    subscriptions: list[Subscription]
    at: datetime
    known: Known = field(default_factory=dict)

    def screen(self, common: Mapping[str, Any] | None = None) -> Screened:
        """Settle what is due and owes nothing, as rows that have this in common; without it they are only counted."""
        lines: list[Line] = []
        rounds: list[dict[str, Any]] = []
        judged: list[Violation] = []
        left: dict[Subscription, set[Span]] = defaultdict(set)
        for quiet in self._compared(left):
            lines += quiet.lines()
            if common is not None:
                rounds += quiet.rounds(self.subscriptions, common)
                judged += quiet_violations(self.connection, quiet, self.subscriptions, run=common["run"])
        return Screened(Preview(lines=tuple(lines)), rounds, left, judged)

    def _compared(self, left: dict[Subscription, set[Span]]) -> Iterator[QuietRounds]:
        """Yield by contract the windows that are due; note which are left."""
        at, services = to_seconds(self.at), [service for _customer, service in self.subscriptions]
        register = ContractRegister(connection=self.connection, subscriptions=self.subscriptions)
        laid = lay_windows(register, self.subscriptions, self.at)
        columns = [one.columns(at) for one in laid]
        newest = newest_in_columns(self.connection, self.subscriptions, reason=ANY_MINUTE)
        matches = _matches(newest, [windows for windows, _agreement, _torn in columns])
        self._leave(left, *_gone(newest, matches, at))
        reader = FactReader(self.connection, services, self.at)
        facts, complete = reader.read(), reader.complete(OUTAGES)
        before = {name: np.append(values, _blank(values)) for name, values in newest.items()}
        for one, (windows, agreement, torn), match in zip(laid, columns, matches, strict=True):
            due = windows.end + int(one.contract.settle_after.total_seconds()) <= at
            mine, known = windows.where(due), self._known(one)
            judged = known.judge(mine, facts)
            judged.quiet[torn[due] | self._disputed(mine)] = False
            self._leave(left, mine.place[~judged.quiet], mine.start[~judged.quiet], mine.end[~judged.quiet])
            yield QuietRounds(
                one,
                mine,
                agreement[due],
                judged,
                {name: values[match[due]] for name, values in before.items()},
                complete.in_windows(mine.place, mine.start, mine.end),
                facts,
                self.at,
            )

    def _known(self, laid: LaidWindows) -> ColumnarContract:
        contract = laid.contract
        key = contract.id, contract.version, contract.billing_day, contract.first_month
        return self.known.setdefault(key, ColumnarContract(contract))

    def _disputed(self, windows: WindowColumns) -> Mask:
        """Choose the windows of which a part is disputed."""
        found = np.zeros(windows.start.size, dtype=bool)
        places = {one: place for place, one in enumerate(self.subscriptions)}
        for one in self._disputes:
            place, (start, end) = places.get((one.customer, one.service)), one.window.span
            if place is not None:
                found |= (windows.place == place) & (windows.start < end) & (windows.end > start)
        return found

    @cached_property
    def _disputes(self) -> Sequence[Dispute]:
        return open_disputes(self.connection)

    def _leave(self, left: dict[Subscription, set[Span]], place: Column, start: Column, end: Column) -> None:
        for number, *span in zip(place.tolist(), start.tolist(), end.tolist(), strict=True):
            left[self.subscriptions[number]].add((span[0], span[1]))


def _blank(values: Any) -> Any:
    """Return what stands for a window without a round."""
    return b"" if values.dtype.kind == "S" else 0


def _matches(newest: Columns, windows: Sequence[WindowColumns]) -> list[Column]:
    """Return the place of each window's newest round, and the place after the last where there is none."""
    rounds = newest["place"].size
    keys = [
        np.concatenate([newest[name], *(getattr(one, name) for one in windows)]) for name in ("place", "start", "end")
    ]
    order = np.lexsort((np.arange(keys[0].size) >= rounds, *keys[::-1]))
    first = np.ones(order.size, dtype=bool)
    first[1:] = np.any([np.diff(key[order]) != 0 for key in keys], axis=0)
    leader = order[np.maximum.accumulate(np.where(first, np.arange(order.size), 0))]
    found = np.empty(order.size, dtype=np.int64)
    found[order] = np.where(leader < rounds, leader, rounds)
    return np.split(found, np.cumsum([rounds, *(one.place.size for one in windows)]))[1:-1]


def _gone(newest: Columns, matches: Sequence[Column], at: int) -> tuple[Column, Column, Column]:
    """Return the windows that no agreement has any more, where they owe something or are not done."""
    gone = np.ones(newest["place"].size + 1, dtype=bool)
    for match in matches:
        gone[match] = False
    open_ = (newest["state"] != _DONE) | (newest["owed"] > 0)
    mask = gone[:-1] & open_ & (newest["end"] <= at)
    return newest["place"][mask], newest["start"][mask], newest["end"][mask]
