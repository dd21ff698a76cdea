"""A judgement in words: everything needed to check it by hand, in the order in which one would."""

from collections.abc import Iterable

from include.sla_logic.domain.contract.quantities import show_duration
from include.sla_logic.domain.sla.comparison import NextTier, ObjectiveJudgement, SlaComparison

_MOST_INTERVALS = 50


def explain(comparison: SlaComparison) -> str:
    """Return the whole judgement as text."""
    return "\n".join(_lines(comparison))


def _lines(comparison: SlaComparison) -> Iterable[str]:
    yield f"Service {comparison.service} under {comparison.contract_title}"
    yield f"  contract {comparison.contract} version {comparison.contract_version}"
    yield f"  rules of judgement version {comparison.rules_version}"
    yield f"  window {comparison.window} = {comparison.window.seconds} s, counted in {comparison.zone}"
    yield f"  facts as of {comparison.as_of:%Y-%m-%d %H:%M:%S} UTC"
    for objective in comparison.objectives:
        yield ""
        yield from _objective(objective)
    yield ""
    yield "Credit"
    yield from (f"  {step}" for step in comparison.credit_steps)
    due = comparison.credit_due
    yield f"  due: {due}" if due is not None else "  due: cannot be named, a person must decide"
    yield f"  claim: {comparison.claim.reason}"
    if comparison.provisional:
        yield f"  provisional: {'; '.join(comparison.provisional_reasons)}"
    if comparison.needs_approval:
        yield f"  held for a second person: {'; '.join(comparison.approval_reasons)}"
    if comparison.chronic is not None:
        yield from _chronic(comparison)


def _objective(objective: ObjectiveJudgement) -> Iterable[str]:
    clause = f", clause {objective.clause}" if objective.clause else ""
    yield f"{objective.title} ({objective.objective}): {objective.verdict.upper()}"
    yield f"  {objective.reason}"
    yield f"  rule {objective.rule}{clause}"
    if objective.counted_seconds is not None:
        yield (
            f"  {objective.total_seconds} s in the window, {objective.counted_seconds} s counted, "
            f"{objective.excluded_seconds} s left out, {objective.no_data_seconds} s without data"
        )
        if objective.counted_at_most not in (None, objective.counted_seconds):
            yield f"  at most {objective.counted_at_most} s if bracketed times were as bad as they can have been"
    for interval in objective.intervals[:_MOST_INTERVALS]:
        reference = f" [{interval.reference}]" if interval.reference else ""
        yield (
            f"  {interval.kind:>8} {interval.start:%Y-%m-%d %H:%M:%S} to {interval.end:%Y-%m-%d %H:%M:%S} UTC "
            f"{interval.seconds:>8} s  {interval.why}{reference}"
        )
    if (more := len(objective.intervals) - _MOST_INTERVALS) > 0:
        yield f"  and {more} more intervals in the JSON form"
    yield from (f"  - {step}" for step in objective.steps)
    yield from (f"  ! {warning}" for warning in objective.warnings)
    if objective.next_tier is not None:
        yield f"  {_next(objective.next_tier)}"


def _next(tier: NextTier) -> str:
    if tier.seconds_left is not None:
        distance = f"{show_duration(tier.seconds_left)} ({tier.seconds_left} s) more downtime"
    else:
        distance = f"worse by {tier.value_left}"
    costs = f", which costs {tier.costs_more} more" if tier.costs_more is not None else ""
    return f"next tier ({tier.tier}): {distance}{costs}"


def _chronic(comparison: SlaComparison) -> Iterable[str]:
    finding = comparison.chronic
    if finding is not None:
        until = f", notice until {finding.notice_until:%Y-%m-%d %H:%M} UTC" if finding.notice_until else ""
        yield f"  right of {finding.right}: {finding.state.replace('_', ' ')} ({finding.reason}){until}"
