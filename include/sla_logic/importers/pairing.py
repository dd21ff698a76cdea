"""Rows that open and rows that close, paired by their key: two of them are one record."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.importers.cells import CLOSING, read_field, read_moment_of
from include.sla_logic.importers.gathering import gather
from include.sla_logic.importers.mapping import Pairs
from include.sla_logic.importers.rejection import Rejected, UnableToImportRow, Withdrawn
from include.sla_logic.importers.row_reader import RowReader, unmeant
from include.sla_logic.importers.tables import Entries, NumberedRow, Row

_OPENING, _ENDING = ("started_at", "raised_at", "starts_at"), ("ended_at", "cleared_at", "ends_at")


Paired = Iterator[NumberedRow | Rejected | Withdrawn]


@dataclass(frozen=True)
class Event:
    """A row that opens or closes."""

    at: datetime
    opens: bool
    row: NumberedRow


class Pairing:
    """Pairs the rows of a file, whatever their order.

    `joined` counts the rows that are part of another row's record, `orphans` those of them that end what no row
    begins: it began before the file does, or nothing did. `earlier` counts records of kept rows.
    """

    def __init__(self, reader: RowReader, pairs: Pairs) -> None:
        self._reader, self._pairs = reader, pairs
        self._section, self._mapping = reader.section, reader.mapping
        self.joined = self.orphans = self.passed_over = self.earlier = 0

    def paired(self, rows: Iterable[NumberedRow | Rejected]) -> Paired:
        """Yield every opening row with the row that closes it; rows of neither kind pass as they are."""
        for found in gather(self._meant(rows), self._key):
            if isinstance(found, Rejected):
                yield found
            else:
                yield from self._of_key(found[1])

    def _meant(self, rows: Iterable[NumberedRow | Rejected]) -> Entries:
        for row in rows:
            if isinstance(row, Rejected) or self._reader.is_meant(row[1], self._section.only):
                yield row
            else:
                self.passed_over += 1

    def _key(self, row: NumberedRow | Rejected) -> str | Rejected:
        if isinstance(row, Rejected):
            return row
        try:
            found = read_field("key", self._pairs.key, row[1], self._mapping)
        except UnableToImportRow as error:
            return Rejected(row[0], error.field, error.reason)
        return str(found) if found is not None else Rejected(row[0], "key", "is missing")

    def _of_key(self, rows: list[NumberedRow]) -> Paired:
        events: list[Event] = []
        for number, row in rows:
            try:
                event = self._event(number, row)
            except UnableToImportRow as error:
                yield Rejected(number, error.field, error.reason)
                continue
            if event is None:
                self.joined += 1  # of neither kind: it says that nothing has changed
            else:
                events.append(event)
        yield from self._of_events(events)

    def _of_events(self, events: list[Event]) -> Paired:
        return self._once(events) if self._pairs.once else self._in_turn(events)

    def _event(self, number: int, row: Row) -> Event | None:
        for opens, values, names in ((True, self._pairs.open, _OPENING), (False, self._pairs.close, _ENDING)):
            if unmeant(row, values) is None:
                name = next(name for name in names if name in self._section.columns)
                at = read_moment_of(name, self._section.columns[name], row, self._mapping)
                if at is None:
                    raise UnableToImportRow(name, "is missing")
                return Event(at, opens, (number, row))
        return None

    def _once(self, events: list[Event]) -> Paired:
        opening = sorted((event for event in events if event.opens), key=lambda event: event.at)
        closing = sorted((event for event in events if not event.opens), key=lambda event: event.at)
        self.joined += max(0, len(opening) - 1) + (len(closing) if opening else 0)
        if opening:
            for event in opening[1:]:
                yield from self._opens_again(event)
            yield _joined(opening[0], closing[0] if closing else None)
            return
        for event in closing:
            yield from self._closes_nothing(event)

    def _opens_again(self, _event: Event) -> Paired:
        """Return what becomes of a row that opens what is open."""
        return iter(())

    def _closes_nothing(self, event: Event) -> Paired:
        """Return what becomes of a row that closes what is to be opened once, and was not."""
        yield Rejected(event.row[0], "key", Sentence("closes what no row of the file opens"))

    def _in_turn(self, events: list[Event]) -> Paired:
        down: Event | None = None
        seen = False
        for event in _by_time(events):
            if event.opens:
                if down is not None:
                    self.joined += 1  # still down
                    yield from self._opens_again(event)
                down = down or event
            elif down is not None:
                self.joined += 1
                yield _joined(down, event)
                down = None
            else:
                self.orphans += not seen
                self.joined += 1  # still up
            seen = True
        if down is not None:
            yield _joined(down, None)


def _by_time(events: list[Event]) -> Iterator[Event]:
    """Yield events by time; of one second that which changes the state comes first, then as the file has them."""
    waiting = sorted(events, key=lambda event: event.at)
    down = False
    while waiting:
        first = waiting[0].at
        same = [event for event in waiting if event.at == first]
        del waiting[: len(same)]
        while same:
            turn = next((event for event in same if event.opens is not down), same[0])
            same.remove(turn)
            down = turn.opens
            yield turn


def _joined(opening: Event, closing: Event | None) -> NumberedRow:
    number, row = opening.row
    return number, {**row, CLOSING: None if closing is None else closing.row[1]}
