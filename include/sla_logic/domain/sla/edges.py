"""The outages that lie across an edge of what is looked at, and how far they reach beyond it."""

from collections.abc import Iterable
from datetime import datetime

from include.sla_logic.domain import spans
from include.sla_logic.domain.contract.contract import Contract
from include.sla_logic.domain.contract.reach import edges_that_matter, records_reach, stopped_by_tickets
from include.sla_logic.domain.measurements import Outage
from include.sla_logic.domain.period import Period, of_span, to_seconds
from include.sla_logic.domain.sla.reach import reach_of


def needed_period(contract: Contract, window: Period, outages: Iterable[Outage], as_of: datetime) -> Period:
    """Return the period whose records decide how the window is judged: `records_reach`, and all that lies across it.

    Outages that touch or overlap are one: where they lie on both sides of an edge that matters, it is moved to their
    first or last second. What is still open lasts until `as_of`. Other records beyond the edges are not needed.
    """
    records, (before, after) = records_reach(contract, window), edges_that_matter(contract)
    by_ticket, until = stopped_by_tickets(contract), to_seconds(as_of)
    reaches = (reach_of(one if by_ticket else _without_ticket(one), until) for one in outages)
    whole, (start, end) = spans.merge(reaches), records.span
    first = min((low for low, high in whole if before and low < start < high), default=start)
    last = max((high for low, high in whole if after and low < end < high), default=end)
    return records if (first, last) == (start, end) else of_span((_with_allowance(contract, first, start), last))


def _with_allowance(contract: Contract, first: int, start: int) -> int:
    """Return where the records begin that say what is left then of the planned work that is free."""
    if contract.maintenance.allowance is None or first == start:
        return first
    over = contract.maintenance.allowance_over
    return min(first, to_seconds(contract.stretch(over, of_span((first, start)).start).start))


def _without_ticket(outage: Outage) -> Outage:
    return outage.model_copy(update={"ticket_closed_at": outage.end})
