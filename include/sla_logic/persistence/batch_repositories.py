"""The repositories of a cohort: what its incidents ask about customers, contracts and facts is looked up once for all."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.network import Action, ActionResult, Probe
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.rebate import BillingAdjustment, EarlierCredit, Rebate
from include.sla_logic.domain.relationship import Agreement, Customer
from include.sla_logic.gateways.simulated_network import SimulatedNetwork
from include.sla_logic.persistence.batch import Batch, Rows
from include.sla_logic.persistence.billing import BillingLedger
from include.sla_logic.persistence.contracts import (
    ContractRegister,
    UnableToFindRecord,
    as_agreement,
)
from include.sla_logic.persistence.measurements import MeasurementRegister
from include.sla_logic.persistence.reported_incidents import Reported
from include.sla_logic.persistence.repositories import Repositories
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.service_problems import IncidentProblems


class BatchContracts(ContractRegister):
    """The contract register, asked once for all incidents of the batch."""

    def __init__(self, batch: Batch, *, ticket: str) -> None:
        super().__init__(connection=batch.connection, ticket=ticket, now=batch.now)
        self._batch = batch

    def customer(self, customer: str) -> Customer:
        row = self._batch.register.get(customer)
        if row is None:
            return super().customer(customer)
        return Customer(id=row.id, name=row.name, email=row.email, locale=row.locale, protected=row.protected)

    def agreement(self, customer: str, service: str, *, at: datetime) -> Agreement:
        day = at.astimezone(UTC).date()
        for row in self._batch.agreements.get(service, ()):
            if row.customer == customer and row.starts <= day and (row.ends is None or row.ends >= day):
                return as_agreement(row)
        return super().agreement(customer, service, at=at)

    def contract(self, agreement: Agreement) -> Contract:
        return self._batch.contract(agreement.contract, agreement.contract_version)

    def _since(self, customer: str) -> date | None:
        row = self._batch.register.get(customer)
        if row is None:
            raise UnableToFindRecord(f"There is no customer {customer} in the contract register.")
        since: date | None = row.since
        return since

    def _charge_percentile(self, agreement: Agreement, day: date) -> int | None:
        mine = next((r for r in self._batch.agreements.get(agreement.service, ()) if r.id == agreement.id), None)
        charges = self._batch.charges(agreement.monthly_charge.currency, day)
        if mine is None or not charges:
            return super()._charge_percentile(agreement, day)
        return 100 * bisect_left(charges, mine.monthly_charge) // len(charges)

    def _violations(self, customer: str, at: datetime) -> int:
        return self._batch.violations.get(customer, 0) if at == self._batch.now else super()._violations(customer, at)

    def _other_open_incidents(self, customer: str, at: datetime) -> int:
        if at != self._batch.now:
            return super()._other_open_incidents(customer, at)
        found = self._batch.open_incidents.get(customer, set())
        return len(found) - (self._ticket in found)


class BatchMeasurements(MeasurementRegister):
    """What was measured, read once for all services of the batch; its conditions are those of the single queries."""

    def __init__(self, batch: Batch, *, ticket: str) -> None:
        super().__init__(connection=batch.connection, ticket=ticket, now=batch.now)
        self._batch = batch

    def _contract(self, agreement: Agreement) -> Contract:
        return self._batch.contract(agreement.contract, agreement.contract_version)

    def _incidents(self, agreement: Agreement, as_of: datetime) -> Sequence[Reported]:
        return self._batch.reports.known(agreement.customer, agreement.service, as_of=as_of)

    def _outage_rows(self, service: str, window: Period, as_of: datetime) -> Rows:
        if service in self._batch.measured_since:
            return super()._outage_rows(service, window, as_of)
        rows = self._batch.rows(t.outages, service, "started_at")
        return [
            row
            for row in rows
            if row.started_at < window.end
            and row.started_at <= as_of
            and (row.ended_at is None or row.ended_at > window.start or row.ended_at < row.started_at)
        ]

    def _maintenance_rows(self, service: str, window: Period, as_of: datetime) -> Rows:
        rows = self._batch.rows(t.maintenance_windows, service, "starts_at")
        return [
            row
            for row in rows
            if row.starts_at < window.end
            and (row.ends_at > window.start or row.ends_at < row.starts_at)
            and (row.starts_at if row.announced_at is None else row.announced_at) <= as_of
        ]

    def _hold_rows(self, service: str, window: Period, as_of: datetime) -> Rows:
        rows = self._batch.rows(t.holds, service, "starts_at")
        return [
            row
            for row in rows
            if row.starts_at < window.end
            and row.starts_at <= as_of
            and (row.ends_at is None or row.ends_at > window.start)
        ]

    def _unobserved_rows(self, service: str, window: Period, as_of: datetime) -> Rows:
        rows = self._batch.rows(t.unobserved, service, "started_at")
        return [
            row
            for row in rows
            if row.started_at < window.end and row.started_at <= as_of and row.ended_at > window.start
        ]

    def _metric_rows(self, service: str) -> Rows:
        return self._batch.rows(t.measured_metrics, service, "metric")


class BatchNetwork(SimulatedNetwork):
    """The network, which may end the outages of a service that it measures."""

    def __init__(self, batch: Batch, *, ticket: str) -> None:
        super().__init__(connection=batch.connection, ticket=ticket, now=batch.now)
        self._batch = batch

    def undertake(self, action: Action, resource: str, *, order: str) -> ActionResult:
        self._batch.hold_resources()
        if order not in self._batch.answers:
            self._batch.answers[order] = super().undertake(action, resource, order=order)
        return self._batch.answers[order]

    def probe(self, service: str) -> Sequence[Probe]:
        self._batch.hold_resources()
        self._batch.measured_since.add(service)
        return super().probe(service)


class BatchBilling(BillingLedger):
    """The customer's account, where the rebates that others of the cohort have reported are on their way already."""

    def __init__(self, batch: Batch, repositories: Repositories) -> None:
        super().__init__(
            connection=batch.connection, ticket=repositories.ticket, now=batch.now, outgoing=repositories.outgoing
        )
        self._batch = batch

    def book(self, rebate: Rebate, agreement: Agreement) -> BillingAdjustment:
        self._batch.hold_accounts()
        return super().book(rebate, agreement)

    def earlier_credits(self, agreement: Agreement, window: Period) -> Sequence[EarlierCredit]:
        booked = super().earlier_credits(agreement, window)
        known = {credit.reference for credit in booked}
        reported = self._batch.reported_credits(agreement, but=self._ticket)
        on_the_way = [c for c in reported if c.window.start < window.end and c.window.end > window.start]
        return [*booked, *(credit for credit in on_the_way if credit.reference not in known)]


@dataclass
class BatchRepositories(Repositories):
    """Repositories of one incident that look things up on a batch shared by many."""

    batch: Batch | None = None

    @property
    def _shared(self) -> Batch:
        if self.batch is None:
            raise LookupError("repositories of a cohort need its batch")
        return self.batch

    @cached_property
    def contracts(self) -> ContractRegister:
        return BatchContracts(self._shared, ticket=self.ticket)

    @cached_property
    def measurements(self) -> MeasurementRegister:
        return BatchMeasurements(self._shared, ticket=self.ticket)

    @cached_property
    def network(self) -> SimulatedNetwork:
        return BatchNetwork(self._shared, ticket=self.ticket)

    @cached_property
    def problems(self) -> IncidentProblems:
        return IncidentProblems(lambda: self._shared.problems, self.ticket, now=self.now)

    @cached_property
    def billing(self) -> BillingLedger:
        return BatchBilling(self._shared, self)


def repositories_of(batch: Batch, ticket: str, *, sender: str | None) -> Repositories:
    """Return the repositories of one incident of the batch."""
    return BatchRepositories(batch.connection, ticket=ticket, now=batch.now, sender=sender, batch=batch)
