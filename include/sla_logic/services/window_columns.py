"""The windows of many customers' services in columns, contract by contract, as `windows_until` has them one by one."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from include.sla_logic.domain import spans
from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.period import from_seconds, to_seconds
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.domain.sla.columns import NEVER, Column, Mask
from include.sla_logic.domain.sla.quiet_windows import WindowColumns
from include.sla_logic.persistence.contracts import ContractRegister, Subscription
from include.sla_logic.services.ended_windows import windows_until

_Row = tuple[int, int, int, int, int, int]  # place, agreement, window, window of the calendar


@dataclass
class LaidWindows:
    """The windows of one contract that have begun: `agreement` is the place of each in `agreements`.

    A window that is `torn` has a hole in it that no agreement holds.
    """

    contract: Contract
    agreements: list[Agreement] = field(default_factory=list)
    rows: list[_Row] = field(default_factory=list)
    torn: list[bool] = field(default_factory=list)
    alone: list[tuple[int, int, int, int]] = field(default_factory=list)  # place, agreement, begins, over

    def columns(self, at: int) -> tuple[WindowColumns, Column, Mask]:
        """Return the windows, the agreement of each, and which are torn."""
        known = np.array(self.rows, dtype=np.int64).reshape(-1, 6)
        found = np.concatenate([known, self._of_calendar(at)])
        torn = np.zeros(len(found), dtype=bool)
        torn[: len(known)] = self.torn
        place, agreement, *ends = found.T
        return WindowColumns(place, *ends), agreement, torn

    def _of_calendar(self, at: int) -> Column:
        """Cut the windows of the calendar to agreements that are the only ones of their service."""
        if not self.alone:
            return np.zeros((0, 6), dtype=np.int64)
        place, agreement, begins, over = np.array(self.alone, dtype=np.int64).T
        starts, ends = self._calendar(int(begins.min()), at)
        first = np.searchsorted(ends, begins, side="right")
        count = np.maximum(np.searchsorted(starts, np.minimum(over, at)) - first, 0)
        of = np.repeat(np.arange(place.size), count)
        number = np.arange(of.size) - np.repeat(np.cumsum(count) - count, count) + first[of]
        start, end = np.maximum(starts[number], begins[of]), np.minimum(ends[number], over[of])
        return np.stack([place[of], agreement[of], start, end, starts[number], ends[number]], axis=1)

    def _calendar(self, first: int, at: int) -> tuple[Column, Column]:
        found: list[tuple[int, int]] = []
        moment = first
        while moment < at or not found:
            found.append(self.contract.window_at(from_seconds(moment)).span)
            moment = found[-1][1]
        starts, ends = np.array(found, dtype=np.int64).T
        return starts, ends


def lay_windows(register: ContractRegister, subscriptions: Sequence[Subscription], at: datetime) -> list[LaidWindows]:
    """Return the windows of these customers' services, which the register looks up together, by their contracts."""
    found: dict[tuple[str, str, int, int], LaidWindows] = {}

    def laid(agreement: Agreement) -> LaidWindows:
        contract = register.contract(agreement)
        key = agreement.contract, agreement.contract_version, contract.billing_day, contract.first_month
        return found.setdefault(key, LaidWindows(contract))

    for place, subscription in enumerate(subscriptions):
        mine = register.agreements(subscription)
        if len(mine) == 1 and mine[0].begins is not None:
            over = NEVER if mine[0].over is None else to_seconds(mine[0].over)
            one = laid(mine[0])
            one.alone.append((place, len(one.agreements), to_seconds(mine[0].begins), over))
            one.agreements.append(mine[0])
            continue
        for ended in windows_until(register, at, subscription):
            one = laid(ended.agreement)
            agreed = spans.merge(time.span for time in register.agreed_times(ended.agreement) if time.judged)
            one.torn.append(len(spans.clip(agreed, ended.window.span)) != 1)
            one.rows.append((place, len(one.agreements), *ended.window.span, *ended.calendar.span))
            one.agreements.append(ended.agreement)
    return list(found.values())
