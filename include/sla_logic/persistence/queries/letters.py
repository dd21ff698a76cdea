"""The letter of an incident as the outbox stores it, delivered or not, and what its mails are about."""

from dataclasses import dataclass
from email import message_from_string, policy
from typing import Any

from sqlalchemy import Connection, select

from include.sla_logic.domain.errors import NotFoundError
from include.sla_logic.domain.mail_message import NO_LETTERS
from include.sla_logic.persistence.incident_records import find_number, ticket_id
from include.sla_logic.persistence.schema.system_t import outbox


class UnableToFindLetter(NotFoundError):
    """The incident has no letter yet."""


def newest_letter(connection: Connection, reference: str) -> dict[str, Any]:
    """Return the payload of the newest letter of an incident, by ticket, external reference or run."""
    number = find_number(connection, reference)
    query = select(outbox.c.payload).where(outbox.c.ticket == number, outbox.c.kind == "mail")
    query = query.where(*(~outbox.c.key.startswith(start) for start in NO_LETTERS))
    payload = connection.scalar(query.order_by(outbox.c.id.desc()).limit(1))
    if payload is None or "message" not in payload:
        raise UnableToFindLetter(f"{ticket_id(number)} has no letter yet: it is written at the end of its run.")
    return dict(payload)


@dataclass(frozen=True)
class MailHead:
    """To whom a stored mail goes and what it is about; `by_post_because` says why it cannot go by mail."""

    recipient: str
    subject: str
    by_post_because: str | None


def mail_heads(connection: Connection, number: int) -> dict[int, MailHead]:
    """Return the heads of all mails of an incident, by the number of the message."""
    query = select(outbox.c.id, outbox.c.payload).where(outbox.c.ticket == number, outbox.c.kind == "mail")
    return {row.id: _head(row.payload) for row in connection.execute(query) if "message" in row.payload}


def _head(payload: dict[str, Any]) -> MailHead:
    head = str(payload["message"]).partition("\r\n\r\n")[0].partition("\n\n")[0]
    message = message_from_string(head, policy=policy.default)
    return MailHead(str(message["To"] or ""), str(payload.get("subject", "")), payload.get("by_post_because"))
