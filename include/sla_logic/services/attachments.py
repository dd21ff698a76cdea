"""Files that people attach to incidents: for colleagues, unless a message to the customer carries them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from include.sla_logic.domain.attachments import MEGABYTE, UnableToTakeFile, take_file, too_large
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.persistence.attachments import (
    Attachment,
    StoredFile,
    add_attachment,
    attachments_named,
    count_attachments,
    read_file,
)
from include.sla_logic.persistence.audit import Act, note_act
from include.sla_logic.persistence.incident_records import find_number, ticket_id
from include.sla_logic.persistence.policy_tables import policies_in_force
from include.sla_logic.persistence.team import note_person
from include.sla_logic.persistence.timelines import tell_timelines
from include.sla_logic.persistence.unit_of_work import UnitOfWork

__all__ = ["Attachment", "Attachments", "StoredFile", "UnableToTakeFile", "largest_request", "refuse_large"]
_AROUND = 64 * 1024  # what a form has around its file


class UnableToAttachMore(ForeseenError):
    """The incident has as many files as it may have."""


def largest_request() -> int:
    """Return how many bytes a request with a file may have."""
    return policies_in_force().attachments.largest * MEGABYTE + _AROUND


def refuse_large() -> str:
    """Say what to send instead of a file that is too large."""
    return too_large(policies_in_force().attachments)


@dataclass(frozen=True)
class Attachments:
    """A file is kept as it was sent, once, with its hash, author and time, in one transaction with its audit line."""

    work: UnitOfWork

    def attach(self, reference: str, name: str, content: bytes, *, by: str) -> tuple[str, Attachment]:
        """Keep a file and return its ticket and it; raise `UnableToTakeFile` or `UnableToAttachMore`."""
        policy = policies_in_force().attachments
        kept_as, kind = take_file(name, content, policy)
        with self.work.writing() as connection:
            number, now = self.work.lock(connection, reference), self.work.database.now(connection)
            ticket = ticket_id(number)
            there = count_attachments(connection, number)
            file, added = add_attachment(
                connection, number, name=kept_as, kind=kind, content=content, author=by, now=now
            )
            if not added:
                return ticket, file
            if there >= policy.most:
                msg = "%(ticket)s has %(count)s files, as many as it may have: say in a note where others are."
                raise UnableToAttachMore(Sentence(msg, ticket=ticket, count=there))
            said = f"{file.name} ({file.size:,} bytes, {file.kind})"
            tell_timelines(connection, [number], f"{by} attached {said}.", now=now)
            note_act(connection, Act(now, by, "file attached", ticket, f"{said}, SHA-256 {file.digest}"))
            note_person(connection, by, now=now)
            return ticket, file

    def file(self, reference: str, number: int) -> StoredFile:
        """Return one file of an incident; raise `UnableToFindAttachment`."""
        with self.work.reading() as connection:
            return read_file(connection, find_number(connection, reference), number)


def for_a_mail(connection: Connection, number: int, ids: Sequence[int]) -> list[Attachment]:
    """Return these files of a ticket for one mail; raise `UnableToTakeFile` where they are too large together."""
    found = attachments_named(connection, number, ids) if ids else []
    most = policies_in_force().attachments.largest_mail
    if sum(one.size for one in found) > most * MEGABYTE:
        msg = "The files have more than %(most)s MB together: send them in several messages."
        raise UnableToTakeFile(Sentence(msg, most=most))
    return found
