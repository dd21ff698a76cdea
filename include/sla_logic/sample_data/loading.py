"""Loading the small TELECO into an operations database."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.sample_data.generation import Sample

_CHUNK = 5000
# In the order in which rows refer to each other.
TABLES: Sequence[Table] = (
    t.customers,
    t.billing_accounts,
    t.contracts,
    t.services,
    t.agreements,
    t.resources,
    t.topology,
    t.alarms,
    t.resource_faults,
    t.outages,
    t.maintenance_windows,
    t.violations,
    t.measured_metrics,
    t.samples,
    a.invoices,
    a.invoice_lines,
)


class UnableToLoadSample(ForeseenError):
    """The database has records with the same numbers already."""


def loaded_anchor(connection: Connection) -> datetime | None:
    """Return the anchor of the small TELECO in this database, or None where there is none."""
    loaded_at: datetime | None = connection.scalar(
        select(t.contracts.c.loaded_at).where(
            t.contracts.c.id == "premium-ethernet", t.contracts.c.text.contains("Small TELECO")
        )
    )
    return loaded_at


def load_sample(
    connection: Connection, teleco: Sample, *, progress: Callable[[str, int], None] = lambda _table, _rows: None
) -> None:
    """Insert every row; raise `UnableToLoadSample` where its first customer is known already.

    `progress` is told the table and how many of its rows were just inserted.
    """
    first = teleco.rows["customers"][0]["id"]
    if connection.scalar(select(t.customers.c.id).where(t.customers.c.id == first)) is not None:
        msg = f"The customer {first} is known already: load the small TELECO into a database of its own."
        raise UnableToLoadSample(msg)
    for table in TABLES:
        for chunk in _chunks(teleco.rows.get(table.name, [])):
            connection.execute(insert(table), chunk)
            progress(table.name, len(chunk))


def _chunks(rows: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk


def write_notifications(teleco: Sample, folder: Path) -> list[Path]:
    """Write each notification as `NN-key.json`, and all expectations into `expectations.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for number, (key, notification) in enumerate(teleco.notifications.items(), start=1):
        path = folder / f"{number:02}-{key}.json"
        path.write_text(notification.model_dump_json(indent=2, exclude={"schema_version"}) + "\n", "utf-8")
        written.append(path)
    path = folder / "expectations.json"
    expected = {key: asdict(expectation) for key, expectation in teleco.expectations.items()}
    path.write_text(json.dumps(expected, indent=2, default=_plain) + "\n", "utf-8")
    return [*written, path]


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else str(value)
