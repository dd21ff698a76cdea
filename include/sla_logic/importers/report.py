"""What an import of records did, counted so that nothing is lost between the rows and the records."""

from dataclasses import dataclass, field
from typing import Any

from include.sla_logic.importers.rejection import Rejected

_SHOWN = 20


@dataclass
class ImportReport:
    """What became of the rows: `unchanged` records were known with the same content, `repeated` stand there twice.

    `rows + further` are `added + changed + unchanged + repeated + joined + passed_over + rejected`: `further` counts
    the records of a row beyond its first, `joined` the rows that are part of another row's record.
    `warnings` name what is missing on record afterwards, though no row is wrong. `first` shows some of the records.
    """

    rows: int = 0
    further: int = 0
    passed_over: int = 0
    joined: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    repeated: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    passed: dict[str, int] = field(default_factory=dict)
    coverage: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    first: list[dict[str, Any]] = field(default_factory=list)

    def adds_up(self) -> bool:
        """Tell whether every row and every record is accounted for."""
        kept = self.added + self.changed + self.unchanged + self.repeated
        return self.rows + self.further == kept + self.joined + self.passed_over + len(self.rejected)

    def most_passed(self) -> str:
        """Say what the rows were that the mapping does not mean, the most frequent first."""
        ordered = sorted(self.passed.items(), key=lambda one: -one[1])
        more = f", and {len(ordered) - _SHOWN} more" if len(ordered) > _SHOWN else ""
        return ", ".join(f"{what} ({count})" for what, count in ordered[:_SHOWN]) + more
