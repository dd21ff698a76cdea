"""Judges a credit case as the product does, and states the result in the words of the file."""

import re
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from include.sla_logic.domain.contract import read_contract
from include.sla_logic.domain.sla import ObjectiveJudgement, SlaComparison, Verdict, compare
from tests.acceptance.case_object import CaseObject, UnableToTranslate
from tests.acceptance.credit_case_contract import contract_text, speaks_in_percent
from tests.acceptance.credit_case_facts import as_of, facts, window_of

Fields = dict[str, Any]


def judge(entry: Fields, case: Fields) -> SlaComparison:
    """Judge a case; a field of the case or its contract that was not read is an error."""
    terms, given = CaseObject(entry), CaseObject(case)
    contract = read_contract(contract_text(case["contract"], terms, given), name=case["contract"])
    window, known = window_of(given), facts(terms, given)
    comparison = compare(contract, known, window=window, as_of=as_of(given))
    if unread := [*terms.unread(), *given.unread()]:
        raise UnableToTranslate(f"not read: {', '.join(unread)}")
    return comparison


def undefined(entry: Fields, case: Fields) -> set[str]:
    """Return what an expectation may leave undefined, from the terms of the entry and the facts of the case."""
    left: set[str] = set()
    if not speaks_in_percent(CaseObject(entry)):
        left.add("credit_pct")
    if any(key.startswith("fault_") for key in case):
        left |= {"downtime_seconds", "availability_pct"}
    holds = case.get("holds") or []
    if any(hold.get("end") is None for hold in holds) and all(outage.get("end") for outage in case["outages"]):
        left.add("provisional")  # the file says so of open outages only
    if entry["rule"] == "ms_over":
        left.add("capped")  # the most milliseconds that are paid may be called a cap, or not
    if entry["rule"] == "chronic":  # it owes no credit, and promises no availability
        left |= {"credit", "credit_pct", "downtime_seconds", "availability_pct"}
    return left


def observed(comparison: SlaComparison) -> Fields:
    """Return the result of the judgement in the fields of the file."""
    due, base, claim = comparison.credit_due, comparison.charge_base, comparison.claim
    main = comparison.objectives[0] if comparison.objectives else None
    chronic, zone = comparison.chronic, ZoneInfo(comparison.zone)
    seen: Fields = {
        "credit": None if due is None else str(due.amount),
        "credit_pct": comparison.credit_percent,
        "capped": comparison.capped or any("steps are paid" in step for o in comparison.objectives for step in o.steps),
        "provisional": any(objective.provisional for objective in comparison.objectives),
        "chronic": chronic is not None and chronic.state == "reached",
        "credit_base": None if base is None else str(base.amount),
        "claim_in_time": claim.state != "late",
        "claim_deadline": claim.deadline and f"{(claim.deadline - timedelta(seconds=1)).astimezone(zone):%Y-%m-%d}",
        "error": None,
    }
    if chronic is not None and chronic.notice_until is not None:
        seen["notice_until"] = f"{(chronic.notice_until - timedelta(seconds=1)).astimezone(zone):%Y-%m-%d}"
    if main is not None:
        seen |= _of_objective(main) | _of_waiver(comparison)
        seen["error"] = _refusal(main, comparison)
    return seen


def _refusal(main: ObjectiveJudgement, comparison: SlaComparison) -> str | None:
    if main.refusal is not None:
        return main.refusal.value
    if main.verdict is Verdict.NO_DATA:
        return "no_data"
    if comparison.claim.state == "late":
        return "claim_late"
    nothing = not comparison.credit_due
    return "ticket_late" if nothing and _forfeited(main) else None


def _forfeited(main: ObjectiveJudgement) -> bool:
    """Tell whether a ticket came too late: its outage earns nothing, and the service was down all the same."""
    return any(re.search("ticket was opened.*late", step) for step in main.steps)


def _of_objective(main: ObjectiveJudgement) -> Fields:
    shown = main.measured is not None and main.metric in ("availability", "success_rate")
    steps = re.fullmatch(r"(\d+) step\(s\)", main.tier or "")
    rounded = next((r[1] for r in (re.match(r"rounded half up .*: (\S+)$", step) for step in main.steps) if r), None)
    return {
        "downtime_seconds": main.counted_seconds,
        "availability_pct": f"{main.measured:.8f}" if shown else None,
        "rounded_pct": rounded,
        "days": main.days,
        "credit_fraction": _fraction(main),
        "shortfall_pct": None if main.margin is None else -main.margin,
        "overrun_pct": None if main.margin is None or not main.target else -main.margin / main.target * 100,
        "steps": int(steps[1]) if steps else None,
        "mttr_seconds": main.measured if main.metric == "time_to_restore" else None,
        "excluded_seconds": main.excluded_seconds,
        "window_seconds": main.total_seconds,
        "seconds_to_next_tier": main.seconds_to_next_tier,
        "warnings": main.warnings,
    }


def _fraction(main: ObjectiveJudgement) -> str | None:
    if main.credit_exact is None or not main.charge_base:
        return None
    return str(Fraction(main.credit_exact) / main.charge_base.exact)


def _of_waiver(comparison: SlaComparison) -> Fields:
    waiving = next((o for o in comparison.objectives if o.waived_hours is not None), None)
    if waiving is None:
        return {}
    priced = (re.match(r"(\d+) x (\S+) \w+ per hour are not charged", step) for step in waiving.steps)
    charge = next((int(read[1]) * Decimal(read[2]) for read in priced if read), None)
    return {"waived_hours": waiving.waived_hours, "waived_charge": charge}
