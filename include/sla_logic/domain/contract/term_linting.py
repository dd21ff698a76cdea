"""What is wrong with the terms around the tiers: targets, caps, calendars, rules that fit no metric."""

import math
from collections.abc import Iterable
from fractions import Fraction

from include.sla_logic.domain.contract import measures, rules
from include.sla_logic.domain.contract.contract import Contract, Objective
from include.sla_logic.domain.contract.credit_linting import tier_of_target
from include.sla_logic.domain.contract.credit_rule import Credit
from include.sla_logic.domain.contract.finding import Finding, LineOf
from include.sla_logic.domain.contract.plain import plain_rule
from include.sla_logic.domain.contract.quantities import exact_text, show_share
from include.sla_logic.domain.contract.rates import show_rate
from include.sla_logic.domain.sentence import Sentence

_OF_TIME = (rules.DurationTiers, rules.DayPerBlock, rules.DayPerExcessBlock, rules.SharePerDay, rules.HourWaiver)
_NEEDS_TARGET = (rules.DayPerExcessBlock, rules.ShareWhenMissed, rules.SharePerStep, rules.OverrunTiers)
_OF_DAYS = (rules.SumPerDay, rules.DailyRate)


def lint_objective(contract: Contract, objective: Objective, line: LineOf) -> Iterable[Finding]:
    """Find rules that do not fit what is measured, and targets and caps that contradict the tiers."""
    rule, how = objective.rule, objective.measured_by
    if contract.format > 1 and rule.kind in rules.REPLACED_KINDS:
        msg = "the rule %(rule)s is of format 1: write kind: credit, or let sla contract migrate rewrite it"
        reason = Sentence(msg, rule=rule.kind)
        yield Finding(level="refuses", line=line("rule"), code="replaced_kind", text=reason)
    timed = isinstance(how, measures.OF_DOWNTIME) and not objective.rolling_windows
    misfits = (
        (isinstance(rule, _OF_TIME) and not timed, Sentence("counts downtime, but the objective measures none")),
        (isinstance(rule, _OF_DAYS) and not isinstance(how, measures.FromDaysLate), Sentence("counts days late")),
        (
            isinstance(rule, rules.EventCredits) and not isinstance(how, measures.FromEvents),
            Sentence("joins event credits"),
        ),
    )
    yield from _measure(objective, line)
    for wrong, text in misfits:
        if wrong:
            msg = "the rule %(rule)s %(why)s; %(metric)s is measured by %(how)s"
            reason = Sentence(msg, rule=rule.kind, why=text, metric=str(objective.metric), how=how.kind)
            yield Finding(level="refuses", line=line("rule"), code="unit_mix_up", text=reason)
    if isinstance(rule, _NEEDS_TARGET) and objective.target is None:
        text = Sentence("the rule %(rule)s needs a target", rule=rule.kind)
        yield Finding(level="refuses", line=line("rule"), code="missing_target", text=text)
    yield from _target(objective, line)
    yield from _cap(contract, objective, line)


def _measure(objective: Objective, line: LineOf) -> Iterable[Finding]:
    """Find a way of measuring that says what the metric has not: a series, lengths of time, a unit of its own."""
    how, of_times, metric = objective.measured_by, objective.lengths is not None, str(objective.metric)
    of_samples = isinstance(how, measures.STATISTICS) and not of_times
    of_tickets = of_times and not isinstance(objective.lengths, measures.FromRestoreTimes)
    bounds = how.bound.bounds if isinstance(how, measures.FromShareBeyond) else []
    for wrong, field, text in (
        (
            isinstance(how, measures.STATISTICS) and how.series is not None and of_times,
            "measure",
            Sentence("series names samples, but %(metric)s is measured by single times", metric=metric),
        ),
        (
            of_samples and any(isinstance(bound, int) for bound in bounds),
            "measure",
            Sentence(
                "the bound is a length of time, but no time is counted: write a number in the unit of the samples"
            ),
        ),
        (
            not of_samples and objective.unit not in (None, "%", objective.usual_unit),
            "unit",
            Sentence("%(metric)s is counted in %(unit)s: leave unit out", metric=metric, unit=objective.usual_unit),
        ),
        (
            objective.counting is not None and objective.counting.priorities is not None and not of_tickets,
            "counting",
            Sentence(
                "priorities are those of tickets, but %(metric)s is measured by %(how)s", metric=metric, how=how.kind
            ),
        ),
    ):
        if wrong:
            yield Finding(level="refuses", line=line(field), code="unit_mix_up", text=text)


def _target(objective: Objective, line: LineOf) -> Iterable[Finding]:
    target = objective.target
    if target is None:
        return
    if objective.shown_unit == "percent" and not 0 <= target <= 100:  # noqa: PLR2004 - percent
        text = Sentence("the target %(target)s is no percentage", target=target)
        yield Finding(level="refuses", line=line("target"), code="unit_mix_up", text=text)
    elif objective.shown_unit == "percent" and objective.higher_is_better and target <= 1:
        text = Sentence("the target %(target)s looks like a fraction of 1, but the unit is percent", target=target)
        yield Finding(level="refuses", line=line("target"), code="unit_mix_up", text=text)
    if isinstance(objective.rule, rules.Tiers):
        tier = next((t for t in objective.rule.tiers if t.holds(Fraction(target))), None)
        if tier is not None and tier.credit > 0:
            earned = f"a service that just keeps its target {target} earns a credit of {show_share(tier.credit)}"
            yield Finding(level="warns", line=line("target"), code="target_disagrees", text=earned, witness=str(target))
    if (paying := tier_of_target(objective)) is not None:
        earned = f"a service that just keeps its target {target} earns a credit of {show_rate(paying.rate)}"
        yield Finding(level="warns", line=line("target"), code="target_disagrees", text=earned, witness=str(target))


def _credits(objective: Objective) -> list[Fraction]:
    rule = plain_rule(objective.rule)
    if isinstance(rule, rules.Tiers | rules.DurationTiers):
        return [tier.credit for tier in rule.tiers]
    if isinstance(rule, rules.OverrunTiers):
        return [entry.credit for entry in rule.thresholds]
    if isinstance(rule, rules.ShareWhenMissed):
        return [rule.credit]
    if isinstance(rule, rules.SharePerStep) and rule.most_steps is not None:
        return [rule.credit * rule.most_steps]
    return []


def _most(objective: Objective) -> Fraction | None:
    """Return the credit of the worst value there can be, or None where credits have no end."""
    rule = objective.rule
    if isinstance(rule, rules.SharePerStep) and rule.most_steps is None:
        if not objective.higher_is_better or objective.target is None:
            return None
        return rule.credit * math.ceil(Fraction(objective.target) / Fraction(rule.step))
    return max(_credits(objective), default=Fraction(0))


def _cap(contract: Contract, objective: Objective, line: LineOf) -> Iterable[Finding]:
    highest = max(_credits(objective), default=Fraction(0))
    same_stretch = contract.cap is not None and contract.cap.over in ("window", contract.window)
    if contract.cap is not None and same_stretch and highest > contract.cap.share:
        text = (
            f"the cap of {show_share(contract.cap.share)} is below the highest credit of {objective.id}, "
            f"{show_share(highest)}, which can never be paid"
        )
        yield Finding(level="warns", line=line("rule"), code="cap_below_tier", text=text, witness=show_share(highest))
    most = _most(objective)
    if contract.cap is None and (most is None or most > 1):
        text = (
            f"{objective.id} credits {'shares without end' if most is None else show_share(most)}, and there is no cap"
        )
        witness = None if most is None else show_share(most)
        yield Finding(level="warns", line=line("rule"), code="no_cap", text=text, witness=witness)
    if contract.cap is None and isinstance(objective.rule, rules.DayPerBlock | rules.DayPerExcessBlock):
        text = f"{objective.id} pays a day per block without end, and there is no cap"
        yield Finding(level="warns", line=line("rule"), code="no_cap", text=text)


def lint_terms(contract: Contract, line: LineOf) -> Iterable[Finding]:
    """Find missing calendars, and caps that exceed the charge."""
    calendar = contract.calendar
    stated = (contract.maintenance.notice_working_days, contract.claim.within_working_days)
    counts_days = any(number is not None for number in stated) or any(
        isinstance(o.rule, rules.SumPerDay | Credit) and o.rule.grace_working_days for o in contract.objectives
    )
    counts_days |= any(isinstance(o.rule, Credit) and o.rule.days == "working" for o in contract.objectives)
    if counts_days and calendar.country is None and not calendar.holidays:
        text = "working days are counted, but the contract names neither a country nor holidays"
        yield Finding(level="warns", line=line("calendar"), code="missing_calendar", text=text)
    yield from _missed(contract, line)
    begins = {"billing_day", "first_month"} & contract.model_fields_set
    if contract.window_from == "agreement" and begins:
        one, *more = sorted(begins)
        fields = Sentence("%(one)s and %(other)s", one=one, other=more[0]) if more else one
        text = Sentence("the windows begin on the day of the agreement, so %(fields)s say nothing", fields=fields)
        yield Finding(level="refuses", line=line("window_from"), code="bounds_contradict", text=text)
    if contract.cap is not None and contract.cap.share > 1:
        text = f"a cap of {exact_text(contract.cap.share * 100)} % lets credits exceed the charge"
        yield Finding(level="warns", line=line("cap"), code="cap_above_charge", text=text)


def _missed(contract: Contract, line: LineOf) -> Iterable[Finding]:
    """Find missed windows that nothing can miss: of no objective, without a target, more than there are."""
    missed = None if contract.chronic is None else contract.chronic.missed
    if missed is None:
        return
    at = line("chronic", "missed")
    if missed.of_windows < missed.windows:
        msg = "chronic.missed: %(count)s windows do not fit within %(within)s"
        text = Sentence(msg, count=str(missed.windows), within=str(missed.within))
        yield Finding(level="refuses", line=at, code="bounds_contradict", text=text, witness=str(missed.windows))
    if missed.objective is None:
        return
    named = next((objective for objective in contract.objectives if objective.id == missed.objective), None)
    if named is None:
        text = Sentence("chronic.missed: there is no objective %(name)s", name=missed.objective)
        yield Finding(level="refuses", line=at, code="unknown_objective", text=text)
    elif named.target is None:
        text = Sentence("chronic.missed counts windows that miss %(name)s, which has no target", name=named.id)
        yield Finding(level="refuses", line=at, code="missing_target", text=text)
