"""Tables for people and JSON for programs; text from outside is shown, never interpreted."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any

import typer


def show_json(value: Any) -> None:
    """Print one JSON document."""
    typer.echo(json.dumps(value, default=_plain, indent=2))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return value.isoformat() if isinstance(value, datetime) else str(value)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str) -> None:
    """Print a table, or one sentence where there is nothing to show."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns)
    table.columns[0].no_wrap = True  # what names a row stays one word, to be copied
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    if table.row_count:
        Console().print(table)
    else:
        typer.echo(empty)


def show_fields(fields: Mapping[str, object]) -> None:
    """Print one field on each line."""
    width = max(map(len, fields), default=0)
    for name, value in fields.items():
        typer.echo(f"{name:<{width}}  {shown(value)}")


def shown(value: object) -> str:
    """Return the value as one printable text; control and direction characters are written as escapes."""
    if value is None:
        return ""
    text = f"{value:%Y-%m-%d %H:%M:%S} UTC" if isinstance(value, datetime) else str(value)
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
