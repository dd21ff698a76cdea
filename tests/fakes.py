"""In-memory fakes of every port: they keep what they are given and refuse what the real ones refuse."""

from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TypeVar

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.credit import BillingAdjustment, Decision, Rebate
from include.sla_logic.domain.customer_report import CustomerReport
from include.sla_logic.domain.diagnosis_table import Finding
from include.sla_logic.domain.disputes import StatedDispute
from include.sla_logic.domain.document import Document
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.measurements import ServiceFacts
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.netting import EarlierCredit
from include.sla_logic.domain.network import (
    Action,
    ActionResult,
    Alarm,
    Layer,
    Probe,
    Resource,
    ResourceState,
    Severity,
)
from include.sla_logic.domain.notification import Metric, ProblemNotification
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.policies import NAMES, Policies, read_policies
from include.sla_logic.domain.relationship import Agreement, Customer, RelationshipHistory
from include.sla_logic.domain.restoration import RestorationOutcome
from include.sla_logic.domain.service_problem import ProblemEnd, ServiceProblem, Sighting, by_resource, see_problem
from include.sla_logic.domain.trouble_ticket import TicketStatus, TroubleTicket, check_move
from include.sla_logic.persistence.case_file import UnableToReadDocument
from include.sla_logic.persistence.contracts import UnableToFindRecord
from include.sla_logic.persistence.restorations import UnableToReleaseRestoration
from include.sla_logic.process.step import Step

D = TypeVar("D", bound=Document)
BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)


@cache
def policy_texts() -> Mapping[str, str]:
    """Return the texts of the business tables in force."""
    folder = Path(__file__).parent.parent / "include" / "sla_logic" / "policies"
    return {name: (folder / f"{name}.yaml").read_text("utf-8") for name in NAMES}


@cache
def policies_in_force() -> Policies:
    """Return the business tables in force."""
    return read_policies(policy_texts())


@dataclass
class MemoryContracts:
    """The contract register (`ports.Contracts`)."""

    customers: dict[str, Customer] = field(default_factory=dict)
    agreements: list[Agreement] = field(default_factory=list)
    versions: list[Contract] = field(default_factory=list)
    histories: dict[str, RelationshipHistory] = field(default_factory=dict)

    def customer(self, customer: str) -> Customer:
        if customer not in self.customers:
            msg = f"There is no customer {customer}."
            raise UnableToFindRecord(msg)
        return self.customers[customer]

    def agreement(self, customer: str, service: str, *, at: datetime) -> Agreement:
        for agreement in self.agreements:
            own = (agreement.customer, agreement.service) == (customer, service)
            if own and agreement.starts <= at.date() and (agreement.ends is None or at.date() <= agreement.ends):
                return agreement
        msg = f"Customer {customer} has no agreement for {service} at {at.isoformat()}."
        raise UnableToFindRecord(msg)

    def keep(self, found: Agreement, *, at: datetime) -> Agreement:
        held = (one for one in self.agreements if (one.id, one.customer) == (found.id, found.customer))
        return next((one for one in held if one.holds(at)), found)

    def contract(self, agreement: Agreement) -> Contract:
        wanted = (agreement.contract, agreement.contract_version)
        for contract in self.versions:
            if (contract.id, contract.version) == wanted:
                return contract
        msg = f"There is no contract {wanted}."
        raise UnableToFindRecord(msg)

    def relationship(self, agreement: Agreement, *, at: datetime, ticket: str) -> RelationshipHistory:
        _ = at, ticket
        return self.histories[agreement.customer]


@dataclass
class MemoryMeasurements:
    """What was measured, by service (`ports.Measurements`); what begins after `as_of` is not known yet."""

    by_service: dict[str, ServiceFacts] = field(default_factory=dict)

    def facts(self, agreement: Agreement, window: Period, *, as_of: datetime) -> ServiceFacts:
        facts = self.by_service[agreement.service]
        known = tuple(
            outage.model_copy(update={"end": outage.end if outage.end and outage.end <= as_of else None})
            for outage in facts.outages
            if outage.start < min(as_of, window.end) and (outage.end is None or outage.end > window.start)
        )
        return facts.model_copy(update={"outages": known, "as_of": as_of})


@dataclass
class Fault:
    """Something wrong with a resource: what it spoils in a measurement, and the action that mends it."""

    resource: str
    cured_by: Action | None
    spoils: Mapping[Metric, Decimal | None]
    cured: bool = False


@dataclass
class MemoryNetwork:
    """A network whose faults the departments never see (`ports.Network`)."""

    topology: list[Resource] = field(default_factory=list)
    raised: list[Alarm] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    healthy: dict[Metric, tuple[str, Decimal | None]] = field(default_factory=dict)
    orders: dict[str, ActionResult] = field(default_factory=dict)
    probes: int = 0
    now: datetime = BEFORE_ALL

    def resources(self, service: str) -> Sequence[Resource]:
        _ = service
        return tuple(self.topology)

    def alarms(self, service: str) -> Sequence[Alarm]:
        _ = service
        return tuple(alarm for alarm in self.raised if alarm.cleared_at is None)

    def undertake(self, action: Action, resource: str, *, order: str) -> ActionResult:
        if order not in self.orders:
            ran = any(known.id == resource for known in self.topology)
            if ran:
                self._carry_out(action, resource)
            self.orders[order] = ActionResult(
                action=action, resource=resource, ran=ran, answer="done" if ran else "no such resource", at=self.now
            )
        return self.orders[order]

    def probe(self, service: str) -> Sequence[Probe]:
        _ = service
        self.probes += 1
        spoiled = {m: value for fault in self.faults if not fault.cured for m, value in fault.spoils.items()}
        return tuple(
            Probe(metric=metric, unit=unit, value=spoiled.get(metric, value), taken_at=self.now)
            for metric, (unit, value) in self.healthy.items()
        )

    def _carry_out(self, action: Action, resource: str) -> None:
        here = [fault for fault in self.faults if fault.resource == resource]
        for fault in here:
            fault.cured = fault.cured or fault.cured_by is action
        if not all(fault.cured for fault in here):
            return
        self.topology = [
            known.model_copy(update={"state": ResourceState.IN_SERVICE}) if known.id == resource else known
            for known in self.topology
        ]
        if action is Action.CLEAR_ALARM:
            self.raised = [
                alarm.model_copy(update={"cleared_at": self.now}) if alarm.resource == resource else alarm
                for alarm in self.raised
            ]

    def break_down(
        self,
        resource: str,
        code: str | None,
        *,
        cured_by: Action | None,
        spoils: Mapping[Metric, Decimal | None],
        severity: Severity = Severity.MAJOR,
        state: ResourceState = ResourceState.IN_SERVICE,
    ) -> None:
        """Put a fault on a resource, with the alarm and the state that it shows."""
        self.faults.append(Fault(resource, cured_by, spoils))
        self.topology = [r.model_copy(update={"state": state}) if r.id == resource else r for r in self.topology]
        if code is not None:
            number = f"A-{len(self.raised) + 1}"
            text = f"{code} at {resource}"
            self.raised.append(
                Alarm(id=number, resource=resource, code=code, severity=severity, text=text, raised_at=self.now)
            )


@dataclass
class MemoryWait:
    """One wait for a restoration request, decided once."""

    deadline: datetime
    held_because: str | None
    sent_at: datetime | None = None
    rejected: bool = False
    outcome: RestorationOutcome | None = None


@dataclass
class MemoryBilling:
    """The customers' accounts (`ports.Billing`)."""

    booked: list[tuple[str, EarlierCredit]] = field(default_factory=list)

    def earlier_credits(self, agreement: Agreement, window: Period) -> Sequence[EarlierCredit]:
        return [c for service, c in self.booked if service == agreement.service and c.window.overlaps(window)]

    def decisions(self, agreement: Agreement) -> Sequence[Decision]:  # noqa: ARG002 - nobody decides here
        return ()

    def settled_with(self, agreement: Agreement, window: Period) -> str | None:  # noqa: ARG002 - all invoices are open
        return None

    def disputes(self, agreement: Agreement, window: Period) -> Sequence[StatedDispute]:  # noqa: ARG002 - nobody contests here
        return ()

    def book(self, rebate: Rebate, agreement: Agreement, *, again: bool = False) -> BillingAdjustment:  # noqa: ARG002 - its rows have no state
        charge = agreement.monthly_charge
        booked = Money.zero(charge.currency) if rebate.held_for_approval else rebate.total
        if booked:
            reference = f"{rebate.window}:{len(self.booked)}"
            credit = EarlierCredit(window=rebate.window, amount=booked, reference=reference)
            self.booked.append((agreement.service, credit))
        return BillingAdjustment(
            account=agreement.account,
            invoice="INV-1",
            references=tuple(line.key for line in rebate.lines) if booked else (),
            booked=booked,
            invoice_before=charge,
            invoice_after=charge - booked,
            held=rebate.held_for_approval,
            reason=rebate.held_because or rebate.reason,
        )


@dataclass
class MemoryLetterOutbox:
    """Letters to the customer and mail to the operators (`ports.LetterOutbox`); each is kept once."""

    posted: dict[str, tuple[CustomerReport, Customer]] = field(default_factory=dict)
    failed_steps: dict[tuple[str, str], tuple[str, str, datetime]] = field(default_factory=dict)

    def post(self, report: CustomerReport, customer: Customer) -> None:
        self.posted.setdefault(report.ticket, (report, customer))

    def post_failed_step(self, ticket: TroubleTicket, task: str, why: str, *, to: str, now: datetime) -> None:
        self.failed_steps[ticket.id, task] = (to, why, now)


@dataclass
class Incident:
    """What System T keeps of one incident; documents are kept as JSON, as a database would."""

    ticket: TroubleTicket
    documents: list[tuple[str, int, str]] = field(default_factory=list)
    timeline: list[tuple[datetime, Lane, str]] = field(default_factory=list)
    moves: list[tuple[datetime, TicketStatus, str]] = field(default_factory=list)
    steps: dict[str, str | None] = field(default_factory=dict)
    children: dict[Lane, TroubleTicket] = field(default_factory=dict)
    wait: MemoryWait | None = None
    problems: set[str] = field(default_factory=set)

    def rounds(self, kind: type[D]) -> list[D]:
        """Return every round of one kind of document, oldest first."""
        return [kind.model_validate_json(text) for name, _, text in self.documents if name == kind.kind()]


@dataclass
class World:
    """All repositories, the tables in force, and the present moment."""

    now: datetime
    contracts: MemoryContracts = field(default_factory=MemoryContracts)
    measurements: MemoryMeasurements = field(default_factory=MemoryMeasurements)
    network: MemoryNetwork = field(default_factory=MemoryNetwork)
    billing: MemoryBilling = field(default_factory=MemoryBilling)
    letter_outbox: MemoryLetterOutbox = field(default_factory=MemoryLetterOutbox)
    policies: Policies = field(default_factory=policies_in_force)
    problems: list[ServiceProblem] = field(default_factory=list)


class MemoryRestorations:
    """The wait of one incident (`ports.Restorations`)."""

    def __init__(self, file: "MemoryCaseFile") -> None:
        self._file = file

    def open(self, *, deadline: datetime, held_because: str | None) -> None:
        sent_at = None if held_because else self._file.now
        self._file.incident.wait = MemoryWait(deadline, held_because, sent_at)

    @property
    def outcome(self) -> RestorationOutcome | None:
        wait = self._file.incident.wait
        return wait.outcome if wait else None


class MemoryProblems:
    """The service problems of one incident (`ports.ServiceProblems`)."""

    def __init__(self, file: "MemoryCaseFile", world: World) -> None:
        self._file = file
        self._world = world

    @property
    def tied(self) -> Sequence[ServiceProblem]:
        return [p for p in self._world.problems if p.id in self._file.incident.problems]

    def tie(self, findings: Sequence[Finding], seen: Sighting) -> Sequence[ServiceProblem]:
        found = [self._settle(group, seen) for group in by_resource(findings).values()]
        problems = [problem for problem in found if problem is not None]
        self._file.incident.problems |= {problem.id for problem in problems}
        return problems

    def restored(self, resources: Collection[str]) -> None:
        ended = [p for p in self.tied if p.closed_at is None and p.resource in resources]
        self._end(ended, ProblemEnd.RESTORED)

    def leave(self) -> None:
        self._end([p for p in self.tied if p.closed_at is None], ProblemEnd.LEFT)

    def _settle(self, findings: Sequence[Finding], seen: Sighting) -> ServiceProblem | None:
        new = see_problem(findings, seen, now=self._file.now)
        there = [p for p in self._world.problems if p.resource == new.resource]
        known = next((p for p in reversed(there) if p.explains(findings, seen_at=seen.seen_at)), None)
        if known or not new.overlaps(seen):
            return known if known and known.overlaps(seen) else None
        self._end([p for p in there if p.closed_at is None], ProblemEnd.SUPERSEDED)
        self._world.problems.append(new.model_copy(update={"id": f"SP-{len(self._world.problems) + 1:06d}"}))
        return self._world.problems[-1]

    def _end(self, problems: Sequence[ServiceProblem], end: ProblemEnd) -> None:
        ended = {"closed_at": self._file.now, "end": end}
        self._world.problems[:] = [p.model_copy(update=ended) if p in problems else p for p in self._world.problems]


class MemoryCaseFile:
    """One incident in the hands of one activity (`ports.CaseFile`)."""

    def __init__(self, incident: Incident, world: World) -> None:
        self.incident = incident
        self._world = world
        world.network.now = world.now
        self.now = world.now
        self.installation = "test"
        self.policies = world.policies
        self.contracts = world.contracts
        self.measurements = world.measurements
        self.network = world.network
        self.billing = world.billing
        self.letter_outbox = world.letter_outbox
        self.restorations = MemoryRestorations(self)
        self.problems = MemoryProblems(self, world)

    @property
    def ticket(self) -> TroubleTicket:
        return self.incident.ticket

    def read(self, kind: type[D]) -> D:
        document = self.find(kind)
        if document is None:
            msg = f"The case file of {self.ticket.id} holds no {kind.kind()}."
            raise UnableToReadDocument(msg)
        return document

    def find(self, kind: type[D]) -> D | None:
        rounds = self.incident.rounds(kind)
        return rounds[-1] if rounds else None

    def write(self, document: Document) -> None:
        kept = sum(name == document.kind() for name, _, _ in self.incident.documents)
        self.incident.documents.append((document.kind(), kept + 1, document.model_dump_json()))

    def record(self, event: str, *, lane: Lane) -> None:
        self.incident.timeline.append((self.now, lane, event))

    def hand_over(self, to: Lane) -> None:
        before = self.ticket.assigned_to
        if to is not before:
            self.incident.ticket = self.ticket.model_copy(update={"assigned_to": to})
            self.record(f"Handed the ticket over to {to}.", lane=before)

    def move_ticket(self, to: TicketStatus, *, reason: str) -> None:
        check_move(self.ticket.status, to)
        self.incident.ticket = self.ticket.model_copy(update={"status": to})
        self.incident.moves.append((self.now, to, reason))

    def escalate(self, reason: str) -> None:
        self.incident.ticket = self.ticket.model_copy(update={"escalated": True})
        self.record(f"Escalated: {reason}", lane=self.ticket.assigned_to)

    def open_child_ticket(self, reason: str, *, to: Lane) -> str:
        if to not in self.incident.children:
            child = {"id": f"{self.ticket.id}-{to.name}", "parent": self.ticket.id, "assigned_to": to}
            self.incident.children[to] = self.ticket.model_copy(
                update={**child, "external_reference": None, "escalated": False, "created_at": self.now}
            )
            self.record(f"Opened {child['id']}: {reason}", lane=self.ticket.assigned_to)
        return self.incident.children[to].id


@dataclass
class MemoryUseCases:
    """Accepts notifications and performs activities, each one wholly or not at all."""

    world: World
    incidents: dict[str, Incident] = field(default_factory=dict)

    def accept(self, notification: ProblemNotification, *, run_id: str) -> Incident:
        """Open the ticket of this run; the same run again returns the same one."""
        if run_id not in self.incidents:
            now = self.world.now
            ticket = TroubleTicket(
                id=f"TT-{len(self.incidents) + 1:06d}",
                external_reference=notification.external_reference,
                run_id=run_id,
                customer=notification.customer,
                service=notification.service,
                status=TicketStatus.ACKNOWLEDGED,
                assigned_to=Lane.CUSTOMER_SERVICE,
                created_at=now,
            )
            incident = Incident(ticket)
            incident.documents.append((notification.kind(), 1, notification.model_dump_json()))
            self.incidents[run_id] = incident
        return self.incidents[run_id]

    def perform(self, step: Step, *, run_id: str) -> str | None:
        """Do the step once; done again it only answers what it chose."""
        incident = self.incidents[run_id]
        if step.name in incident.steps:
            return incident.steps[step.name]
        world, trial = deepcopy(self.world), deepcopy(incident)
        choice = step(MemoryCaseFile(trial, world))
        trial.steps[step.name] = None if choice is None else str(choice)
        self.world.__dict__.update(world.__dict__)
        self.incidents[run_id] = trial
        return trial.steps[step.name]

    def release(self, run_id: str) -> None:
        """Send a held request now, as an operator does; refused once the deadline has passed."""
        wait = self._wait(run_id)
        if wait.outcome is not None or self.world.now > wait.deadline:
            msg = f"The restoration of {run_id} cannot be released after {wait.deadline.isoformat()}."
            raise UnableToReleaseRestoration(msg, at=self.world.now)
        wait.sent_at = self.world.now

    def reject(self, run_id: str) -> None:
        """Reject a held request, as an operator does."""
        self._wait(run_id).rejected = True

    def decide(self, run_id: str) -> RestorationOutcome | None:
        """Decide the wait by the sending time of the request, never by the time of looking."""
        wait = self._wait(run_id)
        if wait.outcome is None:
            if wait.rejected:
                wait.outcome = RestorationOutcome.REJECTED
            elif wait.sent_at is not None:
                in_time = wait.sent_at <= wait.deadline
                wait.outcome = RestorationOutcome.IN_TIME if in_time else RestorationOutcome.TOO_LATE
            elif self.world.now > wait.deadline:
                wait.outcome = RestorationOutcome.TOO_LATE
        return wait.outcome

    def later(self, by: timedelta) -> None:
        """Let time pass."""
        self.world.now += by

    def _wait(self, run_id: str) -> MemoryWait:
        wait = self.incidents[run_id].wait
        assert wait is not None
        return wait


def resource(name: str, *, layer: Layer = Layer.RESOURCE, state: ResourceState = ResourceState.IN_SERVICE) -> Resource:
    """Make a resource whose kind is the part of its name before the dash."""
    return Resource(id=name, kind=name.split("-", maxsplit=1)[0], name=name, site="Bern", layer=layer, state=state)
