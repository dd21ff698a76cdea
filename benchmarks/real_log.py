"""A real event log as a backlog: its tickets wait here, and its customers have contracts.

The log has callers and categories, not customers and services. Here each caller is a customer, each category
that they called about is a service of theirs, and each incident an outage of that service for as long as the log says.
"""

import csv
import gzip
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Connection, Table, insert, select

from deploy.stack.settings import ROOT
from include.sla_logic.importers.sources import Source
from include.sla_logic.importers.tickets import TicketImport, import_tickets, read_ticket_mapping
from include.sla_logic.persistence.contracts import load_contract
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.system_t import tickets
from include.sla_logic.services import UseCases

LOG = "uci_incident_log/incident_events_dev.csv.gz"
SERVICE = "SN-$caller_id-$category"
_CONTRACTS = ROOT / "include" / "sla_logic" / "importers" / "contracts"
_PORTION = 5_000


def find_log() -> Path | None:
    """Return the log beside the checkout, or in the folder that SHARED_DATA names; None where it is not there."""
    file = Path(os.environ.get("SHARED_DATA", ROOT.parent / "shared" / "data")) / LOG
    return file if file.is_file() else None


def fill(use_cases: UseCases, log: Path, *, limit: int) -> int:
    """Let the first tickets of the log wait, with everything that the contract register must know; return how many."""
    shipped = read_ticket_mapping("servicenow")
    service = Source(text=SERVICE, slug=True)
    mapping = shipped.model_copy(update={"fields": {**shipped.fields, "service": service}})
    part = log if limit <= 0 else _head(log, Path(use_cases.work.settings.letters_folder).parent / "part.csv", limit)
    report = import_tickets(use_cases.work.database, part, TicketImport(mapping, "servicenow", reports_only=True))
    _register(use_cases)
    _outages(use_cases, log)
    return report.waiting


def _head(log: Path, part: Path, limit: int) -> Path:
    with gzip.open(log, "rt", encoding="utf-8") as whole, part.open("w", encoding="utf-8") as written:
        seen: dict[str, None] = {}
        written.write(next(whole))
        for line in whole:
            number = line.partition(",")[0]
            if number not in seen and len(seen) == limit:
                break
            seen[number] = None
            written.write(line)
    return part


def _register(use_cases: UseCases) -> None:
    text = (_CONTRACTS / "trial-home-line.yaml").read_text("utf-8")
    with use_cases.work.database.write() as connection:
        contract, _ = load_contract(connection, text, name="trial-home-line.yaml", now=datetime.now(UTC))
        pairs = connection.execute(select(tickets.c.customer, tickets.c.service).distinct()).all()
        owner = dict.fromkeys(sorted({row.service for row in pairs}))
        people = sorted({row.customer for row in pairs})
        _write(connection, t.customers, ({"id": p, "name": p, "email": None, "locale": "en"} | _FRESH for p in people))
        accounts = ({"id": f"A-{p}", "customer": p, "currency": contract.currency} for p in people)
        _write(connection, t.billing_accounts, accounts)
        _write(connection, t.services, ({"id": s, "name": s, "kind": "internet access"} for s in owner))
        terms = {"contract": contract.id, "contract_version": contract.version, "starts": date(2015, 1, 1)}
        terms |= {"ends": None, "monthly_charge": 6_000, "currency": contract.currency}
        agreements = (
            {"id": f"G-{row.customer}-{row.service}", "customer": row.customer, "service": row.service}
            | {"account": f"A-{row.customer}", **terms}
            for row in pairs
        )
        _write(connection, t.agreements, agreements)


def _outages(use_cases: UseCases, log: Path) -> None:
    with use_cases.work.database.read() as connection:
        known = set(connection.scalars(select(t.services.c.id)))
    with use_cases.work.database.write() as connection:
        _write(connection, t.outages, (row for row in _rows(log) if row["service"] in known))


def _rows(log: Path) -> Iterator[dict[str, object]]:
    with gzip.open(log, "rt", encoding="utf-8") as text:
        last = {row["number"]: row for row in csv.DictReader(text)}
    for number, row in last.items():
        start, end = (_moment(row[name]) for name in ("opened_at", "resolved_at"))
        if start and end and start < end:
            service = SERVICE.replace("$caller_id", row["caller_id"]).replace("$category", row["category"])
            yield {"service": service, "reference": number, "started_at": start, "ended_at": end} | _FOUND


_FRESH = {"protected": False, "since": date(2015, 1, 1)}
_FOUND = {"attribution": "provider", "cause": None}


def _moment(written: str) -> datetime | None:
    try:
        return datetime.strptime(written, "%d/%m/%Y %H:%M").replace(tzinfo=UTC)
    except ValueError:
        return None


def _write(connection: Connection, table: Table, rows: Iterable[dict[str, object]]) -> None:
    portion: list[dict[str, object]] = []
    for row in rows:
        portion.append(row)
        if len(portion) == _PORTION:
            connection.execute(insert(table), portion)
            portion = []
    if portion:
        connection.execute(insert(table), portion)
