"""Numbers and lengths of time as files write them: what may mean two things is refused."""

import re
from decimal import Decimal

from include.sla_logic.domain.durations import parse_duration
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.importers.records import is_a_quantity
from include.sla_logic.importers.rejection import UnableToImportRow
from include.sla_logic.importers.sources import Source
from include.sla_logic.importers.tables import Dialect

_PLAIN = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,12})?")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}([.,][0-9]{3})+")
_CLOCK = re.compile(r"(?:([0-9]{1,4})\.)?([0-9]{1,6}):([0-5][0-9]):([0-5][0-9](?:[.,][0-9]{1,9})?)")
_SHORT = re.compile(r"([0-9]{1,6}):([0-5][0-9])")
_SHORTS = {"h:mm": 60, "m:ss": 1}
_SHOWN = 40
_SPACES = str.maketrans("\u00a0\u202f\u2019", "  '")


def read_number(name: str, text: str, dialect: Dialect, *, money: bool = False) -> Decimal:
    """Return a number as the dialect writes it; raise `UnableToImportRow` where it is none.

    Money of which one separator may be of thousands, as in 1.250, is refused unless the mapping says what it is.
    """
    plain = _unmarked(text, dialect)
    if plain is None or not _PLAIN.fullmatch(plain):
        why = Sentence("%(text)s is not a number", text=repr(text[:_SHOWN]))
        if set(text) & set(",'"):
            why = Sentence("%(why)s; a mapping says how numbers are written (decimal, thousands)", why=why)
        raise UnableToImportRow(name, why)
    if money and dialect.decimal is None and dialect.thousands is None and _GROUPED.fullmatch(text):
        msg = "%(text)s may be thousands or a fraction: say so in a mapping (decimal, thousands)"
        raise UnableToImportRow(name, Sentence(msg, text=repr(text[:_SHOWN])))
    number = Decimal(plain)
    if not is_a_quantity(number):
        msg = "%(text)s is no number that can be measured"
        raise UnableToImportRow(name, Sentence(msg, text=repr(text[:_SHOWN])))
    return number.normalize() if dialect.decimal is not None else number


def _unmarked(text: str, dialect: Dialect) -> str | None:
    """Write a number with a point and without groups, None where its groups are not of three digits."""
    thousands, decimal = dialect.thousands, dialect.decimal or ("," if dialect.thousands == "." else ".")
    text = text.translate(_SPACES)
    whole, mark, fraction = text.partition(decimal)
    if thousands is not None and thousands in whole:
        first, *groups = whole.split(thousands)
        if not 0 < len(first.lstrip("+-")) < 4 or any(len(group) != 3 for group in groups):  # noqa: PLR2004 - thousands
            return None
        whole = whole.replace(thousands, "")
    return None if "." in whole or "." in fraction else f"{whole}{'.' if mark else ''}{fraction}"


def read_length(name: str, text: str, source: Source, dialect: Dialect) -> Decimal:
    """Return seconds of a number, of a clock (1:30:00), or of a length with its unit (PT1H, 90 min)."""
    if clock := _CLOCK.fullmatch(text):
        days, hours, minutes, seconds = clock.groups()
        whole = (int(days or 0) * 24 + int(hours)) * 3600 + int(minutes) * 60
        return whole + Decimal(seconds.replace(",", "."))
    if short := _SHORT.fullmatch(text):
        if source.format not in _SHORTS:
            msg = "%(text)s may be hours or minutes: say which in the mapping (format: 'h:mm' or 'm:ss')"
            raise UnableToImportRow(name, Sentence(msg, text=repr(text)))
        return (int(short[1]) * 60 + Decimal(short[2])) * _SHORTS[source.format]
    if text[:1].isalpha() or text[-1:].isalpha():
        try:
            return Decimal(parse_duration(text))
        except ValueError as error:
            raise UnableToImportRow(name, str(error)) from None
    return read_number(name, text, dialect) * (1 if source.multiply is None else source.multiply)
