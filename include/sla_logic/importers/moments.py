"""Instants and days as files write them: ISO 8601, a stated format, or a count that the mapping names."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from include.sla_logic.domain.calendars import (
    UnableToFindZone,
    UnableToPlaceInstant,
    UnableToReadInstant,
    in_named_zone,
    read_instant,
)
from include.sla_logic.domain.instants import NotAnInstant, possible
from include.sla_logic.domain.sentence import Sentence, sentence_of
from include.sla_logic.importers.rejection import UnableToImportRow

EPOCHS = {"epoch": 1, "epoch_ms": 1_000, "epoch_us": 1_000_000, "epoch_ns": 1_000_000_000}
# Day 60 of the first is a leap day that there was not; before it lies nothing that an operator has on record.
SERIALS = {"excel": datetime(1899, 12, 30), "excel_1904": datetime(1904, 1, 1)}  # noqa: DTZ001 - local until placed
_NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,15})?")
_ZONE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_/+-]*")
_DIGITS = re.compile(r"[0-9]+(\.[0-9]+)?")
_SHOWN, _LAST_SERIAL, _FIRST_SERIAL, _FIRST_YEAR, _MINUTE = 40, 110_000, 61, 1990, 60


@lru_cache(maxsize=50_000)
def read_moment(name: str, text: str, written: str | None, zone: str | None) -> datetime:
    """Return the instant of a text; raise `UnableToImportRow` where it holds none, or none with a time zone."""
    try:
        if written is None:
            return read_instant(text, zone=zone)
        if written in EPOCHS:
            return _of_epoch(text, written)
        if written in SERIALS:
            return read_instant(_of_serial(text, written).isoformat(), zone=zone)
        return _of_format(text, written, zone)
    except UnableToPlaceInstant as error:
        why = sentence_of(error)
        if zone is None:
            why = Sentence("%(why)s; name one in the mapping (zone)", why=why)
        raise UnableToImportRow(name, why) from None
    except (UnableToReadInstant, NotAnInstant, UnableToFindZone) as error:
        raise UnableToImportRow(name, f"{error}{_hint(text, written)}") from None
    except OverflowError:
        raise UnableToImportRow(name, Sentence("%(text)s lies beyond the calendar", text=repr(text[:_SHOWN]))) from None


@lru_cache(maxsize=10_000)
def read_day(name: str, text: str, written: str) -> date:
    """Return the day of a text in a stated format; raise `UnableToImportRow` for any other."""
    try:
        local = _of_serial(text, written) if written in SERIALS else datetime.strptime(text, written)  # noqa: DTZ007
    except NotAnInstant as error:
        raise UnableToImportRow(name, str(error)) from None
    except ValueError:
        why = Sentence("%(text)s is not a day written as %(form)s", text=repr(text[:_SHOWN]), form=written)
        raise UnableToImportRow(name, why) from None
    if local.time() != datetime.min.time():
        why = Sentence("%(text)s has a time of day, and a day is meant", text=repr(text[:_SHOWN]))
        raise UnableToImportRow(name, why)
    return local.date()


def _of_epoch(text: str, written: str) -> datetime:
    """Count from 1970; a count of another unit would lie in the first years after it, or far beyond the calendar."""
    if not _NUMBER.fullmatch(text):
        raise NotAnInstant(f"{text[:_SHOWN]!r} is not a time written as {written}")
    passed = timedelta(microseconds=int(Decimal(text) * 1_000_000 / EPOCHS[written]))
    moment = possible(datetime(1970, 1, 1, tzinfo=UTC) + passed)
    if moment.year < _FIRST_YEAR:
        raise NotAnInstant(
            f"{text} as {written} is of {moment:%Y}: it is counted in another unit, or a clock was not set"
        )
    return moment


def _of_serial(text: str, written: str) -> datetime:
    """Count days; a fraction that was cut off means the whole minute that it is a rounding of."""
    days = Decimal(text) if _NUMBER.fullmatch(text) else Decimal(0)
    if not _FIRST_SERIAL <= days <= _LAST_SERIAL:
        raise NotAnInstant(f"{text[:_SHOWN]!r} is not a time written as {written}, in days")
    seconds, finest = days * 86_400, Decimal(86_400).scaleb(int(days.as_tuple().exponent)) / 2
    minute = (seconds / 60).to_integral_value() * 60
    whole = minute if abs(seconds - minute) <= finest < _MINUTE else seconds.to_integral_value()
    return SERIALS[written] + timedelta(seconds=int(whole))


def _of_format(text: str, written: str, zone: str | None) -> datetime:
    if "%Z" in written:
        return _with_named_zone(text, written, zone)
    try:
        local = datetime.strptime(text, written)  # noqa: DTZ007 - the zone follows
    except ValueError:
        raise NotAnInstant(f"{text[:_SHOWN]!r} is not a time written as {written}") from None
    return possible(local) if local.tzinfo is not None else read_instant(local.isoformat(), zone=zone)


def _with_named_zone(text: str, written: str, zone: str | None) -> datetime:
    """Read a time whose zone stands in its text: that name holds, whatever the mapping says."""
    for found in _ZONE_NAME.finditer(text):
        try:
            local = datetime.strptime(text[: found.start()] + "UTC" + text[found.end() :], written)  # noqa: DTZ007
        except ValueError:
            continue
        return in_named_zone(local.replace(tzinfo=None), found[0], zone or "UTC")
    raise NotAnInstant(f"{text[:_SHOWN]!r} is not a time written as {written}")


def _hint(text: str, written: str | None) -> str:
    """Say what a number alone may be, and how a mapping would say it."""
    if written is not None:
        return ""
    if _DIGITS.fullmatch(text):
        return f"; a mapping says what such a number is (format: {' | '.join([*EPOCHS, *SERIALS])})"
    return "" if "T" in text[10:11] else "; a mapping says how it is written (format)"
