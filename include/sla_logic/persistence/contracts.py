"""The contract register in the operations database."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, insert, or_, select

from include.sla_logic.domain.contract import Contract, read_contract
from include.sla_logic.domain.contract.reading import parse_stored
from include.sla_logic.domain.errors import ForeseenError, NotFoundError
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.relationship import Agreement, Customer, RelationshipHistory
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.columns import from_minor_units, to_minor_units
from include.sla_logic.persistence.schema.system_t import tickets

OPEN = (TicketStatus.ACKNOWLEDGED, TicketStatus.IN_PROGRESS, TicketStatus.PENDING, TicketStatus.HELD)
YEAR = timedelta(days=365)


class UnableToFindRecord(NotFoundError):
    """The register has no such customer, agreement or contract."""


class UnableToLoadContract(ForeseenError):
    """This version of the contract was loaded before with another text."""


Subscription = tuple[str, str]  # customer and service


class ContractRegister:
    """Contracts, agreements and customers, as one transaction sees them; looked up once for all subscriptions."""

    def __init__(self, *, connection: Connection, subscriptions: Iterable[Subscription] = ()) -> None:
        """Look through this transaction; what is asked about another subscription is looked up for it alone."""
        self._connection = connection
        self._subscriptions = dict.fromkeys(subscriptions)
        self._customers: dict[str, Row[Any] | None] = {}
        self._agreements: dict[Subscription, list[tuple[Agreement, str]]] = {}
        self._versions: dict[tuple[str, str], Contract] = {}
        self._charges: dict[tuple[str, date], dict[int, int]] = {}
        self._violated: dict[datetime, dict[str, int]] = {}
        self._open: dict[datetime, dict[str, set[str]]] = {}

    def customer(self, customer: str) -> Customer:
        row = self._customer_row(customer)
        return Customer(id=row.id, name=row.name, email=row.email, locale=row.locale, protected=row.protected)

    def agreement(self, customer: str, service: str, *, at: datetime) -> Agreement:
        """Return the agreement in force on that UTC day; of several the one that started last."""
        day = at.astimezone(UTC).date()
        for agreement, _ in self._agreements_of((customer, service)):
            if agreement.starts <= day <= (agreement.ends or day):
                return agreement
        msg = f"Customer {customer} has no agreement for service {service} in force on {day.isoformat()}."
        raise UnableToFindRecord(msg)

    def agreements(self) -> list[Agreement]:
        """Return all agreements about the subscriptions here, whenever they are in force."""
        return [agreement for one in self._subscriptions for agreement, _ in self._agreements_of(one)]

    def contract(self, agreement: Agreement) -> Contract:
        key = agreement.contract, agreement.contract_version
        if key not in self._versions:
            held = self._agreements.get((agreement.customer, agreement.service), ())
            text = next((text for one, text in held if (one.contract, one.contract_version) == key), None)
            self._versions[key] = find_contract(self._connection, *key) if text is None else parse_contract(text, *key)
        return self._versions[key]

    def alike(self, agreement: Agreement) -> list[str]:
        """Return the services here that are subscribed under the same version of the contract."""
        key = agreement.contract, agreement.contract_version
        same = [service for (_, service), held in self._agreements.items() for one, _ in held if _version(one) == key]
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
            msg = f"There is no customer {customer} in the contract register."
            raise UnableToFindRecord(msg)
        return row

    def _agreements_of(self, subscription: Subscription) -> list[tuple[Agreement, str]]:
        """Return what was agreed, the newest first, with the text of the contract."""
        if subscription not in self._agreements:
            wanted = {subscription, *self._subscriptions} - set(self._agreements)
            self._agreements |= {one: [] for one in wanted}
            for row in self._connection.execute(_agreements_about(wanted)):
                if (row.customer, row.service) in wanted:
                    self._agreements[row.customer, row.service].append((as_agreement(row), row.text))
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
        """Return how many violations each customer here had in the year before."""
        if at in self._violated:
            return self._violated[at]
        violations, customer = t.violations, t.agreements.c.customer
        query = (
            select(customer, func.count())
            .select_from(violations.join(t.agreements, t.agreements.c.id == violations.c.agreement))
            .where(customer.in_(self._names()), violations.c.recorded_at > at - YEAR, violations.c.recorded_at <= at)
            .group_by(customer)
        )
        self._violated[at] = {row[0]: row[1] for row in self._connection.execute(query)}
        return self._violated[at]

    def _open_tickets(self, at: datetime) -> dict[str, set[str]]:
        if at in self._open:
            return self._open[at]
        query = select(tickets.c.customer, tickets.c.number).where(
            tickets.c.customer.in_(self._names()), tickets.c.status.in_(OPEN), tickets.c.created_at <= at
        )
        found: dict[str, set[str]] = defaultdict(set)
        for customer, number in self._connection.execute(query):
            found[customer].add(ticket_id(number))
        self._open[at] = found
        return found


def _version(agreement: Agreement) -> tuple[str, str]:
    return agreement.contract, agreement.contract_version


def _agreements_about(subscriptions: Iterable[Subscription]) -> Select[Any]:
    customers, services = zip(*subscriptions, strict=True)
    contract = (t.contracts.c.id == t.agreements.c.contract) & (
        t.contracts.c.version == t.agreements.c.contract_version
    )
    return (
        select(t.agreements, t.services.c.name.label("service_name"), t.contracts.c.text)
        .select_from(t.agreements)
        .join(t.services, t.services.c.id == t.agreements.c.service)
        .join(t.contracts, contract)
        .where(t.agreements.c.customer.in_(set(customers)), t.agreements.c.service.in_(set(services)))
        .order_by(t.agreements.c.starts.desc(), t.agreements.c.id.desc())
    )


def in_force(day: date):  # type: ignore[no-untyped-def]  # noqa: ANN201 - a clause of SQLAlchemy
    """Return the condition that an agreement is in force on that day."""
    return and_(t.agreements.c.starts <= day, or_(t.agreements.c.ends.is_(None), t.agreements.c.ends >= day))


def as_agreement(row: Row[Any]) -> Agreement:
    """Turn a row of `agreements` with the name of its service into the agreement."""
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


def find_contract(connection: Connection, contract: str, version: str) -> Contract:
    """Return one version of a contract; raise `UnableToFindRecord` where it was never loaded."""
    text = connection.scalar(
        select(t.contracts.c.text).where(t.contracts.c.id == contract, t.contracts.c.version == version)
    )
    if text is None:
        msg = f"Version {version} of the contract {contract} was never loaded."
        raise UnableToFindRecord(msg)
    return parse_contract(text, contract, version)


@lru_cache(maxsize=256)
def parse_contract(text: str, contract: str, version: str) -> Contract:
    """Read the text of a contract that was validated when it was loaded."""
    return parse_stored(text, name=f"{contract} {version}")


def load_contract(connection: Connection, text: str, *, name: str, now: datetime) -> tuple[Contract, bool]:
    """Validate and keep a contract; return it and whether it is new.

    A version once loaded never changes: judgements made on it must stay explainable.
    """
    contract = read_contract(text, name=name)
    digest = sha256(text.encode()).hexdigest()
    known = connection.scalar(
        select(t.contracts.c.digest).where(t.contracts.c.id == contract.id, t.contracts.c.version == contract.version)
    )
    if known == digest:
        return contract, False
    if known is not None:
        msg = (
            f"{name}: version {contract.version} of the contract {contract.id} was loaded before with another text; "
            "give the changed text a new version."
        )
        raise UnableToLoadContract(msg)
    connection.execute(
        insert(t.contracts).values(id=contract.id, version=contract.version, text=text, digest=digest, loaded_at=now)
    )
    return contract, True
