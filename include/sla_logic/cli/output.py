"""Tables for people and JSON for programs; text from outside is shown, never interpreted."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import typer
from pydantic_core import to_jsonable_python

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def private(file: str, flags: int) -> int:
    """Open a file for `open(…, opener=private)`: the owner alone reads a new one, a known one keeps its mode."""
    return os.open(file, flags, 0o600)


def write_private(file: Path, content: bytes) -> None:
    """Write names or amounts to a file."""
    with open(file, "wb", opener=private) as opened:
        opened.write(content)


def show_json(value: Any) -> None:
    """Print one JSON document."""
    typer.echo(json.dumps(value, default=_plain, indent=2))


def _plain(value: Any) -> Any:
    """Write what JSON does not know as it is written elsewhere; what has no such form is an error, not a repr."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | Enum | UUID | Path):
        return str(value)
    return to_jsonable_python(value)


def show_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str, less: Sequence[str] = ()
) -> None:
    """Print a table, or one sentence where there is nothing to show.

    Where the terminal is too narrow, columns of `less` are left out, the last first, and named below.
    """
    from rich.console import Console

    cells = [[shown(cell) for cell in row] for row in rows]
    if not cells:
        typer.echo(empty)
        return
    console, left_out = Console(), list[str]()
    for column in reversed(less):
        if _is_readable(console, _table(columns, cells, left_out)):
            break
        left_out.insert(0, column)
    console.print(_table(columns, cells, left_out))
    if left_out:
        typer.echo(f"Not shown for want of room: {', '.join(left_out)} (--json has all).")


def _table(columns: Sequence[str], cells: Sequence[Sequence[str]], left_out: Sequence[str]) -> "Table":
    from rich.table import Table
    from rich.text import Text

    kept = [place for place, column in enumerate(columns) if column not in left_out]
    table = Table(*(columns[place] for place in kept))
    table.columns[0].no_wrap = True  # what names a row stays one word, to be copied
    for row in cells:
        table.add_row(*(Text(row[place]) for place in kept))
    return table


def _is_readable(console: "Console", table: "Table") -> bool:
    """Tell whether no word has to be broken."""
    return table.__rich_measure__(console, console.options).minimum <= console.width


def show_fields(rows: Mapping[str, object]) -> None:
    """Print one field on each line."""
    width = max(map(len, rows), default=0)
    for name, value in rows.items():
        typer.echo(f"{name:<{width}}  {shown(value)}")


def shown(value: object) -> str:
    """Return the value as one printable text; control and direction characters are written as escapes."""
    if value is None:
        return ""
    text = f"{value:%Y-%m-%d %H:%M:%S} UTC" if isinstance(value, datetime) else str(value)
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
