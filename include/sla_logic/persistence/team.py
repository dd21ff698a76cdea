"""Owners of tickets, the people who have used the desk, and notes about tickets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, delete, select, update

from include.sla_logic.domain.mail_message import is_mailbox
from include.sla_logic.persistence.database import insert_once
from include.sla_logic.persistence.schema.team import desk_people, notes, ticket_owners
from include.sla_logic.persistence.upsert import upsert


@dataclass(frozen=True)
class Ownership:
    """Who works on a ticket, and since when."""

    owner: str
    since: datetime


@dataclass(frozen=True)
class Note:
    """What a person wrote about a ticket; `kind` is internal, or customer for what was sent to them.

    `received` is what a partner wrote, who sees it too.
    """

    id: int
    kind: str
    author: str
    text: str
    written_at: datetime
    received: bool = False
    attachments: tuple[int, ...] = ()


def owner_of(connection: Connection, number: int) -> Ownership | None:
    """Return who works on the ticket, None where nobody does."""
    row = connection.execute(select(ticket_owners).where(ticket_owners.c.ticket == number)).one_or_none()
    return None if row is None else Ownership(row.owner, row.since)


def set_owner(connection: Connection, number: int, owner: str | None, *, now: datetime) -> None:
    """Store who works on the ticket; None is nobody."""
    if owner is None:
        connection.execute(delete(ticket_owners).where(ticket_owners.c.ticket == number))
    else:
        upsert(connection, ticket_owners, [{"ticket": number, "owner": owner, "since": now}])


def note_person(connection: Connection, name: str, *, now: datetime, mail: str | None = None) -> None:
    """Remember that this person has used the desk, and the address that their login tells, if it does."""
    insert_once(connection, desk_people, "name", {"name": name, "first_seen_at": now})
    if mail is not None:
        connection.execute(update(desk_people).where(desk_people.c.name == name).values(mail=mail))


def people(connection: Connection) -> dict[str, str | None]:
    """Return the names of those who have used the desk, each with the address that their login told."""
    query = select(desk_people.c.name, desk_people.c.mail).order_by(desk_people.c.name)
    return {row.name: row.mail for row in connection.execute(query)}


def mail_of(name: str | None, mail: str | None) -> str | None:
    """Return where a person is mailed: at the address of their login, or at their name where it is one."""
    return next((one for one in (mail, name) if one is not None and is_mailbox(one)), None)


def add_note(  # noqa: PLR0913 - keyword-only parts of one row
    connection: Connection,
    number: int,
    *,
    kind: str,
    author: str,
    text: str,
    now: datetime,
    received: bool = False,
    attachments: Sequence[int] = (),
) -> str | None:
    """Keep a note and return its digest; None where the same person wrote the same before.

    `received` is one that a partner wrote, `attachments` are what a message to the customer carries.
    """
    digest = _digest(kind, author, text, attachments)
    row = {"ticket": number, "kind": kind, "author": author, "text": text, "digest": digest, "written_at": now}
    row |= {"received": received, "attachments": list(attachments) or None}
    return digest if insert_once(connection, notes, "id", row) else None


def written_at(
    connection: Connection, number: int, *, kind: str, author: str, text: str, attachments: Sequence[int] = ()
) -> datetime:
    """Return when this person wrote these words about a ticket."""
    same = (notes.c.ticket == number) & (notes.c.digest == _digest(kind, author, text, attachments))
    at: datetime = connection.execute(select(notes.c.written_at).where(same)).scalar_one()
    return at


def _digest(kind: str, author: str, text: str, attachments: Sequence[int]) -> str:
    return sha256(repr((kind, author, text, *attachments)).encode()).hexdigest()


def notes_of(connection: Connection, number: int) -> Sequence[Note]:
    """Return the notes about a ticket, oldest first."""
    query = select(notes).where(notes.c.ticket == number).order_by(notes.c.id)
    return [
        Note(row.id, row.kind, row.author, row.text, row.written_at, row.received, tuple(row.attachments or ()))
        for row in connection.execute(query)
    ]
