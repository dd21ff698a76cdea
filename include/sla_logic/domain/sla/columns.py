"""The algebra of half-open stretches of seconds in columns: as `spans`, for many services at once.

Every service has its place on one long line, so that sorted edges of all of them stay sorted and none meets another's.
All columns are int64, and nothing on the line comes near 2^63.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.int64]
Mask = NDArray[np.bool_]

NEVER = 2**62  # of a moment that has not come, or is not known
MOST_PLACES = 2**23
_HALF = 2**37  # seconds on each side of 1970: four thousand years
_PLACE = 2 * _HALF


def on_line(place: Column, seconds: Column) -> Column:
    """Return where those seconds of these services lie; what is beyond the line lies at its end."""
    if place.size and int(place.max()) >= MOST_PLACES:
        msg = f"no more than {MOST_PLACES} services fit on the line"
        raise OverflowError(msg)
    return place * _PLACE + np.clip(seconds, 1 - _HALF, _HALF - 1) + _HALF


def place_of(line: Column) -> Column:
    """Return whose second it is."""
    return line // _PLACE


def seconds_on_line(line: Column) -> Column:
    """Return the seconds since 1970 that lie there."""
    return line % _PLACE - _HALF


@dataclass(frozen=True, slots=True)
class Stretches:
    """Stretches by their ends on the line, in any order; an empty one holds nothing."""

    start: Column
    end: Column

    @classmethod
    def at(cls, place: Column, start: Column, end: Column) -> Self:
        """Lay stretches of services on the line."""
        return cls(on_line(place, start), on_line(place, end))

    def where(self, mask: Mask) -> Self:
        """Return some of them."""
        return type(self)(self.start[mask], self.end[mask])

    def and_also(self, *others: Self) -> Self:
        """Return these and others."""
        every = (self, *others)
        return type(self)(np.concatenate([o.start for o in every]), np.concatenate([o.end for o in every]))

    def merged(self) -> Self:
        """Unite overlapping and touching ones; drop empty ones."""
        kept = self.end > self.start
        start, end = self.start[kept], self.end[kept]
        order = np.argsort(start, kind="stable")
        start, reached = start[order], np.maximum.accumulate(end[order])
        first = np.ones(start.size, dtype=bool)
        first[1:] = start[1:] > reached[:-1]
        last = np.roll(first, -1)
        return type(self)(start[first], reached[last])

    def without(self, holes: Self) -> Self:
        """Return what lies in these and in none of the holes; both are merged."""
        edges = np.concatenate([self.start, self.end, holes.start, holes.end])
        steps = np.repeat([1, -1, -2, 2], [self.start.size, self.end.size, holes.start.size, holes.end.size])
        order = np.argsort(edges, kind="stable")
        edges, inside = edges[order], np.cumsum(steps[order]) == 1
        kept = inside[:-1] & (edges[1:] > edges[:-1])
        return type(self)(edges[:-1][kept], edges[1:][kept])

    def within(self, windows: Self) -> Column:
        """Return how many seconds of these, which are merged, lie in each window."""
        before = np.concatenate([[0], np.cumsum(self.end - self.start)])

        def until(at: Column) -> Column:
            begun = np.searchsorted(self.start, at)
            running = np.where(begun > 0, self.end[begun - 1] - at, 0) if self.end.size else np.zeros_like(at)
            return before[begun] - np.maximum(running, 0)

        return until(windows.end) - until(windows.start)

    def meet(self, windows: Self) -> Mask:
        """Tell which windows share a second with any of these; an empty stretch shares its only moment."""
        begun = np.searchsorted(np.sort(self.start), windows.end)
        over = np.searchsorted(np.sort(np.maximum(self.end, self.start + 1)), windows.start, side="right")
        return begun > over
