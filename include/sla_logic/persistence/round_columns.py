"""The newest rounds of many windows in columns, and rounds of windows that owe nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, Connection, case, cast, func, insert, select

from include.sla_logic.domain.settlement import RoundState
from include.sla_logic.persistence.columns import Columns, placed, read_columns
from include.sla_logic.persistence.counted_credits import Subscription
from include.sla_logic.persistence.schema.settlement import settlement_rounds

STATES = tuple(RoundState)
UNCOUNTED = -1  # of a round that names no amount
_NAME = 64  # the characters of the name of a judgement
_SECOND = 1_000_000
_r = settlement_rounds.c


def newest_in_columns(connection: Connection, subscriptions: Sequence[Subscription], *, reason: str) -> Columns:
    """Return the newest round of every window, by the place of its customer's service.

    `start` and `end` are seconds, `state` is a place in `STATES`, `alike` whether its reason is like this pattern.
    """
    customers, services = (placed(connection, names) for names in zip(*subscriptions, strict=True))
    query = (
        select(
            cast(services.c.place, BigInteger).label("place"),
            _r.window_start.label("start"),
            _r.window_end.label("end"),
            _r.round,
            case(*((_r.state == one.value, place) for place, one in enumerate(STATES))).label("state"),
            func.coalesce(_r.owed, UNCOUNTED, type_=BigInteger).label("owed"),
            case((_r.reason.like(reason), 1), else_=0).label("alike"),
            _r.facts,
        )
        .select_from(services.join(customers, customers.c.place == services.c.place))
        .join(settlement_rounds, (_r.customer == customers.c.name) & (_r.service == services.c.name))
    )
    rows = dict(read_columns(connection, query, width=_NAME))
    rows |= {name: rows[name] // _SECOND for name in ("start", "end")}
    order = np.lexsort((rows["round"], rows["end"], rows["start"], rows["place"]))
    rows = {name: values[order] for name, values in rows.items()}
    same = (np.diff(rows["place"]) == 0) & (np.diff(rows["start"]) == 0) & (np.diff(rows["end"]) == 0)
    newest = np.ones(order.size, dtype=bool)
    newest[:-1] = ~same
    return {name: values[newest] for name, values in rows.items()}


def add_rounds(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add rounds that bring no credit."""
    if rows:
        connection.execute(insert(settlement_rounds), list(rows))
