"""Rows that cannot be imported, each with the place and the reason."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from include.sla_logic.domain.errors import ForeseenError

_SHOWN = 60


@dataclass(frozen=True)
class Rejected:
    """One row that was left out; `row` counts lines of the file from 1, the header included.

    `value` is what stands in the field, where the file has it under a name of its own.
    """

    row: int
    field: str
    reason: str
    value: str = ""

    def __str__(self) -> str:
        """Show on one line."""
        return f"row {self.row}, {self.field}: {self.reason}"

    def with_value(self, row: dict[str, Any], columns: Iterable[str]) -> "Rejected":
        """Return it with what the row has in these columns, the field's own."""
        found = [_text(row[name]) for name in columns if row.get(name) is not None]
        return replace(self, value=" ".join(found)[:_SHOWN])


def _text(value: Any) -> str:
    return ", ".join(map(_text, value)) if isinstance(value, list | tuple) else str(value)


@dataclass(frozen=True)
class Withdrawn:
    """A row whose record is to be deleted: the row is part of the record of an earlier one, which came later."""

    row: int
    content: dict[str, Any]


class UnableToImportRow(ForeseenError):
    """One field of a row has no meaning; the other rows are imported."""

    def __init__(self, field: str, reason: str) -> None:
        """Keep the field beside the reason."""
        super().__init__(f"{field}: {reason}")
        self.field, self.reason = field, reason
