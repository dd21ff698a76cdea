"""Files attached to tickets; lists leave their content in the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, func, select

from include.sla_logic.domain.attachments import FileKind
from include.sla_logic.domain.document import Value
from include.sla_logic.domain.errors import NotFoundError
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.persistence.database import insert_once
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.schema.attachments import attachments

_HEAD = [column for column in attachments.c if column.name not in {"content", "ticket"}]


class UnableToFindAttachment(NotFoundError):
    """The ticket has no such file."""


class Attachment(Value):
    """One file of a ticket; `digest` is the SHA-256 of its content, `size` is in bytes."""

    id: int
    name: str
    kind: FileKind
    size: int
    digest: str
    author: str
    attached_at: datetime


@dataclass(frozen=True)
class StoredFile:
    """A file with its content."""

    name: str
    content: bytes


def add_attachment(
    connection: Connection, number: int, *, name: str, kind: FileKind, content: bytes, author: str, now: datetime
) -> tuple[Attachment, bool]:
    """Keep a file and return it; the same content again is the file that is there, and False."""
    digest = sha256(content).hexdigest()
    row = {"ticket": number, "name": name, "kind": kind.value, "size": len(content), "digest": digest}
    row |= {"author": author, "attached_at": now, "content": content}
    added = insert_once(connection, attachments, "id", row)
    query = select(*_HEAD).where(attachments.c.ticket == number, attachments.c.digest == digest)
    return Attachment.model_validate(connection.execute(query).one()._asdict()), added


def attachments_of(connection: Connection, number: int) -> tuple[Attachment, ...]:
    """Return the files of a ticket, oldest first."""
    query = select(*_HEAD).where(attachments.c.ticket == number).order_by(attachments.c.id)
    return tuple(Attachment.model_validate(row._asdict()) for row in connection.execute(query))


def count_attachments(connection: Connection, number: int) -> int:
    """Return how many files a ticket has."""
    query = select(func.count()).select_from(attachments).where(attachments.c.ticket == number)
    return connection.scalar(query) or 0


def attachments_named(connection: Connection, number: int, ids: Sequence[int]) -> list[Attachment]:
    """Return these files of a ticket, in their order there; raise `UnableToFindAttachment` for any other."""
    found = [one for one in attachments_of(connection, number) if one.id in ids]
    if missing := sorted(set(ids) - {one.id for one in found}):
        raise UnableToFindAttachment(_no_such(number, missing[0]))
    return found


def read_file(connection: Connection, number: int, id_: int) -> StoredFile:
    """Return one file of a ticket; raise `UnableToFindAttachment`."""
    query = select(attachments.c.name, attachments.c.content)
    row = connection.execute(query.where(attachments.c.ticket == number, attachments.c.id == id_)).one_or_none()
    if row is None:
        raise UnableToFindAttachment(_no_such(number, id_))
    return StoredFile(row.name, bytes(row.content))


def read_files(connection: Connection, ids: Sequence[int]) -> list[StoredFile]:
    """Return the files of a message, in the order of their numbers."""
    query = select(attachments.c.name, attachments.c.content).where(attachments.c.id.in_(ids))
    return [StoredFile(row.name, bytes(row.content)) for row in connection.execute(query.order_by(attachments.c.id))]


def _no_such(number: int, id_: int) -> str:
    return Sentence("%(ticket)s has no attachment %(number)s.", ticket=ticket_id(number), number=id_)
