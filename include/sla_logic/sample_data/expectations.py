"""The expected course of each incident of the small TELECO, computed without the judgement that is tested."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import yaml

from include.sla_logic.domain.money import Money, half_up
from include.sla_logic.domain.resolution import Outcome
from include.sla_logic.process.graph import WAIT
from include.sla_logic.process.way import way
from include.sla_logic.sample_data.anchoring import Anchored
from include.sla_logic.sample_data.catalogue import Expects, Incident, contract_text

_CENT = Decimal("0.01")
_CORRECTION = {
    "none": "send_actual_service_performance",
    "minor": "undertake_minor_corrections",
    "restoration": "request_automatic_restoration",
}


@dataclass(frozen=True)
class Expectation:
    """The path, the figures and the end of one incident.

    `measured` is what the first comparison shows for `objective` when it is made at the anchor; it grows worse
    with time where `still_down`. `operator` says what the operator has to do meanwhile, if anything.
    """

    key: str
    title: str
    reference: str
    path: tuple[str, ...]
    operator: str | None
    rule: str
    objective: str
    unit: str
    promised: Decimal
    measured: Decimal
    still_down: bool
    violated: bool
    outcome: Outcome
    escalated: bool
    credit: Money
    held: bool


def choices(expects: Expects) -> dict[str, str]:
    """Return what each decision of the process chooses for the incident, where it is asked."""
    here, found = expects.analysed_by == "service_management", expects.analysed_by == "resource_provisioning"
    changed, too_late = expects.reprioritised, expects.wait == "too_late"
    return {
        "is_customer_premium": (
            "link_to_extra_problem_fix" if expects.premium else "does_significance_change_priorities"
        ),
        "does_significance_change_priorities": (
            "reprioritize_counter_measures" if changed else "create_detailed_problem_report"
        ),
        "is_problem_analyzable": "analyze_problem" if here else "send_to_resource_provisioning",
        "is_problem_detected": "analyze_resource_problem" if found else "notify_normal_execution",
        "choose_counter_measures": _CORRECTION[expects.route],
        WAIT: "terminate_restoration" if too_late else "track_errors",
    }


def expect(
    incident: Incident, contract: Anchored, charge: Money, rows: dict[str, list[dict[str, Any]]], *, service: str
) -> Expectation:
    """Compute the expectation of one incident from the rows that were generated for its service."""
    expects = incident.expects
    terms = yaml.safe_load(contract_text(incident.contract))
    promise = next(o for o in terms["objectives"] if o["id"] == expects.objective)
    measured = _measured(promise, contract, rows, service)
    credit = _credit(expects, charge, contract)
    return Expectation(
        key=incident.key,
        title=incident.title,
        reference=reference(incident),
        path=way(choices(expects)),
        operator="release" if expects.wait == "release" else None,
        rule=promise["rule"]["kind"],
        objective=expects.objective,
        unit="percent" if promise["metric"] in {"availability", "packet_loss"} else "ms",
        promised=Decimal(str(promise["target"])),
        measured=measured,
        still_down=incident.fault is not None and incident.fault.takes_down,
        violated=bool(credit),
        outcome=expects.outcome,
        escalated=expects.outcome not in {Outcome.NO_PROBLEM_FOUND, Outcome.RESTORED},
        credit=credit,
        held=expects.held,
    )


def reference(incident: Incident) -> str:
    """Return the external reference under which the demo sends the incident."""
    return f"DEMO-{incident.key.upper().replace('_', '-')}"


def _credit(expects: Expects, charge: Money, contract: Anchored) -> Money:
    amount = Decimal(0)
    if expects.credit.share is not None:
        share = expects.credit.share
        amount = charge.amount * share.numerator / share.denominator
    if expects.credit.days is not None:
        amount = charge.amount * expects.credit.days / contract.days
    return Money(amount=amount.quantize(_CENT, ROUND_HALF_UP), currency=charge.currency)


def _measured(
    promise: dict[str, Any], contract: Anchored, rows: dict[str, list[dict[str, Any]]], service: str
) -> Decimal:
    if promise["metric"] == "availability":
        down = _downtime(contract, rows, service)
        return half_up(100 - 100 * Fraction(down, contract.window.seconds), 8)
    start = contract.window.start.timestamp()
    values = [
        row["value"]
        for row in rows["samples"]
        if row["service"] == service and row["metric"] == promise["metric"] and row["at"] >= start
    ]
    if promise.get("measure", {}).get("kind") == "percentile":
        return half_up(Fraction(_percentile(values, promise["measure"]["percentile"]), 1000), 8)
    return half_up(Fraction(sum(values), len(values) * 1000), 8)


def _percentile(values: Sequence[int], rank: int) -> int:
    """Return the nearest-rank percentile."""
    return sorted(values)[max(0, -(-rank * len(values) // 100) - 1)]


def _downtime(contract: Anchored, rows: dict[str, list[dict[str, Any]]], service: str) -> int:
    """Count the seconds of interruption outside announced work, one by one."""
    down: set[int] = set()
    for outage in _of(service, rows["outages"]):
        end = outage["ended_at"] or contract.anchor
        down.update(range(int(outage["started_at"].timestamp()), int(end.timestamp())))
    for work in _of(service, rows["maintenance_windows"]):
        down.difference_update(range(int(work["starts_at"].timestamp()), int(work["ends_at"].timestamp())))
    low, high = contract.window.span
    return sum(low <= second < high for second in down)


def _of(service: str, rows: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    return (row for row in rows if row["service"] == service)
