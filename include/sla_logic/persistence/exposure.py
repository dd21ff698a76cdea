"""The money at risk of tickets without a comparison: what the first credit tier of their contract costs."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from include.sla_logic.domain.credit import left_of_cap
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.netting import EarlierCredit
from include.sla_logic.domain.period import Period, spanning
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.persistence.contracts import ContractRegister
from include.sla_logic.persistence.counted_credits import credits_about
from include.sla_logic.persistence.first_tiers import Terms, counted_stretch, first_tier
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
    asked = [
        (ticket, agreement, window) for ticket, agreement, window in _agreed(register, tickets) if window.end > now
    ]
    stretches: dict[tuple[str, str], Period] = {}
    for ticket, agreement, window in asked:
        whose = ticket.customer, ticket.service
        stretches[whose] = spanning(counted_stretch(register.contract(agreement), window), stretches.get(whose))
    credited = credits_about(connection, stretches)
    costs: dict[tuple[Agreement, datetime], Money | None] = {}
    found: dict[int, Money] = {}
    for ticket, agreement, window in asked:
        key = agreement, window.start
        if key not in costs:
            costs[key] = _first_tier(register, agreement, window, credited[ticket.customer, ticket.service], now)
        if (cost := costs[key]) is not None:
            found[ticket.number] = cost
    return found


def _agreed(
    register: ContractRegister, tickets: Iterable[Uncompared]
) -> Iterator[tuple[Uncompared, Agreement, Period]]:
    """Yield those with an agreement at that moment, and the contract's window in which it lies."""
    for ticket in tickets:
        if register.has_agreement(ticket.customer, ticket.service, at=ticket.at):
            agreement = register.agreement(ticket.customer, ticket.service, at=ticket.at)
            yield ticket, agreement, register.contract(agreement).window_at(ticket.at)


def _first_tier(
    register: ContractRegister, agreement: Agreement, window: Period, credited: Sequence[EarlierCredit], now: datetime
) -> Money | None:
    contract = register.contract(agreement)
    stretch = counted_stretch(contract, window)
    counted = tuple(one for one in credited if one.window.start < stretch.end and stretch.start <= one.window.end)
    tier = first_tier(Terms(contract), agreement.monthly_charge, register.agreed_times(agreement), window, counted)
    if tier.costs is None or tier.window.end <= now:
        return None
    if tier.cap is None or tier.cap_window is None:
        return tier.costs
    return min(tier.costs, left_of_cap(tier.cap, tier.cap_window, counted))
