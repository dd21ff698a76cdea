"""The archive of letters: what a mail said, moved out of the outbox and packed once all that it is about is over.

The message itself stays in the outbox with its key, state and answer. `payload_of` and `payloads_of` return what it
said from wherever that is.
"""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Row,
    Select,
    Text,
    and_,
    exists,
    insert,
    or_,
    select,
    type_coerce,
    update,
)

from include.sla_logic.domain.disputes import DisputeState
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.persistence.schema.columns import json_text
from include.sla_logic.persistence.schema.disputes import disputes
from include.sla_logic.persistence.schema.letter_archive import archived_letters
from include.sla_logic.persistence.schema.settlement import settlement_statements
from include.sla_logic.persistence.schema.system_t import outbox, ticket_status_history, tickets

ZLIB = "zlib"
MOVED: dict[str, Any] = {}  # what the outbox has in place of a payload that is in the archive
_LEVEL = 9
_OVER = (TicketStatus.RESOLVED, TicketStatus.CLOSED, TicketStatus.REJECTED, TicketStatus.CANCELLED)
_archived = archived_letters.c


class UnableToReadArchive(ForeseenError):
    """A letter of the archive is missing or damaged."""


@dataclass(frozen=True)
class Moved:
    """How many letters were moved, and the bytes of what they said, before and packed."""

    letters: int = 0
    before: int = 0
    after: int = 0

    def __add__(self, other: "Moved") -> "Moved":
        return Moved(self.letters + other.letters, self.before + other.before, self.after + other.after)

    def __str__(self) -> str:
        """Say it in one line."""
        letters = "1 letter" if self.letters == 1 else f"{self.letters:,} letters"
        return f"{letters}, {self.before / 1e6:.1f} MB as {self.after / 1e6:.1f} MB"


def payload_of(connection: Connection, row: Any) -> Any:
    """Return the payload of one message, as `payloads_of` does."""
    return payloads_of(connection, [row])[row.id]


def payloads_of(connection: Connection, rows: Sequence[Any]) -> dict[int, Any]:
    """Return the payloads of messages by their numbers; the rows have `id`, `payload` and `archived_at`.

    A message that was read before it was moved has its payload still; one that was read afterwards is in the archive.
    Raises `UnableToReadArchive`.
    """
    payloads = {row.id: row.payload for row in rows if row.archived_at is None}
    if moved := [row.id for row in rows if row.archived_at is not None]:
        found = connection.execute(select(archived_letters).where(_archived.message.in_(moved)))
        payloads |= {row.message: json.loads(_unpacked(row)) for row in found}
        if lost := sorted(set(moved) - payloads.keys()):
            raise UnableToReadArchive(f"Message {lost[0]} was moved into the archive, which does not have it.")
    return payloads


def _unpacked(row: Row[Any]) -> bytes:
    try:
        text = zlib.decompress(row.body) if row.packing == ZLIB else b""
    except zlib.error:
        text = b""
    if sha256(text).hexdigest() != row.digest:
        msg = f"Message {row.message} is damaged in the archive: bring its row of archived_letters from a backup."
        raise UnableToReadArchive(msg)
    return text


def _packed(text: str) -> dict[str, Any]:
    """Return the columns of a payload in the archive; JSON in the outbox is ASCII."""
    plain = text.encode("ascii")
    body = zlib.compress(plain, _LEVEL)
    return {"packing": ZLIB, "size": len(plain), "digest": sha256(plain).hexdigest(), "body": body}


def change_payload(connection: Connection, row: Row[Any], payload: Any) -> None:
    """Rewrite what a message says, where it stands; its row was locked before it was read."""
    if row.archived_at is None:
        connection.execute(update(outbox).where(outbox.c.id == row.id).values(payload=payload))
        return
    packed = _packed(json_text(payload))
    connection.execute(update(archived_letters).where(_archived.message == row.id).values(packed))


def move_letters(connection: Connection, *, before: datetime, now: datetime, limit: int) -> Moved:
    """Move up to `limit` letters that were sent before that moment, and all of whose matter was over by then.

    Two who do so at once share them; what another transaction changes is left for the next time.
    """
    rows = connection.execute(_to_move(before).limit(limit).with_for_update(of=outbox, skip_locked=True)).all()
    if not rows:
        return Moved()
    packed = [{"message": row.id, **_packed(row.payload)} for row in rows]
    connection.execute(insert(archived_letters), packed)
    mine = outbox.c.id.in_([row.id for row in rows])
    connection.execute(update(outbox).where(mine).values(payload=MOVED, archived_at=now))
    return Moved(len(rows), sum(one["size"] for one in packed), sum(len(one["body"]) for one in packed))


def _to_move(before: datetime) -> Select[Any]:
    """Select letters whose incident ended before that moment, or that are about none, and nothing of it is open."""
    changed = exists().where(ticket_status_history.c.ticket == tickets.c.number, ticket_status_history.c.at >= before)
    over = exists().where(
        tickets.c.number == outbox.c.ticket, tickets.c.status.in_(_OVER), ~changed, ~_has_open_matter(tickets)
    )
    open_window = exists().where(settlement_statements.c.key == outbox.c.key, _has_open_matter(settlement_statements))
    return (
        select(outbox.c.id, type_coerce(outbox.c.payload, Text).label("payload"))
        .where(outbox.c.kind == "mail", outbox.c.state == "sent", outbox.c.archived_at.is_(None))
        .where(outbox.c.sent_at < before, or_(over, and_(outbox.c.ticket.is_(None), ~open_window)))
        .order_by(outbox.c.sent_at, outbox.c.id)
    )


def _has_open_matter(about: FromClause) -> ColumnElement[bool]:
    """Tell whether a dispute or a credit of that customer's service is undecided."""
    credits_ = applied_billing_credits.c
    mine = disputes.c.customer == about.c.customer, disputes.c.service == about.c.service
    theirs = credits_.customer == about.c.customer, credits_.service == about.c.service
    contested = exists().where(*mine, disputes.c.state == DisputeState.OPEN.value)
    undecided = exists().where(*theirs, credits_.state.in_(("held", "unclaimed")))
    return or_(contested, undecided)
