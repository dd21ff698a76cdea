"""What a partner sends to report an incident."""

from typing import Any

from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.open_apis.trouble_ticket import SEVERITIES


def as_ticket(said: ProblemNotification, **changes: Any) -> dict[str, Any]:
    """Write a notification as TMF621 has the creation of a ticket."""
    told = {"symptom": said.symptom.value, "observedFrom": said.observed_from.isoformat()}
    told |= {} if said.observed_to is None else {"observedTo": said.observed_to.isoformat()}
    told |= {} if said.reported_at is None else {"reportedAt": said.reported_at.isoformat()}
    measures = [(each.metric.value, {"value": float(each.value), "unit": each.unit}) for each in said.parameters]
    body = {
        "@type": "TroubleTicket",
        "description": said.description,
        "severity": SEVERITIES[said.impact],
        "ticketType": "incident",
        "relatedParty": [customer(said.customer)],
        "relatedEntity": [service(said.service)],
        "externalIdentifier": [{"@type": "ExternalIdentifier", "id": said.external_reference}],
        "troubleTicketCharacteristic": [
            *(characteristic(name, value) for name, value in told.items()),
            characteristic("urgency", SEVERITIES[said.urgency]),
            *({"@type": "ObjectCharacteristic", "name": name, "value": value} for name, value in measures),
        ],
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


def customer(identity: str, role: str = "customer") -> dict[str, Any]:
    party = {"@type": "PartyRef", "id": identity}
    return {"@type": "RelatedPartyRefOrPartyRoleRef", "role": role, "partyOrPartyRole": party}


def service(identity: str, role: str = "service") -> dict[str, Any]:
    return {"@type": "RelatedEntity", "role": role, "entity": {"@type": "EntityRef", "id": identity}}


def characteristic(name: str, value: Any) -> dict[str, Any]:
    return {"@type": "StringCharacteristic", "name": name, "value": value}
