"""The case file that the departments work on: reads from memory, keeps what is written until it is flushed.

What lies outside the case file is asked of the repositories, which the case files of a batch share.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from include.sla_logic.domain.document import Document
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.policies import Policies
from include.sla_logic.domain.restoration import RestorationOutcome
from include.sla_logic.domain.trouble_ticket import TicketStatus, TroubleTicket, check_move
from include.sla_logic.persistence.batch import Batch, BatchNetwork
from include.sla_logic.persistence.incident_records import IncidentRecord, Step
from include.sla_logic.persistence.pending import Entry, Move, Pending, Wait
from include.sla_logic.persistence.pending_messages import PendingMessages
from include.sla_logic.persistence.policy_tables import policies_in_force
from include.sla_logic.persistence.tickets import Opening, open_ticket
from include.sla_logic.process.ports import Billing, Contracts, LetterOutbox, Measurements, Network, ServiceProblems

if TYPE_CHECKING:
    from include.sla_logic.persistence.billing import BillingLedger
    from include.sla_logic.persistence.contracts import ContractRegister
    from include.sla_logic.persistence.measurements import MeasurementRegister
    from include.sla_logic.persistence.restorations import WaitRegister
    from include.sla_logic.persistence.service_problems import ProblemRegister

D = TypeVar("D", bound=Document)


class UnableToReadDocument(ForeseenError):
    """The case file holds no document of that kind."""


class Waits:
    """Opens the wait of Resource Provisioning (`ports.Restorations`)."""

    def __init__(self, file: "SqlCaseFile") -> None:
        self._file = file

    @property
    def outcome(self) -> RestorationOutcome | None:
        return self._file.repositories.waits.outcome(self._file.incident.number)

    def open(self, *, deadline: datetime, held_because: str | None) -> None:
        self._file.pending.waits.append(Wait(deadline, held_because))


class Repositories:
    """Looks up once for all incidents of a batch, and keeps what they write until it is flushed."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch

    @cached_property
    def contracts(self) -> "ContractRegister":
        from include.sla_logic.persistence.contracts import ContractRegister

        return ContractRegister(connection=self.batch.connection, subscriptions=self.batch.subscriptions)

    @cached_property
    def measurements(self) -> "MeasurementRegister":
        from include.sla_logic.persistence.measurements import MeasurementRegister

        return MeasurementRegister(
            connection=self.batch.connection,
            contracts=self.contracts,
            subscriptions=self.batch.subscriptions,
            fresh=self.batch.fresh,
        )

    @cached_property
    def network(self) -> BatchNetwork:
        return self.batch.gateways.network(self.batch, self._tied_resources)

    def _tied_resources(self) -> Sequence[tuple[str, str]]:
        return self.problems.tied_resources()

    @cached_property
    def problems(self) -> "ProblemRegister":
        from include.sla_logic.persistence.service_problems import ProblemRegister

        return ProblemRegister(self.batch)

    @cached_property
    def billing(self) -> "BillingLedger":
        from include.sla_logic.persistence.billing import BillingLedger

        return BillingLedger(self.batch, self.contracts)

    @cached_property
    def waits(self) -> "WaitRegister":
        from include.sla_logic.persistence.restorations import WaitRegister

        return WaitRegister(self.batch)

    def flush(self) -> None:
        """Write what the network, the problems and the ledger hold; what was never asked holds nothing."""
        for name in ("network", "problems", "billing"):
            if name in self.__dict__:
                self.__dict__[name].flush()


class SqlCaseFile:
    """One incident in the hands of one step; nothing it writes is true before it is flushed.

    `task` is the step, kept with each document. Implements `ports.CaseFile`.
    """

    def __init__(self, incident: IncidentRecord, repositories: Repositories, *, task: str) -> None:
        self.incident = incident
        self.repositories = repositories
        self.task = task
        self.pending = Pending()
        self.outgoing = PendingMessages()
        self._ticket = incident.ticket
        self._written: dict[str, Document] = {}
        repositories.batch.pending.append((incident.ticket, self.pending))

    @property
    def ticket(self) -> TroubleTicket:
        return self._ticket

    @property
    def now(self) -> datetime:
        return self.repositories.batch.now

    @property
    def sender(self) -> str | None:
        """The address from which letters come, where one is configured."""
        return self.repositories.batch.sender

    @property
    def installation(self) -> str:
        return self.repositories.batch.installation

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

    @cached_property
    def problems(self) -> ServiceProblems:
        from include.sla_logic.persistence.service_problems import IncidentProblems

        return IncidentProblems(lambda: self.repositories.problems, self.incident.number, self.pending)

    @property
    def billing(self) -> Billing:
        from include.sla_logic.persistence.billing import IncidentBilling

        return IncidentBilling(self.repositories.billing, self.ticket.id, self.outgoing)

    @property
    def letter_outbox(self) -> LetterOutbox:
        return self.repositories.batch.gateways.letter_outbox(self._put_letter, self.sender, self.installation)

    def _put_letter(self, key: str, payload: Mapping[str, Any]) -> None:
        self.outgoing.put(kind="mail", key=key, payload=payload)

    def read(self, kind: type[D]) -> D:
        if (document := self.find(kind)) is None:
            msg = f"The case file of {self.ticket.id} holds no {kind.kind()}, which {self.task} needs."
            raise UnableToReadDocument(msg)
        return document

    def find(self, kind: type[D]) -> D | None:
        document = self._written[kind.kind()] if kind.kind() in self._written else self._stored(kind)
        if document is None or isinstance(document, kind):
            return document
        return kind.model_validate_json(document.model_dump_json())

    def _stored(self, kind: type[Document]) -> Document | None:
        """Return the newest document of that kind from before this step; one record parses it once."""
        documents, parsed = self.incident.documents.get(kind.kind(), []), self.incident.parsed
        key = kind.kind(), len(documents)
        if documents and key not in parsed:
            parsed[key] = kind.model_validate_json(documents[-1].body)
        return parsed.get(key)

    def write(self, document: Document) -> None:
        name = document.kind()
        kept = len(self.incident.documents.get(name, ()))
        written = sum(document.kind() == name for _, document in self.pending.documents)
        self.pending.documents.append((kept + written + 1, document))
        self._written[name] = document

    def record(self, event: str, *, lane: Lane) -> None:
        self.pending.entries.append(Entry(lane, event))

    def hand_over(self, to: Lane) -> None:
        if to is not (before := self._ticket.assigned_to):
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
        """Open it at once, since its number must be known; it has the notification, and no run of its own."""
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
        child, opened = open_ticket(self.repositories.batch.connection, opening, now=self.now)
        if opened:
            self.record(f"Opened {child.id}: {reason}", lane=self._ticket.assigned_to)
        return child.id

    def done(self, task: str) -> Step:
        """Return the step of that name, done before or just now."""
        return self.incident.steps.get(task) or self.pending.steps[-1]

    def finish(self, choice: str | None) -> None:
        """Note that the step is done, with its choice where it was a decision."""
        self.pending.steps.append(Step(self.task, choice, self.now))
