"""Settle the windows of many customers' services: in columns as far as they owe nothing, else one service at a time."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from include.sla_logic.domain.settlement import Due, Preview, preview_of, together
from include.sla_logic.domain.spans import Span
from include.sla_logic.persistence.batch import Batch
from include.sla_logic.persistence.contracts import Subscription
from include.sla_logic.persistence.portions import portions
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.settlement import SettlementRun
from include.sla_logic.persistence.sla_violations import note_violations
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.due_windows import DueWindows
from include.sla_logic.services.settling import settle_subscription
from include.sla_logic.services.shared_registers import Shared

if TYPE_CHECKING:
    from include.sla_logic.services.screening import Known, Screened

AT_ONCE = 2_000  # customers' services whose windows are looked at together: some ten megabytes of records

log = logging.getLogger(__name__)


@dataclass
class ManyWindows:
    """The windows of any number of customers' services, looked at together and booked service by service."""

    work: UnitOfWork

    def look(self, names: Sequence[Subscription], at: datetime) -> Preview:
        """Work out what settling them would bring; write nothing."""
        found: list[Preview] = []
        known: Known = {}
        for some in portions(names, AT_ONCE):
            with self.work.reading() as connection:
                screened = _screened(connection, some, at, known)
                batch, left = self._batch(connection, looks=True), sorted(screened.left.items())
                shared = Shared(batch, [name for name, _windows in left])
                found.append(screened.preview)
                for name, windows in left:
                    dues = settle_subscription(batch, name, at=at, run=0, only=windows, shared=shared)
                    found.append(preview_of(dues))
        return together(found)

    def settle(self, names: Sequence[Subscription], run: SettlementRun, room: Mapping[str, Decimal]) -> Preview:
        """Settle them, and book no more than there is room for in each currency."""
        found: list[Preview] = []
        known: Known = {}
        for some in portions(names, AT_ONCE):
            screened = self._settle_quiet(some, run, known)
            found.append(screened.preview)
            for name, windows in self._touched(screened.left, run.at):
                brought = preview_of(self._settle_one(name, windows, run, room))
                room = less(room, brought.booked)
                found.append(brought)
        return together(found)

    def _touched(
        self, left: Mapping[Subscription, Collection[Span]], at: datetime
    ) -> list[tuple[Subscription, Collection[Span]]]:
        """Return those of which a window must be judged, as facts have changed since its newest round."""
        with self.work.reading() as connection:
            batch, names = self._batch(connection, looks=True), sorted(left)
            shared = Shared(batch, names)
            return [(one, left[one]) for one in names if DueWindows(batch, one, at, left[one], shared).is_touched()]

    def _settle_quiet(self, some: Sequence[Subscription], run: SettlementRun, known: "Known") -> "Screened":
        """Add the rounds of windows that owe nothing, many at once; say which others are left."""
        from include.sla_logic.persistence.round_columns import add_rounds

        with self.work.writing() as connection:
            batch = self._batch(connection, looks=False)
            batch.hold(t.services, {service for _customer, service in some})
            common = {"run": run.number, "recorded_at": batch.now}
            screened = _screened(connection, some, run.at, known, common)
            add_rounds(connection, screened.rounds)
            note_violations(connection, screened.violations, now=batch.now, settled=True)
        return screened

    def _settle_one(
        self, name: Subscription, windows: Collection[Span], run: SettlementRun, room: Mapping[str, Decimal]
    ) -> list[Due]:
        with self.work.writing() as connection:
            batch = self._batch(connection, looks=False)
            found = settle_subscription(batch, name, at=run.at, run=run.number, only=windows)
            if all(left >= 0 for left in less(room, preview_of(found).booked).values()):
                return found
            connection.rollback()
        log.warning("The preview leaves too little for %s %s, as facts have changed: the next run settles it", *name)
        return []

    def _batch(self, connection: Connection, *, looks: bool) -> Batch:
        now = self.work.database.now(connection)
        return Batch(connection, [], now=now, gateways=self.work.gateways, looks=looks)


def less(room: Mapping[str, Decimal], booked: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return what is left of each currency."""
    return {name: room.get(name, Decimal(0)) - booked.get(name, Decimal(0)) for name in {*room, *booked}}


def _screened(
    connection: Connection,
    some: Sequence[Subscription],
    at: datetime,
    known: "Known",
    common: Mapping[str, object] | None = None,
) -> "Screened":
    from include.sla_logic.services.screening import Screening  # numpy, which no other use case needs

    return Screening(connection, list(some), at, known).screen(common)
