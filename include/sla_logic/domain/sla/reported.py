"""Whether the customer reported what is paid: sampled downtime by a ticket about it, a window by any ticket in it."""

from collections.abc import Iterable, Iterator

from include.sla_logic.domain import spans
from include.sla_logic.domain.measurements import Ticket
from include.sla_logic.domain.period import to_seconds
from include.sla_logic.domain.sla.case import Case, Measured
from include.sla_logic.domain.spans import Span

_EVER = 2**40


def unreported(measured: Measured, case: Case) -> list[Span]:
    """Return the sampled downtime of the window that no ticket is about; none where no ticket is wanted."""
    if not case.contract.wants_ticket or measured.downtime is None:
        return []
    counted, reported = measured.downtime.counted, spans.merge(_reported(case))
    pieces = (piece for piece in measured.downtime.pieces if spans.meets(piece, counted))
    return [piece for piece in pieces if not spans.meets(piece, reported)]


def lacks_ticket(case: Case) -> bool:
    """Tell whether a ticket is wanted, and nothing in the window was reported."""
    return case.contract.wants_ticket and not spans.meets(case.span, spans.merge(_reported(case)))


def _reported(case: Case) -> Iterator[Span]:
    """Yield the time that tickets are about: those of the facts, and those of outages on record."""
    for outage in case.facts.outages:
        if outage.ticket_opened_at is not None or outage.reported_at is not None:
            start = to_seconds(outage.start)
            yield start, _EVER if outage.end is None else max(start + 1, to_seconds(outage.end))
    for ticket in _of_customer(case):
        start = to_seconds(ticket.observed_from or ticket.opened_at)
        yield start, max(start, to_seconds(ticket.observed_to or ticket.opened_at)) + 1


def _of_customer(case: Case) -> Iterable[Ticket]:
    anyone = case.contract.claim.ticket_from == "anyone"
    return (ticket for ticket in case.facts.tickets if anyone or ticket.opened_by == "customer")
