"""What the incidents of one transaction share: what they ask is looked up once for all of them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, exists, func, select

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.network import ActionResult
from include.sla_logic.domain.rebate import EarlierCredit, Rebate
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.persistence.billing import booking_reference
from include.sla_logic.persistence.case_file import SqlCaseFile
from include.sla_logic.persistence.cohort_members import CARRIED
from include.sla_logic.persistence.contracts import (
    OPEN,
    YEAR,
    find_contract,
    in_force,
)
from include.sla_logic.persistence.incident_records import IncidentRecord, ticket_id
from include.sla_logic.persistence.reported_incidents import Reports, read_reports
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.cohorts import cohort_members
from include.sla_logic.persistence.schema.system_t import documents, steps, tickets
from include.sla_logic.persistence.service_problems import ProblemRegister

Rows = Sequence[Row[Any]]


class Batch:
    """What the incidents of one transaction share: one query for each kind of record, made when first asked."""

    def __init__(
        self, connection: Connection, records: Sequence[IncidentRecord], *, run_id: str, now: datetime
    ) -> None:
        self.connection = connection
        self.records = records
        self.run_id = run_id
        self.now = now
        self.customers = sorted({incident.ticket.customer for incident in records})
        self.services = sorted({incident.ticket.service for incident in records})
        self.files: list[SqlCaseFile] = []  # whose writing is not filed yet
        self.measured_since: set[str] = set()  # services whose facts have changed since they were looked up
        self.answers: dict[str, ActionResult] = {}  # of the network, by order
        self._contracts: dict[tuple[str, str], Contract] = {}
        self._charges: dict[tuple[str, date], list[int]] = {}
        self._rows: dict[str, dict[str, Rows]] = {}
        self._held: set[str] = set()

    def hold_accounts(self) -> None:
        """Hold all accounts here until the transaction ends, in the order of their names.

        Cohorts that hold them one by one, each in the order of its incidents, would wait for each other for ever.
        """
        self._hold(t.billing_accounts, {row.account for rows in self.agreements.values() for row in rows})

    def hold_resources(self) -> None:
        """Hold all resources of the services here until the transaction ends, in the order of their names."""
        self._hold(t.resources, select(t.topology.c.resource).where(t.topology.c.service.in_(self.services)))

    def _hold(self, table: Table, names: Any) -> None:
        if table.name not in self._held:
            query = select(table.c.id).where(table.c.id.in_(names)).order_by(table.c.id)
            self.connection.execute(query.with_for_update()).all()
            self._held.add(table.name)

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
        """The service problems around the incidents here; whoever opens several holds their resources."""
        self.hold_resources()
        return ProblemRegister(self.connection, [incident.number for incident in self.records], now=self.now)

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
            (file.ticket.id, document)
            for file in self.files
            if (file.ticket.service, file.ticket.customer) == (agreement.service, agreement.customer)
            for _, document in file.pending.documents
            if isinstance(document, Rebate)
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


def _grouped(connection: Connection, query: Select[Any]) -> dict[str, Rows]:
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.service].append(row)
    return dict(found)
