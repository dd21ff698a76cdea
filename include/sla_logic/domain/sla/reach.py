"""The longest time in which an outage may count, whichever clock the contract names."""

from datetime import datetime

from include.sla_logic.domain.measurements import Outage
from include.sla_logic.domain.period import to_seconds
from include.sla_logic.domain.spans import Span


def reach_of(outage: Outage, until: int) -> Span:
    """Return the first and the last second of any clock, in seconds since 1970; what is still open lasts until now."""
    ends: list[datetime | None] = [outage.end, outage.ticket_closed_at, *(outage.end_bounds or ())]
    begins = [*(outage.start_bounds or ()), outage.detected_at, outage.reported_at, outage.ticket_opened_at]
    first = min([outage.start, *(moment for moment in begins if moment is not None)])
    return to_seconds(first), max(until if moment is None else to_seconds(moment) for moment in ends)
