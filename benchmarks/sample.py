"""A sample of any number of customers: copies of the small TELECO under other names."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert

from include.sla_logic.sample_data import Sample, load_sample, make_sample
from include.sla_logic.sample_data.loading import TABLES
from include.sla_logic.services import Settings, UseCases

ANCHOR = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = 3600
COPIED = tuple(table for table in TABLES if table.name != "contracts")
# Columns that hold or refer to a name of this sample; everything else is the same in every copy.
_NAMES = frozenset(
    {"id", "customer", "service", "account", "resource", "alarm", "fault", "agreement", "invoice", "reference"}
)


def thinned(teleco: Sample) -> Sample:
    """Keep one sample an hour: what is compared here is the process, not the reading of samples."""
    first: dict[tuple[str, str], int] = {}
    samples = []
    for row in teleco.rows["samples"]:
        start = first.setdefault((row["service"], row["metric"]), row["at"])
        if (row["at"] - start) % HOUR == 0:
            samples.append(row)
    metrics = [row | {"step_seconds": HOUR} for row in teleco.rows["measured_metrics"]]
    rows = {**teleco.rows, "samples": samples, "measured_metrics": metrics}
    return Sample(teleco.seed, teleco.anchor, rows, teleco.notifications, teleco.expectations)


def open_sample(folder: Path, incidents: int, *, url: str | None = None) -> tuple[UseCases, list[dict[str, Any]]]:
    """Return the use cases over a fresh sample, and as many notifications, no two of one customer."""
    teleco = thinned(make_sample(7, ANCHOR, history_days=32))
    settings = Settings(url or f"sqlite:///{folder / 'teleco.db'}", folder / "letters")
    use_cases = UseCases(settings, clock=lambda: ANCHOR)
    use_cases.work.migrate()
    copies = -(-incidents // len(teleco.notifications))
    with use_cases.work.database.write() as connection:
        load_sample(connection, teleco)
        for copy in range(1, copies):
            load_copy(connection, teleco, copy)
    return use_cases, [conf for _, conf in zip(range(incidents), _notifications(teleco), strict=False)]


def load_copy(connection: Connection, teleco: Sample, copy: int) -> None:
    """Load that copy, beginning with 1, beside the sample itself, whose contracts it shares."""
    for table in COPIED:
        if rows := [renamed(row, copy) for row in teleco.rows.get(table.name, ())]:
            connection.execute(insert(table), rows)


def renamed(row: Mapping[str, Any], copy: int) -> dict[str, Any]:
    """Return a row, or a notification, as it is in that copy; 0 is the sample itself."""
    suffix = f".{copy}" if copy else ""
    return {
        name: f"{value}{suffix}" if name in _NAMES and isinstance(value, str) else value for name, value in row.items()
    }


def _notifications(teleco: Sample) -> Iterator[dict[str, Any]]:
    copy = 0
    while True:
        for notification in teleco.notifications.values():
            conf = renamed(notification.model_dump(mode="json"), copy)
            yield conf | {"external_reference": f"{notification.external_reference}.{copy}"}
        copy += 1
