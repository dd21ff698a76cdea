"""What an uploaded file is: kind, mapping and options, read before anything is kept."""

import re
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from include.sla_logic.domain.calendars import UnableToReadInstant, read_instant
from include.sla_logic.domain.contract.sources import KINDS as KINDS_THAT_FEED
from include.sla_logic.domain.errors import InvalidInputError
from include.sla_logic.domain.instants import read_day

if TYPE_CHECKING:
    from include.sla_logic.importers import Mapping
    from include.sla_logic.importers.tickets import TicketImport

TICKETS, SAMPLES = "tickets", "samples"
_HARMLESS = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME, _LONGEST_ENDING, _LONGEST_SOURCE = 100, 20, 32
_SOURCE = re.compile(r"[A-Za-z0-9_-]+")


class UnableToReadUpload(InvalidInputError):
    """The form does not say how the file is to be read."""


@dataclass(frozen=True)
class UploadQuestion:
    """One file to be imported.

    `mapping` is the name of a shipped mapping, `own_mapping` the text of another one; without both the columns are
    named like ours. `as_of` is the day of the file, `source` the name of the other system, `until` an instant after
    which what happened to tickets does not count. Where all rows come in, records are complete until `complete_until`.
    """

    kind: str
    mapping: str = ""
    own_mapping: str = ""
    as_of: str = ""
    source: str = ""
    until: str = ""
    reports_only: bool = False
    complete_until: str = ""

    def check(self, *, now: datetime) -> None:
        """Raise `UnableToReadUpload`, or `UnableToReadMapping`, where the file could not be read so."""
        from include.sla_logic.importers.columns import import_kinds

        if self.kind not in import_kinds():
            raise UnableToReadUpload(f"kind: {self.kind[:40]!r} is not one of {', '.join(import_kinds())}.")
        if self.mapping and self.own_mapping.strip():
            raise UnableToReadUpload("mapping: choose a shipped one or write your own, not both.")
        if self.mapping and self.mapping not in import_kinds()[self.kind].mappings:
            raise UnableToReadUpload(f"mapping: {self.mapping[:40]!r} is no shipped mapping of {self.kind}.")
        if self.as_of and read_day(self.as_of) is None:
            raise UnableToReadUpload(f"as_of: {self.as_of[:40]!r} is no day; write it as 2026-10-05.")
        if self.source and (len(self.source) > _LONGEST_SOURCE or not _SOURCE.fullmatch(self.source)):
            raise UnableToReadUpload("source: write at most 32 letters, digits, _ and -.")
        self._check_ends(now)
        _ = self.ticket_import() if self.kind == TICKETS else self.record_mapping()

    def _check_ends(self, now: datetime) -> None:
        _instant("until", self.until)
        complete = _instant("complete_until", self.complete_until)
        if complete is not None and self.kind not in KINDS_THAT_FEED:
            known = ", ".join(KINDS_THAT_FEED)
            raise UnableToReadUpload(f"complete_until: no contract is judged on {self.kind}, only on {known}.")
        if complete is not None and complete > now:
            raise UnableToReadUpload("complete_until: it lies in the future, and nobody knows that yet.")

    def day(self, now: datetime) -> date:
        """Return the day of the file, the present one where it is not stated."""
        return read_day(self.as_of) or now.date()

    def complete(self) -> datetime | None:
        """Return until when the records are complete, None where that is not said."""
        return _instant("complete_until", self.complete_until)

    def record_mapping(self) -> "Mapping":
        """Return how a file of records is read; raise `UnableToReadUpload` where the mapping does not say it."""
        from include.sla_logic.importers import KINDS, Mapping, plain_mapping, read_mapping
        from include.sla_logic.importers.mapping import read_sent_text

        found = read_mapping(self.mapping) if self.mapping else None
        if self.own_mapping.strip():
            found = read_sent_text(Mapping, self.own_mapping, "of this upload")
        if found is None or not found.sections:
            if self.kind == SAMPLES:
                raise UnableToReadUpload("mapping: samples need one that names their series and units.")
            return plain_mapping(self.kind, KINDS[self.kind].record.model_fields, found)
        if self.kind not in found.sections:
            raise UnableToReadUpload(f"mapping: it describes {', '.join(found.sections)}, not {self.kind}.")
        return found

    def ticket_import(self) -> "TicketImport":
        """Return how a file of tickets is read."""
        from include.sla_logic.importers.mapping import read_sent_text
        from include.sla_logic.importers.tickets import TicketImport, read_ticket_mapping
        from include.sla_logic.importers.tickets.mapping import TicketMapping

        mapping = read_ticket_mapping(self.mapping or "plain")
        if self.own_mapping.strip():
            mapping = read_sent_text(TicketMapping, self.own_mapping, "of this upload")
        source = self.source or self.mapping or "csv"
        return TicketImport(mapping, source, _instant("until", self.until), reports_only=self.reports_only)

    def kept(self) -> dict[str, Any]:
        """Return what of it is kept beside the kind."""
        return {name: value for name, value in asdict(self).items() if name != "kind"}


def _instant(field: str, text: str) -> datetime | None:
    try:
        return read_instant(text) if text else None
    except UnableToReadInstant as error:
        raise UnableToReadUpload(f"{field}: {error}; write it as 2026-10-05T08:00:00Z.") from error


def harmless_name(name: str) -> str:
    """Return the last part of a file's name in letters that are harmless everywhere, with its endings."""
    last = _HARMLESS.sub("_", name.replace("\\", "/").rpartition("/")[2]).strip("._-") or "file"
    ending = "".join(PurePosixPath(last).suffixes[-2:])
    ending = ending if len(ending) <= _LONGEST_ENDING else PurePosixPath(last).suffix[:_LONGEST_ENDING]
    return last if len(last) <= _LONGEST_NAME else last[: _LONGEST_NAME - len(ending)] + ending
