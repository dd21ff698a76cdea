"""Rendering templates, and how figures, instants and money look on a page; everything shown is escaped."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from babel.dates import format_date, format_skeleton
from babel.numbers import format_decimal, get_decimal_symbol
from babel.units import format_unit
from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from include.sla_logic.domain.durations import show_duration
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.sentence import Code, Sentence
from include.sla_logic.services.board import COUNTED
from include.sla_logic.web.addresses import login_address, query, segment
from include.sla_logic.web.kept import recognised
from include.sla_logic.web.pieces import PieceWriter, escaped
from include.sla_logic.web.sentences import install_sentences
from include.sla_logic.web.translations import FALLBACK, gettext, language, locale
from include.sla_logic.web.wording import in_words, notice_of, plainly, said, title_of
from include.sla_logic.web.yaml_words import PROBLEMS

_PART = re.compile(r"([0-9]+) (d|h|min|s)\b")
_MIB = 1 << 20
_UNITS = MappingProxyType({"d": "day", "h": "hour", "min": "minute", "s": "second"})


def render(request: Request, template: str, **values: Any) -> str:
    """Render one page for this request; every page knows its caller and where the desk is mounted."""
    desk = request.app.state.desk
    return (
        _templates()
        .get_template(template)
        .render(
            base=request.scope.get("root_path", ""),
            who=getattr(request.state, "caller", None),
            desk=desk,
            made_at=datetime.now(UTC),  # noqa: TID251 - the page says when it was made
            login=login_address(request),
            language=language(),
            notice=notice_of(request.query_params.get("done", ""), request.query_params.get("count", "")),
            **values,
        )
    )


class _Environment(Environment):
    code_generator_class = PieceWriter
    escaped = staticmethod(escaped)


@cache
def _templates() -> Environment:
    environment = _Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    install_sentences(environment)
    environment.filters |= {
        "moment": moment,
        "around": around,
        "iso": iso,
        "short": short,
        "day": day,
        "month": month,
        "clock_time": clock_time,
        "length": length,
        "segment": segment,
        "query": query,
        "code": in_words,
        "plainly": plainly,
        "title_of": title_of,
        "said": retell,
        "kept": retell_kept,
        "number": number,
        "amount": amount,
        "figure": figure,
        "up_to": up_to,
        "decimal": decimal,
        "bytes": size,
    }
    return environment


def around(sentence: str) -> list[str]:
    """Return what stands before and behind the one value of a sentence, which was filled in as NUL."""
    before, _, behind = sentence.partition("\0")
    return [before, behind]


def up_to(count: int) -> str:
    """Show a count of the head of the board, which ends a little behind COUNTED."""
    return str(count) if count <= COUNTED else f"{COUNTED}+"


def moment(at: datetime) -> str:
    """Show an instant in UTC, to the minute."""
    at = at.astimezone(UTC)
    return f"{_date(at, 'yMMMd', '%-d %b %Y')} {at.hour:02}:{at.minute:02}"


def exactly(at: datetime) -> str:
    """Show an instant in UTC, to the second."""
    at = at.astimezone(UTC)
    return f"{_date(at, 'yMMMd', '%-d %b %Y')} {at:%H:%M:%S}"


def short(at: datetime) -> str:
    """Show an instant in UTC, to the minute, without its year."""
    at = at.astimezone(UTC)
    return f"{_date(at, 'MMMd', '%-d %b')} {at.hour:02}:{at.minute:02}"


def day(at: date) -> str:
    """Show a day with its month in full."""
    return f"{at:%-d %B %Y}" if language() == FALLBACK else format_date(at, "long", locale=locale())


def month(at: date) -> str:
    """Show the month of a day in full."""
    return _date(at, "yMMMM", "%B %Y")


def _date(at: date, skeleton: str, english: str) -> str:
    return _day_in(language(), skeleton, english, at.toordinal())


@lru_cache(maxsize=1024)
def _day_in(language: str, skeleton: str, english: str, day: int) -> str:
    """Write a day once for all instants of it: a board has a hundred, most of the same days."""
    at = date.fromordinal(day)
    return f"{at:{english}}" if language == FALLBACK else format_skeleton(skeleton, at, locale=locale())


def clock_time(at: datetime) -> str:
    """Show the time of day in UTC, to the second."""
    return f"{at.astimezone(UTC):%H:%M:%S}"


def iso(at: datetime) -> str:
    """Write an instant for the browser, which counts down to it."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def length(seconds: float | timedelta | None) -> str:
    """Show a length of time in its two largest units."""
    if seconds is None:
        return "–"
    whole = int(seconds.total_seconds() if isinstance(seconds, timedelta) else seconds)
    shown = show_duration(whole, units=2)
    return shown if language() == FALLBACK else _PART.sub(_in_units, shown)


def _in_units(part: re.Match[str]) -> str:
    return str(format_unit(int(part[1]), f"duration-{_UNITS[part[2]]}", length="short", locale=locale()))


def number(value: Decimal | int) -> str:
    """Show a number with thousands apart and all its decimals."""
    if language() == FALLBACK:
        return f"{value:,}"
    decimals = "" if isinstance(value, int) else f"{value:f}".partition(".")[2]
    pattern = f"#,##0.{'0' * len(decimals)}" if decimals else "#,##0"
    return str(format_decimal(value, format=pattern, locale=locale()))


def retell(text: object) -> str:
    """Write a sentence with its values in the reader's language, and any other text if the catalogue has it whole."""
    if not isinstance(text, Sentence) or language() == FALLBACK:
        return said(text)
    return gettext(text.says, **{name: _in_words(value) for name, value in text.values.items()})


def retell_kept(text: object) -> str:
    """Write what was kept as an English text in the reader's language where it is a sentence of ours."""
    return str(text) if language() == FALLBACK else retell(recognised(str(text), language()))


def _in_words(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_in_words, value))
    if isinstance(value, Enum | Code):
        return in_words(value) if isinstance(value, Enum) else said(value.replace("_", " "))
    if isinstance(value, Period):
        return f"{moment(value.start)} – {moment(value.end)}"
    if isinstance(value, date):
        return f"{moment(value)} UTC" if isinstance(value, datetime) else day(value)
    if isinstance(value, int):
        return number(value)
    return retell(value) if isinstance(value, Sentence) or value in PROBLEMS else amount(value)


def amount(value: object) -> str:
    """Show money with thousands apart, anything else as it is."""
    amount_of, currency = getattr(value, "amount", None), getattr(value, "currency", "")
    return "–" if value is None else f"{number(amount_of)} {currency}" if amount_of is not None else str(value)


def figure(value: Decimal | None, unit: str = "", beside: Decimal | None = None) -> str:
    """Show a measured value to four places, or in full where it would then look equal to the promise `beside` it."""
    if value is None:
        return "–"
    digits = _plain(f"{value:.4f}")
    if beside is not None and value != beside and digits == _plain(f"{beside:f}"):
        digits = _plain(f"{value:f}")
    return f"{decimal(digits)} {'%' if unit == 'percent' else unit}".strip()


def decimal(digits: object) -> str:
    """Show digits with the decimal sign of the reader."""
    return str(digits) if language() == FALLBACK else str(digits).replace(".", get_decimal_symbol(locale()))


def _plain(digits: str) -> str:
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def size(count: int) -> str:
    """Write how large a file is, as `2.3 MB`; a limit of whole MiB as `32 MiB`."""
    if count >= _MIB and count % _MIB == 0:
        return f"{count // _MIB} MiB"
    for unit, least in (("MB", 1_000_000), ("kB", 1_000)):
        if count >= least:
            return f"{decimal(f'{count / least:.1f}')} {unit}"
    return gettext("%(count)s bytes", count=count)
