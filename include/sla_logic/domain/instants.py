"""The one reader of instants for every door: ISO 8601 with time and zone, and nothing that only looks like it.

`datetime.fromisoformat` and pydantic would also read a day as midnight, a number as seconds since 1970, and digits of
other alphabets.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

from include.sla_logic.domain.sentence import Sentence

HOW = Sentence("write it as 2025-04-10T08:00:00Z")
_INSTANT = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8}|[0-9]{4}-W[0-9]{2}-[1-7]|[0-9]{4}W[0-9]{2}[1-7])"
    r"[Tt ](?P<hour>[0-9]{2})(?P<colon>:?)(?P<minute>[0-9]{2})"
    r"((?P=colon)(?P<second>[0-9]{2})([.,](?P<part>[0-9]{1,9}))?)?"
    r" ?(?P<zone>[Zz]|[+-][0-9]{2}(:?[0-9]{2})?)?"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER = re.compile(r"\s*[-+]?[0-9][0-9._]*\s*")
_SHOWN, _WIDEST_OFFSET, _LAST_YEAR, _DAY_END, _LEAP = 40, timedelta(hours=14), 2200, 24, 60
_ZERO = datetime(1970, 1, 1, tzinfo=UTC)


class NotAnInstant(ValueError):
    """The text is not a date and time of ISO 8601; the message says why, and what to write."""


class NoZone(NotAnInstant):
    """The text names a local time without the zone that it is in."""


def read_day(text: str) -> date | None:
    """Read a day without a time, as 2025-04-10; None for any other text."""
    try:
        return date.fromisoformat(text) if len(text) == len("2025-04-10") else None
    except ValueError:
        return None


def read_local(text: str) -> datetime:
    """Return what the text says, without a zone where it names none; raise `NotAnInstant`."""
    found = _INSTANT.fullmatch(text.strip())
    if found is None:
        raise NotAnInstant(_why(text))
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
    if second == _LEAP:
        raise NotAnInstant(f"{text} is a leap second; write the second before or after it")
    part = (found["part"] or "").ljust(6, "0")[:6]
    ends = hour == _DAY_END and not minute and not second and not int(part)
    try:
        day = _day(found["day"])
        at = time(0 if ends else hour, minute, second, int(part))
        moment = datetime.combine(day, at) + timedelta(days=ends)
        moment = moment if found["zone"] is None else moment.replace(tzinfo=_offset(found["zone"]))
    except (ValueError, OverflowError) as error:
        raise NotAnInstant(f"{text!r} names a day, an hour or an offset that there is not; {HOW}") from error
    return moment


def read_with_zone(text: str) -> datetime:
    """Return the UTC instant of a text with its zone; raise `NotAnInstant`."""
    moment = read_local(text)
    if moment.tzinfo is None:
        told = f"{moment:%Y-%m-%dT%H:%M:%S}"
        msg = "%(text)s has no time zone; write %(told)sZ for UTC, %(told)s+01:00 for an hour ahead of it"
        raise NoZone(Sentence(msg, text=text, told=told))
    return possible(moment)


def possible(moment: datetime) -> datetime:
    """Return an instant in UTC; refuse the zero of a computer's clock, and what lies beyond our calendar."""
    try:
        instant = moment.astimezone(UTC)
    except OverflowError as error:
        raise NotAnInstant(f"{moment} is no time of ours: it lies beyond the calendar; {HOW}") from error
    if instant <= _ZERO or instant.year > _LAST_YEAR:
        msg = "%(text)s is no time of ours: a clock or a field was not set; %(how)s"
        raise NotAnInstant(Sentence(msg, text=f"{instant:%Y-%m-%dT%H:%M:%SZ}", how=HOW))
    return instant


def as_written(written: Any) -> Any:
    """Read a text as an instant, for pydantic; a day and a number are refused, and an instant stays what it is."""
    if isinstance(written, datetime):
        return written
    if isinstance(written, str):
        return read_with_zone(written)
    if isinstance(written, date):
        raise NotAnInstant(_why(str(written)))
    if isinstance(written, int | float | Decimal):
        raise NotAnInstant(_why(str(written)))
    return written


def day_as_written(written: Any) -> Any:
    """Read a text as a day, for pydantic, which would take digits alone for seconds since 1970."""
    if isinstance(written, str) and not _DAY.fullmatch(written.strip()):
        shown = written if len(written) <= _SHOWN else f"{written[:_SHOWN]}…"
        raise NotAnInstant(f"{shown!r} is not a day; write it as 2025-04-10")
    if isinstance(written, int | float | Decimal):
        raise NotAnInstant(f"{written} is a number, not a day; write it as 2025-04-10")
    return written.strip() if isinstance(written, str) else written


def _why(text: str) -> str:
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    if _DAY.fullmatch(text.strip()):
        return Sentence("%(text)s is a day, not an instant; %(how)s", text=shown, how=HOW)
    if _NUMBER.fullmatch(text):
        return Sentence("%(text)s is a number, not an instant; %(how)s", text=shown, how=HOW)
    return Sentence("%(text)s is not a date and time of ISO 8601; %(how)s", text=repr(shown), how=HOW)


def _day(text: str) -> date:
    digits = text.replace("-", "")
    if "W" in digits:
        return date.fromisocalendar(int(digits[:4]), int(digits[5:7]), int(digits[7]))
    return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))


def _offset(text: str) -> timezone:
    if text in "Zz":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[2:])
    offset = timedelta(hours=int(digits[:2]), minutes=minutes)
    if offset > _WIDEST_OFFSET or minutes >= 60:  # noqa: PLR2004 - minutes of an hour
        raise ValueError(text)
    return timezone(offset if text[0] == "+" else -offset)
