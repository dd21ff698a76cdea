"""Lengths of time as people write them, in whole seconds; ISO 8601 is read and days are split by pendulum."""

import re
from fractions import Fraction
from functools import lru_cache
from typing import Any, cast

import pendulum

_UNITS = {"s": 1, "sec": 1, "min": 60, "h": 3600, "d": 86_400}
_LENGTH = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?)\s*(sec|s|min|h|d)")
# Whole numbers alone, and no months or weeks. pendulum would take all of them, and wraps numbers of more than 32 bits.
_ISO = re.compile(r"P(\d{1,6}D)?(T(\d{1,9}H)?(\d{1,9}M)?(\d{1,9}S)?)?", re.ASCII)
_LONGEST = 999_999_999 * 86_400  # what a timedelta can hold


def parse_duration(written: Any) -> int:
    """Read `5 min`, `1 h 30 min` or ISO 8601 `PT5M` as whole seconds; a number without unit is refused."""
    if isinstance(written, int) and not isinstance(written, bool) and written == 0:
        return 0
    text = str(written).strip()
    if _ISO.fullmatch(text) and text not in ("P", "PT"):
        return cast("pendulum.Duration", pendulum.parse(text)).in_seconds()  # noqa: TID251 - the shape is checked
    parts = _LENGTH.findall(text)
    if parts and not _LENGTH.sub("", text).strip():
        length = sum(Fraction(number) * _UNITS[unit] for number, unit in parts)
        if length.denominator == 1:
            return int(length)
    msg = f"{text!r} is not a length of time: write it with its unit, such as 90 s, 5 min, 4 h, 2 d or PT5M"
    raise ValueError(msg)


@lru_cache(maxsize=4096)
def show_duration(seconds: int, *, units: int = len(_UNITS)) -> str:
    """Write seconds as `1 h 30 min 5 s`, in at most that many units from the largest one down."""
    if abs(seconds) > _LONGEST:
        return f"{seconds} s"
    length = pendulum.duration(seconds=abs(seconds))
    parts = [(length.days, "d"), (length.hours, "h"), (length.minutes, "min"), (length.remaining_seconds, "s")]
    first = next((place for place, (number, _) in enumerate(parts) if number), 0)
    shown = " ".join(f"{number} {unit}" for number, unit in parts[first : first + units] if number) or "0 s"
    return f"-{shown}" if seconds < 0 else shown
