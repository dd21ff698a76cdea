"""Runs of settlement: judge every window whose grace is over, and book what is owed and was not booked before."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zlib import crc32

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.people import may_be_one_person, was_at_command_line
from include.sla_logic.domain.sentence import Code, Sentence
from include.sla_logic.domain.settlement import Preview, together, why_held
from include.sla_logic.persistence.audit import Act, note_act
from include.sla_logic.persistence.contracts import Subscription
from include.sla_logic.persistence.policy_tables import policies_in_force
from include.sla_logic.persistence.settlement import (
    SettlementRun,
    booked_before,
    booked_in_run,
    change_run,
    find_run,
    keep_preview,
    last_run,
    note_settled,
    open_run,
    page_of_runs,
    previews,
    settled_shards,
    subscriptions,
)
from include.sla_logic.persistence.statements import perhaps_told
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.many_windows import ManyWindows, less
from include.sla_logic.services.settled_windows import JudgedAgain, SettledWindows, judge_again, settled_windows
from include.sla_logic.services.statements import Statements

__all__ = ["Settlement", "SettlementRun", "UnableToSettle"]

SHARDS = 16


class UnableToSettle(ForeseenError):
    """The run cannot settle, or cannot be released, as it stands."""


@dataclass(frozen=True)
class Settlement:
    """Runs over all windows whose grace is over; each customer's service is one transaction.

    A run first looks at what it would book, shard by shard; only where that keeps within the limits, or a second person
    has released it, does it book. Every part of it can be done again at any time and changes nothing twice.
    """

    work: UnitOfWork

    def preview(self, *, at: datetime | None = None) -> Preview:
        """Return what a run for that moment, or for now, would do; write nothing."""
        with self.work.reading() as connection:
            moment = at or self.work.database.now(connection)
            names = subscriptions(connection)
        return ManyWindows(self.work).look(names, moment)

    def run(
        self,
        *,
        by: str,
        at: datetime | None = None,
        limit: int | None = None,
        shards: int = SHARDS,
        progress: Callable[[str], None] = lambda _said: None,
    ) -> SettlementRun:
        """Do all of a run in one process, as far as it may go by itself, and return it; say how far it has come."""
        run, found, done = self.open(by=by, at=at, shards=shards), 0, 0
        if run.checked_at is None:
            for shard in range(run.shards):
                found += self.look(run.number, shard).windows
                progress(f"looked at {shard + 1} of {run.shards} shards: {found} windows to settle")
            run = self.check(run.number, limit=limit)
        if run.may_book:
            found = self.preview_of_run(run.number)[1].windows
            for shard in range(run.shards):
                done += self.settle(run.number, shard).windows
                progress(f"settled {shard + 1} of {run.shards} shards: {done} of {found} windows")
            run = self.end(run.number)
        return run

    def open(self, *, by: str, at: datetime | None = None, shards: int = SHARDS) -> SettlementRun:
        """Open a run for that moment, or now; one that may book and has not ended goes on instead.

        One that the same person or task has opened, and nobody has compared with its limits yet, goes on too.

        Raise `UnableToSettle` for a moment in the future, and while a run for another moment goes on.
        """
        with self.work.writing() as connection:
            now = self.work.database.now(connection)
            if at is not None and at > now:
                raise UnableToSettle(f"{at:%Y-%m-%d %H:%M} UTC lies in the future: only a preview can look ahead.")
            last = last_run(connection)
            if last is not None and last.ended_at is None and (last.may_book or _is_begun(last, by)):
                if at is not None and at != last.at and last.may_book:
                    msg = f"The run {last.number} for {last.at:%Y-%m-%d %H:%M} UTC goes on: end it first, without --at."
                    raise UnableToSettle(msg)
                if at in (None, last.at):
                    return last
            return open_run(connection, at=at or now, shards=shards, by=by, now=now)

    def current(self) -> SettlementRun:
        """Return the newest run; raise `UnableToFindRun` where there is none."""
        with self.work.reading() as connection:
            return find_run(connection)

    def look(self, number: int, shard: int) -> Preview:
        """Keep what one shard of a run would do; a run that was compared with its limits is left alone."""
        with self.work.reading() as connection:
            run = find_run(connection, number)
            if run.checked_at is not None:
                return Preview()
            names = _of_shard(subscriptions(connection), shard, run.shards)
        found = ManyWindows(self.work).look(names, run.at)
        with self.work.writing() as connection:
            if find_run(connection, number, hold=True).checked_at is None:
                keep_preview(connection, number, shard, found)
        return found

    def check(self, number: int, *, limit: int | None = None) -> SettlementRun:
        """Compare what all shards would book with the limit and with the runs before; the first answer stands."""
        with self.work.writing() as connection:
            run = find_run(connection, number, hold=True)
            if run.checked_at is not None:
                return run
            known = previews(connection, number)
            if missing := sorted(set(range(run.shards)) - set(known)):
                raise UnableToSettle(f"The run {number} has not looked at the shards {missing} yet.")
            booked = together(known.values()).booked
            because = why_held(booked, limit=limit, before=booked_before(connection))
            change_run(connection, number, checked_at=self.work.database.now(connection), held_because=because)
            return find_run(connection, number)

    def release(self, number: int, *, by: str, reason: str) -> SettlementRun:
        """Let a held run book what its preview shows; raise `UnableToSettle`, also for the person who opened it."""
        with self.work.writing() as connection:
            run, newest = find_run(connection, number, hold=True), find_run(connection)
            if run.state != "held":
                msg = "The run %(run)s is %(state)s, not held."
                raise UnableToSettle(Sentence(msg, run=number, state=Code(run.state)))
            if run.number != newest.number:
                msg = "The run %(run)s is out of date: the run %(newest)s came after it."
                raise UnableToSettle(Sentence(msg, run=number, newest=newest.number))
            _check_second_person(run, by)
            if not reason.strip():
                raise UnableToSettle(Sentence("Say why the run is released."))
            now = self.work.database.now(connection)
            change_run(connection, number, released_at=now, released_by=by, release_reason=reason)
            note_act(connection, Act(now, by, "settlement released", f"settlement run {number}", reason))
            return find_run(connection, number)

    def settle(self, number: int, shard: int) -> Preview:
        """Settle one shard of a run; raise `UnableToSettle` where it may not book.

        What would be booked beyond the preview, since facts have changed meanwhile, is left to the next run.
        """
        with self.work.reading() as connection:
            run = find_run(connection, number)
            if not run.may_book:
                raise UnableToSettle(f"The run {number} is {run.state}: it books nothing.")
            if run.ended_at is not None or shard in settled_shards(connection, number):
                return Preview()
            names = _of_shard(subscriptions(connection), shard, run.shards)
            room, booked = previews(connection, number)[shard].booked, booked_in_run(connection, number)
        for name in _of_shard(booked, shard, run.shards):
            room = less(room, booked[name])
        found = ManyWindows(self.work).settle(names, run, room)
        self._tell(run, shard)
        with self.work.writing() as connection:
            note_settled(connection, number, shard, self.work.database.now(connection))
        return found

    def end(self, number: int) -> SettlementRun:
        """Note that all shards of a run are settled; raise `UnableToSettle` where some are not."""
        with self.work.writing() as connection:
            run = find_run(connection, number, hold=True)
            if missing := sorted(set(range(run.shards)) - settled_shards(connection, number)):
                raise UnableToSettle(f"The run {number} has not settled the shards {missing} yet.")
            if run.ended_at is None:
                change_run(connection, number, ended_at=self.work.database.now(connection))
            return find_run(connection, number)

    def runs(self, *, limit: int = 20) -> Sequence[SettlementRun]:
        """Return the newest runs, the newest first."""
        with self.work.reading() as connection:
            return page_of_runs(connection, limit)

    def preview_of_run(self, number: int | None = None) -> tuple[SettlementRun, Preview]:
        """Return a run, or the newest, and what it would do."""
        with self.work.reading() as connection:
            run = find_run(connection, number)
            return run, together(previews(connection, run.number).values())

    def windows(self, *, state: str | None = None, limit: int = 100) -> SettledWindows:
        """Count windows as their newest round left them, and list some, perhaps only those in one state."""
        with self.work.reading() as connection:
            return settled_windows(connection, state=state, limit=limit)

    def window(self, customer: str, service: str, *, at: datetime) -> JudgedAgain:
        """Return the rounds of the window that holds a moment, and its judgement; raise `UnableToFindRound`."""
        with self.work.reading() as connection:
            return judge_again(connection, customer, service, at=at)

    def _tell(self, run: SettlementRun, shard: int) -> None:
        """Write the letters about what the run has settled; what a killed one had not written yet is written again."""
        with self.work.reading() as connection:
            names = _of_shard(perhaps_told(connection, run.number), shard, run.shards)
        for name in names:
            with self.work.writing() as connection:
                now = self.work.database.now(connection)
                Statements(connection, name, now, sender=self.work.sender).tell(run=run.number)


def _check_second_person(run: SettlementRun, by: str) -> None:
    policy = policies_in_force().credits
    if may_be_one_person(by, run.opened_by, logins=policy.accounts):
        msg = "%(who)s has opened the run %(run)s: another person must release it."
        raise UnableToSettle(Sentence(msg, who=by, run=run.number))
    if was_at_command_line(run.opened_by) and (doubt := policy.doubt(by, run.opened_by)):
        raise UnableToSettle(doubt)  # a run of the DAG was opened by nobody


def _is_begun(run: SettlementRun, by: str) -> bool:
    return run.checked_at is None and run.opened_by == by


def _of_shard(names: Iterable[Subscription], shard: int, shards: int) -> list[Subscription]:
    """Return the customers' services of one shard: which one it is follows from their names alone."""
    return [name for name in names if crc32("\0".join(name).encode()) % shards == shard]
