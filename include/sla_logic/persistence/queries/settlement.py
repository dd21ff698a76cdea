"""What settlement has made of the windows that have ended, for the desk: by period, and window by window."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, Subquery, and_, case, false, func, or_, select, true, tuple_

from include.sla_logic.domain.period import Period
from include.sla_logic.domain.settlement import RoundState
from include.sla_logic.persistence.contract_texts import parse_contract
from include.sla_logic.persistence.counted_credits import COUNTS
from include.sla_logic.persistence.paging import Page, cut_page
from include.sla_logic.persistence.queries.settled_windows import WINDOW, is_replaced
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.persistence.schema.reference import contracts
from include.sla_logic.persistence.schema.settlement import (
    settlement_rounds,
    settlement_runs,
    settlement_shards,
    settlement_statements,
)
from include.sla_logic.persistence.settlement import SettlementRun, booked_by_rounds, run_of

_NAMED = (RoundState.WAITING.value, RoundState.FAILED.value)


class Terms(NamedTuple):
    """One version of a contract."""

    contract: str
    version: str


class RunProgress(NamedTuple):
    """How many shards of a run were looked at, and how many are settled."""

    looked: int
    settled: int


def zones_of(connection: Connection) -> dict[Terms, str]:
    """Return the zone of every version of a contract."""
    rows = connection.execute(select(contracts.c.id, contracts.c.version, contracts.c.text))
    return {Terms(row.id, row.version): parse_contract(row.text, row.id, row.version).zone for row in rows}


def ended_in(bounds: Iterable[tuple[Terms, Period | None]]) -> ColumnElement[bool]:
    """Choose windows that end after the start of their contract's period, at its end at the latest; without one all."""
    c, terms = settlement_rounds.c, dict[Period | None, list[Terms]]()
    for one, period in bounds:
        terms.setdefault(period, []).append(one)
    chosen = (
        and_(
            tuple_(c.contract, c.contract_version).in_(mine),
            true() if period is None else and_(c.window_end > period.start, c.window_end <= period.end),
        )
        for period, mine in terms.items()
    )
    return or_(false(), *chosen)


def count_windows(connection: Connection, chosen: ColumnElement[bool]) -> Sequence[Any]:
    """Count windows by contract, end and state, with sums in minor units: owed, booked, held, unclaimed."""
    now = _windows(chosen).subquery()
    key = [now.c[name] for name in ("contract", "contract_version", "window_end", "stands", "currency")]
    sums = [func.coalesce(func.sum(now.c[name]), 0).label(name) for name in ("owed", "booked", "held", "unclaimed")]
    return connection.execute(select(*key, func.count().label("windows"), *sums).group_by(*key)).all()


def count_reasons(connection: Connection, chosen: ColumnElement[bool]) -> Sequence[Any]:
    """Count the windows that wait, and those that failed, by contract, end and reason."""
    c = settlement_rounds.c
    key = [c.contract, c.contract_version, c.window_end, c.state, c.reason]
    query = select(*key, func.count().label("windows")).where(chosen, c.state.in_(_NAMED), ~is_replaced())
    return connection.execute(query.group_by(*key)).all()


def windows_in(chosen: ColumnElement[bool], state: str | None) -> Select[Any]:
    """Select windows as they stand, perhaps only those in one state, in the order of their ends."""
    now = _windows(chosen).subquery()
    query = select(now).order_by(now.c.window_end, now.c.customer, now.c.service)
    return query if state is None else query.where(now.c.stands == state)


def is_older(connection: Connection, at: datetime) -> bool:
    """Tell whether any window that was settled ended by then."""
    query = select(settlement_rounds.c.number).where(settlement_rounds.c.window_end <= at).limit(1)
    return connection.scalar(query) is not None


def progress_of(connection: Connection, runs: Iterable[int]) -> dict[int, RunProgress]:
    """Count the shards of these runs that were looked at and settled."""
    c = settlement_shards.c
    query = select(c.run, func.count(), func.count(c.settled_at)).where(c.run.in_(list(runs))).group_by(c.run)
    return {row[0]: RunProgress(row[1], row[2]) for row in connection.execute(query)}


def booked_in_runs(connection: Connection, runs: Iterable[int]) -> dict[int, list[tuple[int, str]]]:
    """Return what the rounds of these runs have booked by themselves, in minor units of each currency."""
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    run = settlement_rounds.c.run
    for number, currency, amount in connection.execute(booked_by_rounds(run).where(run.in_(list(runs)))):
        found[number].append((int(amount), currency))
    return found


def page_of_runs(connection: Connection, *, number: int, size: int) -> Page[SettlementRun]:
    """Return one page of the runs, the newest first."""
    query = select(settlement_runs).order_by(settlement_runs.c.number.desc())
    return cut_page(connection, query, run_of, number=number, size=size)


def _windows(chosen: ColumnElement[bool]) -> Select[Any]:
    """Select the newest round of each window with its credits and letter; what is held makes it one to decide."""
    credits_, c, told = _credits(), applied_billing_credits.c, settlement_statements.c
    same = and_(*(credits_.c[name] == settlement_rounds.c[name] for name in (*WINDOW, "currency")))
    held = select(c.id).where(c.state == "held", *(c[name] == settlement_rounds.c[name] for name in WINDOW)).exists()
    stands = case((held, RoundState.TO_DECIDE.value), else_=settlement_rounds.c.state)
    letter = select(func.max(told.round)).where(*(told[name] == settlement_rounds.c[name] for name in WINDOW))
    amounts = [func.coalesce(credits_.c[name], 0).label(name) for name in ("booked", "held", "unclaimed")]
    return (
        select(settlement_rounds, stands.label("stands"), *amounts, letter.scalar_subquery().label("letter"))
        .outerjoin(credits_, same)
        .where(chosen, ~is_replaced())
    )


def _credits() -> Subquery:
    """Add up the credits of each window and currency: what counts, what is held, what must be claimed."""
    c = applied_billing_credits.c
    key = [c[name] for name in (*WINDOW, "currency")]
    sums = {"booked": c.state.in_(COUNTS), "held": c.state == "held", "unclaimed": c.state == "unclaimed"}
    amounts = [func.sum(case((which, c.amount), else_=0)).label(name) for name, which in sums.items()]
    return select(*key, *amounts).group_by(*key).subquery()
