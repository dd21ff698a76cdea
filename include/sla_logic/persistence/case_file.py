"""The case file that the departments work on: reads from memory, keeps what is written until it is filed."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from include.sla_logic.domain.document import Document
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.policies import Policies
from include.sla_logic.domain.restoration import RestorationOutcome
from include.sla_logic.domain.trouble_ticket import TicketStatus, TroubleTicket, check_move
from include.sla_logic.persistence.incident_records import IncidentRecord, Step
from include.sla_logic.persistence.policy_tables import policies_in_force
from include.sla_logic.persistence.repositories import Repositories
from include.sla_logic.persistence.restorations import find_restoration
from include.sla_logic.persistence.tickets import Opening, open_ticket
from include.sla_logic.process.ports import Billing, Contracts, LetterOutbox, Measurements, Network, ServiceProblems

D = TypeVar("D", bound=Document)


class UnableToReadDocument(ForeseenError):
    """The case file holds no document of that kind."""


@dataclass(frozen=True)
class Entry:
    """One sentence of the timeline."""

    lane: Lane
    event: str


@dataclass(frozen=True)
class Move:
    """One change of the ticket's status."""

    status: TicketStatus
    reason: str


@dataclass(frozen=True)
class Wait:
    """A wait for a restoration request, as it is opened."""

    deadline: datetime
    held_because: str | None


@dataclass
class Pending:
    """What one activity has written of one incident and what is not filed yet."""

    documents: list[tuple[int, Document]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


class Waits:
    """Opens the wait of Resource Provisioning (`ports.Restorations`)."""

    def __init__(self, file: "SqlCaseFile") -> None:
        self._file = file

    @property
    def outcome(self) -> RestorationOutcome | None:
        wait = find_restoration(self._file.repositories.connection, self._file.incident.number)
        return None if wait is None else wait.outcome

    def open(self, *, deadline: datetime, held_because: str | None) -> None:
        self._file.pending.waits.append(Wait(deadline, held_because))


class SqlCaseFile:
    """One incident in the hands of one activity; nothing it writes is true before it is filed.

    `task` is the activity, kept with each document. Implements `ports.CaseFile`.
    """

    def __init__(self, incident: IncidentRecord, repositories: Repositories, *, task: str, now: datetime) -> None:
        self.incident = incident
        self.pending = Pending()
        self.repositories = repositories
        self.task = task
        self._ticket = incident.ticket
        self._now = now
        self._read: dict[str, Document] = {}

    @property
    def ticket(self) -> TroubleTicket:
        return self._ticket

    @property
    def now(self) -> datetime:
        return self._now

    @property
    def policies(self) -> Policies:
        return policies_in_force()

    @property
    def contracts(self) -> Contracts:
        return self.repositories.contracts

    @property
    def measurements(self) -> Measurements:
        return self.repositories.measurements

    @property
    def network(self) -> Network:
        return self.repositories.network

    @property
    def restorations(self) -> Waits:
        return Waits(self)

    @property
    def problems(self) -> ServiceProblems:
        return self.repositories.problems

    @property
    def billing(self) -> Billing:
        return self.repositories.billing

    @property
    def letter_outbox(self) -> LetterOutbox:
        return self.repositories.letter_outbox

    def read(self, kind: type[D]) -> D:
        document = self.find(kind)
        if document is None:
            msg = f"The case file of {self.ticket.id} holds no {kind.kind()}, which {self.task} needs."
            raise UnableToReadDocument(msg)
        return document

    def find(self, kind: type[D]) -> D | None:
        name = kind.kind()
        if name not in self._read:
            documents = self.incident.documents.get(name)
            if not documents:
                return None
            self._read[name] = kind.model_validate_json(documents[-1].body)
        document = self._read[name]
        return document if isinstance(document, kind) else kind.model_validate_json(document.model_dump_json())

    def write(self, document: Document) -> None:
        name = document.kind()
        kept = len(self.incident.documents.get(name, ()))
        written = sum(document.kind() == name for _, document in self.pending.documents)
        self.pending.documents.append((kept + written + 1, document))
        self._read[name] = document

    def record(self, event: str, *, lane: Lane) -> None:
        self.pending.entries.append(Entry(lane, event))

    def hand_over(self, to: Lane) -> None:
        before = self._ticket.assigned_to
        if to is not before:
            self._ticket = self._ticket.model_copy(update={"assigned_to": to})
            self.record(f"Handed the ticket over to {to}.", lane=before)

    def move_ticket(self, to: TicketStatus, *, reason: str) -> None:
        check_move(self._ticket.status, to)
        self._ticket = self._ticket.model_copy(update={"status": to})
        self.pending.moves.append(Move(to, reason))

    def escalate(self, reason: str) -> None:
        self._ticket = self._ticket.model_copy(update={"escalated": True})
        self.record(f"Escalated: {reason}", lane=self._ticket.assigned_to)

    def open_child_ticket(self, reason: str, *, to: Lane) -> str:
        """Open it at once: its number must be known. It has the notification, and no run of its own."""
        notification = self.read(ProblemNotification).model_copy(update={"external_reference": None})
        name = f"child {self._ticket.id} {to.name}"
        opening = Opening(
            key=name,
            notification=notification,
            run_id=name,
            origin=self._ticket.id,
            reason=reason,
            lane=self._ticket.assigned_to,
            assigned_to=to,
            parent=self.incident.number,
        )
        child, opened = open_ticket(self.repositories.connection, opening, now=self._now)
        if opened:
            self.record(f"Opened {child.id}: {reason}", lane=self._ticket.assigned_to)
        return child.id

    def finish(self, choice: str | None) -> None:
        """Note that the activity is done, with its choice where it was a decision."""
        self.pending.steps.append(Step(self.task, choice, self._now))
