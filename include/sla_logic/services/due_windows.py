"""The windows of one customer's service that settlement looks at, with everything that decides what becomes of them."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Row

from include.sla_logic.domain.contract.sources import sources_of
from include.sla_logic.domain.disputes import frozen_by
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.measurements import ServiceFacts
from include.sla_logic.domain.netting import EarlierCredit
from include.sla_logic.domain.period import Period, spanning
from include.sla_logic.domain.settlement import is_due
from include.sla_logic.domain.spans import Span
from include.sla_logic.persistence.active_incidents import active_tickets
from include.sla_logic.persistence.batch import Batch
from include.sla_logic.persistence.contracts import Subscription
from include.sla_logic.services.ended_windows import EndedWindow, windows_until
from include.sla_logic.services.found_windows import LOOKING
from include.sla_logic.services.gone_windows import is_open
from include.sla_logic.services.judged_bases import Read
from include.sla_logic.services.shared_registers import Shared


@dataclass
class DueWindows:
    """One customer's service as a transaction sees it; with `only` no other windows are looked at."""

    batch: Batch
    subscription: Subscription
    at: datetime
    only: Collection[Span] | None = None
    shared: Shared | None = None

    @cached_property
    def known(self) -> Shared:
        """What was looked up for it, perhaps with others."""
        return self.shared or Shared(self.batch, [self.subscription])

    @cached_property
    def begun(self) -> list[EndedWindow]:
        """All its windows that have begun."""
        return windows_until(self.known.register, self.at, self.subscription)

    def windows(self) -> Iterator[tuple[EndedWindow, Row[Any] | None]]:
        """Yield those that are due, with the newest round of each."""
        before = self.known.newest_rounds(self.subscription)
        for ended in self.begun:
            if self._is_wanted(ended.window.span) and is_due(ended.contract, ended.window, self.at):
                yield ended, before.get(ended.window.span)

    def gone(self) -> Iterator[Row[Any]]:
        """Yield the newest rounds of windows that no agreement has any more, where something is left to close."""
        here = {one.window.span for one in self.begun}
        for span, newest in self.known.newest_rounds(self.subscription).items():
            if span not in here and self._is_wanted(span) and is_open(newest, self.at):
                yield newest

    def is_touched(self) -> bool:
        """Tell whether any of them must be judged: it has no round that rests on the same facts."""
        return any(not self._stands(*one) for one in self.windows()) or any(True for _ in self.gone())

    def read(self, ended: EndedWindow) -> Read:
        """Read everything that decides what becomes of a window; raise `ForeseenError` where it cannot be read."""
        contract, (_customer, service) = ended.contract, self.subscription
        facts = self.known.measurements.facts(ended.agreement, ended.calendar, as_of=self.at)
        missing = self.known.complete(service).missing(sources_of(contract), ended.window)
        earlier: Sequence[EarlierCredit] = ()
        if contract.cap is not None and contract.cap.over != "window":
            under = spanning(ended.window, contract.stretch(contract.cap.over, ended.calendar.start))
            earlier = self.known.ledger.earlier_credits(ended.agreement, under, ticket=LOOKING)
        active, disputed = self._active(facts, ended.window), self.is_disputed(ended.window)
        return Read(ended, facts, missing, active, earlier, disputed)

    def is_disputed(self, window: Period) -> bool:
        """Tell whether the customer contests a part of this time, and nobody has decided yet."""
        return frozen_by(self.known.disputes(self.subscription), window) is not None

    def _is_wanted(self, span: Span) -> bool:
        return self.only is None or span in self.only

    def _stands(self, ended: EndedWindow, newest: Row[Any] | None) -> bool:
        try:
            return self.read(ended).stands(newest, self.at)
        except ForeseenError:
            return False

    def _active(self, facts: ServiceFacts, window: Period) -> list[str]:
        """Name the incidents of the window that are still under way."""
        mine = [one.reference for one in facts.tickets if window.contains(one.observed_from or one.opened_at)]
        active = active_tickets(self.batch.connection, mine)
        return [f"{ticket} is still under way" for ticket in mine if ticket in active]
