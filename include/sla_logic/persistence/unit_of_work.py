"""Transactions on the operations database, and the case files that are worked on inside one."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection

from include.sla_logic.persistence.batch import Batch, Gateways
from include.sla_logic.persistence.case_file import Repositories, SqlCaseFile
from include.sla_logic.persistence.database import Clock, check_revision, open_database
from include.sla_logic.persistence.incident_records import (
    IncidentRecord,
    UnableToFindIncident,
    find_number,
    load_incident_records,
    load_record_of_run,
    lock_run,
)
from include.sla_logic.persistence.migrations import migrate
from include.sla_logic.persistence.ticket_locks import lock_tickets
from include.sla_logic.process.graph import FIRST
from include.sla_logic.settings import Settings

Answers = Mapping[Any, Any]  # of an external network, by question
_NONE: Answers = MappingProxyType({})


class UnitOfWork:
    """One operations database; without a `clock` the database's own clock is the judge."""

    def __init__(self, settings: Settings, gateways: Gateways, *, clock: Clock | None = None) -> None:
        self.settings = settings
        self.gateways = gateways
        self.database = open_database(settings.database_url, clock=clock)

    @property
    def sender(self) -> str | None:
        """The address from which letters come, where one is set."""
        return self.settings.smtp.sender if self.settings.smtp else None

    def mailing(self, settings: Settings) -> "UnitOfWork":
        """Return the same work whose mail has sender and operators from these settings."""
        other = copy(self)
        other.settings = settings
        return other

    def migrate(self) -> str:
        """Bring the database to the newest revision and return it."""
        return migrate(self.database)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Look at one moment; raise `UnableToUseDatabase` where the database was never migrated."""
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
        """Hold one incident until the transaction ends; raise `UnableToFindIncident`."""
        number = find_number(connection, reference)
        lock_tickets(connection, [number])
        return number

    def lock_run(self, connection: Connection, run_id: str) -> IncidentRecord:
        """Hold the incident of a run, and of nothing else that has the same name; raise `UnableToFindIncident`."""
        lock_run(connection, run_id)
        records = load_record_of_run(connection, run_id)
        if not records:
            raise UnableToFindIncident(
                f"No incident was accepted for the run {run_id!r}. Clear the task {FIRST} with its downstream tasks."
            )
        return records[0]

    def open_file(self, connection: Connection, number: int, *, task: str) -> SqlCaseFile:
        """Open the case file of an incident that is locked."""
        [file] = self.open_files(connection, [number], task=task)
        return file

    def open_files(
        self,
        connection: Connection,
        numbers: Sequence[int],
        *,
        task: str,
        run_id: str | None = None,
        answers: Answers = _NONE,
        kept: dict[int, IncidentRecord] | None = None,
    ) -> list[SqlCaseFile]:
        """Open the case files of incidents that are locked; `run_id` is the run that carries them as a cohort.

        `kept` are records that this task has loaded before; see `load_incident_records`.
        """
        records = load_incident_records(connection, numbers, kept=kept)
        return self.open_records(connection, records, task=task, run_id=run_id, answers=answers)

    def open_records(
        self,
        connection: Connection,
        records: Sequence[IncidentRecord],
        *,
        task: str,
        run_id: str | None = None,
        answers: Answers = _NONE,
    ) -> list[SqlCaseFile]:
        """Open the case files of records that were loaded after their incidents were locked."""
        batch = Batch(
            connection,
            records,
            now=self.database.now(connection),
            gateways=self.gateways,
            run_id=run_id,
            sender=self.sender,
            answers=answers,
        )
        repositories = Repositories(batch)
        return [SqlCaseFile(incident, repositories, task=task) for incident in records]
