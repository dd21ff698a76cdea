"""One number for all records of a kind that share time with a window: another number means other records."""

from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from include.sla_logic.domain.measurements import ServiceFacts
from include.sla_logic.domain.period import Period, to_seconds
from include.sla_logic.domain.sla.columns import NEVER, Column, Stretches, seconds_on_line
from include.sla_logic.domain.sla.quiet_windows import ATTRIBUTIONS, FactColumns

_FACTOR, _SHIFT = np.uint64(0x9E3779B97F4A7C15), np.uint64(29)


def briefs(facts: FactColumns, windows: Stretches) -> list[tuple[int, ...]]:
    """Return for each window a number for each of `BRIEF`: outages, attributions, maintenance, holds."""
    names = np.array([crc32(one.encode()) for one in facts.owners], dtype=np.int64)
    owner = names[facts.owner] if facts.owner.size else facts.owner
    kinds = (
        _sums(facts.outages, windows),
        _sums(facts.outages, windows, facts.attribution),
        _sums(facts.maintenance, windows, facts.ahead),
        _sums(facts.holds, windows, owner),
    )
    return list(zip(*(one.tolist() for one in kinds), strict=True))


def brief_of(facts: ServiceFacts, window: Period) -> tuple[int, ...]:
    """Return the same for one window, from what is known of its service."""
    outages, work, holds = facts.outages, facts.maintenance, facts.holds
    owners = tuple(sorted({one.owner for one in holds}))
    columns = FactColumns(
        outages=_laid([(one.start, one.end) for one in outages]),
        attribution=np.array([ATTRIBUTIONS.index(one.attribution) for one in outages], dtype=np.int64),
        maintenance=_laid([(one.start, one.end) for one in work]),
        ahead=np.array(
            [-NEVER if (at := one.announced_at) is None else to_seconds(one.start) - to_seconds(at) for one in work],
            dtype=np.int64,
        ),
        holds=_laid([(one.start, one.end) for one in holds]),
        owner=np.array([owners.index(one.owner) for one in holds], dtype=np.int64),
        owners=owners,
        doubtful=_laid([]),
    )
    [found] = briefs(columns, _laid([(window.start, window.end)]))
    return found


def _laid(ends: list[tuple[object, object]]) -> Stretches:
    seconds = [[NEVER if one is None else to_seconds(one) for one in two] for two in ends]  # type: ignore[arg-type]
    start, end = np.array(seconds, dtype=np.int64).reshape(-1, 2).T
    return Stretches.at(np.zeros(start.size, dtype=np.int64), start, end)


def _sums(of: Stretches, windows: Stretches, *also: Column) -> NDArray[np.uint64]:
    """Add up, modulo 2^64, a number for each stretch that shares time with a window."""
    number = np.zeros(of.start.size, dtype=np.uint64)
    for column in (seconds_on_line(of.start), seconds_on_line(of.end), *also):
        number = (number ^ column.astype(np.uint64)) * _FACTOR
        number ^= number >> _SHIFT
    over = np.maximum(of.end, of.start + 1)
    return _until(of.start, number, windows.end, "left") - _until(over, number, windows.start, "right")


def _until(at: Column, number: NDArray[np.uint64], moments: Column, side: str) -> NDArray[np.uint64]:
    order = np.argsort(at, kind="stable")
    sums = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(number[order], dtype=np.uint64)])
    return sums[np.searchsorted(at[order], moments, side=side)]  # type: ignore[call-overload]
