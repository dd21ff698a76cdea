"""The algebra of half-open intervals on whole seconds: sorted, merged, then subtracted once.

A span is a pair of seconds since 1970. Every function returns merged spans: sorted, not empty,
neither overlapping nor touching. Kept free of models, because ten thousand windows pass through it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

Span = tuple[int, int]


def merge(spans: Iterable[Span]) -> list[Span]:
    """Unite overlapping and touching spans; drop empty ones."""
    merged: list[Span] = []
    ordered = sorted(spans)
    if len(ordered) < 2:  # noqa: PLR2004 - a span alone, or none, needs no work
        return ordered if ordered and ordered[0][1] > ordered[0][0] else []
    for start, end in ordered:
        if end <= start:
            continue
        if merged and start <= merged[-1][1]:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def subtract(spans: Iterable[Span], minus: Iterable[Span]) -> list[Span]:
    """Return what lies in `spans` and in none of `minus`."""
    holes = merge(minus)
    if not holes:
        return merge(spans)
    left: list[Span] = []
    first = 0
    for start, end in merge(spans):
        while first < len(holes) and holes[first][1] <= start:
            first += 1
        at = start
        for hole_start, hole_end in holes[first:]:
            if hole_start >= end:
                break
            if hole_start > at:
                left.append((at, hole_start))
            at = hole_end
        if at < end:
            left.append((at, end))
    return left


def intersect(spans: Iterable[Span], other: Iterable[Span]) -> list[Span]:
    """Return what lies in both."""
    one, two = merge(spans), merge(other)
    if len(two) == 1:
        return clip(one, two[0])
    both: list[Span] = []
    i = j = 0
    while i < len(one) and j < len(two):
        start, end = max(one[i][0], two[j][0]), min(one[i][1], two[j][1])
        if start < end:
            both.append((start, end))
        if one[i][1] < two[j][1]:
            i += 1
        else:
            j += 1
    return both


def grouped(pieces: Iterable[Span], whole: Sequence[Span]) -> dict[int, list[Span]]:
    """Return the pieces of each whole stretch by its place, in order; both are merged, and each piece lies in one."""
    starts, found = [start for start, _end in whole], dict[int, list[Span]]()
    for piece in pieces:
        found.setdefault(max(0, bisect_right(starts, piece[0]) - 1), []).append(piece)
    return found


def meets(span: Span, merged: Sequence[Span]) -> bool:
    """Tell whether the span shares a second with one of many merged spans."""
    at = bisect_left(merged, (span[1], 0))  # the first that begins at its end, or later
    return at > 0 and merged[at - 1][1] > span[0]


def clip(spans: Iterable[Span], window: Span) -> list[Span]:
    """Return what lies inside the window, of spans that are already merged."""
    low, high = window
    return [(max(start, low), min(end, high)) for start, end in spans if start < high and end > low]


def total(spans: Sequence[Span]) -> int:
    """Return how many seconds merged spans have."""
    return sum(end - start for start, end in spans)


class Running:
    """The seconds of merged spans up to any moment, without adding them up again."""

    def __init__(self, merged: Sequence[Span]) -> None:
        """Add up once."""
        self._spans, self._starts = merged, [start for start, _end in merged]
        self._sums = list(accumulate((end - start for start, end in merged), initial=0))

    def total(self, until: int) -> int:
        """Return how many seconds lie before that second."""
        place = bisect_right(self._starts, until)
        return self._sums[place] - (max(0, self._spans[place - 1][1] - until) if place else 0)
