"""Adding the same sentence to many timelines; the caller has locked the tickets."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from include.sla_logic.domain.lanes import Lane
from include.sla_logic.persistence.schema.system_t import timeline


def tell_timelines(connection: Connection, numbers: Sequence[int], event: str, *, now: datetime) -> None:
    """Add the sentence as the last entry of each of these timelines."""
    if not numbers:
        return
    last = select(timeline.c.ticket, func.max(timeline.c.sequence)).where(timeline.c.ticket.in_(numbers))
    lengths: dict[int, int] = {row[0]: row[1] for row in connection.execute(last.group_by(timeline.c.ticket))}
    lane = Lane.CUSTOMER_SERVICE.value
    connection.execute(
        insert(timeline),
        [
            {"ticket": number, "sequence": lengths.get(number, 0) + 1, "lane": lane, "event": event, "at": now}
            for number in numbers
        ],
    )
