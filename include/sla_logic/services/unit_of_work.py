"""One database, its clock and its transactions: the base of every use case."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection

from include.sla_logic.persistence.case_file import SqlCaseFile
from include.sla_logic.persistence.database import Clock, open_database
from include.sla_logic.persistence.incident_records import (
    UnableToFindIncident,
    find_number,
    load_incident_records,
    lock_run,
    lock_tickets,
)
from include.sla_logic.persistence.migrations import check_revision, migrate
from include.sla_logic.persistence.repositories import Repositories
from include.sla_logic.settings import Settings


class UnitOfWork:
    """One operations database; without a `clock` the database's own clock decides."""

    def __init__(self, settings: Settings, *, clock: Clock | None = None) -> None:
        self.settings = settings
        self.database = open_database(settings.database_url, clock=clock)

    def migrate(self) -> str:
        """Bring the database to the newest revision and return it."""
        return migrate(self.database)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read one moment; raise `UnableToUseDatabase` where the database was never migrated."""
        with self.database.read() as connection:
            check_revision(connection)
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Write in one transaction; raise `UnableToUseDatabase` where the database was never migrated."""
        with self.database.write() as connection:
            check_revision(connection)
            yield connection

    def lock(self, connection: Connection, reference: str) -> int:
        """Lock one incident until the transaction ends; raise `UnableToFindIncident`."""
        number = find_number(connection, reference)
        lock_tickets(connection, [number])
        return number

    def lock_run(self, connection: Connection, run_id: str) -> int:
        """Lock the incident of a run, found by run id alone; raise `UnableToFindIncident`."""
        number = lock_run(connection, run_id)
        if number is None:
            raise UnableToFindIncident(f"No incident was accepted for the run {run_id!r}.")
        return number

    def open_file(self, connection: Connection, number: int, *, task: str) -> SqlCaseFile:
        """Open the case file of an incident that is locked."""
        [file] = self.open_files(connection, [number], task=task)
        return file

    def open_files(self, connection: Connection, numbers: Sequence[int], *, task: str) -> list[SqlCaseFile]:
        """Open the case files of incidents that are locked."""
        now, sender = self.database.now(connection), self.settings.smtp.sender if self.settings.smtp else None
        return [
            SqlCaseFile(
                incident,
                Repositories(connection, ticket=incident.ticket.id, now=now, sender=sender),
                task=task,
                now=now,
            )
            for incident in load_incident_records(connection, numbers)
        ]
