"""The agreements of customers, with the time that each holds and the terms that changed while they lasted."""

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select

from include.sla_logic.domain.agreements import Terms, lay_out
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.persistence.contract_texts import parse_contract
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.agreements import agreement_terms
from include.sla_logic.persistence.schema.columns import from_minor_units

_CHANGING = ("customer", "contract", "contract_version", "monthly_charge", "currency", "account")
_a, _terms = t.agreements.c, agreement_terms.c


def read_agreements(
    connection: Connection, *, customers: Collection[str], services: Collection[str]
) -> tuple[list[Agreement], dict[tuple[str, str], str]]:
    """Return what these customers have or had agreed about these services, in order, and the texts of the contracts."""
    theirs = select(_terms.agreement).where(_terms.customer.in_(customers))
    rows = connection.execute(
        _with_terms().where(_a.service.in_(services), or_(_a.customer.in_(customers), _a.id.in_(theirs)))
    ).all()
    texts = {(row.contract, row.contract_version): row.text for row in rows}
    held = lay_out(Terms(_as_agreement(row), row.valid_from, _zone(row)) for row in rows)
    return [one for one in held if one.customer in customers], texts


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


def _zone(row: Row[Any]) -> str:
    return parse_contract(row.text, row.contract, row.contract_version).zone


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


def in_force(day: date) -> ColumnElement[bool]:
    """Return the condition that an agreement is in force on that day of its contract's zone."""
    return and_(_a.starts <= day, or_(_a.ends.is_(None), _a.ends >= day))


def perhaps_in_force(at: datetime) -> ColumnElement[bool]:
    """Return the condition that an agreement may be in force then: every zone's day is within one of UTC's."""
    day, one = at.astimezone(UTC).date(), timedelta(days=1)
    return and_(_a.starts <= day + one, or_(_a.ends.is_(None), _a.ends >= day - one))


def perhaps_subscribers(connection: Connection, service: str, *, at: datetime, limit: int | None = None) -> list[str]:
    """Return customers who may have the service at that moment: the register knows who does."""
    named = select(_a.customer).where(_a.service == service, perhaps_in_force(at))
    changed = select(_terms.customer).join(t.agreements, _a.id == _terms.agreement)
    either = named.union(changed.where(_a.service == service, perhaps_in_force(at))).subquery()
    return list(connection.scalars(select(either.c.customer).order_by(either.c.customer).limit(limit)))
