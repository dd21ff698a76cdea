"""A judgement in words: everything needed to check it by hand, in that order."""

from collections.abc import Iterable

from include.sla_logic.domain.durations import show_duration
from include.sla_logic.domain.sla.objective_judgement import ChronicFinding, NextTier, ObjectiveJudgement


def objective_lines(objective: ObjectiveJudgement) -> Iterable[str]:
    """Say what was promised and measured, every interval and step, and what comes next."""
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
    samples = "" if objective.samples is None else f", {objective.samples} samples or intervals"
    yield f"  coverage: {objective.coverage_percent.normalize():f} % of the window is known{samples}"
    for interval in objective.intervals:
        reference = f" [{interval.reference}]" if interval.reference else ""
        yield (
            f"  {interval.kind:>8} {interval.start:%Y-%m-%d %H:%M:%S} to {interval.end:%Y-%m-%d %H:%M:%S} UTC "
            f"{interval.seconds:>8} s  {interval.why}{reference}"
        )
    yield from (f"  - {step}" for step in objective.steps)
    yield from (f"  ! {warning}" for warning in objective.warnings)
    if objective.next_tier is not None:
        yield f"  {_next(objective.next_tier)}"


def _next(tier: NextTier) -> str:
    if tier.seconds_left is not None:
        distance = f"{show_duration(tier.seconds_left)} ({tier.seconds_left} s) more downtime"
    else:
        distance = "worse" if tier.value_left is None else f"worse by {tier.value_left.normalize():f}"
    costs = f", which costs {tier.costs_more or 'nothing'} more" if tier.costs_more is not None else ""
    return f"next tier ({tier.tier}): {distance}{costs}"


def chronic_line(finding: ChronicFinding) -> str:
    """Say whether there is a right, or nearly one, and why."""
    until = f", notice until {finding.notice_until:%Y-%m-%d %H:%M} UTC" if finding.notice_until else ""
    return f"  right of {finding.right}: {finding.state.replace('_', ' ')} ({finding.reason}){until}"
