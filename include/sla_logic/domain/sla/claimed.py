"""The measured time that was claimed in time: what is late loses the credit, not the measurement."""

from collections.abc import Sequence
from dataclasses import replace

from include.sla_logic.domain.contract import measures, rules
from include.sla_logic.domain.contract.contract import Objective
from include.sla_logic.domain.measurements import Outage
from include.sla_logic.domain.period import from_seconds
from include.sla_logic.domain.sla.case import Case, Measured, availability_of
from include.sla_logic.domain.sla.claims import Claimable, incidents_of, shown_day, ticket_too_late
from include.sla_logic.domain.sla.measuring import measure
from include.sla_logic.domain.sla.reported import unreported

_OF_INCIDENTS = (
    measures.FromOutages,
    measures.FromUnavailableState,
    measures.FromRestoreTimes,
    measures.FromDaysLate,
)


def is_of_incidents(objective: Objective) -> bool:
    """Tell whether the objective adds up incidents, and does not describe the whole window."""
    return objective.rolling_windows is None and isinstance(objective.measured_by, _OF_INCIDENTS)


def measure_claimed(objective: Objective, case: Case) -> Measured:
    """Measure the objective, and again without what was reported or claimed too late."""
    measured = measure(objective, case)
    if isinstance(objective.rule, rules.HourWaiver) or measured.stated or not is_of_incidents(objective):
        return measured  # what is not charged needs no claim, and what is of the whole window has one deadline
    tickets = _too_late(case)
    rest = _without(case, [o for o in case.facts.outages if o.reference in tickets], ()) if tickets else case
    incidents = incidents_of(case)
    late = [one for one in incidents if one.late]
    if _is_all_late(case, incidents, late):
        measured = replace(measured, ahead=_left(objective, rest, late))
        late = []  # the whole claim is late: that is told of the whole credit
    silent = unreported(measured, case) if isinstance(objective.measured_by, measures.FromUnavailableState) else []
    if not tickets and not late and not silent:
        return measured
    dropped = [Claimable("sampled downtime", None, None, late=True, span=span) for span in silent]
    claimed = _left(objective, rest, [*late, *dropped])
    if _what_counts(claimed) == _what_counts(measured):
        return measured
    reasons = [f"{reference}, {why}" for reference, why in tickets.items()]
    reasons += [f"the downtime from {from_seconds(start):%Y-%m-%d %H:%M:%S} UTC, not reported" for start, _ in silent]
    reasons += [f"{one.name}, {_why(one, case.contract.zone)}" for one in late]
    claimed.steps = [*(f"not paid: {reason}" for reason in reasons), *claimed.steps]
    return replace(measured, claimed=claimed)


def _too_late(case: Case) -> dict[str, str]:
    """Return the outages whose tickets are missing or came too late, and why; none where no ticket is wanted."""
    contract = case.contract
    if contract.claim.ticket_within is None and not contract.wants_ticket:
        return {}
    return {o.reference: why for o in case.facts.outages if (why := ticket_too_late(contract, o))}


def _what_counts(one: Measured) -> tuple[object, ...]:
    """Return what a rule may pay: a mean stays the same where one of two equal repairs is lost."""
    return one.value, one.repairs, one.paid_days, one.downtime and one.downtime.pieces


def _is_all_late(case: Case, incidents: Sequence[Claimable], late: Sequence[Claimable]) -> bool:
    """Tell whether the claim of the whole window is late."""
    everything = not case.facts.readings and all(is_of_incidents(one) for one in case.contract.objectives)
    return bool(late) and len(late) == len(incidents) and everything


def _left(objective: Objective, case: Case, late: list[Claimable]) -> Measured:
    """Measure what is not lost, and say whether anything is left."""
    left = _rest_of(objective, case, late)
    left.is_claimed = left.value is not None
    return left


def _rest_of(objective: Objective, case: Case, late: list[Claimable]) -> Measured:
    """Measure without late incidents; samples are measured with them, and their time is taken out."""
    if not late:
        return measure(objective, case)
    if not isinstance(objective.measured_by, measures.FromUnavailableState):
        return measure(objective, _without(case, [o for one in late for o in one.outages], late))
    measured = measure(objective, case)
    if measured.downtime is None:
        return measured
    return availability_of(case, measured.downtime.without([one.span for one in late if one.span is not None]))


def _without(case: Case, outages: list[Outage], late: tuple[Claimable, ...] | list[Claimable]) -> Case:
    dropped = {id(outage) for outage in outages}
    delays = [one.delay for one in late if one.delay is not None]
    kept = {
        "outages": tuple(outage for outage in case.facts.outages if id(outage) not in dropped),
        "delays": tuple(delay for delay in case.facts.delays if delay not in delays),
        "readings": (),  # they are of everything, and agree with the records
    }
    facts = case.facts.model_copy(update=kept)
    return replace(case, facts=facts, states={}, incidents=None, _downtime=None)


def _why(one: Claimable, zone: str) -> str:
    assert one.deadline is not None  # noqa: S101 - what is late had a last day
    shown = shown_day(one.deadline, zone)
    return f"not claimed until {shown}" if one.filed is None else f"claimed after {shown}"
