"""Whether the customer reported what is paid: sampled downtime by a ticket about it, a window by any ticket in it."""

from collections.abc import Iterable

from include.sla_logic.domain import spans
from include.sla_logic.domain.measurements import Ticket
from include.sla_logic.domain.period import from_seconds, to_seconds
from include.sla_logic.domain.sla.case import Case, Measured
from include.sla_logic.domain.spans import Span


def unreported(measured: Measured, case: Case) -> list[Span]:
    """Return the sampled downtime of the window that no ticket is about; none where no ticket is wanted."""
    if not case.contract.wants_ticket or measured.downtime is None:
        return []
    counted = measured.downtime.counted
    return [piece for piece in measured.downtime.pieces if spans.meets(piece, counted) and not is_reported(case, piece)]


def is_reported(case: Case, span: Span) -> bool:
    """Tell whether a ticket is about that time: one of the facts, or that of an outage on record then."""
    start, end = from_seconds(span[0]), from_seconds(span[1])
    outages = (
        outage
        for outage in case.facts.outages
        if (outage.ticket_opened_at or outage.reported_at) is not None and outage.start < end
    )
    on_record = any(o.end is None or to_seconds(o.end) > span[0] for o in outages)
    return on_record or any(ticket.touches(start, end) for ticket in _of_customer(case))


def lacks_ticket(case: Case) -> bool:
    """Tell whether a ticket is wanted, and nothing in the window was reported."""
    return case.contract.wants_ticket and not is_reported(case, case.span)


def _of_customer(case: Case) -> Iterable[Ticket]:
    anyone = case.contract.claim.ticket_from == "anyone"
    return (ticket for ticket in case.facts.tickets if anyone or ticket.opened_by == "customer")
