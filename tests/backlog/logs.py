"""Small event logs of another system, and importing them."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from include.sla_logic.importers.tickets import (
    TicketImport,
    TicketReport,
    import_tickets,
    read_ticket_mapping,
)
from include.sla_logic.services import UseCases

COLUMNS = (
    "external_reference",
    "status",
    "at",
    "owner",
    "reason",
    "customer",
    "service",
    "description",
    "impact",
    "urgency",
)


def event(reference: str, status: str, when: str, /, **more: str) -> dict[str, str]:
    """One row: `when` is day and time of November 2026, in UTC."""
    row = dict.fromkeys(COLUMNS, "") | {"customer": "C-1", "service": "S-1", "description": "Slow.", "impact": "2"}
    day, time = when.split()
    moment = f"2026-11-{int(day):02d}T{time}:00+00:00"
    return row | {"external_reference": reference, "status": status, "at": moment, "urgency": "2"} | more


def write_csv(file: Path, rows: Iterable[dict[str, str]]) -> Path:
    with file.open("w", newline="", encoding="utf-8") as text:
        writer = csv.DictWriter(text, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return file


def write_jsonl(file: Path, rows: Iterable[dict[str, str]]) -> Path:
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def take_in(use_cases: UseCases, file: Path, mapping: str = "plain", **how: Any) -> TicketReport:
    work = TicketImport(mapping=read_ticket_mapping(mapping), source=mapping, **how)
    return import_tickets(use_cases.work.database, file, work)


def open_tickets(use_cases: UseCases, folder: Path, count: int, **more: str) -> TicketReport:
    """Let this many tickets wait in the backlog: W-0, W-1, … opened a minute after each other."""
    rows = [event(f"W-{n}", "acknowledged", f"1 {n // 60:02d}:{n % 60:02d}", **more) for n in range(count)]
    return take_in(use_cases, write_csv(folder / "open.csv", rows))
