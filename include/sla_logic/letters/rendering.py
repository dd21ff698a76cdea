"""Render a letter as a page and as plain text."""

from __future__ import annotations

import textwrap
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

from include.sla_logic.letters.view_model import Letter, Line

if TYPE_CHECKING:
    from jinja2 import Environment, Template

LETTERS = Path(__file__).parent
COLUMNS = 72
PAGE, PLAIN = "customer_report.html.j2", "customer_report.txt.j2"
_LEDGER_INDENT = "  "


def as_html(letter: Letter) -> str:
    """Return the letter as a page whose pictures are named `cid:`; every value is escaped."""
    return _template(PAGE).render(letter=letter)


def as_text(letter: Letter) -> str:
    """Return the letter as plain text of at most 72 columns (a longer word stays whole)."""
    text = _template(PLAIN).render(letter=letter)
    lines = [line if line == "-- " else line.rstrip() for line in text.splitlines()]
    kept = [line for line, before in zip(lines, [None, *lines], strict=False) if line or before]
    return "\n".join(kept).strip("\n") + "\n"


def load_templates() -> None:
    """Compile the templates now rather than with the first letter."""
    for name in (PAGE, PLAIN):
        _template(name)


@cache
def _template(name: str) -> Template:
    return _environment(escape=name == PAGE).get_template(name)


def _environment(*, escape: bool) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(LETTERS),
        autoescape=escape,  # noqa: S701 - off for the plain text only, where an escape would be read as words
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters["wrap"] = wrap
    environment.filters["ledger"] = ledger
    return environment


def wrap(text: str, indent: str = "", hang: str = "") -> str:
    """Fill each line of the text to 72 columns; an empty line keeps its indent."""
    filled = [
        textwrap.fill(
            line,
            COLUMNS,
            initial_indent=indent,
            subsequent_indent=hang,
            break_long_words=False,
            break_on_hyphens=False,
        )
        or indent
        for line in text.splitlines() or [""]
    ]
    return "\n".join(filled)


def ledger(line: Line) -> str:
    """Write a line of an account: words at the left, the amount at the right edge of its last line."""
    room = COLUMNS - len(_LEDGER_INDENT) - (_width(line.amount) + 2 if line.amount else 0)
    words = textwrap.wrap(line.text, room, break_long_words=False, break_on_hyphens=False) or [""]
    *above, last = (_LEDGER_INDENT + row for row in words)
    gap = " " * max(1, COLUMNS - _width(last) - _width(line.amount))
    return "\n".join([*above, f"{last}{gap}{line.amount}".rstrip()])


def _width(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
