"""The contract register in the operations database."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, or_, select

from include.sla_logic.domain.contract import Contract, read_contract
from include.sla_logic.domain.errors import ForeseenError, NotFoundError
from include.sla_logic.domain.relationship import Agreement, Customer, RelationshipHistory
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.columns import from_minor_units
from include.sla_logic.persistence.schema.system_t import tickets

OPEN = (TicketStatus.ACKNOWLEDGED, TicketStatus.IN_PROGRESS, TicketStatus.PENDING, TicketStatus.HELD)
YEAR = timedelta(days=365)


class UnableToFindRecord(NotFoundError):
    """The register has no such customer, agreement or contract."""


class UnableToLoadContract(ForeseenError):
    """This version of the contract was loaded before with another text."""


class ContractRegister:
    """Contracts, agreements and customers, as one transaction sees them."""

    def __init__(self, *, connection: Connection, ticket: str | None = None, now: datetime | None = None) -> None:
        """Look through this transaction; `ticket` is the incident that asks, which never counts itself."""
        self._connection = connection
        self._ticket = ticket
        self._now = now

    def customer(self, customer: str) -> Customer:
        row = self._connection.execute(select(t.customers).where(t.customers.c.id == customer)).one_or_none()
        if row is None:
            msg = f"There is no customer {customer} in the contract register."
            raise UnableToFindRecord(msg)
        return Customer(id=row.id, name=row.name, email=row.email, locale=row.locale, protected=row.protected)

    def agreement(self, customer: str, service: str, *, at: datetime) -> Agreement:
        """Return the agreement in force on that UTC day; of several the one that started last."""
        day = at.astimezone(UTC).date()
        row = self._connection.execute(
            select(t.agreements, t.services.c.name.label("service_name"))
            .join(t.services, t.services.c.id == t.agreements.c.service)
            .where(t.agreements.c.customer == customer, t.agreements.c.service == service, in_force(day))
            .order_by(t.agreements.c.starts.desc(), t.agreements.c.id.desc())
            .limit(1)
        ).one_or_none()
        if row is None:
            msg = f"Customer {customer} has no agreement for service {service} in force on {day.isoformat()}."
            raise UnableToFindRecord(msg)
        return as_agreement(row)

    def contract(self, agreement: Agreement) -> Contract:
        return find_contract(self._connection, agreement.contract, agreement.contract_version)

    def relationship(self, agreement: Agreement, *, at: datetime) -> RelationshipHistory:
        contract = self.contract(agreement)
        return RelationshipHistory(
            customer=agreement.customer,
            customer_since=self._since(agreement.customer),
            service_class=contract.service_class.value,
            monthly_charge=agreement.monthly_charge,
            charge_percentile=self._charge_percentile(agreement, at.astimezone(UTC).date()),
            violations_last_year=self._violations(agreement.customer, at),
            other_open_incidents=self._other_open_incidents(agreement.customer, at),
            agreement_ends=agreement.ends,
            protected=contract.protected or self.customer(agreement.customer).protected,
        )

    def _since(self, customer: str) -> date | None:
        return self._connection.scalar(select(t.customers.c.since).where(t.customers.c.id == customer))

    def _charge_percentile(self, agreement: Agreement, day: date) -> int | None:
        """Return the percentage of agreements in force, in the same currency, that are charged less."""
        charge = select(t.agreements.c.monthly_charge).where(t.agreements.c.id == agreement.id).scalar_subquery()
        total, below = self._connection.execute(
            select(func.count(), func.count().filter(t.agreements.c.monthly_charge < charge)).where(
                t.agreements.c.currency == agreement.monthly_charge.currency, in_force(day)
            )
        ).one()
        return 100 * int(below) // int(total) if total else None

    def _violations(self, customer: str, at: datetime) -> int:
        found = self._connection.scalar(
            select(func.count())
            .select_from(t.violations.join(t.agreements, t.agreements.c.id == t.violations.c.agreement))
            .where(
                t.agreements.c.customer == customer,
                t.violations.c.recorded_at > at - YEAR,
                t.violations.c.recorded_at <= at,
            )
        )
        return int(found or 0)

    def _other_open_incidents(self, customer: str, at: datetime) -> int:
        found = self._connection.execute(
            select(tickets.c.number).where(
                tickets.c.customer == customer, tickets.c.status.in_(OPEN), tickets.c.created_at <= at
            )
        )
        return sum(ticket_id(number) != self._ticket for (number,) in found)


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
    return _parsed(text, f"{contract} {version}")


@lru_cache(maxsize=256)
def _parsed(text: str, name: str) -> Contract:
    return read_contract(text, name=name)


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
