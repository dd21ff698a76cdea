"""Import contracts, reference data, measurements and tickets of other systems."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.contract.sources import KINDS as KINDS_THAT_FEED
from include.sla_logic.domain.errors import ForeseenError, NotFoundError
from include.sla_logic.persistence.completeness import note_complete
from include.sla_logic.persistence.contracts import load_contract
from include.sla_logic.persistence.database import Database
from include.sla_logic.persistence.queries.unwatched_services import count_unwatched, unwatched_services
from include.sla_logic.persistence.rehearsal import rehearsal
from include.sla_logic.persistence.schema.reference import services as services_
from include.sla_logic.persistence.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from include.sla_logic.importers import ImportReport, Mapping
    from include.sla_logic.importers.columns import ImportKind
    from include.sla_logic.importers.tickets import TicketImport, TicketReport


_MAKE_OBSERVABLE = {"services", "agreements", "resources", "topology", "samples", "outages"}
_SHOWN = 20


class UnableToFindImport(NotFoundError):
    """There is no such kind of import, or no such mapping among the shipped ones."""


class UnableToNoteComplete(ForeseenError):
    """What is said to be complete is not known, or cannot be yet."""


@dataclass(frozen=True)
class Imports:
    """Importing the same again changes nothing."""

    work: UnitOfWork

    def kinds(self) -> "Sequence[ImportKind]":
        """Return every kind of import with its columns, its shipped mappings and a sample."""
        from include.sla_logic.importers.columns import import_kinds

        return list(import_kinds().values())

    def kind(self, name: str) -> "ImportKind":
        """Return one kind; raise `UnableToFindImport`."""
        if found := next((one for one in self.kinds() if one.name == name), None):
            return found
        raise UnableToFindImport("There is no such kind of import.")

    def shipped_mapping(self, name: str) -> str:
        """Return a shipped mapping as it is written; raise `UnableToFindImport`."""
        from include.sla_logic.importers.columns import shipped_text

        if (text := shipped_text(name)) is not None:
            return text
        raise UnableToFindImport("There is no such mapping among the shipped ones.")

    def count_rows(self, file: Path) -> int | None:
        """Return about how many rows a file has, None where that cannot be told."""
        from include.sla_logic.importers.tables import count_rows

        return count_rows(file)

    def contracts(self, texts: Iterable[tuple[str, str]]) -> list[tuple[Contract, bool]]:
        """Validate contracts, given as name and text, and keep all or none; return each, and whether it is new."""
        with self.work.writing() as connection:
            now = self.work.database.now(connection)
            return [load_contract(connection, text, name=name, now=now) for name, text in texts]

    def records(
        self,
        file: Path,
        *,
        kind: str,
        mapping: "Mapping",
        as_of: date,
        progress: Callable[[int], None],
        dry_run: bool = False,
        feed: str | None = None,
    ) -> "ImportReport":
        """Import a file of records; rejected rows are in quarantine with their reasons. A dry run keeps nothing.

        Rows of a `feed` are paired with those that it has brought before.
        """
        from include.sla_logic.importers import import_file

        with self.work.reading():
            pass  # refuses a database that was never migrated
        with self._database(dry_run=dry_run) as database:
            report = import_file(
                database,
                file,
                kind=kind,
                mapping=mapping,
                as_of=as_of,
                progress=progress,
                feed=feed,
            )
        if kind in _MAKE_OBSERVABLE and not dry_run:
            report.warnings += self._unwatched()
        return report

    def complete(self, kind: str, *, until: datetime, by: str, source: str, services: Sequence[str] = ()) -> None:
        """Note that the records of a kind are complete until then: of these services, or without any of all.

        Raise `UnableToNoteComplete` for a kind that no contract is judged on, an unknown service, and the future.
        """
        if kind not in KINDS_THAT_FEED:
            raise UnableToNoteComplete(f"No contract is judged on {kind}: only on {', '.join(KINDS_THAT_FEED)}.")
        with self.work.writing() as connection:
            now = self.work.database.now(connection)
            if until > now:
                raise UnableToNoteComplete(f"{until:%Y-%m-%d %H:%M} UTC lies in the future: nobody knows it yet.")
            known = set(connection.scalars(select(services_.c.id).where(services_.c.id.in_(services))))
            if unknown := sorted(set(services) - known):
                raise UnableToNoteComplete(f"The service {unknown[0]} is not known.")
            note_complete(connection, kind=kind, services=services, until=until, source=source, by=by, now=now)

    def _unwatched(self) -> list[str]:
        """Name subscribed services that nothing on record can show to work or to fail."""
        with self.work.reading() as connection:
            today = self.work.database.now(connection).astimezone(UTC).date()
            shown = unwatched_services(connection, on=today, limit=_SHOWN)
            more = 0 if len(shown) < _SHOWN else count_unwatched(connection, on=today) - len(shown)
        return [*map(str, shown), *([f"… and {more} more services: `sla doctor --json` has them"] if more else [])]

    def _database(self, *, dry_run: bool) -> AbstractContextManager[Database]:
        return rehearsal(self.work.database) if dry_run else nullcontext(self.work.database)

    def tickets(
        self, file: Path, work: "TicketImport", *, progress: Callable[[int], None], dry_run: bool = False
    ) -> "TicketReport":
        """Import tickets with their histories; rejected ones are in quarantine. A dry run keeps nothing."""
        from include.sla_logic.importers.tickets import import_tickets

        with self.work.reading():
            pass  # refuses a database that was never migrated
        with self._database(dry_run=dry_run) as database:
            return import_tickets(database, file, work, progress=progress)
