"""The services that customers have subscribed, with their names."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, or_, select, true

from include.sla_logic.persistence.schema.reference import agreements, customers, services


@dataclass(frozen=True)
class Subscription:
    """A customer and a service that they have subscribed."""

    customer: str
    customer_name: str
    service: str
    service_name: str


def list_subscriptions(connection: Connection, *, limit: int, customer: str | None = None) -> Sequence[Subscription]:
    """Return subscriptions, of one customer or of all, in the order of customers and services."""
    query = (
        select(agreements.c.customer, customers.c.name, agreements.c.service, services.c.name)
        .join(customers, customers.c.id == agreements.c.customer)
        .join(services, services.c.id == agreements.c.service)
        .where(true() if customer is None else agreements.c.customer == customer)
        .order_by(agreements.c.customer, agreements.c.service)
        .limit(limit)
    )
    return [Subscription(*row) for row in connection.execute(query)]


def find_customers(connection: Connection, text: str, *, limit: int) -> Sequence[tuple[str, str]]:
    """Return number and name of customers whose number or name has this text in it, in the order of names."""
    found = or_(customers.c.id.icontains(text, autoescape=True), customers.c.name.icontains(text, autoescape=True))
    query = select(customers.c.id, customers.c.name).where(found).order_by(customers.c.name, customers.c.id)
    return [(row.id, row.name) for row in connection.execute(query.limit(limit))]
