"""Rows that cannot be imported, each with the place and the reason."""

from dataclasses import dataclass
from typing import Any

from include.sla_logic.domain.errors import ForeseenError


@dataclass(frozen=True)
class Rejected:
    """One row that was left out; `row` counts lines of the file from 1, the header included."""

    row: int
    field: str
    reason: str

    def __str__(self) -> str:
        """Show on one line."""
        return f"row {self.row}, {self.field}: {self.reason}"


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
