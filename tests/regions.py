"""Another quarter of the small TELECO's sample: the same customers, services and faults under new numbers.

There credits are due and nothing is repaired yet, whatever was done about the first ones.
"""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert

from include.sla_logic.sample_data import Sample
from include.sla_logic.sample_data.loading import _TABLES

CHUNK = 5000
_NUMBER = re.compile(r"-(1\d{3})\b")
_PROSE = {"text", "name", "email", "description", "reason", "cause"}


def renumbered(row: Mapping[str, Any], quarter: int) -> dict[str, Any]:
    """Return the row, or the conf of an incident, as it reads in that quarter; 0 is the first one."""

    def other(found: re.Match[str]) -> str:
        return f"-{int(found[1]) + 100 * quarter}"

    def renumber(value: Any) -> Any:
        return _NUMBER.sub(other, value) if type(value) is str else value

    return {name: value if name in _PROSE else renumber(value) for name, value in row.items()}


def load_quarter(connection: Connection, teleco: Sample, quarter: int) -> None:
    """Load that quarter beside the first one, with the contracts and resources that all quarters share."""
    shared = {row["id"] for row in teleco.rows["resources"] if not _NUMBER.search(row["id"])}
    for table in _TABLES:
        if table.name == "contracts":
            continue
        rows = [renumbered(row, quarter) for row in teleco.rows.get(table.name, [])]
        rows = [row for row in rows if not (table.name == "resources" and row["id"] in shared)]
        for start in range(0, len(rows), CHUNK):
            connection.execute(insert(table), rows[start : start + CHUNK])
