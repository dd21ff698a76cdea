"""System T filled with copies of incidents that were really led: every table that a ticket has, in SQL.

Each copy has a customer, a service and an agreement of its own. The numbers of copies begin at `FIRST`, so that all of
them have six digits.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, String, Table, case, cast, func, insert, literal, select

from benchmarks.leading import ORDER, lead
from benchmarks.sample import ANCHOR
from include.sla_logic.persistence.incident_records import find_number
from include.sla_logic.persistence.schema import reference as r
from include.sla_logic.persistence.schema import system_t as t
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.persistence.schema.arrivals import arrivals
from include.sla_logic.persistence.schema.cohorts import cohort_members
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.services import UseCases

FIRST = 100_000
HALF_WAY = ORDER[: ORDER.index("choose_counter_measures")]
# How many of a hundred tickets are settled, wait for a restoration, are worked on, and wait in the backlog.
MIXES = {"settled": (92, 1, 2, 5), "open": (10, 10, 20, 60)}
NAMES = frozenset(
    {"external_key", "external_reference", "customer", "service", "agreement", "account", "run_id", "key", "id"}
)
Prototypes = tuple[list[int], ...]


def lead_prototypes(use_cases: UseCases, confs: Sequence[Mapping[str, Any]]) -> Prototypes:
    """Lead a third of these to the end, a third half the way, and let a third wait; the kinds are those of `MIXES`."""
    third = len(confs) // 3
    names = [
        use_cases.incidents.accept(dict(c), run_id=f"own-{n}", origin="benchmark").id
        for n, c in enumerate(confs[: 2 * third])
    ]
    left = lead(use_cases, "led", names[:third])
    lead(use_cases, "begun", names[third:], tasks=HALF_WAY)
    late = [
        use_cases.backlog.enter(dict(c), run_id=f"late-{n}", origin="benchmark")[0].id
        for n, c in enumerate(confs[-third:])
    ]
    with use_cases.work.reading() as connection:
        kinds = [name for name in names[:third] if name not in left], left, names[third:], late
        return tuple(sorted(find_number(connection, name) for name in kind) for kind in kinds)


def fill(use_cases: UseCases, prototypes: Prototypes, mix: str, *, have: int, want: int) -> None:
    """Add copies until System T has `want` of them; an ANALYZE follows on PostgreSQL, as its own daemon does."""
    with use_cases.work.database.write() as connection:
        first = FIRST + 2 * have  # SQLite numbers new tickets after the highest, so room is left for them
        for kind, hundredths in zip(prototypes, MIXES[mix], strict=True):
            share = (want - have) * hundredths // 100
            for place, number in enumerate(kind):
                count = len(range(place, share, len(kind)))
                _copy(connection, number, first=first, count=count)
                first += count
    if use_cases.work.database.is_postgresql:
        with use_cases.work.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")


def _copy(connection: Connection, number: int, *, first: int, count: int) -> None:
    if not count:
        return
    own = connection.execute(select(t.tickets).where(t.tickets.c.number == number)).one()
    series = select(literal(first, Integer).label("new")).cte("copies", recursive=True)
    series = series.union_all(select(series.c.new + 1).where(series.c.new < first + count - 1))
    for table, mine in _tables(number, own.customer, own.service):
        columns = [column for column in table.c if column.name != "id" or not isinstance(column.type, Integer)]
        values = [_value(table, column, series.c.new) for column in columns]
        query = select(*values).select_from(table.join(series, literal(1) == 1)).where(mine)
        connection.execute(insert(table).from_select([column.name for column in columns], query))


def _tables(number: int, customer: str, service: str) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    yield r.customers, r.customers.c.id == customer
    yield r.billing_accounts, r.billing_accounts.c.customer == customer
    yield r.services, r.services.c.id == service
    yield r.agreements, (r.agreements.c.customer == customer) & (r.agreements.c.service == service)
    yield t.tickets, t.tickets.c.number == number
    tables = (t.ticket_status_history, t.timeline, t.documents, t.steps, t.restorations, t.outbox, queue, arrivals)
    for table in (*tables, cohort_members):
        yield table, table.c.ticket == number
    yield t.audit, t.audit.c.subject == f"TT-{number:06d}"
    yield applied_billing_credits, applied_billing_credits.c.ticket == f"TT-{number:06d}"


def _value(table: Table, column: ColumnElement[Any], new: ColumnElement[int]) -> ColumnElement[Any]:
    """Return what the copy has in this column: names of its own, messages that have left, waits decided long ago."""
    name, digits = column.key or "", cast(new, String)
    ticket = literal("TT-").concat(digits)
    others: dict[str, ColumnElement[Any]] = {
        "number": new,
        "ticket": ticket if table is applied_billing_credits else new,
        "subject": ticket,
        "place": func.substr(column, 1, func.length(column) - 12).concat("000000").concat(digits),
        "decided_at": case((column.is_not(None), literal(ANCHOR - timedelta(days=30), column.type))),
        "invoice": literal(None, String),
    }
    if table is t.outbox:
        others["state"] = literal("sent")
    if table is arrivals:  # a prototype may have been claimed
        others |= {"state": literal("waiting"), "attempts": literal(0)}
        others |= {name: literal(None, column.type) for name in ("claimed_by", "claimed_until", "run_id")}
    return others.get(name, column.concat(".").concat(digits) if name in NAMES else column)
