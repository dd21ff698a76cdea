"""The number of each event among those of its window, month, quarter or year, or of the days before it."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Hashable, Sequence

from include.sla_logic.domain.contract.credit_rule import Credit, RollingDays
from include.sla_logic.domain.contract.rules import Rule
from include.sla_logic.domain.period import from_seconds
from include.sla_logic.domain.sla.case import Case
from include.sla_logic.domain.spans import Span

_DAY = 86_400


def numbers(rule: Rule, events: Sequence[tuple[Span, int]], case: Case, window: Callable[[int], Hashable]) -> list[int]:
    """Return the number of each event, given by its span and by the second that tells to which stretch it belongs.

    Events are given in order. `window` returns what events of one window have in common.
    """
    over = rule.events_over if isinstance(rule, Credit) else "window"
    if isinstance(over, RollingDays):
        return _rolling([span for span, _at in events], over.days * _DAY)
    counts, found = Counter[Hashable](), []
    for _span, at in events:
        stretch = window(at) if over == "window" else case.contract.stretch(over, from_seconds(at)).start
        counts[stretch] += 1
        found.append(counts[stretch])
    return found


def _rolling(events: Sequence[Span], length: int) -> list[int]:
    """Return how many began before each, without those that had ended this long before it; itself is counted."""
    order = sorted(range(len(events)), key=events.__getitem__)
    ranks = {place: rank for rank, place in enumerate(order, 1)}
    ends = sorted(end for _start, end in events)
    return [ranks[place] - bisect_right(ends, start - length) for place, (start, _end) in enumerate(events)]
