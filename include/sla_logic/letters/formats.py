"""Numbers, money, dates and lengths of time as the reader of a letter writes them."""

from __future__ import annotations

from copy import copy
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from include.sla_logic.domain.calendars import find_zone
from include.sla_logic.domain.mail_message import one_line
from include.sla_logic.domain.money import Money, half_up, minor_digits, round_to_minor_unit
from include.sla_logic.domain.period import Period

if TYPE_CHECKING:
    from babel import Locale

_LONGEST_UNIT = 16
_FINEST = 8  # decimals that the judgement keeps of a measured value
_USUAL = {"percent": 2, "ms": 1}
_PARTS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


class Formats:
    """Writes for readers of one locale, in one time zone."""

    def __init__(self, locale: Locale, zone: str) -> None:
        """Take times in any zone and show them in this one."""
        self._locale = locale
        self._zone = find_zone(zone)

    def number(self, value: Decimal, *, least: int = 0) -> str:
        """Write every digit of the number, with `least` decimals or more."""
        from babel.numbers import format_decimal

        return _tidy(format_decimal(value, format=f"#,##0.{'0' * least}{'#' * (_FINEST - least)}", locale=self._locale))

    def money(self, money: Money) -> str:
        """Write an amount with its currency's sign and as many decimals as it is booked in."""
        return self._amount(round_to_minor_unit(money.exact, money.currency).amount, money.currency)

    def exact_money(self, amount: Fraction, currency: str) -> str:
        """Write an amount with all its digits, eight at most, and no fewer decimals than it is booked in."""
        return self._amount(self.to_decimal(amount), currency)

    def _amount(self, amount: Decimal, currency: str) -> str:
        """Write all digits by the locale's pattern: CLDR gives some currencies fewer decimals than accounts have."""
        from babel.numbers import format_currency

        pattern = copy(self._locale.currency_formats["standard"])
        pattern.frac_prec = (minor_digits(currency), _FINEST)
        return _tidy(format_currency(amount, currency, format=pattern, locale=self._locale, currency_digits=False))

    def exact_seconds(self, seconds: Fraction) -> str:
        """Write a length of time to the second, or one with a fraction of a second as a number of seconds."""
        if seconds.denominator == 1:
            return self.exact_length(int(seconds))
        return f"{self.number(self.to_decimal(seconds))}\xa0s"

    def share(self, share: Fraction) -> str:
        """Write a share in percent, one that has no finite decimals as a fraction."""
        percent = self.to_decimal(share * 100)
        if Fraction(percent) == share * 100:
            return self.quantity(percent, "percent")
        return f"{self.number(Decimal(share.numerator))}/{self.number(Decimal(share.denominator))}"

    @staticmethod
    def to_decimal(value: Fraction) -> Decimal:
        """Return a number with at most as many decimals as a judgement shows."""
        return half_up(value, _FINEST).normalize() + 0

    def quantity(self, value: Decimal, unit: str, *, least: int = 0) -> str:
        """Write a value with its unit; seconds as a length of time, an unknown unit unchanged."""
        from babel.units import format_unit

        if unit == "s":
            return self.length(int(value.to_integral_value(ROUND_HALF_UP)))
        known = {"percent": "concentr-percent", "%": "concentr-percent", "ms": "duration-millisecond"}
        pattern = f"#,##0.{'0' * least}{'#' * (_FINEST - least)}"
        if unit in known:
            return _together(format_unit(value, known[unit], length="short", format=pattern, locale=self._locale))
        if unit == "days":
            return _together(format_unit(value, "duration-day", length="long", format=pattern, locale=self._locale))
        return f"{self.number(value, least=least)}\xa0{one_line(unit, _LONGEST_UNIT)}"

    def measured(self, value: Decimal, unit: str, target: Decimal | None) -> str:
        """Round a measured value for reading, never so far that it changes sides with the target."""
        digits = max(_USUAL.get(unit, 2), _decimals(target))
        while digits < _FINEST and _side(_rounded(value, digits), target) != _side(value, target):
            digits += 1
        return self.quantity(_rounded(value, digits), unit)

    def length(self, seconds: int) -> str:
        """Write a length of time in its two largest units that matter, rounded to the smaller."""
        from babel.units import format_unit

        chosen, rest = _parts(seconds)
        words: list[str] = []
        for unit, size in chosen:
            count, rest = divmod(rest, size)
            if count or (not words and size == chosen[-1][1]):
                words.append(_together(format_unit(count, f"duration-{unit}", length="long", locale=self._locale)))
        return " ".join(words)

    def exact_length(self, seconds: int) -> str:
        """Write a length of time to the second, in all its units."""
        from babel.units import format_unit

        words: list[str] = []
        rest = seconds
        for unit, size in _PARTS:
            count, rest = divmod(rest, size)
            if count or (unit == "second" and not words):
                words.append(_together(format_unit(count, f"duration-{unit}", length="long", locale=self._locale)))
        return " ".join(words)

    def exact_moment(self, instant: datetime) -> str:
        """Write the day in words, the time of day to the second, and how far it is from UTC: clocks are put back."""
        from babel.dates import format_time

        local = instant.astimezone(self._zone)
        clock = format_time(local, format="HH:mm:ss", tzinfo=self._zone, locale=self._locale)
        return f"{self.day(instant)}, {_tidy(clock)}\xa0(UTC{local.isoformat()[-6:]})"

    def day(self, instant: datetime) -> str:
        """Write the day in words."""
        from babel.dates import format_date

        return _together(format_date(instant.astimezone(self._zone).date(), format="long", locale=self._locale))

    def calendar_day(self, day: date) -> str:
        """Write a day of the calendar in words."""
        from babel.dates import format_date

        return _together(format_date(day, format="long", locale=self._locale))

    def month(self, month: str) -> str:
        """Write a month such as 2026-11 in words."""
        from babel.dates import format_date

        return _together(format_date(date.fromisoformat(f"{month}-01"), format="LLLL yyyy", locale=self._locale))

    def last_day(self, deadline: datetime) -> str:
        """Write the last day before a deadline, the first instant that is too late: who obeys it is in time."""
        return self.day(deadline - timedelta(seconds=1))

    def moment(self, instant: datetime) -> str:
        """Write the day in words and the time of day."""
        from babel.dates import format_time

        clock = format_time(instant.astimezone(self._zone), format="short", tzinfo=self._zone, locale=self._locale)
        return f"{self.day(instant)}, {_tidy(clock)}"

    def period(self, period: Period) -> str:
        """Write the first and the last day of a half-open period."""
        last = max(period.start, period.end - timedelta(seconds=1))
        return f"{self.day(period.start)} – {self.day(last)}"

    @property
    def zone_name(self) -> str:
        """Return the name that people use for the zone."""
        from babel.dates import get_timezone_name

        if str(self._zone) == "UTC":
            return "UTC"
        return _tidy(get_timezone_name(self._zone, locale=self._locale))

    def number_locale(self) -> dict[str, Any]:
        """Describe the numbers of this locale as d3 wants them."""
        from babel.numbers import get_decimal_symbol, get_group_symbol

        return {
            "decimal": get_decimal_symbol(self._locale),
            "thousands": get_group_symbol(self._locale),
            "grouping": [3],
            "currency": ["", ""],
        }

    def time_locale(self) -> dict[str, Any]:
        """Describe the days and months of this locale as d3 wants them."""
        return {
            "dateTime": "%x, %X",
            "date": "%d.%m.%Y",
            "time": "%H:%M:%S",
            "periods": ["AM", "PM"],
            "days": self._names("days", "wide", (6, 0, 1, 2, 3, 4, 5)),
            "shortDays": self._names("days", "abbreviated", (6, 0, 1, 2, 3, 4, 5)),
            "months": self._names("months", "wide", range(1, 13)),
            "shortMonths": self._names("months", "abbreviated", range(1, 13)),
        }

    def _names(self, what: str, width: str, order: Any) -> list[str]:
        names = getattr(self._locale, what)["format"][width]
        return [names[number] for number in order]

    @property
    def axis_date(self) -> str:
        """Return the d3 pattern of day and month in this locale's order."""
        pattern = str(self._locale.datetime_skeletons["MMMd"])
        return pattern.replace("MMM", "%b").replace("d", "%-d", 1) if "d" in pattern else "%-d %b"


def _parts(seconds: int) -> tuple[tuple[tuple[str, int], ...], int]:
    """Return the two largest units that the length reaches, and the length rounded to the smaller."""
    first = next((i for i, (_, size) in enumerate(_PARTS) if seconds >= size), len(_PARTS) - 1)
    smallest = _PARTS[first : first + 2][-1][1]
    rounded = (seconds + smallest // 2) // smallest * smallest
    if first > 0 and rounded >= _PARTS[first - 1][1]:
        first -= 1
    return _PARTS[first : first + 2], rounded


def _tidy(text: str) -> str:
    """Use the one no-break space that every mail program knows."""
    return text.replace("\u202f", "\xa0")


def _together(text: str) -> str:
    """Keep the words on one line."""
    return _tidy(text).replace(" ", "\xa0")


def _decimals(target: Decimal | None) -> int:
    if target is None:
        return 0
    exponent = target.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _rounded(value: Decimal, digits: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)


def _side(value: Decimal, target: Decimal | None) -> int:
    return 0 if target is None else (value > target) - (value < target)
