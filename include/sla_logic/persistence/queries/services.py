"""One service with its agreements: what each window promised, used up and paid."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.errors import NotFoundError
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.relationship import Agreement, Customer
from include.sla_logic.domain.sla import SlaComparison, compare
from include.sla_logic.persistence.agreements import perhaps_subscribers
from include.sla_logic.persistence.contracts import ContractRegister
from include.sla_logic.persistence.measurements import MeasurementRegister
from include.sla_logic.persistence.paging import Page
from include.sla_logic.persistence.queries.board import BoardLine, read_board
from include.sla_logic.persistence.queries.board_filter import BoardFilter
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.persistence.schema.columns import from_minor_units
from include.sla_logic.persistence.schema.reference import services

WINDOWS = 3  # the current one and two before it
_AGREEMENTS, _ASKED = 5, 20


class UnableToFindService(NotFoundError):
    """The register has no such service."""


@dataclass(frozen=True)
class KeptCredit:
    """One credit of one window, as Billing & Collections has it; without an amount until a person names it."""

    reference: str
    ticket: str
    objective: str
    window_start: datetime
    amount: Money | None
    state: str
    recorded_at: datetime


@dataclass(frozen=True)
class AgreementView:
    """One agreement with its windows, the newest first."""

    agreement: Agreement
    customer: Customer
    contract: Contract
    windows: Sequence[SlaComparison]
    credits: Sequence[KeptCredit]


@dataclass(frozen=True)
class ServiceView:
    """One service as its subscribers have it."""

    id: str
    name: str
    kind: str
    agreements: Sequence[AgreementView]
    incidents: Page[BoardLine]


def view_service(connection: Connection, service: str, *, now: datetime) -> ServiceView:
    """Judge the current and past windows of a service as known now; raise `UnableToFindService`."""
    row = connection.execute(select(services).where(services.c.id == service)).one_or_none()
    if row is None:
        raise UnableToFindService(f"The register has no service {service[:64]!r}.")
    register = ContractRegister(connection=connection)
    held = [
        register.agreement(customer, service, at=now)
        for customer in perhaps_subscribers(connection, service, at=now, limit=_ASKED)
        if register.has_agreement(customer, service, at=now)
    ][:_AGREEMENTS]
    return ServiceView(
        id=row.id,
        name=row.name,
        kind=row.kind,
        agreements=[_agreement_view(connection, register, agreement, now) for agreement in held],
        incidents=read_board(connection, BoardFilter(shown="all", service=service), now=now, size=20),
    )


def _agreement_view(
    connection: Connection, register: ContractRegister, agreement: Agreement, now: datetime
) -> AgreementView:
    contract = register.contract(agreement)
    facts = MeasurementRegister(connection=connection, contracts=register)
    return AgreementView(
        agreement=agreement,
        customer=register.customer(agreement.customer),
        contract=contract,
        windows=list(_windows(register, facts, agreement, now)),
        credits=_credits(connection, agreement.id),
    )


def _windows(
    register: ContractRegister, facts: MeasurementRegister, agreement: Agreement, now: datetime
) -> Iterator[SlaComparison]:
    """Judge the current window and those before it, each under the agreement that was in force."""
    at = now
    for _ in range(WINDOWS):
        if not register.has_agreement(agreement.customer, agreement.service, at=at):
            return
        held = register.agreement(agreement.customer, agreement.service, at=at)
        contract = register.contract(held)
        window = contract.window_at(at)
        yield (found := compare(contract, facts.facts(held, window, as_of=now), window=window, as_of=now))
        at = found.window.start - timedelta(seconds=1)


def _credits(connection: Connection, agreement: str, limit: int = 50) -> Sequence[KeptCredit]:
    table = applied_billing_credits.c
    rows = connection.execute(
        select(applied_billing_credits)
        .where(table.agreement == agreement)
        .order_by(table.recorded_at.desc())
        .limit(limit)
    )
    return [
        KeptCredit(
            reference=row.id,
            ticket=row.ticket,
            objective=row.objective,
            window_start=row.window_start,
            amount=None if row.amount is None else from_minor_units(row.amount, row.currency),
            state=row.state,
            recorded_at=row.recorded_at,
        )
        for row in rows
    ]
