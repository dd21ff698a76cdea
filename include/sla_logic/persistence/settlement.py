"""The runs of settlement and the rounds of each window; of these the newest counts."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Text,
    cast,
    func,
    insert,
    literal,
    select,
    tuple_,
    update,
)

from include.sla_logic.domain.errors import NotFoundError
from include.sla_logic.domain.numbers import number_in
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.settlement import USUAL_RUNS, Preview
from include.sla_logic.domain.spans import Span
from include.sla_logic.persistence.counted_credits import COUNTS, Subscription, window_of
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.persistence.schema.agreements import agreement_terms
from include.sla_logic.persistence.schema.columns import from_minor_units
from include.sla_logic.persistence.schema.reference import agreements
from include.sla_logic.persistence.schema.settlement import (
    confirmed_rounds,
    settlement_rounds,
    settlement_runs,
    settlement_shards,
)
from include.sla_logic.persistence.upsert import upsert

ROUND = "SR-"
_rounds, _runs, _shards = settlement_rounds.c, settlement_runs.c, settlement_shards.c
_credits = applied_billing_credits.c
_NEWEST = select(settlement_runs).order_by(_runs.number.desc())
_of_round: ColumnElement[bool] = _credits.ticket == literal(ROUND) + cast(_rounds.number, Text)


class UnableToFindRound(NotFoundError):
    """There is no such round, or none of this window."""


class UnableToFindRun(NotFoundError):
    """There is no such run of settlement."""


@dataclass(frozen=True)
class SettlementRun:
    """One run: for which moment, over how many shards, and whether it waits for a second person."""

    number: int
    at: datetime
    shards: int
    opened_at: datetime
    opened_by: str
    checked_at: datetime | None
    held_because: str | None
    released_at: datetime | None
    released_by: str | None
    release_reason: str | None
    ended_at: datetime | None

    @property
    def may_book(self) -> bool:
        """Tell whether it was compared with the limits and keeps within them, or was released."""
        return self.checked_at is not None and (self.held_because is None or self.released_at is not None)

    @property
    def state(self) -> str:
        """Say where it stands."""
        if self.ended_at is not None:
            return "ended"
        if self.checked_at is None:
            return "opened"
        return "settling" if self.may_book else "held"


def round_name(number: int) -> str:
    """Write the number of a round as it stands in the credit that the round brought."""
    return f"{ROUND}{number}"


def round_number(name: str) -> int | None:
    """Return the number in `SR-12`; None for the name of an incident."""
    return number_in(ROUND, name)


def subscriptions(connection: Connection) -> list[Subscription]:
    """Return every customer and service about which anything was ever agreed, or is still owed by a round."""
    named = select(agreements.c.customer, agreements.c.service)
    terms = agreement_terms.c
    changed = select(terms.customer, agreements.c.service).join(agreements, agreements.c.id == terms.agreement)
    owed = select(_rounds.customer, _rounds.service).where(_rounds.owed > 0)
    return sorted((row[0], row[1]) for row in connection.execute(named.union(changed, owed)))


def open_run(connection: Connection, *, at: datetime, shards: int, by: str, now: datetime) -> SettlementRun:
    """Add a run that was not compared with its limits yet."""
    row = {"at": at, "shards": shards, "opened_at": now, "opened_by": by}
    number = connection.scalar(insert(settlement_runs).values(row).returning(_runs.number))
    return find_run(connection, number)


def find_run(connection: Connection, number: int | None = None, *, hold: bool = False) -> SettlementRun:
    """Return a run, or the newest; raise `UnableToFindRun`."""
    query = _NEWEST.limit(1) if number is None else select(settlement_runs).where(_runs.number == number)
    found = _read(connection, query.with_for_update() if hold else query)
    if not found:
        raise UnableToFindRun("Nothing was settled yet." if number is None else f"There is no settlement run {number}.")
    return found[0]


def last_run(connection: Connection, *, ended: bool = False) -> SettlementRun | None:
    """Return the newest run, or the newest that has ended."""
    query = _NEWEST.where(_runs.ended_at.is_not(None)) if ended else _NEWEST
    return next(iter(_read(connection, query.limit(1))), None)


def page_of_runs(connection: Connection, limit: int) -> list[SettlementRun]:
    """Return the newest runs, the newest first."""
    return _read(connection, _NEWEST.limit(limit))


def _read(connection: Connection, query: Select[Any]) -> list[SettlementRun]:
    return list(map(run_of, connection.execute(query)))


def run_of(row: Row[Any]) -> SettlementRun:
    """Read a row of `settlement_runs`."""
    return SettlementRun(**row._mapping)  # noqa: SLF001 - the columns of a row


def change_run(connection: Connection, number: int, **values: Any) -> None:
    """Note what became of a run."""
    connection.execute(update(settlement_runs).where(_runs.number == number).values(**values))


def keep_preview(connection: Connection, run: int, shard: int, preview: Preview) -> None:
    """Keep what a shard would do, instead of what it would have done before."""
    row = {"run": run, "shard": shard, "preview": preview.model_dump(mode="json")}
    upsert(connection, settlement_shards, [row])


def previews(connection: Connection, run: int) -> dict[int, Preview]:
    """Return what each shard of a run would do."""
    rows = connection.execute(select(_shards.shard, _shards.preview).where(_shards.run == run))
    return {row.shard: Preview.model_validate(row.preview) for row in rows}


def settled_shards(connection: Connection, run: int) -> set[int]:
    """Return the shards of a run that are done."""
    query = select(_shards.shard).where(_shards.run == run, _shards.settled_at.is_not(None))
    return set(connection.scalars(query))


def note_settled(connection: Connection, run: int, shard: int, now: datetime) -> None:
    """Note that a shard is done."""
    mine = (_shards.run == run) & (_shards.shard == shard)
    connection.execute(update(settlement_shards).where(mine).values(settled_at=now))


def booked_before(connection: Connection, *, at_most: int = 5 * USUAL_RUNS) -> list[Mapping[str, Decimal]]:
    """Return what the last runs booked that booked anything, by currency, the newest first."""
    query = booked_by_rounds(_rounds.run).order_by(_rounds.run.desc()).limit(at_most)
    return list(_by_currency(connection, query).values())


def booked_in_run(connection: Connection, run: int) -> dict[Any, Mapping[str, Decimal]]:
    """Return what a run has booked so far, by customer and service, then by currency."""
    return _by_currency(connection, booked_by_rounds(_rounds.customer, _rounds.service).where(_rounds.run == run))


def booked_by_rounds(*by: ColumnElement[Any]) -> Select[Any]:
    """Select what rounds booked by themselves, in minor units, by these columns and currency."""
    return (
        select(*by, _credits.currency, func.sum(_credits.amount))
        .select_from(settlement_rounds.join(applied_billing_credits, _of_round))
        .where(_credits.state.in_(COUNTS), _credits.decided_by.is_(None))
        .group_by(*by, _credits.currency)
    )


def _by_currency(connection: Connection, query: Select[Any]) -> dict[Any, Mapping[str, Decimal]]:
    found: dict[Any, dict[str, Decimal]] = defaultdict(dict)
    for *key, currency, amount in connection.execute(query):
        found[key[0] if len(key) == 1 else tuple(key)][currency] = from_minor_units(int(amount), currency).amount
    return dict(found)


def newest_rounds(connection: Connection, subscription: Subscription) -> dict[Span, Row[Any]]:
    """Return the newest round of each window of a customer's service."""
    return newest_rounds_of(connection, [subscription]).get(subscription, {})


def newest_rounds_of(
    connection: Connection, subscriptions: Collection[Subscription]
) -> dict[Subscription, dict[Span, Row[Any]]]:
    """Return the newest round of each window of several customers' services; `confirmed` is a later basis."""
    found: dict[Subscription, dict[Span, Row[Any]]] = defaultdict(dict)
    query = select(settlement_rounds, confirmed_rounds.c.basis.label("confirmed")).outerjoin(confirmed_rounds)
    query = query.where(tuple_(_rounds.customer, _rounds.service).in_(subscriptions))
    for row in connection.execute(query.order_by(_rounds.round)):
        found[row.customer, row.service][window_of(row).span] = row
    return found


def add_round(connection: Connection, row: Mapping[str, Any]) -> int:
    """Add a round and return its number."""
    statement = insert(settlement_rounds).values(**row).returning(_rounds.number)
    return int(connection.execute(statement).scalar_one())


def find_round(connection: Connection, name: str) -> Row[Any]:
    """Return the round of that name; raise `UnableToFindRound`."""
    row = connection.execute(select(settlement_rounds).where(_rounds.number == round_number(name))).one_or_none()
    if row is None:
        raise UnableToFindRound(f"There is no round {name} of settlement.")
    return row


def undecided_credits(
    connection: Connection, subscriptions: Collection[Subscription], window: Period | None = None
) -> Sequence[Row[Any]]:
    """Return what is held or unclaimed, for all windows or those that share time with this one."""
    c = _credits
    query = select(applied_billing_credits).where(
        tuple_(c.customer, c.service).in_(subscriptions), c.state.in_(("held", "unclaimed"))
    )
    if window is not None:
        query = query.where(c.window_start < window.end, c.window_end > window.start)
    return connection.execute(query.order_by(c.id)).all()


def replace_credits(connection: Connection, references: Iterable[str], *, state: str, why: str, now: datetime) -> None:
    """Close undecided credits of which nobody decides any more."""
    values = {"state": state, "decision_reason": why, "decided_at": now}
    connection.execute(update(applied_billing_credits).where(_credits.id.in_(list(references))).values(**values))
