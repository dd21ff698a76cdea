"""Rows of a feed that open and close: each is kept, and paired with those of all answers, whatever their order."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import Any

from include.sla_logic.importers.mapping import Pairs
from include.sla_logic.importers.pairing import Event, Paired, Pairing
from include.sla_logic.importers.rejection import Rejected, UnableToImportRow, Withdrawn
from include.sla_logic.importers.row_reader import RowReader
from include.sla_logic.importers.tables import NumberedRow
from include.sla_logic.persistence.database import Database
from include.sla_logic.persistence.feed_events import events_around, events_of, keep_events

_AT_ONCE = 1000


class FedPairing(Pairing):
    """Pairs the rows of an answer with those that the feed has brought before.

    What comes in any number of answers, in any order, with whatever overlap, gives the records of one answer: a row
    that closes waits for the row that opens, and the record of a row that turns out to be part of another is withdrawn.
    """

    def __init__(self, reader: RowReader, pairs: Pairs, database: Database, feed: str) -> None:
        """Pair the rows of this feed."""
        super().__init__(reader, pairs)
        self._database, self._feed = database, feed
        self._last = self._events = 0  # the number of the last row, and how many rows open or close, or say nothing
        self._touched: dict[str, tuple[datetime, datetime]] = {}

    def paired(self, rows: Iterable[NumberedRow | Rejected]) -> Paired:
        """Yield the records that the rows of the answer are part of, once all of these are kept."""
        meant = self._meant(rows)
        while some := list(islice(meant, _AT_ONCE)):
            kept: list[dict[str, Any]] = []
            yield from self._kept(some, kept)
            with self._database.write() as connection:
                keep_events(connection, self._feed, kept)
        for key, moments in self._touched.items():
            with self._database.read() as connection:
                every = self._pairs.once
                found = events_of(connection, self._feed, key) if every else self._around(connection, key, moments)
            yield from self._of_events([Event(row.at, row.opens, (self._next(), row.row)) for row in found])
        self.joined, self.orphans = self._events, 0

    def _around(self, connection: Any, key: str, moments: tuple[datetime, datetime]) -> Any:
        return events_around(connection, self._feed, key, *moments)

    def _kept(self, rows: Iterable[NumberedRow | Rejected], kept: list[dict[str, Any]]) -> Iterator[Rejected]:
        """Collect what is to be kept; yield the rows that mean nothing."""
        for row in rows:
            key = self._key(row)
            if isinstance(row, Rejected) or isinstance(key, Rejected):
                yield row if isinstance(row, Rejected) else key  # type: ignore[misc]  # one is
                continue
            self._last = row[0]
            try:
                event = self._event(*row)
            except UnableToImportRow as error:
                yield Rejected(row[0], error.field, error.reason)
                continue
            self._events += 1
            if event is not None:
                kept.append(self._kept_event(_digest(key), event))

    def _kept_event(self, key: str, event: Event) -> dict[str, Any]:
        first, last = self._touched.get(key, (event.at, event.at))
        self._touched[key] = min(first, event.at), max(last, event.at)
        row = event.row[1]
        digest = _digest(json.dumps(row, sort_keys=True))
        return {"key": key, "digest": digest, "at": event.at, "opens": event.opens, "row": row}

    def _of_events(self, events: list[Event]) -> Paired:
        for found in super()._of_events(events):
            self.earlier += isinstance(found, tuple)
            yield found

    def _next(self) -> int:
        """Return a number behind those of the answer, for a row that was kept."""
        self._last += 1
        return self._last

    def _opens_again(self, event: Event) -> Paired:
        yield Withdrawn(*event.row)

    def _closes_nothing(self, _event: Event) -> Paired:
        return iter(())


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
