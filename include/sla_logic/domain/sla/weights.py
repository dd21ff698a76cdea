"""Outages that count in part: those that hit a share of the service, and degradations."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction
from heapq import heappop, heappush
from itertools import accumulate, pairwise
from typing import Literal

from include.sla_logic.domain.contract.terms import Counting
from include.sla_logic.domain.measurements import Outage, ServiceFacts
from include.sla_logic.domain.sla.objective_judgement import RefusalCode
from include.sla_logic.domain.sla.refusal import UnableToJudge
from include.sla_logic.domain.spans import Span

Weighed = tuple[Span, Fraction]
WHOLE = Fraction(1)


def weight_of(counting: Counting, outage: Outage) -> Fraction:
    """Return the share of its time that an outage counts."""
    if not outage.degraded and outage.affected_percent is None and "outage" in counting.faults:
        return WHOLE
    if _fault(outage) not in counting.faults:
        return Fraction(0)
    weight = counting.degradations if outage.degraded else WHOLE
    if counting.partial_outages == "by_share" and outage.affected_percent is not None:
        weight *= Fraction(outage.affected_percent) / 100
    return weight


def why_weightless(counting: Counting, outage: Outage) -> str:
    """Say why an outage does not count at all."""
    if _fault(outage) not in counting.faults:
        return f"the contract does not count a fault that is {'a' if outage.degraded else 'an'} {_fault(outage)}"
    return "the contract does not count it: it was no outage of the whole service"


def _fault(outage: Outage) -> Literal["outage", "degradation"]:
    return "degradation" if outage.degraded else "outage"


def check_kept(counting: Counting, facts: ServiceFacts) -> None:
    """Raise `UnableToJudge` where outages would be weighed by what the source does not record."""
    wanted = {
        "affected_percent": counting.partial_outages == "by_share",
        "degraded": counting.degradations != 1 or len(set(counting.faults)) == 1,
    }
    for name, is_wanted in wanted.items():
        if is_wanted and facts.outages and name in facts.not_kept:
            reason = (
                f"The contract weighs outages, and those on record do not say {name}: import them again, "
                f"or give a facts file with outages[].{name}."
            )
            raise UnableToJudge(RefusalCode.NOT_KEPT, reason)


class Weighing:
    """Weights in the order of time, so that each stretch is weighed by those that reach into it alone."""

    def __init__(self, weights: Sequence[Weighed]) -> None:
        """Sort the weights, and keep how far those up to each reach."""
        self._ordered = sorted(weights)
        self._starts = [span[0] for span, _weight in self._ordered]
        self._reach = list(accumulate((span[1] for span, _weight in self._ordered), max))

    def seconds(self, spans: Sequence[Span]) -> Fraction:
        """Return the seconds of merged spans as they count."""
        if not self._ordered or not spans:
            return Fraction(sum(end - start for start, end in spans))
        return sum(((high - low) * weight for (low, high), weight in self.pieces(spans)), Fraction(0))

    def pieces(self, spans: Sequence[Span]) -> Iterator[Weighed]:
        """Cut merged spans where another outage is the heaviest; those that nothing weighs count whole."""
        if not self._ordered or not spans:
            yield from ((span, WHOLE) for span in spans)
            return
        first, last = bisect_right(self._reach, spans[0][0]), bisect_left(self._starts, spans[-1][1])
        near, place = self._ordered[first:last], 0
        edges = sorted({edge for span, _weight in near for edge in span})
        heaviest = list[tuple[Fraction, int]]()
        for start, end in spans:
            cuts = [start, *edges[bisect_right(edges, start) : bisect_left(edges, end)], end]
            for low, high in pairwise(cuts):
                while place < len(near) and near[place][0][0] <= low:
                    (_begin, until), weight = near[place]
                    heappush(heaviest, (-weight, until))
                    place += 1
                while heaviest and heaviest[0][1] <= low:
                    heappop(heaviest)
                yield (low, high), -heaviest[0][0] if heaviest else WHOLE
