"""One table: its column names, where it has them, and its rows with their numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from include.sla_logic.importers.rejection import Rejected

Row = dict[str, Any]
NumberedRow = tuple[int, Row]
Entries = Iterator[NumberedRow | Rejected]


@dataclass(frozen=True)
class Table:
    """Rows that can be read once; what is no row comes as a rejection in its place. Objects have no `columns`."""

    columns: list[str] | None
    rows: Entries
