"""Events of the TM Forum APIs: what a listener is told, and which types it asks for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl

from include.sla_logic.domain.errors import InvalidInputError
from include.sla_logic.domain.open_apis.parts import instant

EVENT_TYPE = "eventType"
LONGEST_QUERY = 1000  # characters
TROUBLE_TICKET = "troubleTicket/v5"  # API and version, as in the address
TICKET_CREATED = "TroubleTicketCreateEvent"
TICKET_CHANGED = "TroubleTicketAttributeValueChangeEvent"
TICKET_STATUS = "TroubleTicketStatusChangeEvent"
TICKET_RESOLVED = "TroubleTicketResolvedEvent"
TICKET_QUESTION = "TroubleTicketInformationRequiredEvent"

SERVICE_PROBLEM = "serviceProblemManagement/v5"
PROBLEM_CREATED = "ServiceProblemCreateEvent"
PROBLEM_CHANGED = "ServiceProblemAttributeValueChangeEvent"
PROBLEM_STATUS = "ServiceProblemStateChangeEvent"
SLA_VIOLATION = "slaViolation/v1"
VIOLATION_CREATED = "SlaViolationCreateEvent"
VIOLATION_CHANGED = "SlaViolationAttributeValueChangeEvent"
VIOLATION_STATUS = "SlaViolationStateChangeEvent"

# The types that each API sends. What it never does (delete a ticket) is no type of it.
EVENT_TYPES: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        TROUBLE_TICKET: (TICKET_CREATED, TICKET_CHANGED, TICKET_STATUS, TICKET_RESOLVED, TICKET_QUESTION),
        SERVICE_PROBLEM: (PROBLEM_CREATED, PROBLEM_CHANGED, PROBLEM_STATUS),
        SLA_VIOLATION: (VIOLATION_CREATED, VIOLATION_CHANGED, VIOLATION_STATUS),
    }
)


class UnableToReadEventQuery(InvalidInputError):
    """The query of a listener asks for what the API does not send."""


@dataclass(frozen=True)
class Event:
    """Something that happened to one resource; `body` is the event's own part, `customers` are whom it concerns.

    Events of one `subject` reach each listener in their order. A listener's partner must not learn of other
    customers from `body`: where `customers` has several, it names none of them.
    """

    api: str
    type: str
    subject: str
    customers: tuple[str, ...]
    body: Mapping[str, Any]


def notice_of(event: Event, name: str, *, now: datetime) -> dict[str, Any]:
    """Return the event as TM Forum writes it; `name` is its id, the same on every sending."""
    at = instant(now)
    return {
        "eventId": name,
        "eventTime": at,
        "timeOccurred": at,
        "eventType": event.type,
        "correlationId": event.subject,
        "event": dict(event.body),
        "@type": event.type,
        "@baseType": "Event",
    }


def with_root(part: Any, root: str) -> Any:
    """Return a part of an event whose links begin where the listener's partner finds the open APIs."""
    if isinstance(part, Mapping):
        return {name: _link(name, value, root) for name, value in part.items()}
    return [with_root(each, root) for each in part] if isinstance(part, list) else part


def _link(name: str, value: Any, root: str) -> Any:
    if name == "href" and isinstance(value, str) and value.startswith("/"):
        return root + value
    return with_root(value, root)


def read_event_query(query: str, api: str) -> tuple[str, ...] | None:
    """Return the types that a listener asks for, `eventType=A,B` or repeated; None, which is all, without a query."""
    types = EVENT_TYPES[api]
    if not query.strip():
        return None
    if len(query) > LONGEST_QUERY:
        raise UnableToReadEventQuery(f"query: {len(query)} characters; at most {LONGEST_QUERY} are read.")
    wanted: list[str] = []
    for name, value in parse_qsl(query.strip().removeprefix("?"), keep_blank_values=True):
        if name.strip() != EVENT_TYPE:
            msg = f"query: {name.strip()!r} is not a parameter of a listener; write {EVENT_TYPE}={types[0]}."
            raise UnableToReadEventQuery(msg)
        wanted += [_known(one.strip(), types) for one in value.split(",")]
    if not wanted:
        raise UnableToReadEventQuery(f"query: {query!r} names no type; write {EVENT_TYPE}={types[0]}.")
    return tuple(one for one in types if one in wanted)


def _known(name: str, types: Collection[str]) -> str:
    if name not in types:
        raise UnableToReadEventQuery(f"query: {name!r} is not sent; there are {', '.join(types)}.")
    return name
