"""Samples on their grid: integers of 10^-decimals, each series with its unit and step."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from include.sla_logic.domain.period import to_seconds
from include.sla_logic.importers.mapping import Series
from include.sla_logic.importers.records import SampleRecord
from include.sla_logic.importers.rejection import UnableToImportRow
from include.sla_logic.persistence.schema import reference as t


def sample_row(record: SampleRecord, series: Series, *, labelled_by: str) -> tuple[Table, dict[str, Any]]:
    """Return the sample as it is stored, by the START of its step; finer values are rounded half up, once."""
    at = to_seconds(record.at)
    if at % series.step_seconds:
        raise UnableToImportRow("at", f"{record.at.isoformat()} is off the grid of {series.step_seconds} s")
    if labelled_by == "end":
        at -= series.step_seconds
    value = None
    if record.value is not None:
        finest = Decimal(1).scaleb(-series.decimals)
        value = int(record.value.quantize(finest, ROUND_HALF_UP).scaleb(series.decimals))
    return t.samples, {"service": record.service, "metric": record.metric, "at": at, "value": value}


class SeriesRegister:
    """The series that an import writes into; each is opened once and keeps its unit and step."""

    def __init__(self) -> None:
        """Start without any."""
        self._known: dict[tuple[str, str], str | None] = {}

    def check(self, connection: Connection, service: str, series: Series) -> None:
        """Open the series of this service, or raise `UnableToImportRow` where it has another unit or step."""
        key = (service, series.metric)
        if key not in self._known:
            self._known[key] = _open(connection, service, series)
        if reason := self._known[key]:
            raise UnableToImportRow("metric", reason)


def _open(connection: Connection, service: str, series: Series) -> str | None:
    table = t.measured_metrics
    row = connection.execute(
        select(table).where(table.c.service == service, table.c.metric == series.metric)
    ).one_or_none()
    silent = None if series.nothing_came_back is None else _plain(series.nothing_came_back)
    wanted = {"unit": series.unit, "step_seconds": series.step_seconds, "decimals": series.decimals}
    if row is None:
        values = {"service": service, "metric": series.metric, "nothing_came_back": silent, "baseline": None}
        connection.execute(insert(table).values(**values, **wanted))
        return None
    kept = {name: getattr(row, name) for name in wanted}
    if kept == wanted:
        return None
    return f"{series.metric} of {service} is kept as {kept}, the mapping says {wanted}"


def _plain(number: Decimal) -> str:
    return f"{number:f}"
