"""Settle one customer's service: judge every window that is due, and book what is still owed."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import Row

from include.sla_logic.domain.credit import Rebate, standing
from include.sla_logic.domain.disputes import DISPUTED
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period, spanning
from include.sla_logic.domain.rebate import work_out_rebate
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.domain.settlement import Due, RoundState, can_wait, is_due, may_be_corrected, rests_on
from include.sla_logic.domain.sla import SlaComparison, compare
from include.sla_logic.domain.spans import Span
from include.sla_logic.persistence.batch import Batch
from include.sla_logic.persistence.billing import BillingLedger
from include.sla_logic.persistence.confirmed_rounds import confirm_rounds
from include.sla_logic.persistence.contracts import Subscription
from include.sla_logic.persistence.counted_credits import window_of
from include.sla_logic.persistence.flush import file_messages, message_row
from include.sla_logic.persistence.incident_records import ticket_number
from include.sla_logic.persistence.pending_messages import PendingMessages
from include.sla_logic.persistence.policy_tables import policies_in_force
from include.sla_logic.persistence.queue_positions import note_decided_credit
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.settlement import add_round, replace_credits, round_name
from include.sla_logic.services.due_windows import DueWindows
from include.sla_logic.services.ended_windows import EndedWindow
from include.sla_logic.services.found_windows import LOOKING, Found
from include.sla_logic.services.gone_windows import close, find_newest, frozen_of, left_behind
from include.sla_logic.services.judged_bases import Read, basis_of
from include.sla_logic.services.settled_violations import keep_violations
from include.sla_logic.services.shared_registers import Shared


@dataclass
class Settling:
    """One customer's service in one transaction; what is the same as in the newest round is left alone."""

    batch: Batch
    subscription: Subscription
    at: datetime
    run: int
    only: Collection[Span] | None = None
    shared: Shared | None = None
    outgoing: PendingMessages = field(default_factory=PendingMessages)
    _confirmed: dict[int, str] = field(default_factory=dict)
    _changed: list[Found] = field(default_factory=list)

    @cached_property
    def _due(self) -> DueWindows:
        return DueWindows(self.batch, self.subscription, self.at, self.only, self.shared)

    @property
    def _of_run(self) -> dict[str, Any]:
        return {"run": self.run, "recorded_at": self.batch.now}

    @property
    def _ledger(self) -> BillingLedger:
        return self._due.known.ledger

    def settle(self) -> Iterator[Due]:
        """Settle every window that is due; yield what each brings now. Nothing is written before `flush`.

        With `only` no other window is judged, and none whose newest round rests on the same facts.
        """
        self.batch.hold(t.services, [self.subscription[1]])
        for ended, newest in self._due.windows():
            found = self._judge(ended, newest)
            if found is not None and found.differs(newest):
                yield self._round(found, newest)
            elif found is not None and newest is not None:
                self._confirm(found, newest)
        for newest in self._due.gone():
            closed = self._close(newest)
            if closed is not None and closed.differs(newest):
                yield self._round(closed, newest)

    def _confirm(self, found: Found, newest: Row[Any]) -> None:
        """Keep that the window came out as before on these facts."""
        if found.basis is not None and found.basis != basis_of(newest):
            self._confirmed[newest.number] = found.basis.model_dump_json()

    def _close(self, newest: Row[Any]) -> Found | None:
        """Settle a window that no agreement has any more."""
        gone = find_newest(newest, self._due.begun)
        if self._due.is_disputed(window_of(newest)):
            return frozen_of(gone)
        if gone is None:
            return left_behind(newest, self.batch.connection)
        now = [one for one in self._due.begun if one.window.overlaps(gone.window)]
        judged = [self._judge(one) or one if is_due(one.contract, one.window, self.at) else one for one in now]
        return close(gone, judged, self._ledger, as_of=self.at)

    def flush(self) -> None:
        """Write the credits and what is told of them."""
        self._ledger.flush()
        rows = [message_row(message, ticket=None, now=self.batch.now) for message in self.outgoing.messages]
        file_messages(self.batch.connection, rows)
        confirm_rounds(self.batch.connection, self._confirmed, self.batch.now)
        keep_violations(self.batch, self.subscription, self._changed, run=self.run)

    def _judge(self, ended: EndedWindow, newest: Row[Any] | None = None) -> Found | None:
        """Judge a window; None where its newest round rests on the same facts."""
        try:
            read = self._due.read(ended)
            if read.stands(newest, self.at):
                return None
            comparison = compare(ended.contract, read.facts, window=ended.calendar, as_of=self.at)
            found = self._found(read, comparison)
            if not self.batch.looks or newest is not None:
                done = found.state is RoundState.DONE and not read.active and not self.batch.looks
                final = found.rebate if done else None
                found.basis = read.basis(comparison, final, self.at)
        except ForeseenError as error:
            return Found(ended, RoundState.FAILED, str(error))
        return found

    def _found(self, read: Read, comparison: SlaComparison) -> Found:
        ended = read.ended
        if frozen := ([DISPUTED] if read.disputed else read.missing):
            return Found(ended, RoundState.WAITING, "; ".join(frozen))
        delays = [*read.active, *comparison.provisional_reasons]
        if delays and can_wait(ended.contract, ended.window, self.at):
            return Found(ended, RoundState.WAITING, "; ".join(delays))
        long = policies_in_force().credits.doubtful(
            read.facts.outages, ended.window, whole=ended.calendar.seconds, as_of=self.at
        )
        return self._owed(ended, comparison, [*delays, *long])

    def _owed(self, ended: EndedWindow, comparison: SlaComparison, doubts: Sequence[str]) -> Found:
        earlier = self._ledger.earlier_credits(
            ended.agreement, spanning(comparison.window, comparison.cap_window), ticket=LOOKING
        )
        decided = self._ledger.decisions(ended.agreement)
        rebate = work_out_rebate(comparison, earlier=earlier, decided=decided)
        if rebate.total or rebate.held_for_approval:
            rebate = rebate.held_also([*doubts, *self._why_odd(ended)])
        open_to_doubt = bool(comparison.undecided) and standing(decided, rebate, left=rebate.total) is None
        state = RoundState.TO_DECIDE if open_to_doubt else RoundState.DONE
        lapsed = comparison.claim.state == "late"
        cause = rests_on(comparison)
        return Found(ended, state, rebate.reason, rebate.facts, rebate.gross, rebate, lapsed, cause, judged=comparison)

    def _why_odd(self, ended: EndedWindow) -> Iterator[str]:
        """Say why a second person must look before this is booked on today's invoice."""
        rows = self._due.known.undecided(self.subscription, ended.window)
        if others := [row.id for row in rows if not _is_of(row, ended.window)]:
            yield f"{', '.join(others)} waits for a decision about a part of the same time"
        days = policies_in_force().credits.old_after_days
        if ended.window.end < self.at - timedelta(days=days):
            yield f"the window ended on {ended.window.end:%Y-%m-%d}, more than {days} days ago"
        if not may_be_corrected(ended.contract, ended.window, self.at):
            yield f"the contract's correct_until has passed for {ended.window}"

    def _round(self, found: Found, newest: Row[Any] | None) -> Due:
        """Add the round, and book what it brings under its name."""
        rebate, name, window = found.rebate, " ".join((LOOKING, *self.subscription)), found.ended.window
        asked = rebate is not None or found.closes
        rows = self._due.known.undecided(self.subscription, window) if asked else []
        mine = [row for row in rows if _is_of(row, window)]
        if rebate is not None and (any(row.facts == rebate.facts for row in mine) or not _brings(rebate)):
            rebate = None  # it waits already, or there is nothing to book
        if not self.batch.looks:
            self._changed.append(found)
            name = round_name(
                add_round(self.batch.connection, found.row(self.subscription, newest, rebate) | self._of_run)
            )
            self._replace(found, mine, name)
        credit, amount = None, Money.zero(found.ended.contract.currency)
        if rebate is not None:
            credit, amount = self._book(rebate, found.ended.agreement, name)
        return Due(
            customer=self.subscription[0],
            service=self.subscription[1],
            window=found.ended.window,
            contract=found.ended.contract.id,
            state=found.state,
            credit=credit,
            amount=amount,
            reason=found.reason if rebate is None or rebate.held_because is None else rebate.held_because,
            rests_on=found.rests_on,
            changed=found.changed_since(newest),
        )

    def _replace(self, found: Found, undecided: Sequence[Row[Any]], name: str) -> None:
        """Close what waits for a decision about the same window on other facts: a window has one such credit."""
        old = [row for row in undecided if found.rebate is None or row.facts != found.rebate.facts]
        lapsed = [row.id for row in old if found.lapsed and row.state == "unclaimed"]
        replaced = [row.id for row in old if row.id not in lapsed]
        for rows, state, why in ((lapsed, "lapsed", "not claimed in time"), (replaced, "superseded", f"by {name}")):
            replace_credits(self.batch.connection, rows, state=state, why=why, now=self.batch.now)
        for row in old:
            if (number := ticket_number(row.ticket)) is not None:
                note_decided_credit(self.batch.connection, number, ticket=row.ticket)

    def _book(self, rebate: Rebate, agreement: Agreement, name: str) -> tuple[str | None, Money]:
        """Book what is still owed as every credit is booked; return what became of it."""
        kept = self._ledger.book(rebate, agreement, ticket=name, outgoing=self.outgoing)
        nothing = Money.zero(rebate.total.currency)
        if kept.held:
            return "held", kept.waiting or nothing
        if kept.booked:
            return "booked", kept.booked
        return ("unclaimed", rebate.total) if kept.references else (None, nothing)


def _brings(rebate: Rebate) -> bool:
    return bool(rebate.total) or rebate.held_for_approval


def _is_of(row: Row[Any], window: Period) -> bool:
    return bool(row.window_start == window.start and row.window_end == window.end)


def settle_subscription(
    batch: Batch,
    subscription: Subscription,
    *,
    at: datetime,
    run: int,
    only: Collection[Span] | None = None,
    shared: Shared | None = None,
) -> list[Due]:
    """Settle one customer's service, or some windows of it, inside a transaction, or look what that would bring."""
    work = Settling(batch, subscription, at, run, only, shared)
    found = list(work.settle())
    if not batch.looks:
        work.flush()
    return found
