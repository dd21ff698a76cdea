"""What a PATCH of a trouble ticket asks for, in each of TM Forum's four forms: a status with its reason, and notes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.web.tmf.bodies import JSON, as_list, as_object, content_type, shown
from include.sla_logic.web.tmf.errors import UnableToReadRequest
from include.sla_logic.web.tmf.ticket_notes import read_notes

MERGE, PATCH, PATCH_QUERY = (
    "application/merge-patch+json",
    "application/json-patch+json",
    "application/json-patch-query+json",
)
_MOST = 50  # operations
_REASON = 500  # letters
_ABOUT = frozenset({"@type", "@baseType", "@schemaLocation"})
_FIELDS = ("status", "statusChangeReason", "note")
_ONLY = f"what is changed here is {', '.join(_FIELDS)}"


@dataclass(frozen=True)
class TicketChange:
    """The status that a ticket is to have with the reason, notes to add, and the status that it must have before."""

    status: TicketStatus | None = None
    reason: str = ""
    notes: tuple[str, ...] = ()
    expected: tuple[str, ...] = ()


async def read_change(request: Request) -> TicketChange:
    """Read the body by its type, after the login; raise `UnableToReadRequest` with every fault."""
    kind = content_type(request, JSON, MERGE, PATCH, PATCH_QUERY)
    body, faults = await request.body(), list[str]()
    expected: tuple[str, ...] = ()
    if kind in {JSON, MERGE}:
        said = _of_object(as_object(body), faults)
    else:
        said, expected = _of_operations(as_list(body), faults)
    change = _change(said, expected, faults)
    if faults:
        raise UnableToReadRequest(" ".join(f"{fault}." for fault in faults))
    return change


def _of_object(body: Mapping[str, Any], faults: list[str]) -> Mapping[str, Any]:
    faults += [f"{name[:64]}: {_ONLY}" for name in body if name not in _ABOUT and name not in _FIELDS]
    return body


def _of_operations(operations: list[Any], faults: list[str]) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    said: dict[str, Any] = {"note": []}
    expected: list[str] = []
    if len(operations) > _MOST:
        faults.append(f"{len(operations)} operations: send {_MOST} at most")
        return said, ()
    for one in operations:
        operation, path = (one.get("op"), one.get("path")) if isinstance(one, dict) else (None, None)
        value = one.get("value") if isinstance(one, dict) else None
        match operation, path:
            case "test", "/status":
                expected.append(str(value))
            case (("add" | "replace"), ("/status" | "/statusChangeReason")):
                said[str(path)[1:]] = value
            case "add", ("/note" | "/note/-"):
                said["note"] += value if isinstance(value, list) and path == "/note" else [value]
            case _, str() if path.startswith("/note"):
                faults.append(f"{path[:64]}: a note that was written stays; add one at /note/-")
            case _:
                offered = "add and replace of /status and /statusChangeReason, add of /note/-, test of /status"
                faults.append(f"{shown(operation)} of {shown(path)} is not offered; there are {offered}")
    return said, tuple(expected)


def _change(said: Mapping[str, Any], expected: tuple[str, ...], faults: list[str]) -> TicketChange:
    status, reason = said.get("status"), said.get("statusChangeReason")
    notes = read_notes(said.get("note"), faults)
    if status is not None and not (isinstance(status, str) and status in set(TicketStatus)):
        faults.append(f"status: {shown(status)} is none; there are {', '.join(TicketStatus)}")
        status = None
    if reason is not None and not (isinstance(reason, str) and reason.strip() and len(reason) <= _REASON):
        faults.append(f"statusChangeReason: send a text of 1 to {_REASON} letters")
    elif isinstance(reason, str) and not reason.replace("\n", "").isprintable():
        faults.append("statusChangeReason: it contains a character that cannot be shown")
    elif status is not None and reason is None:
        faults.append("statusChangeReason: is missing; say why the status changes")
    elif status is None and reason is not None and not faults:
        faults.append("status: is missing; a reason stands with the status that it is about")
    if not faults and status is None and not notes and not expected:
        faults.append(f"Nothing is changed: {_ONLY}")
    return TicketChange(TicketStatus(status) if status else None, str(reason or "").strip(), notes, expected)
