"""One contract and its facts, judged by the product and by the oracle."""

from datetime import datetime
from fractions import Fraction
from typing import Any

import yaml

from include.sla_logic.domain.contract import Contract, check_contract
from include.sla_logic.domain.measurements import ServiceFacts
from include.sla_logic.domain.money import half_up, minor_digits
from include.sla_logic.domain.period import from_seconds, to_seconds
from include.sla_logic.domain.sla import ChronicFinding, compare
from tests.domain.sla.oracle.clock import day_of
from tests.domain.sla.oracle.judge import judge
from tests.domain.sla.oracle.rights import Right

CONTRADICTIONS = {"bounds_contradict", "credits_not_monotone", "unreachable_tier"}
MOMENTS = {
    *("start", "end", "detected_at", "reported_at", "ticket_opened_at", "ticket_closed_at", "announced_at"),
    *("opened_at", "responded_at", "resolved_at"),
}
BOUNDS = ("start_bounds", "end_bounds")


def written(second: int) -> str:
    return from_seconds(second).isoformat()


def record(entry: dict[str, Any]) -> dict[str, Any]:
    """Write the moments of a record as a facts file does."""
    bounds = {name: [written(second) for second in entry[name]] for name in BOUNDS if name in entry}
    return entry | {name: written(entry[name]) for name in MOMENTS & set(entry)} | bounds


def nothing_known(charge: str, *, now: int) -> dict[str, Any]:
    names = ("outages", "maintenance", "holds", "unobserved", "delays", "agreements", "claims", "tickets", "errors")
    charges = {"recurring": charge, "usage": charge}
    return {name: [] for name in names} | {"charges": charges, "series": None, "now": now}


def facts_file(terms: dict[str, Any], facts: dict[str, Any]) -> ServiceFacts:
    def money(amount: str) -> dict[str, str]:
        return {"amount": amount, "currency": terms["currency"]}

    charges = facts["charges"]
    agreements = ((one, {"charge": money(one["charge"])} if "charge" in one else {}) for one in facts["agreements"])
    return ServiceFacts.model_validate(
        {
            "service": "S",
            **{name: [record(entry) for entry in facts[name]] for name in ("outages", "maintenance", "holds")},
            "unobserved": [{"start": written(a), "end": written(b)} for a, b in facts["unobserved"]],
            "agreements": [record(one) | charge for one, charge in agreements],
            "delays": facts["delays"],
            "claims": [{"filed_at": written(second)} for second in facts["claims"]],
            "charges": charges | {name: money(charges[name]) for name in ("recurring", "usage")},
            "tickets": [record(one) | {"holds": [record(hold) for hold in one["holds"]]} for one in facts["tickets"]],
            "readings": facts.get("readings", []),
            "event_credits": [
                one | ({"at": written(one["at"])} if "at" in one else {}) for one in facts.get("event_credits", [])
            ],
            "error_intervals": [{"count": count, "error_percent": percent} for count, percent in facts["errors"]],
            "series": [series_of(facts["series"])] if facts["series"] else [],
        }
    )


def series_of(series: dict[str, Any]) -> dict[str, Any]:
    silence = None if series["silence"] is None else 10 * series["silence"]
    own = {"start": written(series["start"]), "step_seconds": series["step"], "values": series["values"]}
    return own | {"metric": "latency", "unit": "ms", "decimals": 1, "nothing_came_back": silence}


def contract_and_facts(terms: dict[str, Any], facts: dict[str, Any]) -> tuple[Contract, ServiceFacts, datetime] | None:
    """Read a drawn contract and its facts, and the moment up to which they are known; None where it is refused."""
    contract, findings = check_contract(yaml.safe_dump(terms, sort_keys=False), name="k")
    if contract is None or any(finding.level == "refuses" for finding in findings):
        assert {f.code for f in findings if f.level == "refuses"} <= CONTRADICTIONS, findings
        return None
    if contract.window_from == "agreement":
        contract = contract.begun_on(day_of(facts["agreements"][0]["start"], terms["zone"]))
    return contract, facts_file(terms, facts), from_seconds(facts["now"])


def same_result(terms: dict[str, Any], facts: dict[str, Any], moment: int) -> bool:
    """Compare the two; tell whether there was anything to compare."""
    read = contract_and_facts(terms, facts)
    if read is None:
        return False
    contract, known, now = read
    found = compare(contract, known, window=contract.window_at(from_seconds(moment)), as_of=now)
    expected = judge(terms, facts, moment, facts["now"])
    assert found.window.span == expected.window
    for judged in found.objectives:
        own = expected.owed[judged.objective]
        said = "\n".join(judged.steps)
        if own.verdict == "not_promised":
            if judged.verdict == "refused":  # facts that cannot be right are told first
                return False
            assert judged.verdict == "not_promised"
            continue
        assert (judged.credit_exact is None) == (own.credit is None), (judged.verdict, judged.reason, said)
        if judged.measured_exact is not None and own.verdict != "refused":
            assert Fraction(judged.measured_exact) == own.value, said
        if judged.credit_exact is not None:
            assert judged.counted_seconds == own.counted, said
            assert judged.waived_hours == own.waived
            assert Fraction(judged.credit_exact) == own.credit, (judged.objective, own.credit, said)
            assert judged.paid is None or judged.paid.worth == own.credit, (judged.objective, own.credit, judged.paid)
            assert judged.paid is not None or not own.credit or judged.rule == "event_credits", said
        if judged.weighed_seconds is not None:
            counted = [one for one in judged.intervals if one.kind == "counted"]
            assert sum(one.seconds * (1 if one.weight is None else one.weight) for one in counted) == (
                judged.weighed_seconds
            )
    assert (found.claim.state, found.claim.last_day) == (expected.claim, expected.last_day), found.claim
    assert (found.credit_due is None) == (expected.due is None)
    if found.credit_due is not None and expected.due is not None:
        assert found.credit_due.amount == half_up(expected.due, minor_digits(terms["currency"])), found.credit_steps
    same_right(found.chronic, expected.right)
    return True


def same_right(found: ChronicFinding | None, expected: Right | None) -> None:
    assert (found is None) == (expected is None)
    if found is None or expected is None:
        return
    assert (found.state == "reached") == expected.reached, (found, expected)
    if expected.reached:
        assert (None if found.notice_until is None else to_seconds(found.notice_until)) == expected.until, found
    elif expected.left is not None:
        assert (found.events_left, found.state == "one_event_before") == (expected.left, expected.announced), found
