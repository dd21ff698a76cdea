"""What the departments need of the world, each as one small protocol.

A `CaseFile` is one incident inside one database transaction: everything that a step writes is committed
together with the fact that the step is done, or not at all.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.credit import BillingAdjustment, Decision, Rebate
from include.sla_logic.domain.customer_report import CustomerReport
from include.sla_logic.domain.diagnosis_table import Finding
from include.sla_logic.domain.disputes import StatedDispute
from include.sla_logic.domain.document import Document
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.measurements import ServiceFacts
from include.sla_logic.domain.netting import EarlierCredit
from include.sla_logic.domain.network import Action, ActionResult, Alarm, Probe, Resource
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.policies import Policies
from include.sla_logic.domain.relationship import Agreement, Customer, RelationshipHistory
from include.sla_logic.domain.restoration import RestorationOutcome
from include.sla_logic.domain.service_problem import ServiceProblem, Sighting
from include.sla_logic.domain.trouble_ticket import TicketStatus, TroubleTicket

D = TypeVar("D", bound=Document)


class Contracts(Protocol):
    """The contract register: who has subscribed what, and what was promised for it."""

    def customer(self, customer: str) -> Customer:
        """Return the customer; raise `UnableToFindRecord` where there is none."""
        ...

    def agreement(self, customer: str, service: str, *, at: datetime) -> Agreement:
        """Return the agreement in force at that moment; raise `UnableToFindRecord` where there is none."""
        ...

    def keep(self, found: Agreement, *, at: datetime) -> Agreement:
        """Return the agreement that a run found in force then, as it is known now; where it is gone, as it was."""
        ...

    def contract(self, agreement: Agreement) -> Contract:
        """Return the version of the contract that the agreement names."""
        ...

    def relationship(self, agreement: Agreement, *, at: datetime, ticket: str) -> RelationshipHistory:
        """Return what was collected during the relationship up to that moment; unknown stays unknown.

        The incident `ticket`, which asks, does not count among the open ones.
        """
        ...


class Measurements(Protocol):
    """What was measured of a service."""

    def facts(self, agreement: Agreement, window: Period, *, as_of: datetime) -> ServiceFacts:
        """Return outages, samples, maintenance, holds and charges that touch the window, as known at `as_of`."""
        ...


class Network(Protocol):
    """Resources, alarms and corrective actions."""

    def resources(self, service: str) -> Sequence[Resource]:
        """Return the resources on which the service runs, in topological order from the customer."""
        ...

    def alarms(self, service: str) -> Sequence[Alarm]:
        """Return the alarms of those resources that are not cleared, oldest first."""
        ...

    def undertake(self, action: Action, resource: str, *, order: str) -> ActionResult:
        """Carry out one action; the same `order` is carried out once and answers the same again."""
        ...

    def probe(self, service: str) -> Sequence[Probe]:
        """Measure the service now and keep what was measured."""
        ...


class Restorations(Protocol):
    """The wait of Resource Provisioning for a restoration request (process.md, rows 19 and 20)."""

    def open(self, *, deadline: datetime, held_because: str | None) -> None:
        """Start the wait; with a reason the request is held for release, without one it is sent now."""
        ...

    @property
    def outcome(self) -> RestorationOutcome | None:
        """How the wait ended; None while it is not decided, or was never opened."""
        ...


class ServiceProblems(Protocol):
    """The service problems to which the incident is tied: one cause, analysed and restored once for all."""

    @property
    def tied(self) -> Sequence[ServiceProblem]:
        """Return the problems of this incident in the order in which it was tied to them; they are locked."""
        ...

    def tie(self, findings: Sequence[Finding], seen: Sighting) -> Sequence[ServiceProblem]:
        """Tie the incident to the problem of each resource that these findings name, in their order.

        A problem that explains them and overlaps in time is joined, else a new one is opened; where the customer
        perceived nothing while the problem was there, there is no tie.
        """
        ...

    def restored(self, resources: Collection[str]) -> None:
        """Close this incident's problems of these resources: their errors are gone."""
        ...

    def leave(self) -> None:
        """Say that this incident has ended; a problem of which all incidents have ended is closed."""
        ...


class Billing(Protocol):
    """The customer's account at Billing & Collections."""

    def earlier_credits(self, agreement: Agreement, window: Period) -> Sequence[EarlierCredit]:
        """Return what was credited before for this customer's service in windows that touch this one."""
        ...

    def decisions(self, agreement: Agreement) -> Sequence[Decision]:
        """Return what people decided about credits of this customer's service."""
        ...

    def settled_with(self, agreement: Agreement, window: Period) -> str | None:
        """Return the invoice with which the account settled the window; None while one that holds it is open."""
        ...

    def disputes(self, agreement: Agreement, window: Period) -> Sequence[StatedDispute]:
        """Return what the customer contests of a window, decided or not; while one is open nothing is booked."""
        ...

    def book(self, rebate: Rebate, agreement: Agreement, *, again: bool = False) -> BillingAdjustment:
        """Book the rebate once as an applied billing credit and return the adjusted invoice.

        A rebate held for approval is recorded and books nothing until it is approved. With `again` the incident has
        booked for the window before, and this is what is due on top; nothing is, while a part waits for a person.
        """
        ...


class LetterOutbox(Protocol):
    """Letters to the customer and mail to the operators; they leave later, from the outbox."""

    def post(self, report: CustomerReport, customer: Customer) -> None:
        """Put the customer report into the outbox, rendered, under a Message-ID that never changes."""
        ...

    def post_failed_step(self, ticket: TroubleTicket, task: str, why: str, *, to: str, now: datetime) -> None:
        """Put one mail to the operators for this incident and step into the outbox."""
        ...


class CaseFile(Protocol):
    """The append-only folder of one incident, with the repositories that its readers may ask."""

    @property
    def ticket(self) -> TroubleTicket:
        """The ticket as it stands now."""
        ...

    @property
    def now(self) -> datetime:
        """The present moment, the same throughout one step; aware, UTC."""
        ...

    @property
    def installation(self) -> str:
        """The id of this installation, with which every key begins that leaves it."""
        ...

    @property
    def policies(self) -> Policies:
        """The business tables in force."""
        ...

    @property
    def contracts(self) -> Contracts: ...

    @property
    def measurements(self) -> Measurements: ...

    @property
    def network(self) -> Network: ...

    @property
    def restorations(self) -> Restorations: ...

    @property
    def problems(self) -> ServiceProblems: ...

    @property
    def billing(self) -> Billing: ...

    @property
    def letter_outbox(self) -> LetterOutbox: ...

    def read(self, kind: type[D]) -> D:
        """Return the newest document of this kind; raise `UnableToReadDocument` where there is none."""
        ...

    def find(self, kind: type[D]) -> D | None:
        """Return the newest document of this kind, or None."""
        ...

    def write(self, document: Document) -> None:
        """Append a document as the next round of its kind."""
        ...

    def record(self, event: str, *, lane: Lane) -> None:
        """Append one sentence to the timeline."""
        ...

    def hand_over(self, to: Lane) -> None:
        """Assign the ticket to another department and say so in the timeline."""
        ...

    def move_ticket(self, to: TicketStatus, *, reason: str) -> None:
        """Change the ticket's status, with history; raise `UnableToMoveTicket` where TMF621 forbids it."""
        ...

    def escalate(self, reason: str) -> None:
        """Mark the ticket as escalated; it stays marked, also when it is resolved."""
        ...

    def open_child_ticket(self, reason: str, *, to: Lane) -> str:
        """Open the ticket's one child for that lane and return its number; the second time return the same one."""
        ...
