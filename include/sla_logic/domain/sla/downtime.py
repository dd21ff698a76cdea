"""From recorded outages to counted seconds: which time counts, which does not, and why."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from itertools import accumulate
from typing import Self

from include.sla_logic.domain import spans
from include.sla_logic.domain.contract.contract import Contract
from include.sla_logic.domain.durations import show_duration
from include.sla_logic.domain.measurements import Outage, ServiceFacts
from include.sla_logic.domain.period import to_seconds
from include.sla_logic.domain.sla.exclusions import Exclusions
from include.sla_logic.domain.sla.objective_judgement import IntervalKind, RefusalCode
from include.sla_logic.domain.sla.refusal import UnableToJudge
from include.sla_logic.domain.sla.weights import WHOLE, Weighed, Weighing, check_kept, weight_of, why_weightless
from include.sla_logic.domain.spans import Span


@dataclass(frozen=True, slots=True)
class Noted:
    """A stretch of time that does not count, or is not known, and why."""

    span: Span
    kind: IntervalKind
    why: str
    reference: str | None = None


@dataclass(slots=True)
class Downtime:
    """What counts in the parts of a window. `pieces` are the counted stretches beyond its edges as well."""

    parts: Sequence[Span]
    pieces: list[Span] = field(default_factory=list)
    counted: list[Span] = field(default_factory=list)
    longest: list[Span] = field(default_factory=list)
    unknown: list[Span] = field(default_factory=list)
    noted: list[Noted] = field(default_factory=list)
    sources: list[tuple[Span, str]] = field(default_factory=list)
    weights: list[Weighed] = field(default_factory=list)
    open_reasons: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    _reach: list[int] | None = None

    @property
    def window(self) -> Span:
        """The whole of the parts, from the first to the last."""
        return (self.parts[0][0], self.parts[-1][1]) if self.parts else (0, 0)

    @property
    def seconds(self) -> int:
        """The counted seconds of the window."""
        return spans.total(self.counted)

    @property
    def counts(self) -> int | Fraction:
        """The seconds of the window as they count: outages may count in part."""
        return Weighing(self.weights).seconds(self.counted) if self.weights else self.seconds

    def without(self, unpaid: Iterable[Span]) -> Self:
        """Return the same downtime, of which these stretches do not count."""
        taken = list(unpaid)
        counted, longest = spans.subtract(self.counted, taken), spans.subtract(self.longest, taken)
        pieces = spans.subtract(self.pieces, taken)
        return replace(self, pieces=pieces, counted=counted, longest=longest, _reach=None)

    def second(self, counted: Fraction) -> int:
        """Return the moment at which this number of seconds had counted, as outages count; the last one, for more."""
        left, at = counted, self.window[1] - 1
        for (start, end), weight in Weighing(self.weights).pieces(self.counted):
            counts = (end - start) * weight
            if left < counts:
                return start + int(left / weight)
            left, at = left - counts, end - 1
        return at

    def references(self, span: Span) -> list[str]:
        """Return the records behind a counted stretch, by their start."""
        if self._reach is None:
            self.sources.sort()
            self._reach = list(accumulate((end for (_start, end), _name in self.sources), max))
        found = []
        at = bisect_left(self.sources, ((span[1], 0), ""))
        while at > 0 and self._reach[at - 1] > span[0]:  # no record before it reaches this far
            at -= 1
            if self.sources[at][0][1] > span[0]:
                found.append(self.sources[at][1])
        return found[::-1]

    @property
    def events(self) -> tuple[str, ...]:
        """The records that have counted time in the window, each once."""
        return tuple(dict.fromkeys(name for span in self.counted for name in self.references(span)))


def check_order(facts: ServiceFacts) -> None:
    """Raise `UnableToJudge` where anything ends before it starts."""
    records = (
        (facts.outages, "outage", RefusalCode.OUTAGE_END_BEFORE_START),
        (facts.maintenance, "maintenance window", RefusalCode.MAINTENANCE_END_BEFORE_START),
        (facts.holds, "hold", RefusalCode.HOLD_END_BEFORE_START),
    )
    for entries, kind, code in records:
        for entry in entries:
            if entry.end is not None and entry.end < entry.start:
                name = getattr(entry, "reference", None) or getattr(entry, "reason", "")
                reason = f"The {kind} {name} ends at {entry.end:%Y-%m-%d %H:%M:%S}, before its start at "
                raise UnableToJudge(code, f"{reason}{entry.start:%Y-%m-%d %H:%M:%S} UTC.")


def count_downtime(contract: Contract, facts: ServiceFacts, parts: Sequence[Span], as_of: datetime) -> Downtime:
    """Merge the outages, subtract what is excluded once, drop what is too short, cut to the parts of the window."""
    check_order(facts)
    found = Downtime(parts)
    check_kept(contract.counting, facts)
    until = to_seconds(as_of)
    excluded = Exclusions.of(contract, facts, until)
    found.warnings += excluded.warnings
    found.open_reasons += excluded.open_reasons
    short: list[Span] = []
    long: list[Span] = []
    for outage in sorted(facts.outages, key=lambda outage: (outage.start, outage.reference)):
        _add_outage(contract, outage, until, found, short, long)
    if all(weight is WHOLE for _span, weight in found.weights):
        found.weights.clear()
    count_spans(contract, found, short, excluded, extra_unknown=[p.span for p in facts.unobserved])
    found.longest = found.counted
    if long != short:
        widest = _long_enough(contract, spans.subtract(long, excluded.spans), found, note=False)
        found.longest = spans.intersect(widest, parts)
    return found


def count_spans(
    contract: Contract,
    found: Downtime,
    raw: Sequence[Span],
    excluded: Exclusions,
    *,
    extra_unknown: Iterable[Span] = (),
) -> None:
    """Count the time in raw stretches from any source."""
    over = excluded.within_allowance(contract, raw)
    if over:
        allowance = show_duration(contract.maintenance.allowance or 0)
        found.warnings.append(
            f"{show_duration(spans.total(over))} of planned work beyond the {allowance} allowed count"
        )
    left = spans.subtract(raw, excluded.spans)
    found.pieces = _long_enough(contract, left, found, note=True)
    found.counted = spans.intersect(found.pieces, found.parts)
    found.unknown = spans.subtract(spans.intersect(extra_unknown, found.parts), raw)
    for kept, why, reference in excluded.reasons:
        hit = spans.clip(spans.intersect(raw, [kept]), found.window)
        found.noted += [Noted(span, "excluded", why, reference) for span in hit]
    for piece in spans.clip(left, found.window) if contract.counting.service_hours else ():
        closed = spans.subtract([piece], contract.service_time(piece))
        found.noted += [Noted(span, "excluded", "outside the service hours", None) for span in closed]
    found.noted += [Noted(span, "no_data", "nobody measured", None) for span in found.unknown]


def _add_outage(
    contract: Contract, outage: Outage, until: int, found: Downtime, short: list[Span], long: list[Span]
) -> None:
    start, latest_start, why = _clock_start(contract, outage)
    closed = outage.ticket_closed_at if contract.counting.clock_stop == "ticket_closed" else outage.end
    if why is None and outage.attribution not in contract.counting.attributions:
        why = f"the contract does not count what the {outage.attribution.replace('_', ' ')} answers for"
    earliest_end, latest_end = _ends(outage, closed, until)
    begun, ended = to_seconds(outage.start), until if outage.end is None else min(to_seconds(outage.end), until)
    if begun >= until and min(start, begun) >= until:
        return  # not known at that moment
    if why is None and start >= latest_end and begun < ended:
        why = "its clock started only after it had ended"
    weight = weight_of(contract.counting, outage)
    if why is None and not weight:
        why = why_weightless(contract.counting, outage)
    if why is not None:
        _note(found, (begun, max(begun, ended)), why, outage.reference)
        return
    if closed is None and start < min(until, found.window[1]):
        kind = "ticket" if contract.counting.clock_stop == "ticket_closed" else "outage"
        state = "is still open" if outage.end_bounds is None else "was never seen to end"
        found.open_reasons.append(f"the {kind} {outage.reference} {state}")
    widest = (start, max(start, latest_end))
    surest = (latest_start, max(latest_start, earliest_end))
    money = widest if contract.counting.brackets == "longest" else surest
    short.append(money)
    long.append(widest)
    found.sources.append((money, outage.reference))
    found.weights.append((money, weight))
    if widest != surest:
        found.warnings.append(
            f"{outage.reference}: between {show_duration(surest[1] - surest[0])} and "
            f"{show_duration(widest[1] - widest[0])} long; money uses the {contract.counting.brackets}"
        )


def _note(found: Downtime, span: Span, why: str, reference: str) -> None:
    found.noted += [Noted(cut, "excluded", why, reference) for cut in spans.clip([span], found.window)]


def _clock_start(contract: Contract, outage: Outage) -> tuple[int, int, str | None]:
    """Return the earliest and latest start of the clock, or why the clock never started."""
    named = contract.counting.clock_start
    if named == "outage":
        early, late = outage.start_bounds or (outage.start, outage.start)
        return to_seconds(early), to_seconds(late), None
    moments = {
        "detected": [outage.detected_at],
        "reported": [outage.reported_at],
        "first_of_detected_and_reported": [outage.detected_at, outage.reported_at],
        "ticket_opened": [outage.ticket_opened_at],
    }[named]
    known = [to_seconds(moment) for moment in moments if moment is not None]
    if not known:
        missing = {"ticket_opened": "no ticket was opened", "detected": "it was not detected"}.get(named)
        return 0, 0, f"the clock never started: {missing or 'it was not reported'}"
    return min(known), min(known), None


def _ends(outage: Outage, closed: datetime | None, until: int) -> tuple[int, int]:
    """Return the earliest and latest end; what is still open lasts until now, nothing lasts beyond now."""
    if outage.end_bounds is not None and closed == outage.end:
        early, late = outage.end_bounds
        return min(to_seconds(early), until), until if late is None else min(to_seconds(late), until)
    end = until if closed is None else min(to_seconds(closed), until)
    return end, end


def _long_enough(contract: Contract, pieces: list[Span], found: Downtime, *, note: bool) -> list[Span]:
    """Return the service time of each piece, where it is long enough to count."""
    shortest = contract.counting.shortest
    if shortest is None and contract.counting.service_hours is None:
        return pieces
    kept: list[Span] = []
    for piece in pieces:
        served = contract.service_time(piece)
        length = spans.total(served)
        if shortest is None or shortest.holds(length):  # type: ignore[arg-type]  # an int compares like a fraction
            kept += served
        elif note and length:
            reference = ", ".join(found.references(piece))
            _note(found, piece, f"{show_duration(length)} is too short to count ({shortest})", reference)
    return kept
