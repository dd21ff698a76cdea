"""When customers reported what went wrong with a service, and what it brought them: the tickets' side of an outage."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, func, select, type_coerce

from include.sla_logic.domain.measurements import Hold, Ticket
from include.sla_logic.domain.netting import EarlierCredit
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.sla_clock import Owner, StatusEvent
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.persistence.counted_credits import COUNTS, counted_credit
from include.sla_logic.persistence.incident_records import status_event, ticket_id
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.persistence.schema.columns import Instant
from include.sla_logic.persistence.schema.system_t import documents, ticket_status_history, tickets

_UNANSWERED = {TicketStatus.ACKNOWLEDGED}
_ENDS = {TicketStatus.RESOLVED, TicketStatus.CLOSED, TicketStatus.REJECTED, TicketStatus.CANCELLED}


@dataclass
class Reported:
    """One incident of the service, as far as the SLA clock needs it."""

    ticket: str
    observed_from: datetime
    observed_to: datetime | None
    reported_at: datetime
    opened_at: datetime
    responded_at: datetime | None = None
    closed_at: datetime | None = None
    holds: list[Hold] = field(default_factory=list)

    @property
    def as_fact(self) -> Ticket:
        """The ticket as a judgement sees it: when it was opened, answered and settled, and what it is about."""
        return Ticket(
            reference=self.ticket,
            opened_at=self.opened_at,
            observed_from=self.observed_from,
            observed_to=self.observed_to,
            responded_at=self.responded_at,
            resolved_at=self.closed_at,
            holds=tuple(self.holds),
        )

    def touches(self, start: datetime, end: datetime | None) -> bool:
        """Tell whether the customer perceived it while the outage lasted."""
        return (end is None or self.observed_from < end) and (self.observed_to is None or self.observed_to > start)


@dataclass(frozen=True)
class Reports:
    """The incidents of some services, with reports and ticket histories."""

    found: dict[tuple[str, str], list[tuple[int, ProblemNotification, datetime]]]
    moves: dict[int, list[StatusEvent]]
    credits: Mapping[tuple[str, str], Sequence[Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, reports: Iterable[Any], moves: Iterable[Any], credits_: Iterable[Any]) -> "Reports":
        """Sort the answers to `report_questions`."""
        found: dict[tuple[str, str], list[tuple[int, ProblemNotification, datetime]]] = defaultdict(list)
        for row in sorted(reports, key=lambda row: (row.created_at, row.number)):
            notification = ProblemNotification.model_validate_json(row.body)
            found[row.customer, row.service].append((row.number, notification, row.created_at))
        histories: dict[int, list[StatusEvent]] = defaultdict(list)
        for row in sorted(moves, key=lambda row: row.sequence):
            histories[row.ticket].append(status_event(row))
        booked: dict[tuple[str, str], list[Any]] = defaultdict(list)
        for row in sorted(credits_, key=lambda row: (row.since, row.id)):
            booked[row.customer, row.service].append(row)
        return cls(found, histories, booked)

    def known(self, customer: str, service: str, *, as_of: datetime) -> Sequence[Reported]:
        """Return the customer's own incidents of a service up to that moment, oldest first."""
        return [
            _with_history(_reported(number, opened_at, notification), self.moves.get(number, ()), as_of)
            for number, notification, opened_at in self.found.get((customer, service), ())
            if opened_at <= as_of
        ]

    def credited(self, customer: str, service: str, *, as_of: datetime) -> tuple[EarlierCredit, ...]:
        """Return what was booked up to that moment for the customer's service, where booking takes it from too."""
        known = self.credits.get((customer, service), ())
        return tuple(counted_credit(row) for row in known if row.since <= as_of)


def report_questions() -> dict[str, Select[Any]]:
    """Ask for what `customers` reported about `services`, for the histories of those tickets, and for what counts."""
    services: BindParameter[str] = bindparam("services", expanding=True)
    customers: BindParameter[str] = bindparam("customers", expanding=True)
    reported = ~tickets.c.proactive  # what we have noticed ourselves is no report of a customer's
    mine = (tickets.c.service.in_(services), tickets.c.customer.in_(customers), reported)
    first = (documents.c.kind == ProblemNotification.kind(), documents.c.round == 1)
    history = ticket_status_history
    return {
        "reports": select(
            tickets.c.number, tickets.c.customer, tickets.c.service, tickets.c.created_at, documents.c.body
        )
        .join(documents, documents.c.ticket == tickets.c.number)
        .where(*mine, *first),
        "moves": select(history).join(tickets, tickets.c.number == history.c.ticket).where(*mine),
        "credits": _credits(services, customers),
    }


def _credits(services: BindParameter[str], customers: BindParameter[str]) -> Select[Any]:
    credit = applied_billing_credits.c
    names = ("id", "customer", "service", "objective", "window_start", "window_end", "amount", "currency")
    since = type_coerce(func.coalesce(credit.decided_at, credit.recorded_at), Instant).label("since")
    mine = credit.service.in_(services), credit.customer.in_(customers)
    return select(*(credit[name] for name in names), since).where(*mine, credit.state.in_(COUNTS))


def _reported(number: int, created_at: datetime, notification: ProblemNotification) -> Reported:
    return Reported(
        ticket=ticket_id(number),
        observed_from=notification.observed_from,
        observed_to=notification.observed_to,
        reported_at=notification.reported(created_at),
        opened_at=created_at,
    )


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
    incident.responded_at = next((event.at for event in changes if event.status not in _UNANSWERED), None)
    last = changes[-1]
    incident.closed_at = last.at if last.status in _ENDS else None
    return incident


def _said(owner: Owner) -> str:
    return owner.replace("_", " ")
