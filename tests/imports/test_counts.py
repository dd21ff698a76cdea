"""The counts of an import add up, nothing is lost, and what is wrong with all of a file is said once."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from sqlalchemy import func, select

from include.sla_logic.importers import KINDS, ImportReport, UnableToReadFile, plain_mapping, read_mapping
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.services import UseCases

HEADER = "service,started_at,ended_at\n"
ROW = "S-1,2026-11-01T08:00:00Z,2026-11-01T09:00:00Z\n"


@pytest.fixture
def bring(use_cases: UseCases, tmp_path: Path) -> Any:
    def imported(
        text: str, mapping: str | None = None, *, name: str = "outages.csv", kind: str = "outages"
    ) -> ImportReport:
        file = tmp_path / name
        if text:
            file.write_text(text, "utf-8")
        used = plain_mapping(kind, KINDS[kind].record.model_fields)
        if mapping is not None:
            (tmp_path / "mapping.yaml").write_text(mapping, "utf-8")
            used = read_mapping(str(tmp_path / "mapping.yaml"))
            used = used if used.sections else plain_mapping(kind, KINDS[kind].record.model_fields, used)
        report = use_cases.imports.records(
            file, kind=kind, mapping=used, as_of=date(2026, 11, 2), progress=lambda _rows: None
        )
        assert report.adds_up()
        return report

    return imported


def count(use_cases: UseCases, table: Any) -> int:
    with use_cases.work.database.read() as connection:
        return int(connection.scalar(select(func.count()).select_from(table)) or 0)


def test_two_outages_without_a_reference_that_start_in_one_second_are_both_kept(
    bring: Any, use_cases: UseCases
) -> None:
    text = HEADER + ROW + ROW + ROW.replace("T09", "T10")
    report = bring(text)
    assert (report.rows, report.added, report.repeated, report.rejected) == (3, 2, 1, [])
    again = bring(text)
    assert (again.added, again.unchanged, again.repeated) == (0, 2, 1)
    assert count(use_cases, t.outages) == 2


def test_a_blank_length_is_asked_for_unless_the_mapping_says_that_it_is_open(bring: Any) -> None:
    text = "service,started_at,seconds\nS-1,2026-11-01T08:00:00Z,\n"
    assert "seconds: is blank: give the length" in f"{bring(text).rejected[0]}"
    columns = "{service: service, started_at: started_at, seconds: {column: seconds, blank: open}}"
    report = bring(text, f"title: open\nsections:\n  outages:\n    columns: {columns}\n")
    assert (report.added, report.warnings[0]) == (1, "1 outage has no end: down until now, until an end is imported.")


def test_only_says_what_it_passed_over(bring: Any) -> None:
    text = "service,start,state\nS-1,2026-11-01T08:00:00Z,up\nS-1,2026-11-01T08:00:00Z,up\nS-1,2026-11-01T09:00:00Z,\n"
    columns = "{service: service, started_at: start}"
    report = bring(text, f"title: only\nsections:\n  outages:\n    only: {{state: [down]}}\n    columns: {columns}\n")
    assert (report.passed_over, report.most_passed()) == (3, "state up (2), state (empty) (1)")


def test_many_rows_that_are_refused_for_one_field_are_one_sentence_and_leave_nothing(
    bring: Any, use_cases: UseCases
) -> None:
    text = HEADER + "".join(f"S-1,2.11.2026 {n // 60:02}:{n % 60:02},\n" for n in range(200))
    with pytest.raises(
        UnableToReadFile, match=r"None of the first 200 rows .* nothing of it was kept: row 2, started_at"
    ):
        bring(text)
    assert use_cases.quarantine.entries() == []
    samples = """
title: samples
sections:
  samples:
    columns: {service: service, at: at}
    series: [{metric: latency, unit: ms, from: value, step_seconds: 300}]
"""
    rows = "".join(f"S-1,2026-11-01T{n // 60:02}:{n % 60:02}:00Z,lots\n" for n in range(200))
    with pytest.raises(UnableToReadFile, match="None of the first 200 rows"):
        bring(f"service,at,value\n{rows}", samples, kind="samples")
    assert count(use_cases, t.measured_metrics) == 0


def test_a_spreadsheet_comes_in_with_its_dates_and_never_with_an_unreckoned_formula(bring: Any, tmp_path: Path) -> None:
    from datetime import datetime, timedelta  # spreadsheets have no zones

    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(["service", "reference", "started_at", "seconds"])
    sheet.append(["S-1", "X-1", datetime(2026, 11, 1, 8), timedelta(hours=1)])  # noqa: DTZ001
    sheet.append(["S-1", "X-2", datetime(2026, 11, 1, 10), "=A1"])  # noqa: DTZ001
    book.save(tmp_path / "book.xlsx")
    columns = "{service: service, reference: reference, seconds: seconds, started_at: {column: started_at, zone: CET}}"
    report = bring("", f"title: book\nsections:\n  outages:\n    columns: {columns}\n", name="book.xlsx")
    assert report.first == [
        {
            "service": "S-1",
            "reference": "X-1",
            "started_at": "2026-11-01T07:00:00Z",
            "seconds": "3600",
            "attribution": "provider",
            "degraded": False,
        }
    ]
    assert [str(one) for one in report.rejected] == [
        "row 3, seconds: holds a formula that was never reckoned: open the file and save it once"
    ]
    book.create_sheet("More")
    book.save(tmp_path / "book.xlsx")
    with pytest.raises(UnableToReadFile, match="has the sheets Sheet, More: name one of them"):
        bring("", name="book.xlsx")


def test_an_object_with_two_values_under_one_name_is_refused(bring: Any) -> None:
    text = '{"service": "S-1", "started_at": "2026-11-01T08:00:00Z", "started_at": "2026-11-01T09:00:00Z"}\n'
    assert [str(one) for one in bring(text, name="o.jsonl").rejected] == [
        "row 1, started_at: stands more than once in the row"
    ]


def test_loss_becomes_delivery_by_multiply_and_offset(bring: Any) -> None:
    mapping = """
title: delivery
sections:
  samples:
    columns: {service: service, at: at}
    series: [{metric: delivery, unit: percent, from: {column: loss, multiply: -1, offset: 100}, step_seconds: 300}]
"""
    report = bring("service,at,loss\nS-1,2026-11-01T08:00:00Z,2.5\n", mapping, kind="samples", name="s.csv")
    assert report.first[0]["value"] == "97.5"
