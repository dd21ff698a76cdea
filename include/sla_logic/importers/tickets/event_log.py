"""Reading an event log: the rows of one ticket become its notification and its history of TMF621 states."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from pydantic import ValidationError

from include.sla_logic.domain.notification import Level, ProblemNotification
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.domain.sla_clock import StatusEvent
from include.sla_logic.importers.cells import look_up, read_field, read_moment_of
from include.sla_logic.importers.gathering import gather
from include.sla_logic.importers.rejection import Rejected, UnableToImportRow
from include.sla_logic.importers.row_reader import refused_field
from include.sla_logic.importers.sources import Source
from include.sla_logic.importers.tables import NumberedRow, Row
from include.sla_logic.importers.tickets.mapping import State, TicketMapping
from include.sla_logic.importers.tickets.status_history import (
    SETTLED,
    check_order,
    legal_history,
    resolved_at,
    with_total_hold,
)


@dataclass(frozen=True)
class Rated:
    """Impact and urgency from a moment on."""

    at: datetime
    impact: Level
    urgency: Level


@dataclass(frozen=True)
class ImportedTicket:
    """One ticket of the other system as System T will store it; `line` is its first row, `body` its notification."""

    line: int
    notification: ProblemNotification
    body: str = field(repr=False)
    history: tuple[StatusEvent, ...]
    ratings: tuple[Rated, ...]
    fingerprint: str = field(repr=False)

    @property
    def settled(self) -> bool:
        """Whether it is resolved or in a final state."""
        return self.history[-1].status in SETTLED


def group_rows_by_ticket(
    rows: Iterable[NumberedRow | Rejected], mapping: TicketMapping
) -> Iterator[Rejected | tuple[str, list[NumberedRow]]]:
    """Gather the rows of each ticket, whatever their order; rows without a reference are rejected."""

    def key(row: NumberedRow | Rejected) -> str | Rejected:
        if isinstance(row, Rejected):
            return row
        try:
            found = read_field("reference", mapping.reference, row[1], mapping)
        except UnableToImportRow as error:
            return Rejected(row[0], error.field, error.reason)
        return str(found) if found is not None else Rejected(row[0], "reference", "is missing")

    return gather(rows, key)


def read_ticket(reference: str, rows: Sequence[NumberedRow], mapping: TicketMapping) -> ImportedTicket:
    """Read the rows of one ticket; raise `UnableToImportRow` with the field that has no meaning."""
    if mapping.strict and (unknown := sorted(set().union(*(row for _, row in rows)).difference(mapping.known))):
        raise UnableToImportRow(
            unknown[0], Sentence("is no field of a ticket; it has %(known)s", known=", ".join(mapping.known))
        )
    events = [_event(row, mapping) for _, row in rows]
    opened_at = _opened_at(rows[0][1], events[0], mapping)
    check_order(opened_at, events)
    events = _held(rows, events, opened_at, mapping)
    history = tuple(legal_history(opened_at, events))
    notification = _notification(reference, rows, mapping, history)
    body = notification.model_dump_json()
    content = "\n".join((body, *(event.model_dump_json() for event in history)))
    return ImportedTicket(
        line=rows[0][0],
        notification=notification,
        body=body,
        history=history,
        ratings=tuple(_ratings(rows, events[-len(rows) :], mapping, notification)),
        fingerprint=sha256(content.encode()).hexdigest(),
    )


def _held(
    rows: Sequence[NumberedRow], events: list[StatusEvent], opened_at: datetime, mapping: TicketMapping
) -> list[StatusEvent]:
    """Put the whole time on hold of a ticket of one row behind its opening, as only its length is known."""
    total = None if mapping.held_for is None else read_field("held_for", mapping.held_for, rows[0][1], mapping)
    if not total:
        return events
    if len(rows) > 1:
        msg = "is the whole of a ticket, and this ticket has several rows"
        raise UnableToImportRow("held_for", Sentence(msg))
    return with_total_hold(opened_at, events[0], int(total), mapping.held_by)


def _event(row: Row, mapping: TicketMapping) -> StatusEvent:
    name = _state(row, mapping)
    state = mapping.states.get(name)
    if state is None:
        raise UnableToImportRow(
            "state", Sentence("the mapping does not say what %(state)s means", state=repr(name[:60]))
        )
    at = read_moment_of("at", mapping.at, row, mapping)
    if at is None:
        raise UnableToImportRow("at", "is missing")
    reason = read_field("reason", mapping.reason, row, mapping) if mapping.reason else None
    owner = _owner(row, state, mapping)
    return StatusEvent.model_construct(status=state.status, at=at, reason=str(reason or name)[:500], owner=owner)


def _state(row: Row, mapping: TicketMapping) -> str:
    """Return the foreign state as the mapping names it."""
    return " / ".join(str(look_up(row, column) or "").strip() for column in mapping.state)


def _owner(row: Row, state: State, mapping: TicketMapping):  # type: ignore[no-untyped-def]  # noqa: ANN202
    said = read_field("owner", mapping.owner, row, mapping) if mapping.owner else None
    try:
        return State(status=state.status, owner=said).owner if said else state.owner
    except ValidationError:
        msg = "%(text)s is none of provider, customer, third_party"
        raise UnableToImportRow("owner", Sentence(msg, text=repr(said))) from None


def _opened_at(row: Row, first: StatusEvent, mapping: TicketMapping) -> datetime:
    found = read_moment_of("opened_at", mapping.opened_at, row, mapping) if mapping.opened_at else None
    return found or first.at


def _notification(
    reference: str,
    rows: Sequence[NumberedRow],
    mapping: TicketMapping,
    history: Sequence[StatusEvent],
) -> ProblemNotification:
    said = {name: _latest(name, source, rows, mapping) for name, source in mapping.bare_fields.items()}
    fields = {name: value for name, value in said.items() if value is not None}
    for name in ("impact", "urgency"):
        if name in fields:
            fields[name] = _level(name, fields[name])
    fields.setdefault("observed_from", history[0].at)
    if history[-1].status in SETTLED and "observed_to" not in fields:
        fields["observed_to"] = resolved_at(history)
    try:
        return ProblemNotification.model_validate(
            {**fields, "reported_at": history[0].at, "external_reference": reference}
        )
    except ValidationError as error:
        raise refused_field(error) from None


def _latest(name: str, bare: Source, rows: Sequence[NumberedRow], mapping: TicketMapping) -> object:
    """Return the value of the last row that has one; `otherwise` only where no row has."""
    for _, row in reversed(rows):
        if (value := read_field(name, bare, row, mapping)) is not None:
            return value
    return mapping.fields[name].otherwise  # type: ignore[index]  # it has the names of `bare_fields`


def _level(name: str, value: object) -> Level:
    try:
        return Level(int(str(value)))
    except ValueError:
        raise UnableToImportRow(name, Sentence("%(text)s is none of 1, 2, 3", text=repr(str(value)[:40]))) from None


def _ratings(
    rows: Sequence[NumberedRow],
    events: Sequence[StatusEvent],
    mapping: TicketMapping,
    last: ProblemNotification,
) -> Iterator[Rated]:
    """Return how impact and urgency changed; what the log does not say has the value of now from the start."""
    if mapping.fields.keys().isdisjoint(("impact", "urgency")):
        yield Rated(events[0].at, last.impact, last.urgency)
        return
    before = None
    for (_, row), event in zip(rows, events, strict=True):
        given = (_rating(name, row, mapping) for name in ("impact", "urgency"))
        impact, urgency = (found or now for found, now in zip(given, (last.impact, last.urgency), strict=True))
        if (impact, urgency) != before:
            before = (impact, urgency)
            yield Rated(event.at, impact, urgency)


def _rating(name: str, row: Row, mapping: TicketMapping) -> Level | None:
    source = mapping.fields.get(name)  # type: ignore[call-overload]
    value = read_field(name, source, row, mapping) if source is not None else None
    return None if value is None else _level(name, value)
