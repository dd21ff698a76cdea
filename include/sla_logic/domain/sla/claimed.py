"""The measured time that was claimed in time: a late ticket loses the credit, not the measurement."""

from dataclasses import replace

from include.sla_logic.domain.contract import rules
from include.sla_logic.domain.contract.contract import Contract, Objective
from include.sla_logic.domain.durations import show_duration
from include.sla_logic.domain.measurements import Outage
from include.sla_logic.domain.period import to_seconds
from include.sla_logic.domain.sla.case import Case, Measured
from include.sla_logic.domain.sla.measuring import measure


def measure_claimed(objective: Objective, case: Case) -> Measured:
    """Measure the objective, and again without the outages whose tickets were too late."""
    measured = measure(objective, case)
    late = {outage.reference: why for outage in case.facts.outages if (why := _too_late(case.contract, outage))}
    if not late or isinstance(objective.rule, rules.HourWaiver):  # what is not charged needs no claim
        return measured
    in_time = tuple(outage for outage in case.facts.outages if outage.reference not in late)
    rest = replace(case, facts=case.facts.model_copy(update={"outages": in_time}), states={}, _downtime=None)
    claimed = measure(objective, rest)
    if claimed.value == measured.value:
        return measured
    claimed.steps = [*(f"not paid: {reference}, {why}" for reference, why in late.items()), *claimed.steps]
    return replace(measured, claimed=claimed)


def _too_late(contract: Contract, outage: Outage) -> str | None:
    within = contract.claim.ticket_within
    if within is None or outage.ticket_opened_at is None or outage.attribution not in contract.counting.attributions:
        return None
    late = to_seconds(outage.ticket_opened_at) - to_seconds(outage.start) - within
    return f"the ticket was opened {show_duration(late)} too late" if late > 0 else None
