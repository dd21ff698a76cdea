"""Windows as their newest round left them: counted by contract, listed, and judged again where somebody asks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, true

from include.sla_logic.domain.judged_facts import FactKind, kinds_of
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.rebate import facts_of
from include.sla_logic.domain.settlement import is_due
from include.sla_logic.domain.sla import SlaComparison, compare
from include.sla_logic.persistence.contracts import ContractRegister
from include.sla_logic.persistence.counted_credits import window_of
from include.sla_logic.persistence.invariants import Violation
from include.sla_logic.persistence.measurements import MeasurementRegister
from include.sla_logic.persistence.portions import portions
from include.sla_logic.persistence.queries.settled_windows import rounds_of, settled_spans
from include.sla_logic.persistence.queries.settlement import windows_in
from include.sla_logic.persistence.schema.columns import from_minor_units
from include.sla_logic.persistence.settlement import (
    UnableToFindRound,
    find_round,
    find_run,
    last_run,
    newest_rounds,
    round_name,
    subscriptions,
)
from include.sla_logic.services.ended_windows import windows_until


@dataclass(frozen=True)
class WindowCount:
    """How many windows of a contract are in one state, with what they owe and what is booked for them."""

    contract: str
    state: str
    windows: int
    owed: Money
    booked: Money


@dataclass(frozen=True)
class SettledWindow:
    """One window as its newest round left it; what is held makes it one that a person must decide.

    `letter` is the round (`SR-12`) that the newest letter about the window is about; `changed` names the kinds of fact
    that had changed since the judgement before.
    """

    customer: str
    service: str
    window: Period
    contract: str
    round: int
    run: int
    state: str
    reason: str
    owed: Money | None
    booked: Money | None
    recorded_at: datetime
    letter: str | None = None
    changed: tuple[FactKind, ...] = ()


@dataclass(frozen=True)
class SettledWindows:
    """All windows, counted; and some of them."""

    counts: Sequence[WindowCount]
    windows: Sequence[SettledWindow]


@dataclass(frozen=True)
class JudgedAgain:
    """The rounds of a window, the newest first, and its judgement on the facts of now for the newest of them."""

    rounds: Sequence[SettledWindow]
    comparison: SlaComparison
    same: bool


def settled_windows(connection: Connection, *, state: str | None, limit: int) -> SettledWindows:
    """Count all windows by contract and state, and list some."""
    now = windows_in(true(), None).subquery().c
    key = now.contract, now.stands, now.currency
    sums = func.count(), func.coalesce(func.sum(now.owed), 0), func.coalesce(func.sum(now.booked), 0)
    counts = [
        WindowCount(contract, stood, windows, *(from_minor_units(int(one), currency) for one in (owed, booked)))
        for contract, stood, currency, windows, owed, booked in connection.execute(
            select(*key, *sums).group_by(*key).order_by(*key)
        )
    ]
    rows = connection.execute(windows_in(true(), state).limit(limit))
    return SettledWindows(counts, [settled_window(row, row.stands, row.booked) for row in rows])


def judge_again(connection: Connection, customer: str, service: str, *, at: datetime) -> JudgedAgain:
    """Judge a window for the moment of its newest round; raise `UnableToFindRound` where it has none."""
    newest = [row for row in newest_rounds(connection, (customer, service)).values() if window_of(row).contains(at)]
    if not newest:
        msg = f"No window of {customer} {service} that holds {at:%Y-%m-%d %H:%M} UTC was settled."
        raise UnableToFindRound(msg)
    row = max(newest, key=lambda one: one.number)
    comparison = _judged_now(connection, row)
    if comparison is None:
        msg = f"No agreement on record has the window {window_of(row)} any more."
        raise UnableToFindRound(msg)
    rounds = rounds_of(connection, (customer, service), window_of(row))
    same = row.facts is None or row.facts == facts_of(comparison)
    return JudgedAgain([settled_window(one, one.state, None) for one in rounds], comparison, same)


def is_out_of_date(connection: Connection, name: str) -> bool:
    """Tell whether facts have changed since this round; of a window that no agreement has any more, say no."""
    row = find_round(connection, name)
    comparison = _judged_now(connection, row)
    return comparison is not None and row.facts is not None and row.facts != facts_of(comparison)


def _judged_now(connection: Connection, row: Row[Any]) -> SlaComparison | None:
    """Judge the window of a round for the round's moment; None where no agreement has it any more."""
    register = ContractRegister(connection=connection, subscriptions=[(row.customer, row.service)])
    moment = find_run(connection, row.run).at
    for ended in windows_until(register, moment):
        if ended.window == window_of(row):
            measured = MeasurementRegister(connection=connection, contracts=register)
            facts = measured.facts(ended.agreement, ended.calendar, as_of=moment)
            return compare(ended.contract, facts, window=ended.calendar, as_of=moment)
    return None


def unsettled(connection: Connection) -> Iterator[Violation]:
    """Name the windows whose grace was over at the last run that has ended, and that have no round (I10)."""
    run = last_run(connection, ended=True)
    if run is None:
        return
    for some in portions(subscriptions(connection)):
        settled = settled_spans(connection, some)
        register = ContractRegister(connection=connection, subscriptions=some)
        for one in some:
            for ended in windows_until(register, run.at, one):
                if ended.window.span not in settled[one] and is_due(ended.contract, ended.window, run.at):
                    said = f"has no round, though its grace was over at the settlement run {run.number}"
                    yield Violation("I10", f"{' '.join(one)} {ended.window}", said)


def settled_window(row: Row[Any], state: str, booked: int | None) -> SettledWindow:
    """Read a round; `booked` is in minor units."""
    return SettledWindow(
        customer=row.customer,
        service=row.service,
        window=window_of(row),
        contract=row.contract,
        round=row.round,
        run=row.run,
        state=state,
        reason=row.reason,
        owed=None if row.owed is None else from_minor_units(row.owed, row.currency),
        booked=None if booked is None else from_minor_units(int(booked), row.currency),
        recorded_at=row.recorded_at,
        letter=None if getattr(row, "letter", None) is None else round_name(row.letter),
        changed=kinds_of(row.changed),
    )
