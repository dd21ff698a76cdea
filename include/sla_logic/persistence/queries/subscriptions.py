"""The services that customers have subscribed, with their names."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from include.sla_logic.persistence.schema.reference import agreements, customers, services


@dataclass(frozen=True)
class Subscription:
    """A customer and a service that they have subscribed."""

    customer: str
    customer_name: str
    service: str
    service_name: str


def list_subscriptions(connection: Connection, *, limit: int) -> Sequence[Subscription]:
    """Return subscriptions in the order of customers and services."""
    query = (
        select(agreements.c.customer, customers.c.name, agreements.c.service, services.c.name)
        .join(customers, customers.c.id == agreements.c.customer)
        .join(services, services.c.id == agreements.c.service)
        .order_by(agreements.c.customer, agreements.c.service)
        .limit(limit)
    )
    return [Subscription(*row) for row in connection.execute(query)]
