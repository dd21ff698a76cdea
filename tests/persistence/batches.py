"""Batches for tests of the repositories: opened on a connection, with the simulated network."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.trouble_ticket import TicketStatus, TroubleTicket
from include.sla_logic.persistence.batch import Batch
from include.sla_logic.persistence.case_file import Repositories, SqlCaseFile
from include.sla_logic.persistence.incident_records import IncidentRecord, load_incident_records, ticket_number
from include.sla_logic.services.gateways import gateways_of


def open_files(connection: Connection, records: Sequence[IncidentRecord], *, now: datetime) -> list[SqlCaseFile]:
    """Open case files of one batch, in the hands of the step `work`."""
    repositories = Repositories(Batch(connection, records, now=now, gateways=gateways_of(lambda: "simulated")))
    return [SqlCaseFile(record, repositories, task="work") for record in records]


def files_of(connection: Connection, numbers: Sequence[int], *, now: datetime) -> list[SqlCaseFile]:
    """Open the case files of tickets that are in the database."""
    return open_files(connection, load_incident_records(connection, numbers), now=now)


def file_of(connection: Connection, ticket: str, *, now: datetime, customer: str, service: str) -> SqlCaseFile:
    """Open the case file of a ticket that is nowhere else."""
    made = TroubleTicket(
        id=ticket,
        external_reference=None,
        run_id=ticket,
        customer=customer,
        service=service,
        status=TicketStatus.IN_PROGRESS,
        assigned_to=Lane.BILLING,
        created_at=now,
    )
    return open_files(connection, [IncidentRecord(ticket_number(ticket) or 0, made)], now=now)[0]
