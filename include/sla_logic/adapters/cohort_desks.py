"""The desks of a cohort: what its incidents ask about customers, contracts and facts is looked up once for all."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, exists, func, select

from include.sla_logic.adapters.billing import BillingLedger, booking_reference
from include.sla_logic.adapters.case_file import KeptCaseFile
from include.sla_logic.adapters.cohorts import CARRIED
from include.sla_logic.adapters.contracts import (
    OPEN,
    YEAR,
    ContractRegister,
    UnableToFindRecord,
    as_agreement,
    find_contract,
    in_force,
)
from include.sla_logic.adapters.desks import Desks
from include.sla_logic.adapters.folders import Folder, ticket_id
from include.sla_logic.adapters.measurements import MeasurementRegister
from include.sla_logic.adapters.network import EmbeddedNetwork
from include.sla_logic.adapters.reported import Reported, Reports, read_reports
from include.sla_logic.adapters.schema import reference as t
from include.sla_logic.adapters.schema.cohorts import cohort_members
from include.sla_logic.adapters.schema.system_t import documents, steps, tickets
from include.sla_logic.adapters.service_problems import ProblemDesk, ProblemRegister
from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.network import Action, ActionResult, Probe
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.rebate import EarlierCredit, Rebate
from include.sla_logic.domain.relationship import Agreement, Customer

Rows = Sequence[Row[Any]]


class Shelf:
    """What the incidents of one transaction share: one query for each kind of record, made when first asked."""

    def __init__(self, connection: Connection, folders: Sequence[Folder], *, run_id: str, now: datetime) -> None:
        self.connection = connection
        self.folders = folders
        self.run_id = run_id
        self.now = now
        self.customers = sorted({folder.ticket.customer for folder in folders})
        self.services = sorted({folder.ticket.service for folder in folders})
        self.files: list[KeptCaseFile] = []  # whose writing is not filed yet
        self.measured_since: set[str] = set()  # services whose facts have changed since they were looked up
        self.answers: dict[str, ActionResult] = {}  # of the network, by order
        self._contracts: dict[tuple[str, str], Contract] = {}
        self._charges: dict[tuple[str, date], list[int]] = {}
        self._rows: dict[str, dict[str, Rows]] = {}

    def desks(self, ticket: str, *, sender: str | None) -> Desks:
        """Return the desks of one incident."""
        return _CohortDesks(self.connection, ticket=ticket, now=self.now, sender=sender, shelf=self)

    def forget(self) -> None:
        """Look everything up anew: what one incident did was taken back."""
        self._rows.clear()
        self.answers.clear()
        for name in (
            "reports",
            "register",
            "agreements",
            "violations",
            "open_incidents",
            "reported_before",
            "problems",
        ):
            self.__dict__.pop(name, None)

    def rows(self, table: Table, service: str, order: str) -> Rows:
        """Return the rows of one service, in order, out of those of all services here."""
        if table.name not in self._rows:
            query = select(table).where(table.c.service.in_(self.services)).order_by(table.c[order], *table.primary_key)
            self._rows[table.name] = _grouped(self.connection, query)
        return self._rows[table.name].get(service, ())

    @cached_property
    def reports(self) -> Reports:
        """The incidents of all customers and services here."""
        return read_reports(self.connection, self.services, self.customers)

    @cached_property
    def register(self) -> dict[str, Row[Any]]:
        """The customers here."""
        found = self.connection.execute(select(t.customers).where(t.customers.c.id.in_(self.customers)))
        return {row.id: row for row in found}

    @cached_property
    def agreements(self) -> dict[str, Rows]:
        """The agreements about each service here, the newest first."""
        query = (
            select(t.agreements, t.services.c.name.label("service_name"))
            .join(t.services, t.services.c.id == t.agreements.c.service)
            .where(t.agreements.c.service.in_(self.services), t.agreements.c.customer.in_(self.customers))
            .order_by(t.agreements.c.starts.desc(), t.agreements.c.id.desc())
        )
        return _grouped(self.connection, query)

    @cached_property
    def violations(self) -> dict[str, int]:
        """How many violations each customer here had in the year before now."""
        query = (
            select(t.agreements.c.customer, func.count())
            .select_from(t.violations.join(t.agreements, t.agreements.c.id == t.violations.c.agreement))
            .where(
                t.agreements.c.customer.in_(self.customers),
                t.violations.c.recorded_at > self.now - YEAR,
                t.violations.c.recorded_at <= self.now,
            )
            .group_by(t.agreements.c.customer)
        )
        return {row[0]: row[1] for row in self.connection.execute(query)}

    @cached_property
    def open_incidents(self) -> dict[str, set[str]]:
        """The open tickets of each customer here, as of now."""
        query = select(tickets.c.customer, tickets.c.number).where(
            tickets.c.customer.in_(self.customers), tickets.c.status.in_(OPEN), tickets.c.created_at <= self.now
        )
        found: dict[str, set[str]] = defaultdict(set)
        for customer, number in self.connection.execute(query):
            found[customer].add(ticket_id(number))
        return found

    @cached_property
    def problems(self) -> ProblemRegister:
        """The service problems around the incidents here."""
        return ProblemRegister(self.connection, [folder.number for folder in self.folders], now=self.now)

    @cached_property
    def reported_before(self) -> dict[str, Rows]:
        """The rebates that members of the cohort have reported about the services here and that are not booked yet."""
        booked = exists().where(steps.c.ticket == documents.c.ticket, steps.c.task == "adjust_billing")
        query = (
            select(tickets.c.service, tickets.c.customer, documents.c.ticket, documents.c.body)
            .join(tickets, tickets.c.number == documents.c.ticket)
            .join(cohort_members, cohort_members.c.ticket == tickets.c.number)
            .where(
                cohort_members.c.run_id == self.run_id,
                cohort_members.c.state == CARRIED,
                tickets.c.service.in_(self.services),
                documents.c.kind == Rebate.kind(),
                ~booked,
            )
            .order_by(documents.c.id)
        )
        return _grouped(self.connection, query)

    def reported_credits(self, agreement: Agreement, *, but: str) -> list[EarlierCredit]:
        """Return what others of the cohort have reported for this agreement; what is held or unclaimed is none."""
        filed = [
            (ticket_id(row.ticket), Rebate.model_validate_json(row.body))
            for row in self.reported_before.get(agreement.service, ())
            if row.customer == agreement.customer
        ]
        written = [
            (file.ticket.id, paper)
            for file in self.files
            if (file.ticket.service, file.ticket.customer) == (agreement.service, agreement.customer)
            for _, paper in file.pending.papers
            if isinstance(paper, Rebate)
        ]
        return [
            EarlierCredit(
                contract=agreement.contract,
                window=rebate.window,
                objective=line.objective,
                amount=line.net,
                reference=booking_reference(ticket, line, rebate),
            )
            for ticket, rebate in (*filed, *written)
            if ticket != but and not rebate.held_for_approval and not rebate.claim_required
            for line in rebate.lines
        ]

    def contract(self, contract: str, version: str) -> Contract:
        """Return one version of a contract."""
        key = contract, version
        if key not in self._contracts:
            self._contracts[key] = find_contract(self.connection, contract, version)
        return self._contracts[key]

    def charges(self, currency: str, day: date) -> list[int]:
        """Return what all agreements in force are charged in this currency, the lowest first."""
        key = currency, day
        if key not in self._charges:
            query = select(t.agreements.c.monthly_charge).where(t.agreements.c.currency == currency, in_force(day))
            self._charges[key] = sorted(self.connection.scalars(query))
        return self._charges[key]


class _CohortContracts(ContractRegister):
    """The contract register, asked once for all incidents of the shelf."""

    def __init__(self, shelf: Shelf, *, ticket: str) -> None:
        super().__init__(connection=shelf.connection, ticket=ticket, now=shelf.now)
        self._shelf = shelf

    def customer(self, customer: str) -> Customer:
        row = self._shelf.register.get(customer)
        if row is None:
            return super().customer(customer)
        return Customer(id=row.id, name=row.name, email=row.email, locale=row.locale, protected=row.protected)

    def agreement(self, customer: str, service: str, *, at: datetime) -> Agreement:
        day = at.astimezone(UTC).date()
        for row in self._shelf.agreements.get(service, ()):
            if row.customer == customer and row.starts <= day and (row.ends is None or row.ends >= day):
                return as_agreement(row)
        return super().agreement(customer, service, at=at)

    def contract(self, agreement: Agreement) -> Contract:
        return self._shelf.contract(agreement.contract, agreement.contract_version)

    def _since(self, customer: str) -> date | None:
        row = self._shelf.register.get(customer)
        if row is None:
            raise UnableToFindRecord(f"There is no customer {customer} in the contract register.")
        since: date | None = row.since
        return since

    def _charge_percentile(self, agreement: Agreement, day: date) -> int | None:
        mine = next((r for r in self._shelf.agreements.get(agreement.service, ()) if r.id == agreement.id), None)
        charges = self._shelf.charges(agreement.monthly_charge.currency, day)
        if mine is None or not charges:
            return super()._charge_percentile(agreement, day)
        return 100 * bisect_left(charges, mine.monthly_charge) // len(charges)

    def _violations(self, customer: str, at: datetime) -> int:
        return self._shelf.violations.get(customer, 0) if at == self._shelf.now else super()._violations(customer, at)

    def _other_open_incidents(self, customer: str, at: datetime) -> int:
        if at != self._shelf.now:
            return super()._other_open_incidents(customer, at)
        found = self._shelf.open_incidents.get(customer, set())
        return len(found) - (self._ticket in found)


class _CohortMeasurements(MeasurementRegister):
    """What was measured, read once for all services of the shelf; its conditions are those of the single queries."""

    def __init__(self, shelf: Shelf, *, ticket: str) -> None:
        super().__init__(connection=shelf.connection, ticket=ticket, now=shelf.now)
        self._shelf = shelf

    def _contract(self, agreement: Agreement) -> Contract:
        return self._shelf.contract(agreement.contract, agreement.contract_version)

    def _incidents(self, agreement: Agreement, as_of: datetime) -> Sequence[Reported]:
        return self._shelf.reports.known(agreement.customer, agreement.service, as_of=as_of)

    def _outage_rows(self, service: str, window: Period, as_of: datetime) -> Rows:
        if service in self._shelf.measured_since:
            return super()._outage_rows(service, window, as_of)
        rows = self._shelf.rows(t.outages, service, "started_at")
        return [
            row
            for row in rows
            if row.started_at < window.end
            and row.started_at <= as_of
            and (row.ended_at is None or row.ended_at > window.start or row.ended_at < row.started_at)
        ]

    def _maintenance_rows(self, service: str, window: Period, as_of: datetime) -> Rows:
        rows = self._shelf.rows(t.maintenance_windows, service, "starts_at")
        return [
            row
            for row in rows
            if row.starts_at < window.end
            and (row.ends_at > window.start or row.ends_at < row.starts_at)
            and (row.starts_at if row.announced_at is None else row.announced_at) <= as_of
        ]

    def _hold_rows(self, service: str, window: Period, as_of: datetime) -> Rows:
        rows = self._shelf.rows(t.holds, service, "starts_at")
        return [
            row
            for row in rows
            if row.starts_at < window.end
            and row.starts_at <= as_of
            and (row.ends_at is None or row.ends_at > window.start)
        ]

    def _unobserved_rows(self, service: str, window: Period, as_of: datetime) -> Rows:
        rows = self._shelf.rows(t.unobserved, service, "started_at")
        return [
            row
            for row in rows
            if row.started_at < window.end and row.started_at <= as_of and row.ended_at > window.start
        ]

    def _metric_rows(self, service: str) -> Rows:
        return self._shelf.rows(t.measured_metrics, service, "metric")


class _CohortNetwork(EmbeddedNetwork):
    """The network, which may end the outages of a service that it measures."""

    def __init__(self, shelf: Shelf, *, ticket: str) -> None:
        super().__init__(connection=shelf.connection, ticket=ticket, now=shelf.now)
        self._shelf = shelf

    def undertake(self, action: Action, resource: str, *, order: str) -> ActionResult:
        if order not in self._shelf.answers:
            self._shelf.answers[order] = super().undertake(action, resource, order=order)
        return self._shelf.answers[order]

    def probe(self, service: str) -> Sequence[Probe]:
        self._shelf.measured_since.add(service)
        return super().probe(service)


class _CohortBilling(BillingLedger):
    """The customer's account, where the rebates that others of the cohort have reported are on their way already."""

    def __init__(self, shelf: Shelf, desks: Desks) -> None:
        super().__init__(connection=shelf.connection, ticket=desks.ticket, now=shelf.now, tray=desks.tray)
        self._shelf = shelf

    def earlier_credits(self, agreement: Agreement, window: Period) -> Sequence[EarlierCredit]:
        booked = super().earlier_credits(agreement, window)
        known = {credit.reference for credit in booked}
        reported = self._shelf.reported_credits(agreement, but=self._ticket)
        on_the_way = [c for c in reported if c.window.start < window.end and c.window.end > window.start]
        return [*booked, *(credit for credit in on_the_way if credit.reference not in known)]


@dataclass
class _CohortDesks(Desks):
    """Desks of one incident that look things up on a shelf shared by many."""

    shelf: Shelf | None = None

    @property
    def _shared(self) -> Shelf:
        if self.shelf is None:
            raise LookupError("desks of a cohort need its shelf")
        return self.shelf

    @cached_property
    def contracts(self) -> ContractRegister:
        return _CohortContracts(self._shared, ticket=self.ticket)

    @cached_property
    def measurements(self) -> MeasurementRegister:
        return _CohortMeasurements(self._shared, ticket=self.ticket)

    @cached_property
    def network(self) -> EmbeddedNetwork:
        return _CohortNetwork(self._shared, ticket=self.ticket)

    @cached_property
    def problems(self) -> ProblemDesk:
        return ProblemDesk(lambda: self._shared.problems, self.ticket, now=self.now)

    @cached_property
    def billing(self) -> BillingLedger:
        return _CohortBilling(self._shared, self)


def _grouped(connection: Connection, query: Select[Any]) -> dict[str, Rows]:
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.service].append(row)
    return dict(found)
