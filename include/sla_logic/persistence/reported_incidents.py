"""When customers reported what went wrong with a service: the tickets' side of an outage."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select

from include.sla_logic.domain.measurements import Hold
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.domain.sla_clock import Owner, StatusEvent
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.schema.system_t import documents, ticket_status_history, tickets

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
    holds: list[Hold] = field(default_factory=list)

    def touches(self, start: datetime, end: datetime | None) -> bool:
        """Tell whether the customer perceived it while the outage lasted."""
        return (end is None or self.observed_from < end) and (self.observed_to is None or self.observed_to > start)


@dataclass(frozen=True)
class Reports:
    """The incidents of some services, as they were reported and as their tickets went."""

    found: dict[tuple[str, str], list[tuple[int, ProblemNotification, datetime]]]
    moves: dict[int, list[StatusEvent]]

    def known(self, customer: str, service: str, *, as_of: datetime) -> Sequence[Reported]:
        """Return the customer's own incidents of a service up to that moment, oldest first."""
        return [
            _with_history(_reported(number, opened_at, notification), self.moves.get(number, ()), as_of)
            for number, notification, opened_at in self.found.get((customer, service), ())
            if opened_at <= as_of
        ]


def reported_incidents(connection: Connection, agreement: Agreement, *, as_of: datetime) -> Sequence[Reported]:
    """Return the customer's own incidents of this service up to that moment, oldest first."""
    reports = read_reports(connection, [agreement.service], [agreement.customer])
    return reports.known(agreement.customer, agreement.service, as_of=as_of)


def read_reports(connection: Connection, services: Sequence[str], customers: Sequence[str]) -> Reports:
    """Read the incidents of these services and customers: two queries, however many they are."""
    rows = connection.execute(
        select(tickets.c.number, tickets.c.customer, tickets.c.service, tickets.c.created_at, documents.c.body)
        .join(documents, documents.c.ticket == tickets.c.number)
        .where(
            tickets.c.service.in_(services),
            tickets.c.customer.in_(customers),
            documents.c.kind == ProblemNotification.kind(),
            documents.c.round == 1,
        )
        .order_by(tickets.c.created_at)
    ).all()
    found: dict[tuple[str, str], list[tuple[int, ProblemNotification, datetime]]] = defaultdict(list)
    for row in rows:
        notification = ProblemNotification.model_validate_json(row.body)
        found[row.customer, row.service].append((row.number, notification, row.created_at))
    return Reports(found, _moves(connection, [row.number for row in rows]))


def _reported(number: int, created_at: datetime, notification: ProblemNotification) -> Reported:
    return Reported(
        ticket=ticket_id(number),
        observed_from=notification.observed_from,
        observed_to=notification.observed_to,
        reported_at=notification.reported(created_at),
        opened_at=created_at,
    )


def _moves(connection: Connection, numbers: Sequence[int]) -> dict[int, list[StatusEvent]]:
    """Read the append-only history of these tickets."""
    moves: dict[int, list[StatusEvent]] = defaultdict(list)
    if not numbers:
        return moves
    history = ticket_status_history.c
    for row in connection.execute(
        select(history.ticket, history.status, history.at, history.reason, history.owner)
        .where(history.ticket.in_(numbers))
        .order_by(history.ticket, history.sequence)
    ):
        event = StatusEvent(status=TicketStatus(row.status), at=row.at, reason=row.reason, owner=row.owner)
        moves[row.ticket].append(event)
    return moves


def _with_history(incident: Reported, moves: Sequence[StatusEvent], as_of: datetime) -> Reported:
    """Add when the ticket was on hold, for whom, and when it was last settled, as far as that was known."""
    changes = [event for event in moves if event.at <= as_of]
    if not changes:
        return incident
    ends = [event.at for event in changes[1:]] + [None]
    incident.holds = [
        Hold(start=event.at, end=end, reason=f"{incident.ticket} waits for the {_said(owner)}", owner=owner)
        for event, end in zip(changes, ends, strict=True)
        if (owner := event.held_by) is not None
    ]
    last = changes[-1]
    incident.closed_at = last.at if last.status in _ENDS else None
    return incident


def _said(owner: Owner) -> str:
    return owner.replace("_", " ")
