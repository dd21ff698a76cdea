"""Files that are uploaded at the desk: first a dry run, then the import once a person has confirmed it."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any, BinaryIO

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.persistence import uploads as kept
from include.sla_logic.persistence.audit import Act, note_act
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.persistence.uploads import UnableToFindUpload, Upload
from include.sla_logic.services.imports import Imports
from include.sla_logic.services.tables import as_csv
from include.sla_logic.services.upload_questions import TICKETS, UploadQuestion, harmless_name
from include.sla_logic.services.upload_reports import REJECTED, kept_report, rejected_rows

__all__ = ["UnableToFindUpload", "Upload", "UploadQuestion", "Uploads"]

PART = 256 * 1024  # bytes
AT_ONCE = PART  # a plain text of at most this size is read while the person waits
MOST_OPEN, NEWEST, ATTEMPTS = 20, 20, 3
DEAD, UNATTENDED, TELL = timedelta(minutes=5), timedelta(hours=24), 2.0  # the last in seconds
_PACKED = (b"\x1f\x8b", b"PK")  # a small one may hold very much
_GONE = "Nobody has confirmed it for a day, and its contents are deleted. Upload the file again."
_KILLED = "It was tried three times, and each time the process that did it died or failed; its log says why."
_PARTLY = "Some rows may have come in: upload the file again, and those change nothing."


class UnableToUpload(ForeseenError):
    """The file cannot be taken now, or not in the state in which it is."""


@dataclass(frozen=True)
class Uploads:
    """Contents are kept in the database while they are needed, as the process that imports may run elsewhere."""

    work: UnitOfWork
    imports: Imports

    def receive(self, file: BinaryIO, name: str, question: UploadQuestion, *, by: str) -> Upload:
        """Keep a file for its dry run; raise `UnableToReadUpload`, or `UnableToUpload` where too many wait."""
        first = file.read(PART)
        if not first:
            raise UnableToUpload("The file is empty: choose another one.")
        with self.work.writing() as connection:
            now = self.work.database.now(connection)
            question.check(now=now)
            self._close_unattended(connection, now)
            if kept.count_open(connection) >= MOST_OPEN:
                raise UnableToUpload(f"{MOST_OPEN} uploads wait: import or discard one of them first.")
            values = {"name": harmless_name(name), "kind": question.kind, "asked": question.kept(), "sent_by": by}
            number = kept.add_upload(connection, **values, bytes=len(first), sent_at=now)
            size = 0
            for place, part in enumerate(chain([first], iter(lambda: file.read(PART), b""))):
                kept.add_part(connection, number, place, part)
                size += len(part)
            at_once = size <= AT_ONCE and not first.startswith(_PACKED)
            asked = question.kept() | {"at_once": at_once}
            kept.change(connection, number, now=now, bytes=size, asked=asked)
            return kept.find_upload(connection, number)

    def newest(self) -> Sequence[Upload]:
        """Return the newest uploads, without their reports."""
        with self.work.reading() as connection:
            return kept.newest_uploads(connection, limit=NEWEST)

    def find(self, number: int) -> Upload:
        """Return one upload with its reports; raise `UnableToFindUpload`."""
        with self.work.reading() as connection:
            return kept.find_upload(connection, number)

    def rejected(self, number: int) -> str:
        """Return the refused rows of an upload for a spreadsheet: of its import, or before that of its dry run."""
        upload = self.find(number)
        return as_csv(REJECTED, rejected_rows(upload.imported or upload.rehearsed))

    def confirm(self, number: int, *, by: str) -> Upload:
        """Let an upload be imported whose dry run was seen; raise `UnableToUpload` for any other."""
        with self.work.writing() as connection:
            now = self.work.database.now(connection)
            confirmed: dict[str, Any] = {"state": "to_import", "confirmed_by": by, "confirmed_at": now, "attempts": 0}
            if not kept.move(connection, number, since=["checked"], now=now, **confirmed):
                raise UnableToUpload(_why_not(kept.find_upload(connection, number)))
            upload = kept.find_upload(connection, number)
            note_act(connection, Act(now, by, "import confirmed", f"upload {number}", f"{upload.kind}, {upload.name}"))
            return upload

    def discard(self, number: int, *, by: str) -> None:
        """Delete the contents of an upload that is not to be imported; raise `UnableToUpload` once it is."""
        with self.work.writing() as connection:
            now, since = self.work.database.now(connection), ["to_check", "checked"]
            if not kept.close(connection, number, "withdrawn", since=since, now=now, failure=f"Discarded by {by}."):
                raise UnableToUpload(_why_not(kept.find_upload(connection, number)))

    def waiting(self) -> list[int]:
        """Return the uploads that are to be worked on."""
        with self.work.reading() as connection:
            return kept.numbers_to_work_on(connection, dead_since=self.work.database.now(connection) - DEAD)

    def close_unattended(self) -> int:
        """Delete the contents of uploads that nobody has confirmed for a day; return how many."""
        with self.work.writing() as connection:
            return self._close_unattended(connection, self.work.database.now(connection))

    def work_on(self, number: int) -> Upload | None:
        """Do the dry run or the import that an upload waits for; None where another process does, or none is due."""
        with self.work.writing() as connection:
            now = self.work.database.now(connection)
            upload = kept.start(connection, number, dead_since=now - DEAD, now=now)
            if upload is not None and upload.attempts > ATTEMPTS:
                failure = _KILLED if upload.state == "checking" else f"{_KILLED} {_PARTLY}"
                kept.close(connection, number, "refused", since=[upload.state], now=now, failure=failure)
                return kept.find_upload(connection, number)
        if upload is not None:
            self._do(upload)
        return None if upload is None else self.find(number)

    def _do(self, upload: Upload) -> None:
        dry_run = upload.state == "checking"
        try:
            report = self._import(upload, dry_run=dry_run)
        except ForeseenError as error:
            if error.passes:
                self._write(upload, state="to_check" if dry_run else "to_import")
                raise
            self._close(upload, "refused", failure=str(error))
        except Exception:
            self._write(upload, state="to_check" if dry_run else "to_import")
            raise
        else:
            if dry_run:
                self._write(upload, state="checked", rehearsed=report)
            else:
                self._close(upload, "imported", imported=report)

    def _import(self, upload: Upload, *, dry_run: bool) -> dict[str, Any]:
        question = _question(upload)
        with self._as_file(upload) as file:
            progress = self._progress(upload, file, dry_run=dry_run)
            if upload.kind == TICKETS:
                work = question.ticket_import()
                return kept_report(upload.kind, self.imports.tickets(file, work, progress=progress, dry_run=dry_run))
            report = self.imports.records(
                file,
                kind=upload.kind,
                mapping=question.record_mapping(),
                as_of=question.day(upload.sent_at),
                progress=progress,
                dry_run=dry_run,
            )
        if (until := question.complete()) and not dry_run and not report.rejected:
            by = upload.confirmed_by or upload.sent_by
            self.imports.complete(upload.kind, until=until, by=by, source=upload.name)
        return kept_report(upload.kind, report)

    @contextmanager
    def _as_file(self, upload: Upload) -> Iterator[Path]:
        """Write the contents into a folder of their own, which only this process reads and which goes with it."""
        with TemporaryDirectory(prefix="upload-") as folder:
            file = Path(folder, upload.name)
            with self.work.reading() as connection, open(file, "xb", opener=_private) as out:
                out.writelines(kept.parts_of(connection, upload.id))
            yield file

    def _progress(self, upload: Upload, file: Path, *, dry_run: bool) -> Callable[[int], None]:
        """Return what counts rows and writes the count now and then; a dry run on SQLite admits no other writer."""
        if dry_run and not self.work.database.is_postgresql:
            return lambda _rows: None
        self._write(upload, rows_of=self.imports.count_rows(file))
        done, told = 0, monotonic()

        def count(rows: int) -> None:
            nonlocal done, told
            done += rows
            if monotonic() - told >= TELL:
                told = monotonic()
                self._write(upload, rows_done=done)

        return count

    def _write(self, upload: Upload, **values: Any) -> None:
        with self.work.writing() as connection:
            kept.move(connection, upload.id, **self._while_held(connection, upload), **values)

    def _close(self, upload: Upload, state: str, **values: Any) -> None:
        with self.work.writing() as connection:
            kept.close(connection, upload.id, state, **self._while_held(connection, upload), **values)

    def _while_held(self, connection: Any, upload: Upload) -> dict[str, Any]:
        """Say what must still be so: a process that was silent for too long has lost the upload to another one."""
        now = self.work.database.now(connection)
        return {"since": [upload.state], "attempt": upload.attempts, "now": now}

    def _close_unattended(self, connection: Any, now: datetime) -> int:
        return kept.close_unattended(connection, since=now - UNATTENDED, now=now, failure=_GONE)


def _question(upload: Upload) -> UploadQuestion:
    asked = {name: value for name, value in upload.asked.items() if name in UploadQuestion.__dataclass_fields__}
    return UploadQuestion(kind=upload.kind, **asked)


def _private(file: str, flags: int) -> int:
    return os.open(file, flags, 0o600)


def _why_not(upload: Upload) -> str:
    done = {"imported": "was imported", "refused": "was refused", "withdrawn": "was discarded"}
    return f"The upload {upload.id} {done.get(upload.state, 'is worked on')}: its page says how it stands."
