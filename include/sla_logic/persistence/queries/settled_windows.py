"""The windows that were settled: each as its newest round left it, and all of its rounds."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, select, tuple_

from include.sla_logic.domain.period import Period
from include.sla_logic.domain.spans import Span
from include.sla_logic.persistence.counted_credits import COUNTS, Subscription, window_of
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.persistence.schema.settlement import settlement_rounds, settlement_statements

_WINDOW = ("customer", "service", "window_start", "window_end")
_rounds, _credits, _statements = settlement_rounds.c, applied_billing_credits.c, settlement_statements.c


def settled_spans(connection: Connection, subscriptions: Collection[Subscription]) -> dict[Subscription, set[Span]]:
    """Return the windows of these that have a round."""
    found: dict[Subscription, set[Span]] = {one: set() for one in subscriptions}
    mine = tuple_(_rounds.customer, _rounds.service).in_(list(found))
    for row in connection.execute(select(*(_rounds[name] for name in _WINDOW)).where(mine)):
        found[row.customer, row.service].add(window_of(row).span)
    return found


def windows_now() -> Select[Any]:
    """Select the newest round of every window, with what is booked, what waits, and the newest letter about it."""
    later = settlement_rounds.alias()
    same = and_(*(later.c[name] == _rounds[name] for name in _WINDOW))
    newer = select(later.c.number).where(same, later.c.round > _rounds.round).exists()
    mine = and_(*(_credits[name] == _rounds[name] for name in _WINDOW))
    counts = _credits.state.in_(COUNTS) & (_credits.currency == _rounds.currency)
    booked = select(func.coalesce(func.sum(_credits.amount), 0)).where(mine, counts)
    waits = select(func.min(_credits.state)).where(mine, _credits.state.in_(("held", "unclaimed")))
    told = and_(*(_statements[name] == _rounds[name] for name in _WINDOW))
    letter = select(func.max(_statements.round)).where(told)
    return (
        select(settlement_rounds)
        .add_columns(booked.scalar_subquery().label("booked"), waits.scalar_subquery().label("waits"))
        .add_columns(letter.scalar_subquery().label("letter"))
        .where(~newer)
        .order_by(_rounds.window_end, _rounds.customer, _rounds.service)
    )


def rounds_of(connection: Connection, subscription: Subscription, window: Period) -> Sequence[Row[Any]]:
    """Return all rounds of a window, the newest first."""
    customer, service = subscription
    mine = and_(_rounds.customer == customer, _rounds.service == service)
    same = and_(_rounds.window_start == window.start, _rounds.window_end == window.end)
    return connection.execute(select(settlement_rounds).where(mine, same).order_by(_rounds.round.desc())).all()
