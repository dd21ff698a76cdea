"""Samples on their grid: integers of 10^-decimals, each series with its unit and step."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import Connection, Table, insert, select

from include.sla_logic.domain.period import from_seconds, to_seconds
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.importers.mapping import Section, Series
from include.sla_logic.importers.records import SampleRecord
from include.sla_logic.importers.rejection import UnableToImportRow
from include.sla_logic.persistence.schema import reference as t

_MOST_COVERED = 10_000


def sample_row(record: SampleRecord, series: Series, section: Section) -> tuple[Table, dict[str, Any]]:
    """Return the sample as it is stored, by the START of its step; finer values are rounded half up, once."""
    at = _on_grid(record, series, section)
    if section.labelled_by == "end":
        at -= series.step_seconds
    value = None
    if record.value is not None:
        finest = Decimal(1).scaleb(-series.decimals)
        value = int(record.value.quantize(finest, ROUND_HALF_UP).scaleb(series.decimals))
    return t.samples, {"service": record.service, "metric": record.metric, "at": at, "value": value}


def _on_grid(record: SampleRecord, series: Series, section: Section) -> int:
    """Return the step of the grid that is meant, no further away than the mapping allows."""
    at, step = to_seconds(record.at), series.step_seconds
    off = at % step
    if not off:
        return at
    where = Sentence("%(at)s is off the grid of %(step)s s", at=record.at.isoformat(), step=str(step))
    if section.align is None:
        msg = "%(where)s; a mapping may move it there (align: nearest or floor)"
        raise UnableToImportRow("at", Sentence(msg, where=where))
    moved = step - off if section.align == "nearest" and off * 2 > step else -off
    most = section.tolerance_seconds or (step // 2 if section.align == "nearest" else step - 1)
    if abs(moved) > most:
        msg = "%(where)s by %(moved)s s, and at most %(most)s s are allowed"
        raise UnableToImportRow("at", Sentence(msg, where=where, moved=str(abs(moved)), most=str(most)))
    return at + moved


class SeriesRegister:
    """The series that an import writes into: each is opened once, keeps its unit and step, and is counted."""

    def __init__(self) -> None:
        """Start without any."""
        self._known: dict[tuple[str, str], str | None] = {}
        self._covered: dict[tuple[str, str], tuple[int, int, int, int]] = {}

    def check(self, connection: Connection, service: str, series: Series) -> None:
        """Open the series of this service, or raise `UnableToImportRow` where it has another unit or step."""
        key = (service, series.metric)
        if key not in self._known:
            self._known[key] = _open(connection, service, series)
        if reason := self._known[key]:
            raise UnableToImportRow("metric", reason)

    def count(self, row: dict[str, Any], step: int) -> None:
        """Count a sample that answers for its step."""
        key, at = (row["service"], row["metric"]), row["at"]
        first, last, number, _step = self._covered.get(key, (at, at, 0, step))
        if key in self._covered or len(self._covered) < _MOST_COVERED:
            answered = row["value"] is not None
            self._covered[key] = (min(first, at), max(last, at), number + answered, step)

    def coverage(self) -> list[str]:
        """Say of each series how many of its steps have a value, the emptiest first."""
        shown = []
        for (service, metric), (first, last, number, step) in self._covered.items():
            steps = (last - first) // step + 1
            period = f"{from_seconds(first):%Y-%m-%dT%H:%M:%SZ} to {from_seconds(last + step):%Y-%m-%dT%H:%M:%SZ}"
            share = 100 * number // steps if number < steps else 100
            shown.append((number / steps, f"{service} {metric}: {number} of {steps} steps ({share} %), {period}"))
        return [text for _share, text in sorted(shown)]


def _open(connection: Connection, service: str, series: Series) -> str | None:
    table = t.measured_metrics
    row = connection.execute(
        select(table).where(table.c.service == service, table.c.metric == series.metric)
    ).one_or_none()
    silent = None if series.silence is None else f"{series.silence:f}"
    wanted = {"unit": series.unit, "step_seconds": series.step_seconds, "decimals": series.decimals}
    if row is None:
        values = {"service": service, "metric": series.metric, "nothing_came_back": silent, "baseline": None}
        connection.execute(insert(table).values(**values, **wanted))
        return None
    kept = {name: getattr(row, name) for name in wanted}
    if kept == wanted:
        return None
    return f"{series.metric} of {service} is kept as {kept}, the mapping says {wanted}"
