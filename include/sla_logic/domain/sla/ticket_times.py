"""Times to respond to tickets and to resolve them, from the history of each ticket."""

from fractions import Fraction

from include.sla_logic.domain import spans
from include.sla_logic.domain.contract.contract import Objective
from include.sla_logic.domain.contract.measures import FromResponseTimes
from include.sla_logic.domain.measurements import Ticket
from include.sla_logic.domain.period import from_seconds, to_seconds
from include.sla_logic.domain.sla.case import Case, Measured, Repair, total_seconds
from include.sla_logic.domain.sla.numbering import numbers
from include.sla_logic.domain.sla.objective_judgement import RefusalCode
from include.sla_logic.domain.sla.refusal import UnableToJudge
from include.sla_logic.domain.sla.repairs import with_mean


def from_ticket_times(objective: Objective, case: Case) -> Measured:
    """Return the mean time of the tickets that were answered (or resolved) in the window; no ticket is no value.

    A ticket that still waits counts as soon as it has waited longer than the target, in the window of now.
    """
    found, done = Measured(total=total_seconds(case)), "respond" if _is_response(objective) else "resolve"
    tickets = sorted(_of_priority(case), key=lambda ticket: (ticket.opened_at, ticket.reference))
    all_waited = [(ticket, _waited(ticket, objective, case, found)) for ticket in tickets]
    known = [(ticket, to_seconds(ticket.opened_at), *waited) for ticket, waited in all_waited if waited is not None]
    placed = [((opened, end), end - 1) for _ticket, opened, _length, end in known]
    places = numbers(objective.rule, placed, case, lambda at: case.contract.window_at(from_seconds(at)).start)
    for (ticket, opened, length, end), place in zip(known, places, strict=True):
        if case.agreed.contains(end - 1):
            found.repairs.append(Repair(ticket.reference, Fraction(length), place, at=opened))
    if not found.repairs:
        found.note = f"no ticket to {done} to was due in this window" if done == "respond" else "no ticket was resolved"
        return found
    return with_mean(found, f"time to {done}")


def _of_priority(case: Case) -> list[Ticket]:
    """Return the tickets of the priorities that count; raise `UnableToJudge` where one has no priority."""
    wanted, tickets = case.contract.counting.priorities, case.facts.tickets
    if wanted is None:
        return list(tickets)
    if without := [ticket.reference for ticket in tickets if ticket.priority is None]:
        reason = (
            f"The contract counts tickets of priority {', '.join(wanted)}, and {', '.join(without[:5])} has none: "
            "give a facts file with tickets[].priority."
        )
        raise UnableToJudge(RefusalCode.NOT_KEPT, reason)
    return [ticket for ticket in tickets if ticket.priority in wanted]


def _is_response(objective: Objective) -> bool:
    return isinstance(objective.measured_by, FromResponseTimes)


def _waited(ticket: Ticket, objective: Objective, case: Case, found: Measured) -> tuple[int, int] | None:
    """Return how long the ticket waited and the second after its last, or None where it is not known yet."""
    ended = ticket.responded_at if _is_response(objective) else ticket.resolved_at
    if ticket.opened_at >= case.as_of:
        return None
    if ended is not None and ended < ticket.opened_at:
        reason = f"The ticket {ticket.reference} is dated {ended:%Y-%m-%d %H:%M:%S} UTC, before it was opened."
        raise UnableToJudge(RefusalCode.OUTAGE_END_BEFORE_START, reason)
    is_open = ended is None or ended > case.as_of
    end = to_seconds(case.as_of if ended is None or is_open else ended)
    waiting = [(to_seconds(ticket.opened_at), end)]
    held = [
        (to_seconds(hold.start), end if hold.end is None else to_seconds(hold.end))
        for hold in ticket.holds
        if case.contract.counting.stopped_by(hold.owner)
    ]
    served = [part for piece in spans.subtract(waiting, held) for part in case.contract.service_time(piece)]
    length = spans.total(served)
    if is_open:
        found.open_reasons.append(f"the ticket {ticket.reference} still waits")
        if objective.target is None or length <= objective.target:
            return None
    return length, max(end, waiting[0][0] + 1)
