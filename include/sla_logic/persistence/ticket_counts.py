"""Counts of tickets by customer and status, kept: no list counts a million rows to say how many there are.

Triggers of `tickets` note each change within its transaction: counts are exact at every moment, and no writer waits for
another one's sum. `fold` adds the changes up now and then.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, literal, select, union_all

from include.sla_logic.persistence.database import insert_into
from include.sla_logic.persistence.schema.system_t import tickets
from include.sla_logic.persistence.schema.ticket_counts import ticket_count_changes, ticket_counts

ALL = ""  # the customer of the sums over all customers
PART = 10_000  # changes that are added up in one transaction
_kept, _changed = ticket_counts.c, ticket_count_changes.c


def count_kept(connection: Connection, customers: Collection[str] | None, statuses: Collection[str]) -> int:
    """Return how many tickets these customers have in these statuses; None stands for all customers, () for any."""
    kept = select(func.coalesce(func.sum(_kept.tickets), 0))
    changed = select(func.coalesce(func.sum(_changed.change), 0))
    if customers is None:
        kept = kept.where(_kept.customer == ALL)
    else:
        named = [name for name in customers if name != ALL]
        kept, changed = kept.where(_kept.customer.in_(named)), changed.where(_changed.customer.in_(named))
    if statuses:
        kept, changed = kept.where(_kept.status.in_(statuses)), changed.where(_changed.status.in_(statuses))
    return int(connection.execute(select(kept.scalar_subquery() + changed.scalar_subquery())).scalar_one())


def fold(connection: Connection) -> int:
    """Add the oldest changes up and forget them; return how many there were. Two who do so at once share them."""
    oldest = select(_changed.id).order_by(_changed.id).limit(PART).with_for_update(skip_locked=True)
    taken = delete(ticket_count_changes).where(_changed.id.in_(oldest))
    rows = connection.execute(taken.returning(_changed.customer, _changed.status, _changed.change)).all()
    sums: Counter[tuple[str, str]] = Counter()
    for customer, status, change in rows:
        for name in {customer, ALL}:
            sums[name, status] += change
    # In one order: two who fold wait for each other's sums and never crosswise.
    values = [{"customer": name, "status": status, "tickets": n} for (name, status), n in sorted(sums.items()) if n]
    if values:
        added = insert_into(connection, ticket_counts)
        more = {"tickets": _kept.tickets + added.excluded.tickets}
        connection.execute(added.on_conflict_do_update(index_elements=["customer", "status"], set_=more), values)
    return len(rows)


def differences(connection: Connection) -> Sequence[tuple[str, str, int]]:
    """Count all tickets; return each customer and status whose kept count is wrong, and how much it is too low."""
    return [(row[0], row[1], int(row[2])) for row in connection.execute(_differences())]


def recount(connection: Connection) -> int:
    """Put right what is kept wrongly; return how many counts that were.

    One statement counts and corrects: it sees each other transaction with its tickets and its changes, or not at all.
    """
    if connection.dialect.name == "postgresql":  # two who correct at once would both do it
        connection.exec_driver_sql(f"LOCK TABLE {ticket_counts.name} IN SHARE ROW EXCLUSIVE MODE")
    names = ["customer", "status", "change"]
    corrected = insert(ticket_count_changes).from_select(names, _differences()).returning(_changed.id)
    return len(connection.execute(corrected).all())


def _differences() -> Select[Any]:
    """Select what was counted minus what is kept; for all customers together, the sum of theirs minus what is kept."""
    counted = select(tickets.c.customer, tickets.c.status, func.count().label("n"))
    parts = union_all(
        counted.group_by(tickets.c.customer, tickets.c.status),
        select(_kept.customer, _kept.status, -_kept.tickets),
        select(_changed.customer, _changed.status, -_changed.change),
        select(literal(ALL), _kept.status, _kept.tickets).where(_kept.customer != ALL),
    ).subquery()
    missing = func.sum(parts.c.n)
    return (
        select(parts.c.customer, parts.c.status, missing)
        .group_by(parts.c.customer, parts.c.status)
        .having(missing != 0)
        .order_by(parts.c.customer, parts.c.status)
    )
