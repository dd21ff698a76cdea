"""The credits of all incidents within the period of a cap stay within the cap (I8).

Computed from the agreements' charges and the contract's text, not from what the rebates say. A window that is billed
in part counts as a full one here, at the highest charge that the customer paid for the service in the period: this
bound is never below the one that the booking keeps.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import timedelta
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.money import Money, round_to_minor_unit
from include.sla_logic.domain.period import Period
from include.sla_logic.persistence.agreement_rows import AgreementRow, read_rows
from include.sla_logic.persistence.contract_texts import find_contract
from include.sla_logic.persistence.counted_credits import COUNTS
from include.sla_logic.persistence.invariants.violation import Violation
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.columns import from_minor_units

_Key = tuple[str, str, str, Period]  # customer, service, currency, and the stretch that the cap is of
_HALF_A_DAY = timedelta(hours=12)  # from the start of a window into its first day, in any zone
_MONTHS = MappingProxyType({"month": 1, "quarter": 3, "year": 12})


def check_caps(connection: Connection) -> Iterator[Violation]:
    """Add up the credits of each service and capped period, under whatever agreement; the highest cap counts.

    Credits on usage have no charge here to compare.
    """
    credited: dict[_Key, int] = defaultdict(int)
    caps: dict[_Key, Money] = {}
    rows = connection.execute(_counted()).all()
    agreements = _agreements(connection)
    about: dict[str, list[AgreementRow]] = defaultdict(list)
    for agreement in agreements.values():
        about[agreement.service].append(agreement)
    for row in rows:
        terms = agreements[row.agreement].in_force((row.window_start + _HALF_A_DAY).date())
        begun = agreements[row.agreement].starts
        contract = find_contract(connection, terms["contract"], terms["contract_version"]).begun_on(begun)
        if contract.cap is None or contract.charge_base != "recurring":
            continue
        key = row.customer, row.service, row.currency, _period(contract, row)
        paid = [terms["monthly_charge"]] if terms["currency"] == row.currency else []
        paid += _charges(about[row.service], key)
        if not paid:
            continue  # nothing was ever agreed in this currency: of what share it would be is not known
        credited[key] += row.amount
        cap = _cap(contract, row, sum(paid) if contract.proration == "none" else max(paid))
        caps[key] = max(cap, caps.get(key, cap))
    for key, amount in credited.items():
        customer, service, currency, period = key
        cap, total = caps[key], from_minor_units(amount, currency)
        if total > cap:
            said = f"was credited {total} for {period}, beyond the cap of {cap}"
            yield Violation("I8", f"{customer} {service}", said)


def _counted() -> Any:
    kept = a.applied_billing_credits
    return select(kept).where(kept.c.state.in_(COUNTS)).order_by(kept.c.id)


def _agreements(connection: Connection) -> dict[str, AgreementRow]:
    """Return all agreements about services of which anything was credited."""
    kept = a.applied_billing_credits.c
    credited = select(kept.service).where(kept.state.in_(COUNTS))
    booked_under = select(kept.agreement).where(kept.state.in_(COUNTS))
    return read_rows(connection, or_(t.agreements.c.service.in_(credited), t.agreements.c.id.in_(booked_under)))


def _charges(agreements: Iterable[AgreementRow], key: _Key) -> Iterator[int]:
    """Yield each monthly charge that the customer paid for the service on a day of the period, in any zone."""
    customer, _service, currency, period = key
    first, last = (at.date().toordinal() for at in (period.start - _HALF_A_DAY, period.end + _HALF_A_DAY))
    for agreement in agreements:
        for (start, end), terms in agreement.held():
            mine = (terms["customer"], terms["currency"]) == (customer, currency)
            if mine and start <= last and end > first:
                yield terms["monthly_charge"]


def _period(contract: Contract, row: Row[Any]) -> Period:
    assert contract.cap is not None  # noqa: S101 - asked before
    if contract.cap.over == "window":
        return Period(start=row.window_start, end=row.window_end)
    return contract.stretch(contract.cap.over, row.window_start)


def _cap(contract: Contract, row: Row[Any], monthly: int) -> Money:
    assert contract.cap is not None  # noqa: S101 - asked before
    months = _MONTHS[contract.window if contract.cap.over == "window" else contract.cap.over]
    charge = from_minor_units(monthly, row.currency).exact
    return round_to_minor_unit(Fraction(contract.cap.share) * charge * months, row.currency)
