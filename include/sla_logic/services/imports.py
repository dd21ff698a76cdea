"""Import contracts, reference data, measurements and tickets of other systems."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from include.sla_logic.domain.contract import Contract
from include.sla_logic.persistence.contracts import load_contract
from include.sla_logic.persistence.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from include.sla_logic.importers import ImportReport, Mapping
    from include.sla_logic.importers.tickets import TicketImport, TicketReport


@dataclass(frozen=True)
class Imports:
    """Importing the same again changes nothing."""

    work: UnitOfWork

    def contracts(self, texts: Iterable[tuple[str, str]]) -> list[tuple[Contract, bool]]:
        """Validate contracts, given as name and text, and keep all or none; return each, and whether it is new."""
        with self.work.writing() as connection:
            now = self.work.database.now(connection)
            return [load_contract(connection, text, name=name, now=now) for name, text in texts]

    def records(
        self, file: Path, *, kind: str, mapping: "Mapping", as_of: date, progress: Callable[[int], None]
    ) -> "ImportReport":
        """Import a file of records; rejected rows are in quarantine with their reasons."""
        from include.sla_logic.importers import KINDS, import_file

        with self.work.reading():
            pass  # refuses a database that was never migrated
        return import_file(
            self.work.database,
            file,
            kind=KINDS[kind],
            section=mapping.sections[kind],
            mapping=mapping,
            as_of=as_of,
            progress=progress,
        )

    def tickets(self, file: Path, work: "TicketImport", *, progress: Callable[[int], None]) -> "TicketReport":
        """Import tickets with their histories; rejected ones are in quarantine with their reasons."""
        from include.sla_logic.importers.tickets import import_tickets

        with self.work.reading():
            pass  # refuses a database that was never migrated
        return import_tickets(self.work.database, file, work, progress=progress)
