"""The letter of an incident as the outbox stores it, delivered or not."""

from typing import Any

from sqlalchemy import Connection, select

from include.sla_logic.domain.errors import NotFoundError
from include.sla_logic.persistence.incident_records import find_number, ticket_id
from include.sla_logic.persistence.schema.system_t import outbox


class UnableToFindLetter(NotFoundError):
    """The incident has no letter yet."""


def newest_letter(connection: Connection, reference: str) -> dict[str, Any]:
    """Return the payload of the newest letter of an incident, by ticket, external reference or run."""
    number = find_number(connection, reference)
    query = select(outbox.c.payload).where(outbox.c.ticket == number, outbox.c.kind == "mail")
    payload = connection.scalar(query.order_by(outbox.c.id.desc()).limit(1))
    if payload is None or "message" not in payload:
        raise UnableToFindLetter(f"{ticket_id(number)} has no letter yet: it is written at the end of its run.")
    return dict(payload)
