"""The sender of the outbox: one message at a time, each attempt and its answer kept before the next."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection

from include.sla_logic.gateways.retry_schedule import Schedules
from include.sla_logic.persistence.database import Database
from include.sla_logic.persistence.outbox import Outgoing, claim_next, note_failed, note_sent

_FAILURES_IN_A_ROW = 3

Keep = Callable[[Connection], None]  # writes what came of a message into the open transaction


@dataclass(frozen=True)
class Transport:
    """How one kind of message leaves; `refused` are the errors after which trying again is of no use."""

    deliver: Callable[[Outgoing], Any]
    refused: tuple[type[Exception], ...]


@dataclass
class DeliveryReport:
    """What one round of sending did, by the keys of the messages."""

    sent: list[str] = field(default_factory=list)
    put_off: dict[str, str] = field(default_factory=dict)
    dead: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{len(self.sent)} sent, {len(self.put_off)} put off, {len(self.dead)} given up"


@dataclass(frozen=True)
class Sender:
    """Delivers what is due; several may work at once, in several processes."""

    database: Database
    transports: Mapping[str, Transport]
    schedules: Schedules
    buried: Callable[[Connection, Outgoing, str], None]

    def deliver(self, *, ticket: int | None = None, limit: int = 100) -> DeliveryReport:
        """Send up to `limit` due messages; a kind that fails three times in a row rests until the next round.

        What came of one message is kept in the transaction that claims the next.
        """
        report, failures = DeliveryReport(), dict.fromkeys(self.transports, 0)
        by = f"{os.getpid()}-{uuid4().hex[:12]}"
        keep: Keep = _nothing
        for left in range(limit, -1, -1):
            kinds = [kind for kind, failed in failures.items() if failed < _FAILURES_IN_A_ROW]
            with self.database.write() as connection:
                keep(connection)
                message = self._claim(connection, by, kinds, ticket) if left else None
            if message is None:
                break
            keep, passed = self._send(message, by, report)
            failures[message.kind] = 0 if passed else failures[message.kind] + 1
        return report

    def _claim(self, connection: Connection, by: str, kinds: list[str], ticket: int | None) -> Outgoing | None:
        leases = {kind: self.schedules.kinds[kind].lease for kind in kinds}
        return claim_next(connection, now=self.database.now(connection), leases=leases, by=by, ticket=ticket)

    def _send(self, message: Outgoing, by: str, report: DeliveryReport) -> tuple[Keep, bool]:
        """Send one message outside any transaction; return how to keep what came of it, and whether others may leave.

        Whatever goes wrong is kept with the message, never lost.
        """
        transport = self.transports[message.kind]
        try:
            answer = transport.deliver(message)
        except transport.refused as error:
            return self._put_off(message, by, report, error, for_good=True), True
        except Exception as error:  # noqa: BLE001 - an unknown error is one more reason to try again later
            return self._put_off(message, by, report, error, for_good=False), False
        report.sent.append(message.key)
        return lambda connection: note_sent(
            connection, message.id, answer=answer, now=self.database.now(connection)
        ), True

    def _put_off(self, message: Outgoing, by: str, report: DeliveryReport, error: Exception, *, for_good: bool) -> Keep:
        reason = f"{type(error).__name__}: {error}"
        wait = None if for_good else self.schedules.kinds[message.kind].wait_after(message.attempts)
        (report.dead if wait is None else report.put_off)[message.key] = reason

        def keep(connection: Connection) -> None:
            again_at = None if wait is None else self.database.now(connection) + wait
            kept = note_failed(connection, message.id, error=reason, again_at=again_at, by=by)
            if kept and wait is None:
                self.buried(connection, message, reason)

        return keep


def _nothing(connection: Connection) -> None:
    """Keep nothing: no message was sent before the first."""
