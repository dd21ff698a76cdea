"""When customers reported what went wrong with a service: the tickets' side of an outage."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select

from include.sla_logic.adapters.folders import ticket_id
from include.sla_logic.adapters.schema.system_t import documents, ticket_status_history, tickets
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.domain.trouble_ticket import TicketStatus

_ENDS = {TicketStatus.RESOLVED, TicketStatus.CLOSED, TicketStatus.REJECTED, TicketStatus.CANCELLED}


@dataclass
class Reported:
    """One incident of the service, as far as the SLA clock needs it."""

    ticket: str
    observed_from: datetime
    observed_to: datetime | None
    reported_at: datetime
    opened_at: datetime
    closed_at: datetime | None = None
    pending: list[tuple[datetime, datetime | None]] = field(default_factory=list)

    def touches(self, start: datetime, end: datetime | None) -> bool:
        """Tell whether the customer perceived it while the outage lasted."""
        return (end is None or self.observed_from < end) and (self.observed_to is None or self.observed_to > start)


def reported_incidents(connection: Connection, agreement: Agreement, *, as_of: datetime) -> Sequence[Reported]:
    """Return the customer's own incidents of this service up to that moment, oldest first."""
    rows = connection.execute(
        select(tickets.c.number, tickets.c.created_at, documents.c.body)
        .join(documents, documents.c.ticket == tickets.c.number)
        .where(
            tickets.c.service == agreement.service,
            tickets.c.customer == agreement.customer,
            tickets.c.created_at <= as_of,
            documents.c.kind == ProblemNotification.kind(),
            documents.c.round == 1,
        )
        .order_by(tickets.c.created_at)
    ).all()
    found = {row.number: _reported(row.number, row.created_at, row.body) for row in rows}
    _add_status_history(connection, found, as_of)
    return list(found.values())


def _reported(number: int, created_at: datetime, body: str) -> Reported:
    notification = ProblemNotification.model_validate_json(body)
    return Reported(
        ticket=ticket_id(number),
        observed_from=notification.observed_from,
        observed_to=notification.observed_to,
        reported_at=notification.reported(created_at),
        opened_at=created_at,
    )


def _add_status_history(connection: Connection, found: dict[int, Reported], as_of: datetime) -> None:
    """Read from the append-only history when each ticket waited and when it was last settled."""
    if not found:
        return
    history = ticket_status_history.c
    rows = connection.execute(
        select(history.ticket, history.status, history.at)
        .where(history.ticket.in_(found), history.at <= as_of)
        .order_by(history.ticket, history.sequence)
    )
    moves: dict[int, list[tuple[str, datetime]]] = defaultdict(list)
    for ticket, status, at in rows:
        moves[ticket].append((status, at))
    for ticket, changes in moves.items():
        ends = [at for _, at in changes[1:]] + [None]
        spans = [(status, at, end) for (status, at), end in zip(changes, ends, strict=True)]
        found[ticket].pending = [(at, end) for status, at, end in spans if status == TicketStatus.PENDING]
        status, at, _ = spans[-1]
        found[ticket].closed_at = at if status in _ENDS else None
