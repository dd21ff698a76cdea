"""The letter of an incident as the outbox or its archive stores it, delivered or not, and what its mails are about."""

from dataclasses import dataclass
from email import message_from_string, policy
from typing import Any

from sqlalchemy import Connection, Select, select

from include.sla_logic.domain.errors import NotFoundError
from include.sla_logic.domain.mail_message import NO_LETTERS
from include.sla_logic.persistence.incident_records import find_number, ticket_id
from include.sla_logic.persistence.letter_archive import payload_of, payloads_of
from include.sla_logic.persistence.schema.system_t import outbox


class UnableToFindLetter(NotFoundError):
    """The incident has no letter yet."""


def newest_letter(connection: Connection, reference: str) -> dict[str, Any]:
    """Return the payload of the newest letter of an incident, by ticket, external reference or run."""
    number = find_number(connection, reference)
    query = _mails_of(number).where(*(~outbox.c.key.startswith(start) for start in NO_LETTERS))
    row = connection.execute(query.order_by(outbox.c.id.desc()).limit(1)).one_or_none()
    payload = None if row is None else payload_of(connection, row)
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
    payloads = payloads_of(connection, connection.execute(_mails_of(number).order_by(outbox.c.id)).all())
    return {message: _head(payload) for message, payload in payloads.items() if "message" in payload}


def _mails_of(number: int) -> Select[Any]:
    query = select(outbox.c.id, outbox.c.payload, outbox.c.archived_at)
    return query.where(outbox.c.ticket == number, outbox.c.kind == "mail")


def _head(payload: dict[str, Any]) -> MailHead:
    head = str(payload["message"]).partition("\r\n\r\n")[0].partition("\n\n")[0]
    message = message_from_string(head, policy=policy.default)
    return MailHead(str(message["To"] or ""), str(payload.get("subject", "")), payload.get("by_post_because"))
