"""How often and how fast incidents took each step, which ways they took, and where their time went.

The database counts and sorts; what it returns does not grow with the number of incidents.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Subquery, and_, case, func, select

from include.sla_logic.domain.period import Period
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.persistence.process_log import Rows, reported_between
from include.sla_logic.persistence.schema.columns import seconds_of
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.system_t import restorations, steps, ticket_status_history, tickets
from include.sla_logic.process.graph import END, FIRST, STEPS
from include.sla_logic.process.way import ways_to

_CHOOSING = [step.name for step in STEPS.values() if step.chooses]
_SIDE_BY_SIDE = {
    to.step: step.name
    for step in STEPS.values()
    if not step.chooses and len(step.followed_by) > 1
    for to in step.followed_by
}


@dataclass(frozen=True)
class StepFigure:
    """How many incidents have done a step, and the median time from the end of what led to it."""

    count: int
    median: timedelta


@dataclass(frozen=True)
class Variant:
    """The incidents with these decisions; `median` is the time from report to end, None while they go on."""

    choices: Mapping[str, str]
    ended: bool
    count: int
    median: timedelta | None


@dataclass(frozen=True)
class Spent:
    """The time from report to end of the incidents that have ended: the wait for a restoration, on hold, the rest."""

    incidents: int
    work: timedelta
    wait: timedelta
    hold: timedelta

    @property
    def total(self) -> timedelta:
        """Return the whole time."""
        return self.work + self.wait + self.hold


@dataclass(frozen=True)
class ProcessFigures:
    """What incidents did that were reported in the period; `contracts` and `outcomes` are those of the whole period."""

    period: Period
    incidents: int
    steps: Mapping[str, StepFigure]
    edges: Mapping[tuple[str, str], int]
    variants: Sequence[Variant]
    spent: Spent
    contracts: Sequence[str]
    outcomes: Sequence[str]


def process_figures(connection: Connection, period: Period, *, contract: str = "", outcome: str = "") -> ProcessFigures:
    """Count the incidents that were reported in the period, have begun, and are of this contract and outcome."""
    reported = reported_between(period.start, period.end)
    begun = select(steps.c.id).where(steps.c.ticket == tickets.c.number, steps.c.task == FIRST).exists()
    columns = (tickets.c.number, tickets.c.created_at, queue.c.contract, queue.c.outcome)
    all_ = select(*columns).outerjoin(queue, queue.c.ticket == tickets.c.number).where(*reported, begun)
    wanted = [queue.c.contract == contract] if contract else []
    wanted += [queue.c.outcome == outcome] if outcome else []
    mine, whole = all_.where(*wanted).subquery("mine"), all_.subquery("whole")
    named = [
        connection.scalars(select(whole.c[name]).distinct().order_by(whole.c[name])) for name in ("contract", "outcome")
    ]
    contracts, outcomes = ([name for name in names if name] for names in named)
    figures, edges = _walk(connection, mine)
    return ProcessFigures(
        period=period,
        incidents=connection.execute(select(func.count()).select_from(mine)).scalar_one(),
        steps=figures,
        edges=edges,
        variants=_variants(connection, mine),
        spent=_spent(connection, mine),
        contracts=contracts,
        outcomes=outcomes,
    )


def _walked(mine: Subquery) -> Subquery:
    """Return each step with the step before it, and when what led to it was done: its report for the first one.

    Steps that run side by side begin when the step is done that both follow, whichever of them is noted first.
    """
    done = seconds_of(steps.c.done_at)
    of_ticket: dict[str, Any] = {"partition_by": steps.c.ticket, "order_by": steps.c.id}
    forks = {name: func.max(case((steps.c.task == name, done))).over(**of_ticket) for name in {*_SIDE_BY_SIDE.values()}}
    led = [(steps.c.task == after, forks[fork]) for after, fork in _SIDE_BY_SIDE.items()]
    since = case(*led, else_=func.coalesce(func.lag(done).over(**of_ticket), seconds_of(mine.c.created_at)))
    before = func.lag(steps.c.task).over(**of_ticket)
    columns = (steps.c.task, before.label("before"), (done - since).label("took"))
    return (
        select(*columns)
        .join(mine, mine.c.number == steps.c.ticket)
        .where(steps.c.task.in_(list(STEPS)))
        .subquery("walked")
    )


def _edges(walked: Rows) -> dict[tuple[str, str], int]:
    """Count how often each line was taken: where several lead to one step, the one from the step before it."""
    counted: Counter[tuple[str, str]] = Counter()
    for task, before, count in walked:
        ways = ways_to(task)
        for way in ways:
            if len(ways) == 1 or STEPS[task].waits_for_all or way.before == before:
                counted[way.before, task] += count
    return dict(counted)


def _walk(connection: Connection, mine: Subquery) -> tuple[dict[str, StepFigure], dict[tuple[str, str], int]]:
    walked = _walked(mine).c
    found = connection.execute(_medians(select(walked.task, walked.took), walked.task, order=walked.took))
    figures = {row.task: StepFigure(row.many, _length(row.took)) for row in found}
    pairs = select(walked.task, walked.before, func.count()).group_by(walked.task, walked.before)
    return figures, _edges(connection.execute(pairs).all())


def _medians(query: Any, *cut: Any, order: Any) -> Any:
    """Return the lower median row of each cut, and in `many` how many rows the cut has."""
    place = func.row_number().over(partition_by=cut, order_by=order).label("place")
    placed = query.add_columns(place, func.count().over(partition_by=cut).label("many")).subquery("placed")
    return select(placed).where(placed.c.place == (placed.c.many + 1) // 2)


def _variants(connection: Connection, mine: Subquery) -> list[Variant]:
    chosen = [func.max(case((steps.c.task == name, steps.c.choice))).label(name) for name in _CHOOSING]
    ended = func.max(case((steps.c.task == END, seconds_of(steps.c.done_at))))
    took = (ended - seconds_of(func.min(mine.c.created_at))).label("took")
    each = select(*chosen, took).join(mine, mine.c.number == steps.c.ticket).group_by(steps.c.ticket).subquery("each").c
    cut = [*(each[name] for name in _CHOOSING), each.took.is_(None)]
    found = connection.execute(_medians(select(*(each[name] for name in _CHOOSING), each.took), *cut, order=each.took))
    variants = [
        Variant(
            choices={name: getattr(row, name) for name in _CHOOSING if getattr(row, name)},
            ended=row.took is not None,
            count=row.many,
            median=None if row.took is None else _length(row.took),
        )
        for row in found
    ]
    return sorted(variants, key=lambda one: (-one.count, not one.ended, sorted(one.choices.items())))


def _spent(connection: Connection, mine: Subquery) -> Spent:
    end = select(mine.c.number, seconds_of(mine.c.created_at).label("start"), seconds_of(steps.c.done_at).label("end"))
    done = end.join(steps, and_(steps.c.ticket == mine.c.number, steps.c.task == END)).subquery("done").c
    waits = restorations.c
    opened, decided = seconds_of(waits.opened_at), seconds_of(waits.decided_at)
    waited = select(func.sum(decided - opened)).join(done.number.table, done.number == waits.ticket)
    history = ticket_status_history.c
    after = func.lead(history.at).over(partition_by=history.ticket, order_by=history.sequence)
    each = select(
        history.ticket, history.status, seconds_of(history.at).label("since"), seconds_of(after).label("until")
    )
    spans = each.where(history.ticket.in_(select(done.number))).subquery("spans").c
    on_hold = spans.status.in_([TicketStatus.PENDING.value, TicketStatus.HELD.value])
    until = _lower(func.coalesce(spans.until, done.end), done.end)
    held = _positive(until - spans.since)
    both = _positive(_lower(until, decided) + _lower(-spans.since, -opened))
    joined = spans.ticket.table.join(done.number.table, done.number == spans.ticket)
    sums = select(func.sum(held), func.sum(func.coalesce(both, 0)))
    holds, within = connection.execute(
        sums.select_from(joined.outerjoin(restorations, waits.ticket == spans.ticket)).where(on_hold)
    ).one()
    count, total = connection.execute(select(func.count(), func.sum(done.end - done.start))).one()
    wait = connection.execute(waited).scalar() or 0
    hold, wait = holds or 0, wait - (within or 0)  # on hold while the wait went on: the hold is what counts
    return Spent(count, _length((total or 0) - hold - wait), _length(wait), _length(hold))


def _lower(one: Any, other: Any) -> Any:
    return case((one < other, one), else_=other)


def _positive(seconds: Any) -> Any:
    return case((seconds > 0, seconds), else_=0)


def _length(seconds: Any) -> timedelta:
    """Return whole seconds."""
    return timedelta(seconds=round(float(seconds)))
