"""The money at risk of tickets without a comparison: what the first credit tier of their contract costs."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.measurements import Charges, ServiceFacts
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.domain.sla import compare
from include.sla_logic.persistence.contracts import as_agreement, find_contract
from include.sla_logic.persistence.queue_positions import judged
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.columns import from_minor_units


@dataclass(frozen=True)
class Uncompared:
    """One ticket: its customer, its service, and the day observed."""

    number: int
    customer: str
    service: str
    day: date


class Stake(NamedTuple):
    """What the next tier costs on top; `assumed` where it is the first tier of a contract, before any comparison."""

    amount: Money | None
    assumed: bool


def at_stake(row: Any, assumed: Money | None, now: datetime) -> Stake:
    """Return what a row of the queue has at stake: nothing once the ticket or the judged window is over."""
    is_over = not row.open or (row.window_end is not None and row.window_end <= now)
    known = None if is_over else money(row.at_stake, row.currency)
    return Stake(known or assumed, known is None and assumed is not None)


def money(amount: int | None, currency: str | None) -> Money | None:
    """Return the amount, or None where it is not known."""
    return None if amount is None or currency is None else from_minor_units(amount, currency)


def assume_exposure(connection: Connection, wanted: Iterable[Uncompared], *, now: datetime) -> dict[int, Money]:
    """Return what the first tier would cost each ticket, as if the service had never been down before.

    A ticket without an agreement on that day, or whose contract counts no downtime, is left out; so is one of a window
    that is over: nothing of it is at stake.
    """
    tickets = list(wanted)
    if not tickets:
        return {}
    agreements = _agreements(connection, tickets)
    contracts: dict[tuple[str, str], Contract] = {}
    costs: dict[tuple[str, date], Money | None] = {}
    found: dict[int, Money] = {}
    for ticket in tickets:
        held = agreements[ticket.customer, ticket.service]
        agreement = next((a for a in held if a.starts <= ticket.day <= (a.ends or date.max)), None)
        if agreement is None:
            continue
        version = agreement.contract, agreement.contract_version
        if version not in contracts:
            contracts[version] = find_contract(connection, *version)
        key = agreement.id, ticket.day.replace(day=1)
        if key not in costs:
            costs[key] = _first_tier(contracts[version], agreement, ticket.day, now)
        if (cost := costs[key]) is not None:
            found[ticket.number] = cost
    return found


def _agreements(connection: Connection, tickets: list[Uncompared]) -> dict[tuple[str, str], list[Agreement]]:
    """Return the agreements of these customers by customer and service, the newest first."""
    query = (
        select(t.agreements, t.services.c.name.label("service_name"))
        .join(t.services, t.services.c.id == t.agreements.c.service)
        .where(
            t.agreements.c.customer.in_({ticket.customer for ticket in tickets}),
            t.agreements.c.service.in_({ticket.service for ticket in tickets}),
        )
        .order_by(t.agreements.c.starts.desc(), t.agreements.c.id.desc())
    )
    found: dict[tuple[str, str], list[Agreement]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.customer, row.service].append(as_agreement(row))
    return found


def _first_tier(contract: Contract, agreement: Agreement, day: date, now: datetime) -> Money | None:
    noon = datetime.combine(day, time(12), UTC)
    window = contract.window_at(noon)
    if window.end <= now:
        return None
    facts = ServiceFacts(service=agreement.service, charges=Charges(recurring=agreement.monthly_charge))
    said = judged(compare(contract, facts, window=window, as_of=window.start))
    return None if said["at_stake"] is None else from_minor_units(said["at_stake"], said["currency"])
