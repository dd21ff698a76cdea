"""How our description shows what is sent: the fields that are taken, not those that TM Forum knows beside them."""

from typing import Any

from include.sla_logic.domain.open_apis.trouble_ticket import SEVERITIES, SPECIFICATION
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.web.tmf.bodies import JSON
from include.sla_logic.web.tmf.ticket_changes import MERGE, PATCH, PATCH_QUERY

Schema = dict[str, Any]


def _object(kind: str, *, required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    named = {"@type": {"type": "string", "enum": [kind]}, **properties}
    return {"type": "object", "properties": named, "required": ["@type", *required], "additionalProperties": False}


def _list(item: Schema, most: int) -> Schema:
    return {"type": "array", "items": item, "maxItems": most}


def json_body(schema: Schema, *kinds: str) -> Schema:
    """Return the part of a description that says what is sent, as one of these types."""
    content = {kind: {"schema": schema} for kind in kinds or (JSON,)}
    return {"requestBody": {"required": True, "content": content}}


_TEXT: Schema = {"type": "string", "maxLength": 4000}
_ID: Schema = {"type": "string", "maxLength": 64}
_NOTES = _list(_object("Note", required=("text",), text=_TEXT), 20)
_PARTY = _object("PartyRef", required=("id",), id=_ID)
_SERVICE = _object("EntityRef", required=("id",), id=_ID)
_CHARACTERISTIC: Schema = {
    "type": "object",
    "properties": {"@type": {"type": "string"}, "name": {"type": "string"}, "value": {}},
    "required": ["@type", "name", "value"],
}
CREATED = _object(
    "TroubleTicket",
    required=("description", "severity", "ticketType", "relatedParty", "relatedEntity", "troubleTicketCharacteristic"),
    description=_TEXT,
    severity={"type": "string", "enum": list(SEVERITIES.values())},
    ticketType={"type": "string", "enum": [SPECIFICATION]},
    relatedParty=_list(
        _object(
            "RelatedPartyRefOrPartyRoleRef", required=("role",), role={"enum": ["customer"]}, partyOrPartyRole=_PARTY
        ),
        1,
    ),
    relatedEntity=_list(_object("RelatedEntity", required=("role",), role={"enum": ["service"]}, entity=_SERVICE), 1),
    externalIdentifier=_list(_object("ExternalIdentifier", required=("id",), id=_ID), 1),
    troubleTicketCharacteristic=_list(_CHARACTERISTIC, 55),
    note=_NOTES,
)
_STATUS: Schema = {"type": "string", "enum": [status.value for status in TicketStatus]}
_CHANGED: Schema = {
    "type": "object",
    "properties": {
        "@type": {"type": "string", "enum": ["TroubleTicket"]},
        "status": _STATUS,
        "statusChangeReason": {"type": "string", "maxLength": 500},
        "note": _NOTES,
    },
    "additionalProperties": False,
}
_OPERATION: Schema = {
    "type": "object",
    "properties": {
        "op": {"type": "string", "enum": ["add", "replace", "test"]},
        "path": {"type": "string", "enum": ["/status", "/statusChangeReason", "/note", "/note/-"]},
        "value": {},
    },
    "required": ["op", "path", "value"],
}
_CONTENT = {
    **{kind: {"schema": _CHANGED} for kind in (JSON, MERGE)},
    **{kind: {"schema": _list(_OPERATION, 50)} for kind in (PATCH, PATCH_QUERY)},
}
PATCHES: Schema = {"requestBody": {"required": True, "content": _CONTENT}}
