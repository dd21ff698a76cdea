"""Judging services from the operations database, outside of any incident."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, select

from include.sla_logic.domain.budget import ServiceBudget, work_out_budget
from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.measurements import ServiceFacts
from include.sla_logic.domain.performance import PerformanceSeries
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.domain.service_performance import draw
from include.sla_logic.domain.sla import Assessed, compare
from include.sla_logic.persistence.agreements import perhaps_in_force, perhaps_subscribers
from include.sla_logic.persistence.completeness import is_recorded
from include.sla_logic.persistence.contracts import ContractRegister, UnableToFindRecord
from include.sla_logic.persistence.counted_credits import touching
from include.sla_logic.persistence.measurements import MeasurementRegister
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.services.stand_ins import StandInRegister

_MOST_NAMED = 20


def find_subscriber(connection: Connection, service: str, *, at: datetime) -> str:
    """Return the only customer who had that service then; raise `UnableToFindRecord` for none or several."""
    register = ContractRegister(connection=connection)
    names = perhaps_subscribers(connection, service, at=at, limit=_MOST_NAMED)
    customers = [name for name in names if register.has_agreement(name, service, at=at)]
    if len(customers) == 1:
        return customers[0]
    if customers:
        msg = f"The service {service} is subscribed by {', '.join(customers[:5])}: say whose is meant."
    else:
        day = at.astimezone(UTC).date()
        msg = f"There is no agreement for the service {service} in force on {day.isoformat()}."
    raise UnableToFindRecord(msg)


def assess_service(
    connection: Connection, customer: str, service: str, *, at: datetime, now: datetime, under: Contract | None = None
) -> Assessed:
    """Judge the window that holds `at` with what was known at `now`, perhaps `under` another contract."""
    register = ContractRegister(connection=connection)
    if under is not None:
        versions = ((one.contract, one.contract_version) for one in register.agreements((customer, service)))
        instead = dict.fromkeys(versions, under)
        register = StandInRegister(connection=connection, on_record=register, instead=instead)
    return _assess(connection, register, register.agreement(customer, service, at=at), at=at, now=now)


def assess_what_is_known(
    connection: Connection, customer: str, service: str, *, at: datetime, now: datetime, under: Contract | None = None
) -> Assessed:
    """Judge the same; where no record of any kind tells of the window, nobody measured: nothing was kept or broken."""
    found = assess_service(connection, customer, service, at=at, now=now, under=under)
    facts = only_what_is_known(connection, found.facts, found.comparison.window, as_of=now)
    if facts is found.facts:
        return found
    comparison = compare(found.contract, facts, window=found.contract.window_at(at), as_of=now)
    return Assessed(found.contract, facts, comparison)


def only_what_is_known(connection: Connection, facts: ServiceFacts, window: Period, *, as_of: datetime) -> ServiceFacts:
    """Return the facts as they are, or with the window as unobserved where no record tells of it."""
    if is_recorded(connection, facts.service, window, as_of=as_of):
        return facts
    return facts.model_copy(update={"unobserved": (window,)})


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
    valid = perhaps_in_force(now)
    column = t.agreements.c.service
    page = select(column).where(valid, column > after).distinct().order_by(column).limit(limit)
    if services:
        page = page.where(column.in_(services))
    register = ContractRegister(connection=connection)
    return [
        _budget(connection, register, register.agreement(customer, service, at=now), now=now)
        for service in connection.scalars(page).all()
        for customer in perhaps_subscribers(connection, service, at=now)
        if register.has_agreement(customer, service, at=now)
    ]


def _budget(
    connection: Connection, register: ContractRegister, agreement: Agreement, *, now: datetime
) -> ServiceBudget:
    assessed = _assess(connection, register, agreement, at=now, now=now)
    comparison = assessed.comparison
    earlier = touching(assessed.facts.credited, comparison.window)
    return work_out_budget(
        comparison, assessed.contract, agreement=agreement.id, customer=agreement.customer, earlier=earlier
    )


def _assess(
    connection: Connection, register: ContractRegister, agreement: Agreement, *, at: datetime, now: datetime
) -> Assessed:
    contract = register.contract(agreement)
    window = contract.window_at(at)
    facts = MeasurementRegister(connection=connection, contracts=register).facts(agreement, window, as_of=now)
    return Assessed(contract, facts, compare(contract, facts, window=window, as_of=now))
