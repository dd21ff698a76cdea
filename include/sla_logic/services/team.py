"""Who works on a ticket, and what people write about it: to each other, and to the customer."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from include.sla_logic.domain.errors import ForeseenError, InvalidInputError
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.domain.trouble_ticket import TroubleTicket
from include.sla_logic.persistence.audit import Act, note_act
from include.sla_logic.persistence.contracts import ContractRegister
from include.sla_logic.persistence.flush import file_messages, message_row
from include.sla_logic.persistence.incident_records import load_incident_records
from include.sla_logic.persistence.installation import installation_id
from include.sla_logic.persistence.pending_messages import Message
from include.sla_logic.persistence.queue_positions import change_places
from include.sla_logic.persistence.team import add_note, note_person, owner_of, people, set_owner, written_at
from include.sla_logic.persistence.ticket_events import tell_note
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.attachments import Attachments, for_a_mail
from include.sla_logic.services.notices import Notices

TEXT_LIMIT = 4000
INTERNAL, CUSTOMER = "internal", "customer"


class UnableToOwnTicket(ForeseenError):
    """Somebody else has the ticket."""


class UnableToWriteTwice(ForeseenError):
    """The same person wrote the same words to the customer before: they are sent once."""


class UnableToReadNote(InvalidInputError):
    """A note needs text that people can read, and an owner a name that the desk knows."""


@dataclass(frozen=True)
class Team:
    """Each act is one transaction with its line in the audit; done twice, it is done once."""

    work: UnitOfWork

    @property
    def files(self) -> Attachments:
        """The files that people attach to tickets."""
        return Attachments(self.work)

    def enter(self, name: str, mail: str | None = None) -> None:
        """Remember that this person uses the desk: tickets can be assigned to them, and notices mailed."""
        with self.work.writing() as connection:
            note_person(connection, name, now=self.work.database.now(connection), mail=mail)

    def people(self) -> Sequence[str]:
        """Return the names of those who have used the desk."""
        with self.work.reading() as connection:
            return list(people(connection))

    def take(self, ticket: str, *, by: str) -> TroubleTicket:
        """Take a ticket that nobody has; raise `UnableToOwnTicket` where somebody else has it."""
        with self.work.writing() as connection:
            number = self.work.lock(connection, ticket)
            kept = owner_of(connection, number)
            if kept is not None and kept.owner != by:
                raise UnableToOwnTicket(Sentence("%(who)s has the ticket since %(at)s.", who=kept.owner, at=kept.since))
            return self._give(connection, number, by, by=by, action="ticket taken", reason="")

    def assign(self, ticket: str, person: str, *, by: str, reason: str) -> TroubleTicket:
        """Give a ticket to a person, also if somebody has it; raise `UnableToReadNote` if they never used the desk."""
        with self.work.writing() as connection:
            number = self.work.lock(connection, ticket)
            if person not in (known := people(connection)):
                msg = "%(person)s has not used the desk; there are %(known)s."
                raise UnableToReadNote(Sentence(msg, person=repr(person), known=", ".join(known) or Sentence("none")))
            return self._give(connection, number, person, by=by, action="ticket assigned", reason=reason)

    def give_back(self, ticket: str, *, by: str) -> TroubleTicket:
        """Give back a ticket, which nobody has then; raise `UnableToOwnTicket` where somebody else has it."""
        with self.work.writing() as connection:
            number = self.work.lock(connection, ticket)
            kept = owner_of(connection, number)
            if kept is not None and kept.owner != by:
                raise UnableToOwnTicket(Sentence("%(who)s has the ticket, not you: assign it instead.", who=kept.owner))
            return self._give(connection, number, None, by=by, action="ticket given back", reason="")

    def _give(
        self, connection: Connection, number: int, owner: str | None, *, by: str, action: str, reason: str
    ) -> TroubleTicket:
        now = self.work.database.now(connection)
        [record] = load_incident_records(connection, [number])
        kept = owner_of(connection, number)
        if (kept.owner if kept else None) != owner:
            set_owner(connection, number, owner, now=now)
            note_person(connection, by, now=now)
            said = f"to {owner}: {reason}" if reason else owner or ""
            note_act(connection, Act(now, by, action, record.ticket.id, said))
            if owner is not None:
                Notices(self.work).tell_owner(connection, record.ticket, owner, by=by, reason=reason)
        return record.ticket

    def note(self, ticket: str, text: str, *, by: str) -> TroubleTicket:
        """Keep a work note that the customer does not see; raise `UnableToReadNote`."""
        return self._write(ticket, text, INTERNAL, by)

    def message(self, ticket: str, text: str, *, by: str, attachments: Sequence[int] = ()) -> TroubleTicket:
        """Put a message to the customer, with these files of the ticket, into the outbox; raise `UnableToWriteTwice`.

        Raises `UnableToReadNote`, `UnableToFindAttachment`, and `UnableToTakeFile` where the files are too large.
        """
        return self._write(ticket, text, CUSTOMER, by, sorted(set(attachments)))

    def _write(self, ticket: str, text: str, kind: str, by: str, attachments: Sequence[int] = ()) -> TroubleTicket:
        text = readable(text)
        with self.work.writing() as connection:
            number = self.work.lock(connection, ticket)
            now = self.work.database.now(connection)
            [record] = load_incident_records(connection, [number])
            files = for_a_mail(connection, number, attachments)
            digest = add_note(connection, number, kind=kind, author=by, text=text, now=now, attachments=attachments)
            if digest is None and kind == CUSTOMER:
                at = written_at(connection, number, kind=kind, author=by, text=text, attachments=attachments)
                msg = Sentence(
                    "%(who)s wrote the same words to the customer already at %(at)s: nothing is sent again. Write what "
                    "is new.",
                    who=by,
                    at=at,
                )
                raise UnableToWriteTwice(msg)
            if digest is None:
                return record.ticket
            if kind == CUSTOMER:
                self._send(connection, number, record.ticket, text, digest, attachments)
                change_places(connection, {number: {"write_by": None}}, now=now)  # it is what a letter promised
                tell_note(connection, number, now=now)
            # The words stand in the note alone, which can be erased; the audit cannot.
            action = "note written" if kind == INTERNAL else "customer written to"
            said = "".join(f", with {file.name} ({file.id})" for file in files)
            note_act(connection, Act(now, by, action, record.ticket.id, f"{len(text)} characters{said}"))
            note_person(connection, by, now=now)
            return record.ticket

    def _send(
        self,
        connection: Connection,
        number: int,
        ticket: TroubleTicket,
        text: str,
        digest: str,
        attachments: Sequence[int],
    ) -> None:
        from include.sla_logic.letters.desk_message import write_message

        now = self.work.database.now(connection)
        register = ContractRegister(connection=connection, subscriptions=[(ticket.customer, ticket.service)])
        agreed = register.has_agreement(ticket.customer, ticket.service, at=ticket.created_at)
        agreement = register.agreement(ticket.customer, ticket.service, at=ticket.created_at) if agreed else None
        mail = write_message(
            ticket,
            register.customer(ticket.customer),
            text,
            provider=register.contract(agreement).provider if agreement else None,
            version=digest[:16],
            installation=installation_id(connection),
            sender=self.work.sender,
            now=now,
        )
        carried = {"attachments": list(attachments)} if attachments else {}  # added when it leaves
        message = Message(kind="mail", key=mail["message_id"], payload={**mail, **carried})
        file_messages(connection, [message_row(message, ticket=number, now=now)])


def readable(text: str) -> str:
    """Return the text with plain line ends; raise `UnableToReadNote` where it is empty, too long or not readable."""
    text = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").strip().split("\n"))
    if not text:
        raise UnableToReadNote(Sentence("Write a text."))
    if len(text) > TEXT_LIMIT:
        msg = "The text has %(count)s characters; at most %(most)s are kept."
        raise UnableToReadNote(Sentence(msg, count=len(text), most=TEXT_LIMIT))
    if not text.replace("\n", "").replace("\t", "").isprintable():
        raise UnableToReadNote(Sentence("The text contains a character that cannot be shown."))
    return text
