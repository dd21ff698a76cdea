"""What is booked for a settled window is what its newest round says is owed (I10)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from include.sla_logic.domain.disputes import frozen_by
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.netting import EarlierCredit, net_off
from include.sla_logic.persistence.counted_credits import COUNTS, Subscription, window_of
from include.sla_logic.persistence.disputes import all_disputes
from include.sla_logic.persistence.invariants.violation import Violation
from include.sla_logic.persistence.queries.settled_windows import newest_of_all
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.persistence.schema.columns import from_minor_units

_LEFT = ("held", "unclaimed", "declined", "lapsed")


def check_settlement(connection: Connection) -> Iterator[Violation]:
    """Net what each window owes; what waits, was declined or decided by a person, or came after the round, is why.

    So is a dispute that nobody has decided yet.
    """
    rounds = newest_of_all(connection)
    if not rounds:
        return
    credits_: dict[Subscription, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(select(applied_billing_credits).order_by(applied_billing_credits.c.id)):
        credits_[row.customer, row.service].append(row)
    contested = all_disputes(connection)
    for one in rounds:
        known = credits_.get((one.customer, one.service), [])
        frozen = frozen_by(contested.get((one.customer, one.service), []), window_of(one))
        if one.owed is None or frozen is not None or _is_explained(one, known):
            continue
        net = _net(one, known)
        if net:
            booked = from_minor_units(one.owed, one.currency) - net
            said = f"owes {from_minor_units(one.owed, one.currency)} by its round {one.round}, and {booked} are booked"
            yield Violation("I10", f"{one.customer} {one.service} {window_of(one)}", said)


def _is_explained(one: Row[Any], known: Sequence[Row[Any]]) -> bool:
    """Tell whether a person decides or has decided about a part of this time, or it was credited after the round."""
    touching = [row for row in known if row.window_start < one.window_end and row.window_end > one.window_start]
    return any(
        row.state in _LEFT
        or (row.state in COUNTS and (row.decided_by is not None or row.recorded_at > one.recorded_at))
        for row in touching
    )


def _net(one: Row[Any], known: Sequence[Row[Any]]) -> Money:
    counted = [
        EarlierCredit(window=window_of(row), amount=from_minor_units(row.amount, row.currency), reference=row.id)
        for row in known
        if row.state in COUNTS
    ]
    return net_off(from_minor_units(one.owed, one.currency), window_of(one), counted).net
