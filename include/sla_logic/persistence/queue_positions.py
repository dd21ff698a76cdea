"""The place of each incident in the queue, written in the transaction of the documents that it depends on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import singledispatch
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from include.sla_logic.domain.closed_incident import ClosedIncident
from include.sla_logic.domain.corrective_actions import CorrectiveActions
from include.sla_logic.domain.counter_measures import CounterMeasurePlan
from include.sla_logic.domain.customer_report import CreditState, CustomerReport
from include.sla_logic.domain.diagnosis import TroubleReport
from include.sla_logic.domain.document import Document
from include.sla_logic.domain.priorities import Priority
from include.sla_logic.domain.problem_report import ProblemReport
from include.sla_logic.domain.queue_order import place_in_queue
from include.sla_logic.domain.significance import CustomerSignificance
from include.sla_logic.domain.sla import SlaComparison
from include.sla_logic.domain.sla.comparison import ObjectiveJudgement
from include.sla_logic.domain.sla_clock import SlaClock, StatusEvent
from include.sla_logic.domain.trouble_ticket import OPEN, TicketStatus
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.persistence.schema.columns import to_minor_units
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.sla_clocks import (
    as_kept,
    clock_hours,
    clock_of,
    next_notice_at,
    read_clocks,
    read_standing,
)
from include.sla_logic.persistence.ticket_events import tell_priorities

DECLINED = "declined"


@dataclass(frozen=True)
class Progress:
    """What one step changed that the place of an incident depends on."""

    number: int
    status: TicketStatus
    moved: bool
    documents: Sequence[Document]
    place: Mapping[str, Any] | None
    moves: Sequence[StatusEvent]


def enter_queue(connection: Connection, number: int, *, opened_at: datetime) -> None:
    """Place a new ticket behind all that are known to be urgent."""
    place = place_in_queue(number, protected=False, priority=None, runs_out_at=None, score=None, opened_at=opened_at)
    connection.execute(insert(queue).values(ticket=number, open=True, place=place, protected=False))


def keep_places(connection: Connection, changes: Iterable[Progress], *, now: datetime) -> None:
    """Follow what was written; one update, however many incidents there are."""
    rows, changed = [], []
    for change in changes:
        if change.place is not None and (said := _told(change)):
            rows.append(change.place)
            row = {**change.place, **said}
            changed.append(_placed(row, clock_of(change.moves, as_of=now, hours=clock_hours(row["contract_hours"]))))
    _update(connection, rows, changed, now)


def change_places(connection: Connection, told: Mapping[int, Mapping[str, Any]], *, now: datetime) -> None:
    """Store these facts about the tickets, and the places that follow from them and from their clocks now."""
    if not told:
        return
    rows = [dict(row) for row in connection.execute(select(queue).where(queue.c.ticket.in_(told))).mappings()]
    clocks = read_clocks(connection, list(told), as_of=now)
    _update(connection, rows, [_placed({**row, **told[row["ticket"]]}, clocks[row["ticket"]]) for row in rows], now)


def _update(
    connection: Connection, rows: Sequence[Mapping[str, Any]], changed: Sequence[dict[str, Any]], now: datetime
) -> None:
    different = [new for new, row in zip(changed, rows, strict=True) if new != row]
    if different:
        write_places(connection, different)
    both = zip(changed, rows, strict=True)
    if other := {new["ticket"]: new["priority"] for new, row in both if new["priority"] != row["priority"]}:
        tell_priorities(connection, other, now=now)


def write_places(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Replace these rows of the queue; each has all columns."""
    connection.execute(_REPLACED, [_renamed(row) for row in rows])


# Put together once: most steps of an incident send it.
_REPLACED = (
    update(queue)
    .where(queue.c.ticket == bindparam("its_ticket"))
    .values({column.name: bindparam(column.name) for column in queue.c if column.name != "ticket"})
)


def note_decided_credit(
    connection: Connection, number: int, *, ticket: str, booked_as: CreditState = CreditState.BOOKED
) -> None:
    """Record the outcome of an incident's credit for reports, once none of it is held."""
    table = applied_billing_credits.c
    kept = connection.execute(select(table.state, table.amount).where(table.ticket == ticket)).all()
    if any(row.state == "held" for row in kept):
        return
    booked = sum(row.amount for row in kept if row.state in {"booked", "posted"})
    closed = (row.state for row in kept if row.state in {"superseded", "lapsed"})
    state = booked_as.value if booked else next(closed, DECLINED)
    connection.execute(update(queue).where(queue.c.ticket == number).values(credit=booked, credit_state=state))


def _renamed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {("its_ticket" if name == "ticket" else name): value for name, value in row.items()}


def _told(change: Progress) -> dict[str, Any]:
    """Return what the step changes for the queue; a settled incident has no next tier."""
    told: dict[str, Any] = {}
    for document in change.documents:
        told |= _said(document)
    if change.moved:
        told["open"] = change.status in OPEN
    if change.moved and not told["open"]:
        told |= {"next_tier_at": None, "write_by": None}
    return told


def _placed(row: dict[str, Any], clock: SlaClock) -> dict[str, Any]:
    row["place"] = place_in_queue(
        row["ticket"],
        protected=row["protected"],
        priority=Priority(row["priority"]) if row["priority"] else None,
        runs_out_at=read_standing(row, clock).runs_out_at,
        score=row["score"],
        opened_at=clock.opened_at,
    )
    row["notice_at"] = next_notice_at(row, clock) if row["open"] else None
    return row


@singledispatch
def _said(document: Document) -> dict[str, Any]:  # noqa: ARG001 - the documents that say nothing about the place
    return {}


@_said.register
def _(document: ProblemReport) -> dict[str, Any]:
    reported_at = None if document.proactive else document.reported_at
    return {"protected": document.protected, "contract": document.contract, "reported_at": reported_at}


@_said.register
def _(document: CustomerSignificance) -> dict[str, Any]:
    return {"score": document.score}


@_said.register
def _(document: CounterMeasurePlan) -> dict[str, Any]:
    if not document.measures:
        return {"priority": document.base_priority.value, "original_priority": document.base_priority.value}
    first = min(document.measures, key=lambda measure: measure.priority.rank)
    return {"priority": first.priority.value, "original_priority": first.original_priority.value}


@_said.register
def _(document: TroubleReport) -> dict[str, Any]:
    return {"cause": document.type_of_problem[:64]}


@_said.register
def _(document: CorrectiveActions) -> dict[str, Any]:
    corrected = document.undertaken_at if document.verified else None
    return {"department": document.department.value, "corrected_at": corrected}


@_said.register
def _(document: CustomerReport) -> dict[str, Any]:
    return {"write_by": document.writes_next_by}


@_said.register
def judged(document: SlaComparison) -> dict[str, Any]:
    """Return what a comparison changes for the queue: the nearest next tier, and what it costs."""
    nearest = _nearest(document)
    tier = nearest.next_tier if nearest else None
    left = nearest.seconds_to_next_tier if nearest else None
    runs = nearest is not None and nearest.provisional and left is not None
    stake = tier.costs_more if tier else None
    return {
        "contract": document.contract,
        "objective": (nearest or document.worst).objective[:64],
        "breached": document.breached,
        "judged_at": document.as_of,
        "budget_seconds": left,
        "next_tier_at": _reached_at(nearest, document.as_of) if runs and nearest else None,
        "next_tier": f"{nearest.title}: {tier.tier}" if nearest and tier else None,
        "contract_hours": as_kept(document.service_hours),
        "tier_hours": as_kept(tier.service_hours if tier else None),
        "at_stake": to_minor_units(stake) if stake else None,
        "window_end": document.window.end,
        "due": to_minor_units(document.credit_due) if document.credit_due is not None else None,
        "currency": document.currency,
    }


def _nearest(document: SlaComparison) -> ObjectiveJudgement | None:
    """Return the objective whose next tier is the nearest; one whose clock runs comes first.

    A tier that costs nothing more (the cap is reached, or the window ends before it) is none to hurry for.
    """
    timed = [o for o in document.objectives if o.seconds_to_next_tier is not None and o.next_tier_costs]
    return min(timed, key=lambda o: (not o.provisional, _reached_at(o, document.as_of)), default=None)


def _reached_at(judged: ObjectiveJudgement, as_of: datetime) -> datetime:
    """Return when the tier is reached if the outage goes on: in service hours that may be days after fewer seconds."""
    by_hours = judged.next_tier.reached_at if judged.next_tier else None
    return by_hours or as_of + timedelta(seconds=judged.seconds_to_next_tier or 0)


@_said.register
def _(document: ClosedIncident) -> dict[str, Any]:
    return {
        "outcome": document.outcome.value,
        "ending": document.ending.value,
        "credit": to_minor_units(document.credit),
        "credit_state": document.credit_state.value,
        "currency": document.credit.currency,
        "closed_at": document.closed_at,
    }
