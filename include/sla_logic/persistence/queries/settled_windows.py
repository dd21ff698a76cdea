"""The windows that were settled: each as its newest round left it, and all of its rounds."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, select, tuple_

from include.sla_logic.domain.period import Period
from include.sla_logic.domain.spans import Span
from include.sla_logic.persistence.counted_credits import Subscription, window_of
from include.sla_logic.persistence.schema.settlement import settlement_rounds

WINDOW = ("customer", "service", "window_start", "window_end")
_rounds = settlement_rounds.c


def settled_spans(connection: Connection, subscriptions: Collection[Subscription]) -> dict[Subscription, set[Span]]:
    """Return the windows of these that have a round."""
    found: dict[Subscription, set[Span]] = {one: set() for one in subscriptions}
    mine = tuple_(_rounds.customer, _rounds.service).in_(list(found))
    for row in connection.execute(select(*(_rounds[name] for name in WINDOW)).where(mine)):
        found[row.customer, row.service].add(window_of(row).span)
    return found


def is_replaced() -> ColumnElement[bool]:
    """Choose the rounds that a later one of the same window has followed."""
    later = settlement_rounds.alias()
    same = and_(*(later.c[name] == _rounds[name] for name in WINDOW))
    return select(later.c.number).where(same, later.c.round > _rounds.round).exists()


def newest_of_all(connection: Connection) -> Sequence[Row[Any]]:
    """Return the newest round of every window."""
    query = select(settlement_rounds).where(~is_replaced())
    return connection.execute(query.order_by(_rounds.window_end, _rounds.customer, _rounds.service)).all()


def rounds_of(connection: Connection, subscription: Subscription, window: Period) -> Sequence[Row[Any]]:
    """Return all rounds of a window, the newest first."""
    customer, service = subscription
    mine = and_(_rounds.customer == customer, _rounds.service == service)
    same = and_(_rounds.window_start == window.start, _rounds.window_end == window.end)
    return connection.execute(select(settlement_rounds).where(mine, same).order_by(_rounds.round.desc())).all()
