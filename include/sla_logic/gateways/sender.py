"""The sender of the outbox: portions of messages, the outcome of each portion kept before the next is claimed."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection

from include.sla_logic.gateways.retry_schedule import Schedules
from include.sla_logic.persistence.database import Database
from include.sla_logic.persistence.outbox import Failure, Outgoing, claim_due, give_back, note_failed, note_sent

PORTION = 50
UNTRIED = object()  # in place of an answer: this message may leave in another round
_FAILURES_IN_A_ROW = 3
_SHARE_OF_LEASE = 0.5  # how much of a claim's time a portion may use before what is left of it is given back


@dataclass(frozen=True)
class Transport:
    """How one kind of message leaves; `refused` are the errors after which trying again is of no use.

    `deliver_all` takes many at once and returns the answer or the error for each, or `UNTRIED`. `acknowledged` writes
    what follows from answers into the transaction in which the messages are marked as sent, `put_off` what follows from
    failures: it is for messages that go to several receivers, of which each may fail without the others.
    """

    deliver: Callable[[Outgoing], Any]
    refused: tuple[type[Exception], ...]
    deliver_all: Callable[[Sequence[Outgoing]], Sequence[Any]] | None = None
    acknowledged: Callable[[Connection, Sequence[Outgoing]], None] | None = None
    put_off: Callable[[Connection, Sequence[Failure]], None] | None = None


@dataclass
class DeliveryReport:
    """What one round of sending did, by the keys of the messages."""

    sent: list[str] = field(default_factory=list)
    put_off: dict[str, str] = field(default_factory=dict)
    dead: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{len(self.sent)} sent, {len(self.put_off)} put off, {len(self.dead)} given up"


@dataclass
class _Portion:
    """What became of claimed messages; what is in none of the lists was not tried."""

    claimed: Sequence[Outgoing]
    sent: list[tuple[Outgoing, Any]] = field(default_factory=list)
    failed: list[tuple[Outgoing, Exception]] = field(default_factory=list)

    def untried(self) -> list[Outgoing]:
        tried = {message.id for message, _ in (*self.sent, *self.failed)}
        return [message for message in self.claimed if message.id not in tried]


@dataclass(frozen=True)
class Sender:
    """Delivers what is due; several may work at once, in several processes."""

    database: Database
    transports: Mapping[str, Transport]
    schedules: Schedules
    buried: Callable[[Connection, Sequence[tuple[Outgoing, str]]], None]
    claim: Callable[..., list[Outgoing]] = claim_due

    def deliver(self, *, ticket: int | None = None, limit: int = 100, seconds: float | None = None) -> DeliveryReport:
        """Send up to `limit` due messages; a kind that fails three times in a row rests until the next round.

        After `seconds` no more are claimed, and claimed ones that leave one by one are given back. A sender that is
        stopped half-way keeps what it knows; the rest is sent again once its claim has run out.
        """
        ends = None if seconds is None else time.monotonic() + seconds
        report, failures = DeliveryReport(), dict.fromkeys(self.transports, 0)
        by = f"{os.getpid()}-{uuid4().hex[:12]}"
        portion, left = _Portion(()), limit
        while True:
            kinds = [kind for kind, failed in failures.items() if failed < _FAILURES_IN_A_ROW]
            with self.database.write() as connection:
                self._keep(connection, portion, by, report)
                left = 0 if ends is not None and time.monotonic() > ends else left
                portion = _Portion(self._claim(connection, by, kinds, ticket, min(left, PORTION)))
            if not portion.claimed:
                return report
            left -= len(portion.claimed)
            try:
                self._send(portion, failures, ends)
            except BaseException:
                with self.database.write() as connection:
                    self._keep(connection, _Portion((), portion.sent, portion.failed), by, report)
                raise

    def _claim(
        self, connection: Connection, by: str, kinds: list[str], ticket: int | None, limit: int
    ) -> Sequence[Outgoing]:
        if not kinds or not limit:
            return ()
        leases = {kind: self.schedules.kinds[kind].lease for kind in kinds}
        now = self.database.now(connection)
        return self.claim(connection, now=now, leases=leases, by=by, limit=limit, ticket=ticket)

    def _send(self, portion: _Portion, failures: dict[str, int], latest: float | None) -> None:
        """Send outside any transaction; what goes wrong is kept with the message, never lost."""
        leases = [self.schedules.kinds[message.kind].lease for message in portion.claimed]
        ends = time.monotonic() + _SHARE_OF_LEASE * min(leases)
        ends = ends if latest is None else min(ends, latest)
        for kind in dict.fromkeys(message.kind for message in portion.claimed):
            transport = self.transports[kind]
            for message, answer in _attempts(transport, [one for one in portion.claimed if one.kind == kind]):
                if answer is UNTRIED:
                    continue
                if isinstance(answer, Exception):
                    portion.failed.append((message, answer))
                    counts = transport.put_off is None and not isinstance(answer, transport.refused)
                    failures[kind] = failures[kind] + 1 if counts else 0
                else:
                    portion.sent.append((message, answer))
                    failures[kind] = 0
                if transport.deliver_all is not None:
                    continue  # all of them were sent: what became of them must not be forgotten
                if failures[kind] >= _FAILURES_IN_A_ROW or time.monotonic() > ends:
                    break

    def _keep(self, connection: Connection, portion: _Portion, by: str, report: DeliveryReport) -> None:
        """Write what became of a portion, in a few statements however many messages it has."""
        if not (portion.claimed or portion.sent or portion.failed):
            return
        now = self.database.now(connection)
        note_sent(connection, portion.sent, now=now)
        report.sent += [message.key for message, _ in portion.sent]
        for kind, transport in self.transports.items():
            accepted = [message for message, _ in portion.sent if message.kind == kind]
            if accepted and transport.acknowledged is not None:
                transport.acknowledged(connection, accepted)
        self._put_off(connection, [self._judge(*one, now) for one in portion.failed], by, report)
        give_back(connection, portion.untried(), by=by)

    def _judge(self, message: Outgoing, error: Exception, now: datetime) -> Failure:
        for_good = isinstance(error, self.transports[message.kind].refused)
        wait = None if for_good else self.schedules.kinds[message.kind].wait_after(message.attempts)
        return Failure(message, f"{type(error).__name__}: {error}", None if wait is None else now + wait)

    def _put_off(self, connection: Connection, failures: Sequence[Failure], by: str, report: DeliveryReport) -> None:
        for one in failures:
            (report.dead if one.again_at is None else report.put_off)[one.message.key] = one.error
        kept = note_failed(connection, failures, by=by)
        for kind, transport in self.transports.items():
            if transport.put_off is not None and (mine := [one for one in kept if one.message.kind == kind]):
                transport.put_off(connection, mine)
        if dead := [(one.message, one.error) for one in kept if one.again_at is None]:
            self.buried(connection, dead)


def _attempts(transport: Transport, messages: Sequence[Outgoing]) -> Iterator[tuple[Outgoing, Any]]:
    """Return each message with the answer or the error that it met."""
    if transport.deliver_all is not None:
        yield from zip(messages, transport.deliver_all(messages), strict=True)
        return
    for message in messages:
        try:
            answer = transport.deliver(message)
        except Exception as error:  # noqa: BLE001 - an unknown error is one more reason to try again later
            answer = error
        yield message, answer
