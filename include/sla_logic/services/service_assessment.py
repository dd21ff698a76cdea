"""Judging services from the operations database, outside of any incident."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, Select, select

from include.sla_logic.domain.budget import ServiceBudget, work_out_budget
from include.sla_logic.domain.performance import PerformanceSeries
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.domain.service_performance import draw
from include.sla_logic.domain.sla import Assessed, compare
from include.sla_logic.persistence.contracts import ContractRegister, UnableToFindRecord, in_force
from include.sla_logic.persistence.counted_credits import counted_credits, touching
from include.sla_logic.persistence.measurements import MeasurementRegister
from include.sla_logic.persistence.schema import reference as t


def find_subscriber(connection: Connection, service: str, *, at: datetime) -> str:
    """Return the only customer who had that service that day; raise `UnableToFindRecord` for none or several."""
    day = at.astimezone(UTC).date()
    names = _subscriptions().where(t.agreements.c.service == service, in_force(day))
    customers: list[str] = sorted({row.customer for row in connection.execute(names)})
    if len(customers) == 1:
        return customers[0]
    if customers:
        msg = f"The service {service} is subscribed by {', '.join(customers[:5])}: say whose is meant."
    else:
        msg = f"There is no agreement for the service {service} in force on {day.isoformat()}."
    raise UnableToFindRecord(msg)


def assess_service(connection: Connection, customer: str, service: str, *, at: datetime, now: datetime) -> Assessed:
    """Judge the window that holds `at` with what was known at `now`."""
    agreement = ContractRegister(connection=connection).agreement(customer, service, at=at)
    return _assess(connection, agreement, at=at, now=now)


def course_of_service(
    connection: Connection, customer: str, service: str, *, at: datetime, now: datetime
) -> tuple[PerformanceSeries, ...]:
    """Return the course of each objective in the window that holds `at`, as known now."""
    assessed = assess_service(connection, customer, service, at=at, now=now)
    return draw(assessed.facts, assessed.comparison, assessed.contract, actions=None)


def budgets(
    connection: Connection, *, services: Sequence[str], after: str, limit: int, now: datetime
) -> list[ServiceBudget]:
    """Return the budgets of the agreements in force for these services, in the order of services and customers."""
    valid = in_force(now.astimezone(UTC).date())
    column = t.agreements.c.service
    page = select(column).where(valid, column > after).distinct().order_by(column).limit(limit)
    if services:
        page = page.where(column.in_(services))
    query = _subscriptions().where(valid, column.in_(page.scalar_subquery()))
    register = ContractRegister(connection=connection)
    found = []
    for row in connection.execute(query).all():
        agreement = register.agreement(row.customer, row.service, at=now)
        assessed = _assess(connection, agreement, at=now, now=now)
        comparison = assessed.comparison
        earlier = touching(counted_credits(connection, [agreement.id])[agreement.id], comparison.window)
        found.append(
            work_out_budget(
                comparison, assessed.contract, agreement=agreement.id, customer=agreement.customer, earlier=earlier
            )
        )
    return found


def _subscriptions() -> Select[tuple[str, str]]:
    columns = t.agreements.c
    return select(columns.service, columns.customer).distinct().order_by(columns.service, columns.customer)


def _assess(connection: Connection, agreement: Agreement, *, at: datetime, now: datetime) -> Assessed:
    contract = ContractRegister(connection=connection).contract(agreement)
    window = contract.window_at(at)
    facts = MeasurementRegister(connection=connection).facts(agreement, window, as_of=now)
    return Assessed(contract, facts, compare(contract, facts, window=window, as_of=now))
