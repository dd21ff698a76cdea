"""Uploaded files in parts, with what became of each; the contents go as soon as they are imported or given up."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update

from include.sla_logic.domain.errors import NotFoundError
from include.sla_logic.persistence.schema.uploads import upload_parts, uploads

WAITING, RUNNING = ("to_check", "to_import"), ("checking", "importing")
CHECKED = "checked"
OPEN = (*WAITING, *RUNNING, CHECKED)
_STARTED = {"to_check": "checking", "to_import": "importing"}


class UnableToFindUpload(NotFoundError):
    """There is no such upload."""


@dataclass(frozen=True)
class Upload:
    """One uploaded file; `asked` has its mapping and options, `rehearsed` and `imported` are reports."""

    id: int
    state: str
    name: str
    kind: str
    asked: dict[str, Any]
    bytes: int
    sent_by: str
    sent_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None
    touched_at: datetime
    attempts: int
    rows_done: int
    rows_of: int | None
    rehearsed: dict[str, Any] | None
    imported: dict[str, Any] | None
    failure: str | None

    @property
    def is_open(self) -> bool:
        """Tell whether its contents are still kept."""
        return self.state in OPEN


def add_upload(connection: Connection, **values: Any) -> int:
    """Add an upload that waits for its dry run, and return its number."""
    row = {"state": "to_check", "attempts": 0, "rows_done": 0, "touched_at": values["sent_at"], **values}
    return int(connection.scalar(insert(uploads).returning(uploads.c.id), row) or 0)


def add_part(connection: Connection, number: int, place: int, content: bytes) -> None:
    """Keep a part of the contents."""
    connection.execute(insert(upload_parts), {"upload": number, "number": place, "content": content})


def parts_of(connection: Connection, number: int) -> Iterator[bytes]:
    """Yield the contents part by part."""
    place = 0
    part = select(upload_parts.c.content).where(upload_parts.c.upload == number)
    while (content := connection.scalar(part.where(upload_parts.c.number == place))) is not None:
        yield content
        place += 1


def find_upload(connection: Connection, number: int) -> Upload:
    """Return one upload; raise `UnableToFindUpload`."""
    row = connection.execute(select(uploads).where(uploads.c.id == number)).mappings().one_or_none()
    if row is None:
        raise UnableToFindUpload(f"There is no upload {number}.")
    return Upload(**row)


def newest_uploads(connection: Connection, *, limit: int) -> Sequence[Upload]:
    """Return uploads without their reports, the newest first."""
    columns = [column for column in uploads.c if column.name not in {"rehearsed", "imported"}]
    query = select(*columns).order_by(uploads.c.id.desc()).limit(limit)
    return [Upload(**row, rehearsed=None, imported=None) for row in connection.execute(query).mappings()]


def count_open(connection: Connection) -> int:
    """Count the uploads whose contents are kept."""
    return connection.scalar(select(func.count()).where(uploads.c.state.in_(OPEN))) or 0


def numbers_to_work_on(connection: Connection, *, dead_since: datetime) -> list[int]:
    """Return the uploads that wait for a dry run or an import, and those whose process has been silent since then."""
    query = select(uploads.c.id).where(_workable(dead_since)).order_by(uploads.c.id)
    return list(connection.scalars(query))


def start(connection: Connection, number: int, *, dead_since: datetime, now: datetime) -> Upload | None:
    """Take an upload to work on it; None where another process has it, or nothing is left to do."""
    lock = select(uploads).where(uploads.c.id == number, _workable(dead_since)).with_for_update(skip_locked=True)
    row = connection.execute(lock).one_or_none()
    if row is None:
        return None
    state = _STARTED.get(row.state, row.state)
    change(connection, number, now=now, state=state, attempts=row.attempts + 1, rows_done=0)
    return find_upload(connection, number)


def change(connection: Connection, number: int, *, now: datetime, **values: Any) -> None:
    """Write some fields of an upload."""
    connection.execute(update(uploads).where(uploads.c.id == number).values(touched_at=now, **values))


def move(
    connection: Connection,
    number: int,
    *,
    since: Sequence[str],
    now: datetime,
    attempt: int | None = None,
    **values: Any,
) -> bool:
    """Write some fields where the upload is in one of the states `since`, at this attempt; tell whether it was."""
    query = update(uploads).where(uploads.c.id == number, uploads.c.state.in_(since))
    if attempt is not None:
        query = query.where(uploads.c.attempts == attempt)
    return connection.execute(query.values(touched_at=now, **values)).rowcount == 1


def close(connection: Connection, number: int, state: str, **moved: Any) -> bool:
    """Move an upload to the state in which it ends, and delete its contents; tell whether it was moved."""
    if not move(connection, number, state=state, **moved):
        return False
    connection.execute(delete(upload_parts).where(upload_parts.c.upload == number))
    return True


def close_unattended(connection: Connection, *, since: datetime, now: datetime, failure: str) -> int:
    """Withdraw the uploads that have waited to be confirmed since then; return how many."""
    query = select(uploads.c.id).where(uploads.c.state == CHECKED, uploads.c.touched_at < since)
    found = list(connection.scalars(query))
    return sum(close(connection, one, "withdrawn", since=[CHECKED], now=now, failure=failure) for one in found)


def _workable(dead_since: datetime) -> Any:
    dead = and_(uploads.c.state.in_(RUNNING), uploads.c.touched_at < dead_since)
    return or_(uploads.c.state.in_(WAITING), dead)
