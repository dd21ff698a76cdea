"""The evidence of a judgement: every interval, and the tiers as seconds of downtime."""

from fractions import Fraction
from functools import lru_cache

from include.sla_logic.domain import spans
from include.sla_logic.domain.contract import rules
from include.sla_logic.domain.contract.contract import Objective
from include.sla_logic.domain.contract.plain import plain_rule
from include.sla_logic.domain.money import half_up
from include.sla_logic.domain.period import from_seconds
from include.sla_logic.domain.sla.case import Measured
from include.sla_logic.domain.sla.downtime import Downtime
from include.sla_logic.domain.sla.next_tier import steps_in_seconds
from include.sla_logic.domain.sla.objective_judgement import CountedInterval, IntervalKind, TierBound, ValueBound
from include.sla_logic.domain.sla.weights import WHOLE, Weighed, Weighing
from include.sla_logic.domain.spans import Span

_Row = tuple[Span, IntervalKind, str, str | None, Fraction]


def evidence_of(objective: Objective, measured: Measured) -> dict[str, object]:
    """Return the fields of a judgement that do not depend on its verdict."""
    downtime = measured.downtime
    value = measured.value
    target = objective.target
    margin = None
    if value is not None and target is not None:
        distance = value - Fraction(target)
        margin = half_up(distance if objective.higher_is_better else -distance, 8)
    return {
        "objective": objective.id,
        "title": objective.title or objective.id,
        "metric": objective.metric.value,
        "unit": objective.shown_unit,
        "clause": objective.clause,
        "rule": objective.rule.kind,
        "target": target,
        "measured": None if value is None else half_up(value, 8),
        "measured_exact": None if value is None else f"{value.numerator}/{value.denominator}",
        "margin": margin,
        "data_state": measured.state,
        "total_seconds": measured.total,
        "counted_seconds": None if downtime is None else downtime.seconds,
        "weighed_seconds": None if downtime is None or not downtime.weights else Fraction(downtime.counts),
        "excluded_seconds": 0 if downtime is None else _excluded(downtime),
        "no_data_seconds": measured.unknown_seconds,
        "counted_at_most": None if downtime is None else sum(end - start for start, end in downtime.longest),
        "intervals": () if downtime is None else _intervals(downtime),
        "events": measured.events,
        "samples": measured.samples,
        "coverage_percent": half_up(measured.coverage, 4),
        "provisional": bool(measured.open_reasons),
    }


def tier_bounds(objective: Objective, measured: Measured) -> tuple[TierBound, ...]:
    """Return the tiers as seconds of downtime, for the picture; none where the rule has no such table."""
    rule = plain_rule(objective.rule)
    if measured.downtime is None or not isinstance(rule, rules.Tiers | rules.DurationTiers):
        return ()
    return _bounds_of(rule, measured.total)


def value_bounds(objective: Objective, measured: Measured) -> tuple[ValueBound, ...]:
    """Return the bounds of the measured value beyond which a credit is due; none for downtime."""
    rule, target = plain_rule(objective.rule), objective.target
    if measured.downtime is not None:
        return ()
    found: list[tuple[Fraction, Fraction]] = []
    if isinstance(rule, rules.Tiers):
        edges = [(t.high[0] if objective.higher_is_better else t.low[0], t.credit) for t in rule.tiers]
        found = [(edge, credit) for edge, credit in edges if edge is not None and credit]
    elif isinstance(rule, rules.OverrunTiers) and target:
        found = [(Fraction(target) * (1 + Fraction(t.overrun) / 100), t.credit) for t in rule.thresholds]
    elif isinstance(rule, rules.ShareWhenMissed) and target is not None:
        found = [(Fraction(target), rule.credit)]
    return tuple(ValueBound(value=half_up(edge, 8), credit_percent=half_up(c * 100, 4)) for edge, c in sorted(found))


@lru_cache(maxsize=4096)
def _bounds_of(rule: rules.Tiers | rules.DurationTiers, total: int) -> tuple[TierBound, ...]:
    table = steps_in_seconds(rule, total)
    return tuple(TierBound(from_seconds=s.seconds, credit_percent=half_up(s.share * 100, 4)) for s in table)


def _excluded(downtime: Downtime) -> int:
    noted = spans.merge(entry.span for entry in downtime.noted if entry.kind == "excluded")
    return spans.total(spans.subtract(noted, downtime.counted))


def _intervals(downtime: Downtime) -> tuple[CountedInterval, ...]:
    rows: list[_Row] = [
        (span, "counted", "outage", ", ".join(downtime.references(span)) or None, weight)
        for span, weight in _weighed(downtime)
    ]
    rows += [(entry.span, entry.kind, entry.why, entry.reference, WHOLE) for entry in downtime.noted]
    return tuple(_interval(*row) for row in sorted(rows, key=_by_time))


def _weighed(downtime: Downtime) -> list[Weighed]:
    """Return the counted stretches, cut where they count for another share of their time."""
    if not downtime.weights:
        return [(span, WHOLE) for span in downtime.counted]
    found: list[Weighed] = []
    for span, weight in Weighing(downtime.weights).pieces(downtime.counted):
        if found and found[-1][0][1] == span[0] and found[-1][1] == weight:
            found[-1] = (found[-1][0][0], span[1]), weight
        else:
            found.append((span, weight))
    return found


def _by_time(row: _Row) -> tuple[Span, str, str, str]:
    return row[0], row[1], row[2], row[3] or ""


def _interval(span: Span, kind: IntervalKind, why: str, reference: str | None, weight: Fraction) -> CountedInterval:
    return CountedInterval(
        start=from_seconds(span[0]),
        end=from_seconds(span[1]),
        seconds=span[1] - span[0],
        kind=kind,
        why=why,
        reference=reference,
        weight=None if weight is WHOLE or weight == 1 else weight,
    )
