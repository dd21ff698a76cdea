"""Folding the rows of one ticket into its notification and its history of TMF621 states."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from hashlib import sha256
from itertools import groupby

from pydantic import ValidationError

from include.sla_logic.domain.notification import Level, ProblemNotification
from include.sla_logic.domain.sla_clock import StatusEvent
from include.sla_logic.domain.trouble_ticket import MOVES, TicketStatus
from include.sla_logic.importers.files import Row
from include.sla_logic.importers.rejection import Rejected, UnableToTakeRow
from include.sla_logic.importers.tickets.cells import Cells
from include.sla_logic.importers.tickets.mapping import State, TicketMapping, TicketSource

FINAL = frozenset({TicketStatus.CLOSED, TicketStatus.CANCELLED, TicketStatus.REJECTED})
SETTLED = FINAL | {TicketStatus.RESOLVED}
NumberedRow = tuple[int, Row]


@dataclass(frozen=True)
class Rated:
    """Impact and urgency from a moment on."""

    at: datetime
    impact: Level
    urgency: Level


@dataclass(frozen=True)
class FoldedTicket:
    """One ticket of the other system as System T will keep it."""

    line: int
    notification: ProblemNotification
    history: tuple[StatusEvent, ...]
    ratings: tuple[Rated, ...]
    fingerprint: str = field(repr=False)

    @property
    def settled(self) -> bool:
        """Whether nobody works on it any more."""
        return self.history[-1].status in SETTLED


def rows_by_ticket(
    rows: Iterable[NumberedRow | Rejected], cells: Cells, reference: TicketSource
) -> Iterator[Rejected | tuple[str, list[NumberedRow]]]:
    """Gather rows that follow each other; a ticket whose rows come again later would be torn apart, so they go."""
    seen: set[str] = set()

    def key(row: NumberedRow | Rejected) -> str | Rejected:
        if isinstance(row, Rejected):
            return row
        try:
            found = cells.value("reference", reference, row[1])
        except UnableToTakeRow as error:
            return Rejected(row[0], error.field, error.reason)
        return str(found) if found is not None else Rejected(row[0], "reference", "is missing")

    for name, group in groupby(rows, key=key):
        if isinstance(name, Rejected):
            yield name
            continue
        members = [row for row in group if not isinstance(row, Rejected)]
        if name in seen:
            yield from (Rejected(n, "reference", f"{name} has rows apart; sort by ticket") for n, _ in members)
            continue
        seen.add(name)
        yield name, members


def fold(reference: str, rows: Sequence[NumberedRow], mapping: TicketMapping, cells: Cells) -> FoldedTicket:
    """Fold the rows of one ticket; raise `UnableToTakeRow` with the field that means nothing."""
    events = [_event(row, mapping, cells) for _, row in rows]
    opened_at = _opened_at(rows[0][1], events[0], mapping, cells)
    _check_order(opened_at, events)
    history = tuple(_legal(opened_at, events))
    notification = _notification(reference, rows, mapping, cells, history)
    told = "\n".join((notification.model_dump_json(), *(event.model_dump_json() for event in history)))
    return FoldedTicket(
        line=rows[0][0],
        notification=notification,
        history=history,
        ratings=tuple(_ratings(rows, events, mapping, cells, notification)),
        fingerprint=sha256(told.encode()).hexdigest(),
    )


def _event(row: Row, mapping: TicketMapping, cells: Cells) -> StatusEvent:
    name = cells.state(row)
    state = mapping.states.get(name)
    if state is None:
        raise UnableToTakeRow("state", f"the mapping does not say what {name[:60]!r} means")
    at = cells.moment("at", mapping.at, row)
    if at is None:
        raise UnableToTakeRow("at", "is missing")
    reason = cells.value("reason", mapping.reason, row) if mapping.reason else None
    owner = _owner(row, state, mapping, cells)
    return StatusEvent.model_construct(status=state.status, at=at, reason=str(reason or name)[:500], owner=owner)


def _owner(row: Row, state: State, mapping: TicketMapping, cells: Cells):  # type: ignore[no-untyped-def]  # noqa: ANN202
    said = cells.value("owner", mapping.owner, row) if mapping.owner else None
    try:
        return State(status=state.status, owner=said).owner if said else state.owner
    except ValidationError:
        raise UnableToTakeRow("owner", f"{said!r} is none of provider, customer, third_party") from None


def _opened_at(row: Row, first: StatusEvent, mapping: TicketMapping, cells: Cells) -> datetime:
    found = cells.moment("opened_at", mapping.opened_at, row) if mapping.opened_at else None
    return found or first.at


def _check_order(opened_at: datetime, events: Sequence[StatusEvent]) -> None:
    """Refuse a log whose times run backward: which of them is wrong cannot be known."""
    before = opened_at
    for event in events:
        if event.at < before:
            raise UnableToTakeRow("at", f"{event.at.isoformat()} lies before {before.isoformat()}, which it follows")
        before = event.at


def _legal(opened_at: datetime, events: Sequence[StatusEvent]) -> Iterator[StatusEvent]:
    """Walk the moves that TMF621 knows: what the other system has left out is put in, at the same instant.

    A final state that was left again was none: it is kept as resolved, so that the reopening shows.
    """
    now = StatusEvent.model_construct(
        status=TicketStatus.ACKNOWLEDGED, at=opened_at, reason="Opened in the other system.", owner=None
    )
    yield now
    for event in _without_early_ends(events):
        if (event.status, event.owner) == (now.status, now.owner) and _same_reason(now, event):
            continue
        for status in _way(now.status, event.status):
            now = event if status is event.status else event.model_copy(update={"status": status, "owner": None})
            yield now


def _same_reason(now: StatusEvent, event: StatusEvent) -> bool:
    return event.held_by is None or now.reason == event.reason


def _without_early_ends(events: Sequence[StatusEvent]) -> Iterator[StatusEvent]:
    last_open = max((index for index, event in enumerate(events) if event.status not in FINAL), default=-1)
    for index, event in enumerate(events):
        early = event.status in FINAL and index < last_open
        yield event.model_copy(update={"status": TicketStatus.RESOLVED}) if early else event


@cache
def _way(now: TicketStatus, to: TicketStatus) -> tuple[TicketStatus, ...]:
    """Return the shortest way of at least one move, through no final state."""
    waiting: deque[tuple[TicketStatus, ...]] = deque([(now,)])
    while waiting:
        way = waiting.popleft()
        if len(way) > len(TicketStatus):
            break
        for status in sorted(MOVES[way[-1]]):
            if status == to:
                return (*way[1:], status)
            if status not in SETTLED or to in FINAL:
                waiting.append((*way, status))
    raise UnableToTakeRow("state", f"a ticket that is {now} cannot become {to}")


def _notification(
    reference: str,
    rows: Sequence[NumberedRow],
    mapping: TicketMapping,
    cells: Cells,
    history: Sequence[StatusEvent],
) -> ProblemNotification:
    said = {name: _latest(name, source, rows, cells) for name, source in mapping.fields.items()}
    fields = {name: value for name, value in said.items() if value is not None}
    for name in ("impact", "urgency"):
        if name in fields:
            fields[name] = _level(name, fields[name])
    fields.setdefault("observed_from", history[0].at)
    if history[-1].status in SETTLED and "observed_to" not in fields:
        fields["observed_to"] = _resolved_at(history)
    try:
        return ProblemNotification.model_validate(
            {**fields, "reported_at": history[0].at, "external_reference": reference}
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "row"
        raise UnableToTakeRow(where, first["msg"].removeprefix("Value error, ")) from None


def _latest(name: str, source: TicketSource, rows: Sequence[NumberedRow], cells: Cells) -> object:
    """Return what the last row says that says anything; `otherwise` only where none does."""
    bare = source.model_copy(update={"otherwise": None}) if source.otherwise is not None else source
    for _, row in reversed(rows):
        if (value := cells.value(name, bare, row)) is not None:
            return value
    return source.otherwise


def _resolved_at(history: Sequence[StatusEvent]) -> datetime:
    """Return when it was last settled: the first of the settled states at the end."""
    since = history[-1].at
    for event in reversed(history):
        if event.status not in SETTLED:
            break
        since = event.at
    return since


def _level(name: str, value: object) -> Level:
    try:
        return Level(int(str(value)))
    except ValueError:
        raise UnableToTakeRow(name, f"{str(value)[:40]!r} is none of 1, 2, 3") from None


def _ratings(
    rows: Sequence[NumberedRow],
    events: Sequence[StatusEvent],
    mapping: TicketMapping,
    cells: Cells,
    last: ProblemNotification,
) -> Iterator[Rated]:
    """Return how impact and urgency changed; what a log does not say has always been what it is now."""
    before = None
    for (_, row), event in zip(rows, events, strict=True):
        said = (_said(name, row, mapping, cells) for name in ("impact", "urgency"))
        impact, urgency = (found or now for found, now in zip(said, (last.impact, last.urgency), strict=True))
        if (impact, urgency) != before:
            before = (impact, urgency)
            yield Rated(event.at, impact, urgency)


def _said(name: str, row: Row, mapping: TicketMapping, cells: Cells) -> Level | None:
    source = mapping.fields.get(name)  # type: ignore[call-overload]
    value = cells.value(name, source, row) if source is not None else None
    return None if value is None else _level(name, value)
