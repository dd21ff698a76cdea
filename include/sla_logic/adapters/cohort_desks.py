"""The desks of a cohort: what its incidents ask about customers, contracts and facts is looked up once for all."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property

from include.sla_logic.adapters.billing import BillingLedger
from include.sla_logic.adapters.contracts import (
    ContractRegister,
    UnableToFindRecord,
    as_agreement,
)
from include.sla_logic.adapters.desks import Desks
from include.sla_logic.adapters.measurements import MeasurementRegister
from include.sla_logic.adapters.network import EmbeddedNetwork
from include.sla_logic.adapters.reported import Reported
from include.sla_logic.adapters.schema import reference as t
from include.sla_logic.adapters.service_problems import ProblemDesk
from include.sla_logic.adapters.shelf import Rows, Shelf
from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.network import Action, ActionResult, Probe
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.rebate import BillingAdjustment, EarlierCredit, Rebate
from include.sla_logic.domain.relationship import Agreement, Customer


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
        self._shelf.hold_resources()
        if order not in self._shelf.answers:
            self._shelf.answers[order] = super().undertake(action, resource, order=order)
        return self._shelf.answers[order]

    def probe(self, service: str) -> Sequence[Probe]:
        self._shelf.hold_resources()
        self._shelf.measured_since.add(service)
        return super().probe(service)


class _CohortBilling(BillingLedger):
    """The customer's account, where the rebates that others of the cohort have reported are on their way already."""

    def __init__(self, shelf: Shelf, desks: Desks) -> None:
        super().__init__(connection=shelf.connection, ticket=desks.ticket, now=shelf.now, tray=desks.tray)
        self._shelf = shelf

    def book(self, rebate: Rebate, agreement: Agreement) -> BillingAdjustment:
        self._shelf.hold_accounts()
        return super().book(rebate, agreement)

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


def desks_of(shelf: Shelf, ticket: str, *, sender: str | None) -> Desks:
    """Return the desks of one incident of the shelf."""
    return _CohortDesks(shelf.connection, ticket=ticket, now=shelf.now, sender=sender, shelf=shelf)
