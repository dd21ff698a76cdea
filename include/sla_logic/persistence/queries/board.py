"""The board: one page of the incidents in queue order."""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, Row, Select, and_, bindparam, func, select

from include.sla_logic.domain.money import Money
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.sla_clock import SlaClock
from include.sla_logic.persistence.exposure import Stake, assume_exposure, at_stake, money
from include.sla_logic.persistence.first_documents import load_first_documents
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.paging import Page, count_rows
from include.sla_logic.persistence.queries.board_filter import (
    BoardFilter,
    counting,
    matching,
    narrowed,
    order_of,
    unanswered,
)
from include.sla_logic.persistence.queries.newest import NEWEST, newest_matching
from include.sla_logic.persistence.queries.open_incidents import uncompared
from include.sla_logic.persistence.schema.arrivals import arrivals
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.reference import customers, services
from include.sla_logic.persistence.schema.system_t import restorations, tickets, timeline
from include.sla_logic.persistence.schema.team import ticket_owners
from include.sla_logic.persistence.sla_clocks import read_clocks, read_standing

_WORDS = 160  # letters of the description
_OF_THE_TICKET = ("run_id", "customer", "service", "status", "escalated", "created_at")
_OF_THE_QUEUE = (
    *("protected", "priority", "original_priority", "score", "breached", "objective", "judged_at", "open"),
    *("outcome", "credit_state", "closed_at"),
)
_OF_OTHERS = ("customer_name", "service_name", "deadline", "held_because", "owner", "changed_at")
_SHOWN = (*_OF_THE_TICKET, *_OF_THE_QUEUE, *_OF_OTHERS)
# What a line is worked out from, beside what it shows.
_ASKED = ("budget_seconds", "next_tier_at", "tier_hours", "contract_hours", "at_stake", "window_end", "due", "currency")
_OF_THE_CLOCK = ("seconds_left", "until", "runs_out_at", "stands_until", "stands", "closes_at")


class BoardLine(NamedTuple):
    """One incident of the board; `deadline` is that of a restoration request that still waits.

    `seconds_left` run until what `until` says and are negative once it has passed; they run out at `runs_out_at`,
    which is None while the clock is stopped, and `stopped_by` says who owes the next step. Outside the service hours
    it stands until `stands_until`, in words `stands`; `counts_to` and `closes_at` are for the countdown.
    `words` are the first of the customer's, `changed_at` is when the timeline last grew, `children` are the child
    tickets. `at_stake` is what the next tier costs on top; `assumed` says that it is the first tier of the contract,
    because no comparison exists yet.
    """

    ticket: str
    reference: str | None
    run_id: str
    customer: str
    customer_name: str | None
    service: str
    service_name: str | None
    status: str
    lane: str
    escalated: bool
    created_at: datetime
    protected: bool
    priority: str | None
    original_priority: str | None
    score: int | None
    breached: bool | None
    objective: str | None
    judged_at: datetime | None
    open: bool
    seconds_left: int | None
    until: str | None
    runs_out_at: datetime | None
    stopped_by: str | None
    stands_until: datetime | None
    stands: str | None
    counts_to: datetime | None
    closes_at: datetime | None
    net_seconds: int
    at_stake: Money | None
    assumed: bool
    due: Money | None
    deadline: datetime | None
    held_because: str | None
    outcome: str | None
    credit: Money | None
    credit_state: str | None
    closed_at: datetime | None
    owner: str | None
    symptom: str | None
    words: str | None
    changed_at: datetime | None
    children: tuple[str, ...]


def read_board(
    connection: Connection,
    wanted: BoardFilter,
    *,
    now: datetime,
    page: int = 1,
    size: int = 50,
    counted: int | None = None,
) -> Page[BoardLine]:
    """Return one page of the incidents that match, the most urgent first, with their clocks at this moment.

    The page is cut before anything is joined to it, along an index in queue order. No more than `counted` are counted
    and shown, where that is given.
    """
    cut = _cut(connection, wanted, now, page, size, counted)
    if not cut.numbers:
        return Page([], cut.total, page, size, cut.more, cut.looked, cut.bound)
    numbers = cut.numbers
    found = {row.number: row for row in connection.execute(_DETAILS, {"numbers": numbers})}
    rows = [found[number] for number in numbers]
    clocks = read_clocks(connection, numbers, as_of=now)
    exposure = assume_exposure(connection, uncompared(rows), now=now)
    told = _told(connection, numbers)
    lines = [
        _line(row, clocks[row.number], at_stake(row, exposure.get(row.number), now), told[row.number]) for row in rows
    ]
    return Page(lines, cut.total, page, size, cut.more, cut.looked, cut.bound)


class _Cut(NamedTuple):
    """How many incidents match, and the numbers of those of the page; see Page for the others."""

    total: int
    numbers: Sequence[int] = ()
    more: bool = False
    looked: int | None = None
    bound: int | None = None


def _cut(connection: Connection, wanted: BoardFilter, now: datetime, page: int, size: int, counted: int | None) -> _Cut:
    few, wanted = narrowed(connection, wanted, now)
    if few is not None and not few:
        return _Cut(0)
    start = (page - 1) * size
    if few is None and wanted.search and wanted.newest and wanted.sort in NEWEST:
        found = newest_matching(connection, wanted, now, at_most=start + size + 1)
        more = len(found.numbers) > start + size
        return _Cut(len(found.numbers), found.numbers[start : start + size], more, found.looked)
    query = matching(wanted, now, few)
    ordered = query.order_by(*order_of(wanted.sort))
    if few is not None:
        numbers = list(connection.scalars(ordered))
        return _Cut(len(numbers), numbers[start : start + size])
    alone = counting(wanted)
    total, more = count_rows(connection, query if alone is None else alone, most=counted)
    numbers = list(connection.scalars(ordered.limit(size).offset(start))) if start < total else []
    return _Cut(total, numbers, bound=counted if more else None)


class _Told(NamedTuple):
    """What is not in the queue: the customer's words and the child tickets."""

    symptom: str | None
    words: str | None
    children: tuple[str, ...]


def _told(connection: Connection, numbers: Sequence[int]) -> dict[int, _Told]:
    said = load_first_documents(connection, numbers, ProblemNotification.kind())
    children: dict[int, list[str]] = defaultdict(list)
    for row in connection.execute(_CHILDREN, {"numbers": numbers}):
        children[row.parent].append(ticket_id(row.number))
    bodies = {number: json.loads(document.body) for number, document in said.items()}
    return {
        number: _Told(
            bodies.get(number, {}).get("symptom"),
            " ".join(bodies[number]["description"].split())[:_WORDS] if number in bodies else None,
            tuple(sorted(children[number])),
        )
        for number in numbers
    }


def _with_details() -> Select[Any]:
    changed = select(func.max(timeline.c.at)).where(timeline.c.ticket == queue.c.ticket)
    # Of these tickets alone: PostgreSQL would read all that wait.
    mine = and_(restorations.c.ticket == queue.c.ticket, restorations.c.ticket.in_(_NUMBERS))
    waits = and_(mine, restorations.c.outcome.is_(None), unanswered())
    return (
        select(
            *(tickets.c[name] for name in _OF_THE_TICKET),
            *(queue.c[name] for name in _OF_THE_QUEUE),
            customers.c.name.label("customer_name"),
            services.c.name.label("service_name"),
            restorations.c.deadline,
            restorations.c.held_because,
            ticket_owners.c.owner,
            changed.scalar_subquery().label("changed_at"),
            *(queue.c[name] for name in (*_ASKED, "credit")),
            *(tickets.c[name] for name in ("number", "external_reference", "assigned_to")),
            arrivals.c.observed_at,
        )
        .join(tickets, tickets.c.number == queue.c.ticket)
        .outerjoin(customers, customers.c.id == tickets.c.customer)
        .outerjoin(services, services.c.id == tickets.c.service)
        .outerjoin(restorations, waits)
        .outerjoin(ticket_owners, ticket_owners.c.ticket == queue.c.ticket)
        .outerjoin(arrivals, arrivals.c.ticket == queue.c.ticket)
        .where(queue.c.ticket.in_(_NUMBERS))
    )


# Put together once: each page of the board asks them.
_NUMBERS: BindParameter[Any] = bindparam("numbers", expanding=True)
_DETAILS = _with_details()
_COLUMNS = tuple(_DETAILS.selected_columns.keys())
_CHILDREN = select(tickets.c.number, tickets.c.parent).where(tickets.c.parent.in_(_NUMBERS))


def _line(row: Row[Any], clock: SlaClock, stake: Stake, told: _Told) -> BoardLine:
    known = dict(zip(_COLUMNS, row, strict=True))
    standing = read_standing(known, clock)
    is_open = known["open"]
    of_clock: dict[str, Any] = {name: getattr(standing, name) if is_open else None for name in _OF_THE_CLOCK}
    return BoardLine(
        **{name: known[name] for name in _SHOWN},
        **of_clock,
        **told._asdict(),
        ticket=ticket_id(known["number"]),
        reference=known["external_reference"],
        lane=known["assigned_to"],
        stopped_by=standing.stopped_by,
        counts_to=standing.counts_to if is_open else None,
        net_seconds=standing.net_seconds,
        at_stake=stake.amount,
        assumed=stake.assumed,
        due=money(known["due"], known["currency"]),
        credit=money(known["credit"], known["currency"]),
    )
