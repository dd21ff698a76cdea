"""The money at risk of tickets without a comparison: what the first credit tier of their contract costs."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from include.sla_logic.domain.credit import left_of_cap
from include.sla_logic.domain.measurements import Charges, ServiceFacts
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.netting import EarlierCredit
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.domain.sla import compare
from include.sla_logic.domain.sla.agreed import find_agreed_window
from include.sla_logic.persistence.contracts import ContractRegister, UnableToFindRecord
from include.sla_logic.persistence.counted_credits import credit_histories
from include.sla_logic.persistence.queue_positions import judged
from include.sla_logic.persistence.schema.columns import from_minor_units


@dataclass(frozen=True)
class Uncompared:
    """One ticket: its customer, its service, and when the problem was observed."""

    number: int
    customer: str
    service: str
    at: datetime


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
    """Return what the first tier would cost each ticket, as if the service had never been down in its window.

    What other windows brought is taken off, and what is left of the cap is never exceeded. A ticket without an
    agreement at that moment, or whose contract counts no downtime, is left out; so is one of a window that is over:
    nothing of it is at stake.
    """
    tickets = list(wanted)
    if not tickets:
        return {}
    subscriptions = [(one.customer, one.service) for one in tickets]
    register = ContractRegister(connection=connection, subscriptions=subscriptions)
    agreed = list(_agreed(register, tickets))
    histories = credit_histories(connection, {(one.customer, one.service) for one, _ in agreed})
    costs: dict[tuple[Agreement, datetime], Money | None] = {}
    found: dict[int, Money] = {}
    for ticket, agreement in agreed:
        window = register.contract(agreement).window_at(ticket.at)
        key = agreement, window.start
        if key not in costs:
            credited = histories[ticket.customer, ticket.service].credited
            costs[key] = _first_tier(register, agreement, window, credited, now)
        if (cost := costs[key]) is not None:
            found[ticket.number] = cost
    return found


def _agreed(register: ContractRegister, tickets: Iterable[Uncompared]) -> Iterator[tuple[Uncompared, Agreement]]:
    """Yield those with an agreement at that moment."""
    for ticket in tickets:
        with suppress(UnableToFindRecord):
            yield ticket, register.agreement(ticket.customer, ticket.service, at=ticket.at)


def _first_tier(
    register: ContractRegister, agreement: Agreement, window: Period, credited: Sequence[EarlierCredit], now: datetime
) -> Money | None:
    facts = ServiceFacts(
        service=agreement.service,
        charges=Charges(recurring=agreement.monthly_charge),
        agreements=register.agreed_times(agreement),
    )
    contract = register.contract(agreement)
    judged_in = find_agreed_window(contract, facts, window).window
    others = tuple(one for one in credited if one.window != judged_in)
    facts = facts.model_copy(update={"credited": others})
    comparison = compare(contract, facts, window=window, as_of=window.start)
    said = judged(comparison)
    if comparison.window.end <= now or said["at_stake"] is None:
        return None
    cost = from_minor_units(said["at_stake"], said["currency"])
    if comparison.cap is None or comparison.cap_window is None:
        return cost
    return min(cost, left_of_cap(comparison.cap, comparison.cap_window, credited))
