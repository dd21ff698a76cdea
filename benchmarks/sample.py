"""A sample of as many customers as wanted: the small TELECO laid down again and again under other names."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.sample_data import Sample, load_sample, make_sample
from include.sla_logic.services import Settings, UseCases

ANCHOR = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = 3600
_TABLES = (
    *(t.customers, t.billing_accounts, t.services, t.agreements, t.resources, t.topology, t.alarms, t.resource_faults),
    *(t.outages, t.maintenance_windows, t.violations, t.measured_metrics, t.samples, a.invoices, a.invoice_lines),
)
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
    """Return use cases over a fresh sample, and as many notifications, no two of one customer."""
    teleco = thinned(make_sample(7, ANCHOR, history_days=32))
    settings = Settings(url or f"sqlite:///{folder / 'teleco.db'}", folder / "letters")
    use_cases = UseCases(settings, clock=lambda: ANCHOR)
    use_cases.work.migrate()
    copies = -(-incidents // len(teleco.notifications))
    with use_cases.work.database.write() as connection:
        load_sample(connection, teleco)
        for copy in range(1, copies):
            for table in _TABLES:
                if rows := [_renamed(row, copy) for row in teleco.rows.get(table.name, ())]:
                    connection.execute(insert(table), rows)
    return use_cases, [conf for _, conf in zip(range(incidents), _notifications(teleco), strict=False)]


def _renamed(row: Mapping[str, Any], copy: int) -> dict[str, Any]:
    return {
        name: f"{value}.{copy}" if name in _NAMES and isinstance(value, str) else value for name, value in row.items()
    }


def _notifications(teleco: Sample) -> Iterator[dict[str, Any]]:
    copy = 0
    while True:
        for notification in teleco.notifications.values():
            conf = notification.model_dump(mode="json")
            renamed = {name: f"{conf[name]}.{copy}" if copy else conf[name] for name in ("customer", "service")}
            yield conf | renamed | {"external_reference": f"{notification.external_reference}.{copy}"}
        copy += 1
