"""Broken promises for other systems."""

from collections.abc import Collection
from dataclasses import dataclass

from include.sla_logic.domain.errors import NotFoundError
from include.sla_logic.persistence.keyset import Cut, Part
from include.sla_logic.persistence.sla_violations import KeptViolation, ViolationFilter, find_violations
from include.sla_logic.persistence.unit_of_work import UnitOfWork

__all__ = ["KeptViolation", "SlaViolations", "UnableToFindViolation", "ViolationFilter"]


class UnableToFindViolation(NotFoundError):
    """There is no such violation, or it is another customer's."""


@dataclass(frozen=True)
class SlaViolations:
    """`customers` are those whose violations the caller may see, None for all: any other's do not exist for them."""

    work: UnitOfWork

    def listed(self, wanted: ViolationFilter, cut: Cut) -> tuple[Part[KeptViolation], int]:
        """Return a part of the violations, the newest first, and how many there are in all."""
        with self.work.reading() as connection:
            return find_violations(connection, wanted, cut)

    def find(self, name: str, *, customers: Collection[str] | None = None) -> KeptViolation:
        """Return one violation; raise `UnableToFindViolation`."""
        found, _ = self.listed(ViolationFilter(customers, violations=[name]), Cut(limit=1))
        if not found.rows:
            raise UnableToFindViolation(f"There is no violation {name[:64]!r}; write it as SV-000001.")
        return found.rows[0]
