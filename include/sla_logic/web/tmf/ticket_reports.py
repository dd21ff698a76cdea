"""A trouble ticket that is created is a customer's report: its fields under the names of a notification."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from include.sla_logic.domain.notification import Level, Metric
from include.sla_logic.domain.notification_check import Rejection
from include.sla_logic.domain.open_apis.trouble_ticket import SEVERITIES, SPECIFICATION
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.web.tmf.bodies import shown
from include.sla_logic.web.tmf.errors import UnableToReadRequest
from include.sla_logic.web.tmf.ticket_notes import read_notes

_CHARACTERISTICS: Mapping[str, str] = MappingProxyType(
    {
        "symptom": "symptom",
        "observedFrom": "observed_from",
        "observedTo": "observed_to",
        "reportedAt": "reported_at",
        "urgency": "urgency",
    }
)
_CHARACTERISTIC = "troubleTicketCharacteristic"
_PLACES: Mapping[str, str] = MappingProxyType(
    {
        "customer": "relatedParty (role customer)",
        "service": "relatedEntity (role service)",
        "description": "description",
        "impact": "severity",
        "external_reference": "externalIdentifier",
        **{ours: f"{_CHARACTERISTIC} {theirs}" for theirs, ours in _CHARACTERISTICS.items()},
    }
)
_LEVELS = {name.casefold(): level for level, name in SEVERITIES.items()} | {str(int(level)): level for level in Level}
_ABOUT = frozenset({"@type", "@baseType", "@schemaLocation"})
_TAKEN = ("description", "severity", "ticketType", "status", "relatedParty", "relatedEntity", "externalIdentifier")
_ALL = (*_TAKEN, _CHARACTERISTIC, "troubleTicketSpecification", "note")
_SEVERITY = "send High, Medium or Low"


@dataclass(frozen=True)
class Report:
    """A notification as every door takes it, and notes beside it."""

    conf: Mapping[str, Any]
    notes: tuple[str, ...]


def read_report(body: Mapping[str, Any]) -> Report:
    """Read what TM Forum calls the creation of a ticket; raise `UnableToReadRequest` with every fault of its form."""
    faults: list[str] = []
    conf = dict(_fields(body, faults))
    notes = read_notes(body.get("note"), faults)
    if faults:
        raise UnableToReadRequest(" ".join(f"{fault}." for fault in faults))
    return Report(conf, notes)


def in_tmf_words(faults: tuple[Rejection, ...], conf: Mapping[str, Any]) -> str:
    """Say the faults of a notification under the names that its sender has used."""
    return "; ".join(f"{_place(fault.field, conf)}: {fault.reason}" for fault in faults) + "."


def _place(field: str, conf: Mapping[str, Any]) -> str:
    name, _, rest = field.removeprefix(".").partition(".")
    index, _, part = rest.partition(".")
    if name == "parameters" and index.isdecimal() and int(index) < len(conf["parameters"]):
        return f"{_CHARACTERISTIC} {conf['parameters'][int(index)]['metric']}" + (f", {part}" if part else "")
    return _PLACES.get(name, name or "the report")


def _fields(body: Mapping[str, Any], faults: list[str]) -> Iterator[tuple[str, Any]]:
    faults += [
        f"{name[:64]}: is not taken here; leave it out, there are {', '.join(_ALL)}"
        for name in body
        if name not in _ABOUT and name not in _ALL
    ]
    if body.get("@type") != "TroubleTicket":
        faults.append("@type: send TroubleTicket")
    if str(body.get("ticketType", "")).casefold() != SPECIFICATION:
        faults.append(f"ticketType: {shown(body.get('ticketType'))} is not kept here; send {SPECIFICATION}")
    if body.get("status", TicketStatus.ACKNOWLEDGED) != TicketStatus.ACKNOWLEDGED:
        faults.append("status: a new ticket is acknowledged; leave it out")
    if "troubleTicketSpecification" in body and _part(body["troubleTicketSpecification"], "id") != SPECIFICATION:
        faults.append(f"troubleTicketSpecification: there is {SPECIFICATION} alone")
    if "description" in body:
        yield "description", body["description"]
    yield from _level("severity", "impact", body.get("severity"), faults)
    yield from _one("relatedParty", ("customer", "partyOrPartyRole"), body, faults)
    yield from _one("relatedEntity", ("service", "entity"), body, faults)
    identifiers = _list("externalIdentifier", body, faults)
    if len(identifiers) > 1:
        faults.append("externalIdentifier: one is kept; send one")
    elif identifiers:
        yield "external_reference", _part(identifiers[0], "id")
    yield from _characteristics(_list(_CHARACTERISTIC, body, faults), faults)


def _level(name: str, field: str, value: object, faults: list[str]) -> Iterator[tuple[str, Any]]:
    level = None if isinstance(value, bool) else _LEVELS.get(str(value).casefold())
    if level is None:
        faults.append(f"{name}: {'is missing' if value is None else f'{shown(value)} is not read here'}; {_SEVERITY}")
    else:
        yield field, int(level)


def _one(
    name: str, role_and_part: tuple[str, str], body: Mapping[str, Any], faults: list[str]
) -> Iterator[tuple[str, Any]]:
    """Take the id of the one customer, or of the one service; what plays another role is not kept, so it is refused."""
    role, part = role_and_part
    found = _list(name, body, faults)
    if others := [one for one in found if str(_part(one, "role")).casefold() != role]:
        faults.append(f"{name}: the role {shown(_part(others[0], 'role'))} is not kept here; send the {role} alone")
    elif len(found) > 1:
        faults.append(f"{name}: one {role} for each report; send {len(found)} reports")
    elif found:
        yield role, _part(_part(found[0], part), "id")


def _characteristics(found: list[Any], faults: list[str]) -> Iterator[tuple[str, Any]]:
    seen, parameters = set(), []
    for one in found:
        name, value = _part(one, "name"), _part(one, "value")
        if isinstance(name, str) and name in set(Metric):
            measure = value if isinstance(value, dict) else {"value": value}
            parameters.append({**measure, "metric": name})
        elif not isinstance(name, str) or name not in _CHARACTERISTICS:
            there = ", ".join([*_CHARACTERISTICS, *Metric])
            faults.append(f"{_CHARACTERISTIC}: {shown(name)} is none of this specification; there are {there}")
        elif name in seen:
            faults.append(f"{_CHARACTERISTIC}: {name} stands twice; send it once")
        elif name == "urgency":
            yield from _level(f"{_CHARACTERISTIC} urgency", "urgency", value, faults)
        else:
            yield _CHARACTERISTICS[name], value
        seen.add(str(name))
    if parameters:
        yield "parameters", parameters


def _list(name: str, body: Mapping[str, Any], faults: list[str]) -> list[Any]:
    found = body.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        faults.append(f"{name}: send a list of objects")
        return []
    return found


def _part(value: object, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None
