"""Decisions of a past incident, taken again from its stored documents under other business tables.

What was decided, and what would be, are compared name by name; every value has the row of the table that decides it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from include.sla_logic.domain.counter_measures import CounterMeasurePlan, determine, reprioritise
from include.sla_logic.domain.diagnosed_again import explained_again, types_of_problem
from include.sla_logic.domain.diagnosis_table import Finding
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.policies import Policies
from include.sla_logic.domain.relationship import RelationshipHistory
from include.sla_logic.domain.remedies import Remedy
from include.sla_logic.domain.service_performance import summarise
from include.sla_logic.domain.significance import Band, CustomerSignificance, work_out_significance
from include.sla_logic.domain.stored_case import StoredCase

Decided = dict[str, tuple[str, str]]  # by the name of the decision: its value, and the row of the table


@dataclass(frozen=True)
class Change:
    """One decision that would have gone another way, and the row of the table that decides it so."""

    decision: str
    was: str
    would_be: str
    row: str


def changes(was: Mapping[str, str], would_be: Mapping[str, tuple[str, str]]) -> list[Change]:
    """Compare what was decided with what would be; what was never decided is left out."""
    found = []
    for name in dict.fromkeys([*was, *would_be]):
        before, (after, row) = was.get(name), would_be.get(name, ("none", ""))
        if before is None and not (name.startswith("due ") and "measures" in was):
            continue
        if before != after:
            found.append(Change(name, before or "none", after, row))
    return found


def stored_decisions(case: StoredCase) -> dict[str, str]:
    """Return what was decided, as far as the incident came."""
    found: dict[str, str] = {}
    if case.plans:
        first, last = case.plans[0], case.plans[-1]
        found |= {"priority": first.base_priority.value, "measures": _measures(first)}
        found |= {f"due {one.measure}": _due(one.due_at) for one in last.measures}
    if case.significance is not None:
        found["significance"] = f"{case.significance.band.value} ({case.significance.score})"
    if case.plans and (case.investigation is not None or case.plans[-1].reprioritised):
        found["re-prioritised"] = _yes(case.plans[-1].reprioritised)
    if case.investigation is not None:
        found["analysed by"] = _analyst(case.investigation.analyzable)
    if case.final is not None:
        found["type of problem"] = _types(case.final.types_of_problem)
    if case.route is not None:
        found["route"] = case.route
    if case.request is not None:
        found["remedy"], found["held because"] = case.request.remedy, case.request.held_because or "not held"
    return found


def decide_again(case: StoredCase, policies: Policies) -> Decided:
    """Take the decisions again under these tables.

    Raise `UnableToReplay` where the way leads to resources that nobody checked in this incident.
    """
    found, raised = _planned(case, policies)
    if case.investigation is None:
        return found
    found["re-prioritised"] = _yes(raised), "significance.yaml, significant_from"
    findings, explaining = explained_again(case, policies.diagnosis)
    found["analysed by"] = _analyst(bool(explaining)), _rows(findings)
    if case.final is None:
        return found
    types, seen = types_of_problem(case, explaining, policies)
    found["type of problem"] = _types(types), _rows(seen)
    if case.route is None:
        return found
    remedy = policies.remedies.choose(types) if types else None
    row = f"remedies.yaml, {remedy.type}" if remedy else "no problem, so no remedy"
    found["route"] = remedy.route.value if remedy else "none", row
    if remedy is not None and remedy.route.value == "restoration":
        found["remedy"] = remedy.type, row
        found["held because"] = _held(case, remedy), row
    return found


def _planned(case: StoredCase, policies: Policies) -> tuple[Decided, bool]:
    """Decide what Customer Service decides: priority, measures, significance, and due times after both."""
    if not case.plans:
        return {}, False
    priorities, catalogue = policies.priorities, policies.counter_measures
    hours = {"hours": lambda priority: policies.hours_of(priority, case.contract.service_hours)}
    within, at = priorities.at_risk_when_next_tier_within, case.plans[0].planned_at
    performance = summarise(case.comparison, case.contract, at_risk_within=within)
    plan = first = determine(case.report, performance, catalogue=catalogue, priorities=priorities, now=at, **hours)
    cell = f"priorities.yaml, matrix impact {case.report.impact} x urgency {case.report.urgency}"
    found: Decided = {"priority": (first.base_priority.value, cell), "measures": (_measures(first), "")}
    known = {one.measure for one in case.plans[0].measures} ^ {one.measure for one in first.measures}
    found["measures"] = _measures(first), f"counter_measures.yaml, {', '.join(sorted(known)) or 'catalogue'}"
    if case.significance is not None:
        significance = _significance(case.significance, policies)
        row = _factors(case.significance, significance)
        found["significance"] = f"{significance.band.value} ({significance.score})", row
        if significance.affects_priorities:
            since, reason = case.report.entered_at, significance.explanation
            plan = reprioritise(
                plan, reason=reason, catalogue=catalogue, priorities=priorities, now=at, since=since, **hours
            )
    own = {one.measure for one in catalogue.catalogue if one.due}
    for one in plan.measures:
        table = f"counter_measures.yaml, {one.measure}" if one.measure in own else "priorities.yaml"
        found[f"due {one.measure}"] = _due(one.due_at), f"{table}, due {one.priority.value}"
    return found, plan is not first


def _significance(stored: CustomerSignificance, policies: Policies) -> CustomerSignificance:
    """Work the score out of the history that the reasons of the stored one hold."""
    seen = {one.factor: one.observed for one in stored.reasons}
    numbers = {name: None if value is None else int(value) for name, value in seen.items() if name in _COUNTED}
    today, chronic = stored.assessed_at.date(), next(o.code for o in stored.reasons if o.factor == "chronic_right")
    tenure, ends = numbers.pop("years_of_tenure"), seen["agreement_ends"]
    history = RelationshipHistory(
        customer=stored.customer,
        customer_since=None if tenure is None else _years_before(today, tenure),
        service_class=seen["service_class"],
        monthly_charge=None,
        agreement_ends=None if ends is None else today + timedelta(days=int(ends.removesuffix(" days"))),
        protected=stored.band is Band.PROTECTED,
        **numbers,
    )
    near = None if chronic.endswith("unknown") else chronic.endswith("one_event_away_or_reached")
    return work_out_significance(
        history, premium=stored.premium, near_chronic_right=near, policy=policies.significance, now=stored.assessed_at
    )


_COUNTED = ("charge_percentile", "years_of_tenure", "violations_last_year", "other_open_incidents")


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return date(day.year - years, 3, 1)


def _factors(before: CustomerSignificance, after: CustomerSignificance) -> str:
    """Name the rows whose points differ, else the bounds of the bands."""
    differ = [new for old, new in zip(before.reasons, after.reasons, strict=True) if old.points != new.points]
    named = ", ".join(f"{one.code} ({one.points} points)" for one in differ)
    return f"significance.yaml, {named or 'significant_from and tie_break_from'}"


def _held(case: StoredCase, remedy: Remedy) -> str:
    """Say why it is held; a service problem that was released already under another ticket is not held again."""
    ties = () if case.trouble is None else case.trouble.service_problems
    elsewhere = any(tie.analysed_as != case.ticket for tie in ties)
    if elsewhere and case.request is not None and case.request.held_because is None:
        return "not held"
    return remedy.why_held or "not held"


def _rows(findings: Iterable[Finding]) -> str:
    rows = dict.fromkeys(
        f"alarm {one.alarm_code}" if one.alarm_code else f"{one.resource_kind} {one.state.value}" for one in findings
    )
    return f"diagnosis.yaml, {', '.join(rows) or 'nothing found'}"


def _yes(raised: bool) -> str:  # noqa: FBT001 - a word for it
    return "yes" if raised else "no"


def _analyst(analyzable: bool) -> str:  # noqa: FBT001 - a word for it
    return (Lane.SERVICE_MANAGEMENT if analyzable else Lane.RESOURCE_PROVISIONING).value


def _types(types: Sequence[str]) -> str:
    return ", ".join(types) or "none"


def _due(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _measures(plan: CounterMeasurePlan) -> str:
    return ", ".join(sorted(one.measure for one in plan.measures))
