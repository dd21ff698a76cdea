"""The credits of all incidents within the period of a cap stay within the cap (I8).

Computed from the agreement's charge and the contract's text, not from what the rebates say. A window that is billed
in part counts as a full one here: this bound is never below the one that the booking keeps.
"""

from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Row, select

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.money import Money, round_to_minor_unit
from include.sla_logic.domain.period import Period
from include.sla_logic.persistence.contract_texts import find_contract
from include.sla_logic.persistence.counted_credits import COUNTS
from include.sla_logic.persistence.invariants.violation import Violation
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.columns import from_minor_units

_MONTHS = MappingProxyType({"month": 1, "quarter": 3, "year": 12})


def check_caps(connection: Connection) -> Iterator[Violation]:
    """Add up the credits of each service and capped period, under whatever agreement; the highest cap counts.

    Credits on usage have no charge here to compare.
    """
    credited: dict[tuple[str, str, Period], int] = defaultdict(int)
    caps: dict[tuple[str, str, Period], Money] = {}
    for row in connection.execute(_counted()):
        contract = find_contract(connection, row.contract, row.contract_version)
        if contract.cap is None or contract.charge_base != "recurring":
            continue
        key = row.customer, row.service, _period(contract, row)
        credited[key] += row.amount
        cap = _cap(contract, row)
        caps[key] = max(cap, caps.get(key, cap))
    for (customer, service, period), amount in credited.items():
        cap = caps[customer, service, period]
        total = from_minor_units(amount, cap.currency)
        if total > cap:
            said = f"was credited {total} for {period}, beyond the cap of {cap}"
            yield Violation("I8", f"{customer} {service}", said)


def _counted() -> Any:
    kept, agreements = a.applied_billing_credits, t.agreements
    return (
        select(kept, agreements.c.contract, agreements.c.contract_version, agreements.c.monthly_charge)
        .join(agreements, agreements.c.id == kept.c.agreement)
        .where(kept.c.state.in_(COUNTS))
        .order_by(kept.c.id)
    )


def _period(contract: Contract, row: Row[Any]) -> Period:
    assert contract.cap is not None  # noqa: S101 - asked before
    if contract.cap.over == "window":
        return Period(start=row.window_start, end=row.window_end)
    return contract.stretch(contract.cap.over, row.window_start)


def _cap(contract: Contract, row: Row[Any]) -> Money:
    assert contract.cap is not None  # noqa: S101 - asked before
    months = _MONTHS[contract.window if contract.cap.over == "window" else contract.cap.over]
    charge = from_minor_units(row.monthly_charge, row.currency).exact
    return round_to_minor_unit(Fraction(contract.cap.share) * charge * months, row.currency)
