"""TMF621 v5: a trouble ticket and its specification."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

from include.sla_logic.domain.notification import Level, Metric, ProblemNotification, ProblemParameter
from include.sla_logic.domain.open_apis.parts import (
    Resource,
    characteristic,
    customer_party,
    instant,
    reference,
    related,
    stated,
)
from include.sla_logic.domain.sla_clock import StatusEvent
from include.sla_logic.domain.trouble_ticket import TicketStatus, TroubleTicket

PATH = "/tmf-api/troubleTicket/v5"
SPECIFICATION = "incident"
SEVERITIES: Mapping[Level, str] = MappingProxyType({Level.HIGH: "High", Level.MEDIUM: "Medium", Level.LOW: "Low"})
FIELDS = (
    *("name", "description", "severity", "ticketType", "creationDate", "resolutionDate", "lastUpdate", "priority"),
    *("externalIdentifier", "note", "relatedEntity", "relatedParty", "status", "statusChangeDate"),
    *("statusChangeReason", "statusChangeHistory", "troubleTicketRelationship", "troubleTicketSpecification"),
    "troubleTicketCharacteristic",
)
_DONE = frozenset({TicketStatus.RESOLVED, TicketStatus.CLOSED})


@dataclass(frozen=True)
class TicketNote:
    """A note about a ticket; one that is not `shared` is read by colleagues alone."""

    id: int
    author: str
    text: str
    written_at: datetime
    shared: bool


@dataclass(frozen=True)
class TicketView:
    """A ticket with what TMF621 tells of it; `said` is the customer's report where there was one."""

    ticket: TroubleTicket
    said: ProblemNotification | None
    priority: str | None
    moves: Sequence[StatusEvent]
    notes: Sequence[TicketNote]
    children: Sequence[str]
    changed_at: datetime


def trouble_ticket(view: TicketView, *, root: str | None = None, staff: bool = False) -> Resource:
    """Write a ticket; `root` is where the Open APIs are served, None where nothing is linked to.

    `staff` also read what is written for colleagues: internal notes, their authors, and why a status changed.
    """
    one, said = view.ticket, view.said
    last = view.moves[-1] if view.moves else None
    return stated(
        {
            "@type": "TroubleTicket",
            "id": one.id,
            "href": _href(root, "troubleTicket", one.id),
            "name": None if said is None else f"{said.symptom.value.replace('_', ' ')}: {one.service}",
            "description": None if said is None else said.description,
            "severity": None if said is None else SEVERITIES[said.impact],
            "ticketType": SPECIFICATION,
            "creationDate": instant(one.created_at),
            "lastUpdate": instant(view.changed_at),
            "resolutionDate": _resolved_at(view),
            "priority": view.priority,
            "externalIdentifier": _identifiers(one.external_reference),
            "note": [_note(note, staff=staff) for note in view.notes if staff or note.shared],
            "relatedEntity": [related("service", _service(one.service))],
            "relatedParty": [customer_party(one.customer)],
            "status": one.status.value,
            "statusChangeDate": None if last is None else instant(last.at),
            "statusChangeReason": last.reason if last is not None and staff else None,
            "statusChangeHistory": [_change(move, staff=staff) for move in view.moves],
            "troubleTicketRelationship": _relationships(view, root),
            "troubleTicketSpecification": reference(
                "TroubleTicketSpecificationRef",
                SPECIFICATION,
                href=_href(root, "troubleTicketSpecification", SPECIFICATION),
            ),
            "troubleTicketCharacteristic": _characteristics(view),
        }
    )


def _href(root: str | None, kind: str, identity: str) -> str | None:
    return None if root is None else f"{root}{PATH}/{kind}/{identity}"


def _service(service: str) -> Resource:
    return reference("EntityRef", service) | {"@referredType": "Service"}


def _identifiers(external: str | None) -> list[Resource]:
    if external is None:
        return []
    return [{"@type": "ExternalIdentifier", "id": external, "externalIdentifierType": "TroubleTicket"}]


def _resolved_at(view: TicketView) -> str | None:
    if view.ticket.status not in _DONE:
        return None
    return next((instant(move.at) for move in reversed(view.moves) if move.status is TicketStatus.RESOLVED), None)


def _note(note: TicketNote, *, staff: bool) -> Resource:
    author = note.author if staff else None
    said = {"id": str(note.id), "author": author, "date": instant(note.written_at), "text": note.text}
    return stated({"@type": "Note", **said})


def _change(move: StatusEvent, *, staff: bool) -> Resource:
    said = {"status": move.status.value, "statusChangeDate": instant(move.at)}
    return {"@type": "StatusChange", **said, **({"statusChangeReason": move.reason} if staff else {})}


def _relationships(view: TicketView, root: str | None) -> list[Resource]:
    parents = [] if view.ticket.parent is None else [view.ticket.parent]
    return [
        reference("TroubleTicketRelationship", other, href=_href(root, "troubleTicket", other))
        | {"relationshipType": kind}
        for kind, others in (("parent", parents), ("child", view.children))
        for other in others
    ]


def _characteristics(view: TicketView) -> list[Resource]:
    said = view.said
    proactive = characteristic("proactive", view.ticket.proactive or None)
    if said is None:
        return proactive
    return [
        *characteristic("symptom", said.symptom.value),
        *characteristic("observedFrom", instant(said.observed_from)),
        *characteristic("observedTo", instant(said.observed_to)),
        *characteristic("reportedAt", instant(said.reported_at)),
        *characteristic("urgency", SEVERITIES[said.urgency]),
        *(_measure(each) for each in said.parameters),
        *proactive,
    ]


def _measure(parameter: ProblemParameter) -> Resource:
    value = {"value": _number(parameter.value), "unit": parameter.unit}
    return {"@type": "ObjectCharacteristic", "name": parameter.metric.value, "valueType": "object", "value": value}


def _number(value: Decimal) -> int | float | str:
    """Write a JSON number, or a text where a number would be another one."""
    if value == int(value):
        return int(value)
    return float(value) if Decimal(repr(float(value))) == value else str(value)


def specification(*, root: str | None = None) -> Resource:
    """Write the one specification: what a report of a customer says beside the fields of a ticket."""
    measured = "A quantity that was observed, as {value, unit}."
    told = (
        ("symptom", "string", "What the customer perceives.", 1),
        ("observedFrom", "string", "Since when, a date and time with its zone.", 1),
        ("observedTo", "string", "Until when; left out while the problem lasts.", 0),
        ("reportedAt", "string", "When the customer reported it; left out it is the moment of entry.", 0),
        ("urgency", "string", "How soon it must be corrected: High, Medium or Low.", 0),
        *((metric.value, "object", measured, 0) for metric in Metric),
    )
    return stated(
        {
            "@type": "TroubleTicketSpecification",
            "id": SPECIFICATION,
            "href": _href(root, "troubleTicketSpecification", SPECIFICATION),
            "name": "Incident",
            "description": "A customer reports that a service has degraded.",
            "version": "1",
            "lifecycleStatus": "active",
            "specCharacteristic": [
                {
                    "@type": "CharacteristicSpecification",
                    "name": name,
                    "valueType": kind,
                    "description": description,
                    "minCardinality": needed,
                    "maxCardinality": 50 if kind == "object" else 1,
                    "configurable": True,
                }
                for name, kind, description, needed in told
            ],
        }
    )


SPECIFICATION_FIELDS = tuple(name for name in specification() if name not in {"@type", "id"})
