"""The contract register in the operations database."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select

from include.sla_logic.domain.agreements import Terms, agreed_times, lay_out
from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.measurements import AgreedTime
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.relationship import Agreement, Customer, RelationshipHistory
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.domain.trouble_ticket import OPEN
from include.sla_logic.persistence.agreements import in_force
from include.sla_logic.persistence.contract_texts import (
    UnableToFindRecord,
    UnableToLoadContract,
    find_contract,
    load_contract,
    no_customer,
    parse_contract,
)
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.agreements import agreement_terms
from include.sla_logic.persistence.schema.columns import from_minor_units, to_minor_units
from include.sla_logic.persistence.schema.system_t import tickets

__all__ = ["ContractRegister", "Subscription", "UnableToFindRecord", "UnableToLoadContract", "load_contract"]

YEAR = timedelta(days=365)
_CHANGING = ("customer", "contract", "contract_version", "monthly_charge", "currency", "account")
_a, _terms, _tickets, _violated = t.agreements.c, agreement_terms.c, tickets.c, t.violations.c

Subscription = tuple[str, str]  # customer and service


class ContractRegister:
    """Contracts, agreements and customers, as one transaction sees them; looked up once for all subscriptions."""

    def __init__(self, *, connection: Connection, subscriptions: Iterable[Subscription] = ()) -> None:
        """Look through this transaction; what is asked about another subscription is looked up for it alone."""
        self._connection = connection
        self._subscriptions = dict.fromkeys(subscriptions)
        self._customers: dict[str, Row[Any] | None] = {}
        self._agreements: dict[Subscription, list[Agreement]] = {}
        self._texts: dict[tuple[str, str], str] = {}
        self._versions: dict[tuple[str, str], Contract] = {}
        self._charges: dict[tuple[str, date], dict[int, int]] = {}
        self._violated: dict[datetime, dict[str, int]] = {}
        self._open: dict[datetime, dict[str, set[str]]] = {}

    def customer(self, customer: str) -> Customer:
        row = self._customer_row(customer)
        return Customer(**{name: getattr(row, name) for name in Customer.model_fields})

    def agreement(self, customer: str, service: str, *, at: datetime) -> Agreement:
        """Return the agreement in force at that moment: its days are those of its contract's zone."""
        for agreement in self._agreements_of((customer, service)):
            if agreement.holds(at):
                return agreement
        day = at.astimezone(UTC).date()
        msg = "Customer %(customer)s has no agreement for service %(service)s in force on %(day)s."
        raise UnableToFindRecord(Sentence(msg, customer=customer, service=service, day=day))

    def has_agreement(self, customer: str, service: str, *, at: datetime) -> bool:
        """Tell whether an agreement is in force at that moment."""
        return any(agreement.holds(at) for agreement in self._agreements_of((customer, service)))

    def keep(self, found: Agreement, *, at: datetime) -> Agreement:
        """Return the agreement that a run found in force then, as it is known now.

        Where it is another customer's by now, it is kept as it was found. Where its days no longer hold that moment,
        the nearest of them are returned: they bound what is paid.
        """
        held = [one for one in self._agreements_of((found.customer, found.service)) if one.id == found.id]
        before = [one for one in held if one.begins is not None and one.begins <= at]
        return (before or held or [found])[-1 if before else 0]

    def agreed_times(self, judged: Agreement) -> tuple[AgreedTime, ...]:
        """Return the time that agreements of this customer and service hold, and which of it is judged with this one.

        Empty where the agreement was not found by the register, and holds all time.
        """
        if judged.begins is None:
            return ()
        held = self._agreements_of((judged.customer, judged.service))
        return agreed_times(held, judged, together=self.contract(judged).on_agreement_change == "together")

    def agreements(self, subscription: Subscription | None = None) -> list[Agreement]:
        """Return all agreements about this subscription, or all here, whenever they are in force."""
        asked = list(self._subscriptions) if subscription is None else [subscription]
        return [agreement for one in asked for agreement in self._agreements_of(one)]

    def contract(self, agreement: Agreement) -> Contract:
        key = agreement.contract, agreement.contract_version
        if key not in self._versions:
            text = self._texts.get(key)
            self._versions[key] = find_contract(self._connection, *key) if text is None else parse_contract(text, *key)
        return self._versions[key].begun_on(agreement.starts)

    def alike(self, agreement: Agreement) -> list[str]:
        """Return the services here that are subscribed under the same version of the contract."""
        key = agreement.contract, agreement.contract_version
        same = [service for (_, service), held in self._agreements.items() for one in held if _version(one) == key]
        return list(dict.fromkeys(same))

    def relationship(self, agreement: Agreement, *, at: datetime, ticket: str = "") -> RelationshipHistory:
        """Return what was collected up to that moment; the incident `ticket`, which asks, is not counted."""
        self._also_about((agreement.customer, agreement.service))
        contract, customer = self.contract(agreement), self._customer_row(agreement.customer)
        return RelationshipHistory(
            customer=agreement.customer,
            customer_since=customer.since,
            service_class=contract.service_class.value,
            monthly_charge=agreement.monthly_charge,
            charge_percentile=self._charge_percentile(agreement.monthly_charge, at.astimezone(UTC).date()),
            violations_last_year=self._violations(at).get(agreement.customer, 0),
            other_open_incidents=len(self._open_tickets(at)[agreement.customer] - {ticket}),
            agreement_ends=agreement.ends,
            protected=contract.protected or customer.protected,
        )

    def _customer_row(self, customer: str) -> Row[Any]:
        if customer not in self._customers:
            wanted = {customer, *self._names()} - set(self._customers)
            self._customers |= dict.fromkeys(wanted)
            rows = self._connection.execute(select(t.customers).where(t.customers.c.id.in_(wanted)))
            self._customers |= {row.id: row for row in rows}
        row = self._customers[customer]
        if row is None:
            raise no_customer(customer)
        return row

    def _agreements_of(self, subscription: Subscription) -> list[Agreement]:
        """Return what was agreed, in the order of time."""
        if subscription not in self._agreements:
            wanted = {subscription, *self._subscriptions} - set(self._agreements)
            self._agreements |= {one: [] for one in wanted}
            customers, services = (set(names) for names in zip(*wanted, strict=True))
            found, texts = read_agreements(self._connection, customers=customers, services=services)
            self._texts |= texts
            for one in found:
                if (one.customer, one.service) in wanted:
                    self._agreements[one.customer, one.service].append(one)
        return self._agreements[subscription]

    def _also_about(self, subscription: Subscription) -> None:
        """Count for one more customer, where the others were counted already."""
        if subscription not in self._subscriptions:
            self._subscriptions[subscription] = None
            self._violated, self._open = {}, {}

    def _names(self) -> set[str]:
        return {customer for customer, _ in self._subscriptions}

    def _charge_percentile(self, charge: Money, day: date) -> int | None:
        """Return the percentage of agreements in force, in the same currency, that are charged less."""
        key, column = (charge.currency, day), t.agreements.c.monthly_charge
        if key not in self._charges:
            query = select(column, func.count()).where(t.agreements.c.currency == charge.currency, in_force(day))
            self._charges[key] = {row[0]: row[1] for row in self._connection.execute(query.group_by(column))}
        charges, mine = self._charges[key], to_minor_units(charge)
        total = sum(charges.values())
        return 100 * sum(count for other, count in charges.items() if other < mine) // total if total else None

    def _violations(self, at: datetime) -> dict[str, int]:
        """Return how many violations each customer here had in the year before, under what was theirs then."""
        if at not in self._violated:
            query = select(t.violations).where(_violated.recorded_at > at - YEAR, _violated.recorded_at <= at)
            rows = self._connection.execute(query.where(_ever_of(_violated.agreement, self._names()))).all()
            agreed = _with_terms().where(_a.id.in_({row.agreement for row in rows}))
            held = _laid_out(self._connection.execute(agreed).all()) if rows else []
            self._violated[at] = Counter(_holder(held, row.agreement, row.window_start) for row in rows)
        return self._violated[at]

    def _open_tickets(self, at: datetime) -> dict[str, set[str]]:
        if at in self._open:
            return self._open[at]
        mine = _tickets.customer.in_(self._names()), _tickets.status.in_(OPEN)
        query = select(_tickets.customer, _tickets.number).where(*mine, _tickets.created_at <= at, ~_tickets.proactive)
        found: dict[str, set[str]] = defaultdict(set)
        for customer, number in self._connection.execute(query):
            found[customer].add(ticket_id(number))
        return self._open.setdefault(at, found)


def _version(agreement: Agreement) -> tuple[str, str]:
    return agreement.contract, agreement.contract_version


def read_agreements(
    connection: Connection, *, customers: Collection[str], services: Collection[str]
) -> tuple[list[Agreement], dict[tuple[str, str], str]]:
    """Return what these customers have or had agreed about these services, in order, and the texts of the contracts."""
    rows = connection.execute(_with_terms().where(_a.service.in_(services), _ever_of(_a.id, customers))).all()
    texts = {(row.contract, row.contract_version): row.text for row in rows}
    return [one for one in _laid_out(rows) if one.customer in customers], texts


def _ever_of(agreement: ColumnElement[str], customers: Collection[str]) -> ColumnElement[bool]:
    now, before = select(_a.id).where(_a.customer.in_(customers)), select(_terms.agreement)
    return or_(agreement.in_(now), agreement.in_(before.where(_terms.customer.in_(customers))))


def _holder(held: Iterable[Agreement], agreement: str, at: datetime) -> str:
    """Return who had the agreement at that moment; of one before its first day, who had it first."""
    mine = sorted((one for one in held if one.id == agreement), key=lambda one: one.begins or at)
    return next((one for one in mine if one.over is None or at < one.over), mine[-1]).customer


def _laid_out(rows: Iterable[Row[Any]]) -> list[Agreement]:
    zones = ((row, parse_contract(row.text, row.contract, row.contract_version).zone) for row in rows)
    return lay_out(Terms(_as_agreement(row), row.valid_from, zone) for row, zone in zones)


@cache
def _with_terms() -> Any:
    columns = {name: func.coalesce(_terms[name], _a[name]).label(name) for name in _CHANGING}
    contract = (t.contracts.c.id == columns["contract"].element) & (
        t.contracts.c.version == columns["contract_version"].element
    )
    return (
        select(_a.id, _a.service, _a.starts, _a.ends, *columns.values(), _terms.valid_from)
        .add_columns(t.services.c.name.label("service_name"), t.contracts.c.text)
        .select_from(t.agreements)
        .outerjoin(agreement_terms, _terms.agreement == _a.id)
        .join(t.services, t.services.c.id == _a.service)
        .join(t.contracts, contract)
    )


def _as_agreement(row: Row[Any]) -> Agreement:
    return Agreement(
        id=row.id,
        customer=row.customer,
        service=row.service,
        service_name=row.service_name,
        contract=row.contract,
        contract_version=row.contract_version,
        starts=row.starts,
        ends=row.ends,
        monthly_charge=from_minor_units(row.monthly_charge, row.currency),
        account=row.account,
    )
