"""Refused notifications, kept as they came, with the reason, until they are corrected and retried."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import ColumnElement, Connection, Row, delete, not_, select, true, update

from include.sla_logic.domain.errors import NotFoundError
from include.sla_logic.domain.notification_check import Refusal, Rejection
from include.sla_logic.domain.raw_payload import RawPayload, printable
from include.sla_logic.persistence.database import insert_once
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.paging import Page, cut_page
from include.sla_logic.persistence.schema.system_t import quarantine

IMPORTED = "import of "  # what the origin of a rejected row begins with


class UnableToFindQuarantined(NotFoundError):
    """The quarantine has no such entry."""


@dataclass(frozen=True)
class Quarantined:
    """One refused notification; `body` is JSON text, whole if `complete`; `ticket` once it was accepted."""

    id: int
    origin: str
    run_id: str
    field: str
    reason: str
    body: str
    complete: bool
    state: str
    received_at: datetime
    ticket: str | None

    @property
    def of_import(self) -> bool:
        """Whether it is a rejected row of an import, and no report of a customer."""
        return self.origin.startswith(IMPORTED)


def of_import(*, imports: bool | None) -> ColumnElement[bool]:
    """Select rejected rows of imports, or reports that were refused; None for both."""
    found = quarantine.c.origin.startswith(IMPORTED)
    return true() if imports is None else found if imports else not_(found)


def quarantine_notification(
    connection: Connection, body: RawPayload, rejection: Rejection | Refusal, *, run_id: str, origin: str, now: datetime
) -> int:
    """Keep a refused notification and return its number; the same body from the same run is kept once."""
    fingerprint = sha256(f"{run_id!r} {body.text}".encode("utf-8", "backslashreplace")).hexdigest()
    row = {
        "fingerprint": fingerprint,
        "origin": printable(origin, 64),
        "run_id": printable(run_id),
        "field": rejection.field,
        "reason": rejection.reason,
        "body": body.text,
        "complete": body.complete,
        "state": "waiting",
        "received_at": now,
    }
    insert_once(connection, quarantine, "fingerprint", row)
    kept = select(quarantine.c.id).where(quarantine.c.fingerprint == fingerprint)
    return int(connection.execute(kept).scalar_one())


def list_quarantined(
    connection: Connection, *, state: str | None = "waiting", imports: bool | None = None, limit: int = 100
) -> Sequence[Quarantined]:
    """Return the newest entries first; `state` is waiting, accepted or None for both."""
    query = select(quarantine).where(of_import(imports=imports)).order_by(quarantine.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(quarantine.c.state == state)
    return [_entry(row) for row in connection.execute(query)]


def dismiss_imports(connection: Connection) -> int:
    """Forget the rejected rows of imports and return how many; they are still in the files that they came from."""
    return connection.execute(delete(quarantine).where(of_import(imports=True), quarantine.c.ticket.is_(None))).rowcount


def page_of_quarantine(connection: Connection, *, imports: bool, number: int, size: int) -> Page[Quarantined]:
    """Return the reports or the rows of imports that wait, the newest first."""
    query = (
        select(quarantine)
        .where(quarantine.c.state == "waiting", of_import(imports=imports))
        .order_by(quarantine.c.id.desc())
    )
    return cut_page(connection, query, _entry, number=number, size=size)


def find_quarantined(connection: Connection, number: int) -> Quarantined:
    """Return one entry; raise `UnableToFindQuarantined`."""
    row = connection.execute(select(quarantine).where(quarantine.c.id == number)).one_or_none()
    if row is None:
        raise UnableToFindQuarantined(f"The quarantine has no entry {number}.")
    return _entry(row)


def release_quarantined(connection: Connection, number: int, *, ticket: int) -> None:
    """Record that the notification was accepted after all."""
    connection.execute(update(quarantine).where(quarantine.c.id == number).values(state="accepted", ticket=ticket))


def was_corrected(connection: Connection, ticket: int) -> bool:
    """Tell whether the ticket was opened from the quarantine, perhaps with another notification than its run sent."""
    return connection.scalar(select(quarantine.c.id).where(quarantine.c.ticket == ticket).limit(1)) is not None


def _entry(row: Row[tuple[object, ...]]) -> Quarantined:
    values = row._asdict()
    del values["fingerprint"]
    return Quarantined(**(values | {"ticket": None if row.ticket is None else ticket_id(row.ticket)}))
