"""Reads the cells of one row of an event log; equal texts of dates are parsed once."""

import re
from datetime import date, datetime
from functools import lru_cache
from string import Template
from typing import Any

from include.sla_logic.domain.calendars import (
    UnableToFindZone,
    UnableToPlaceInstant,
    UnableToReadInstant,
    in_named_zone,
    read_instant,
)
from include.sla_logic.importers.files import Row
from include.sla_logic.importers.mapping import Mapping
from include.sla_logic.importers.rejection import UnableToImportRow
from include.sla_logic.importers.row_parser import parse_field
from include.sla_logic.importers.tickets.mapping import TicketMapping, TicketSource

_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_/+-]*")
_NO_REFERENCE = re.compile(r"[^A-Za-z0-9_.:+~-]+")
_EPOCH = date(1970, 1, 1)  # tickets have no ages in months


class CellReader:
    """Reads cells of rows as a mapping says."""

    def __init__(self, mapping: TicketMapping) -> None:
        self._mapping = mapping
        self._plain = Mapping(title=mapping.title, missing=mapping.missing, sections={})

    def value(self, name: str, source: TicketSource, row: Row) -> Any:
        """Return one value, None where the cell is missing; raise `UnableToImportRow` where it has no meaning."""
        if source.text is not None:
            return self._sentence(source.text, row)
        if source.format is not None and source.column in row:
            text = str(row[source.column] or "").strip()
            return None if text in self._mapping.missing else _moment(name, text, source.format, source.zone or "UTC")
        found = parse_field(name, source, row, self._plain, as_of=_EPOCH)
        if found is None:
            return source.otherwise
        return _NO_REFERENCE.sub("-", str(found)) if source.slug else found

    def moment(self, name: str, source: TicketSource, row: Row) -> datetime | None:
        """Return an instant; raise `UnableToImportRow` where the cell holds none, or none with a time zone."""
        found = self.value(name, source, row)
        return _instant(name, found) if isinstance(found, str) else found

    def state(self, row: Row) -> str:
        """Return the foreign state as the mapping names it."""
        return " / ".join(str(row.get(column) or "").strip() for column in self._mapping.state)

    def _sentence(self, text: str, row: Row) -> str:
        known = {name: str(value) for name, value in row.items() if value not in self._mapping.missing}
        names = Template(text).get_identifiers()
        return Template(text).substitute({name: known.get(name, "unknown") for name in names})


@lru_cache(maxsize=50_000)
def _moment(name: str, text: str, written: str, zone: str) -> datetime:
    if "%Z" in written:
        return _with_named_zone(name, text, written, zone)
    try:
        iso = datetime.strptime(text, written).isoformat()  # noqa: DTZ007 - the zone follows
    except ValueError:
        raise UnableToImportRow(name, f"{text[:40]!r} is not a time written as {written}") from None
    source = TicketSource(column="at", zone=zone)
    found: datetime = parse_field(name, source, {"at": iso}, Mapping(title="", sections={}), as_of=_EPOCH)
    return found


def _with_named_zone(name: str, text: str, written: str, zone: str) -> datetime:
    """Read a time whose zone stands in its text: that name holds, whatever the mapping says."""
    for found in _ZONE_NAME.finditer(text):
        try:
            local = datetime.strptime(text[: found.start()] + "UTC" + text[found.end() :], written)  # noqa: DTZ007
        except ValueError:
            continue
        try:
            return in_named_zone(local.replace(tzinfo=None), found[0], zone)
        except (UnableToReadInstant, UnableToFindZone) as error:
            raise UnableToImportRow(name, f"{text[:40]}: {error}") from None
    raise UnableToImportRow(name, f"{text[:40]!r} is not a time written as {written}")


def _instant(name: str, text: str) -> datetime:
    try:
        return read_instant(text)
    except UnableToPlaceInstant as error:
        raise UnableToImportRow(name, f"{error}; name one in the mapping (zone)") from None
    except UnableToReadInstant as error:
        raise UnableToImportRow(name, str(error)) from None
