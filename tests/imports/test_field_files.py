"""Files as people in the field have them come in with the answers worked out by hand, or are refused in a sentence."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from include.sla_logic.importers import KINDS, ImportReport, UnableToReadFile, plain_mapping, read_mapping
from include.sla_logic.importers.tickets import TicketImport, read_ticket_mapping
from include.sla_logic.persistence.sla_clocks import read_clocks
from include.sla_logic.services import UseCases
from tests.clock import Clock
from tests.imports.field_files import FILES, FieldFile
from tests.services.sample import open_use_cases

NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    return shared_data / "field_files"


def bring(use_cases: UseCases, file: Path, kind: str, mapping: Path | None = None, **how: Any) -> ImportReport:
    fields = KINDS[kind].record.model_fields
    described = None if mapping is None else read_mapping(str(mapping))
    if described is None or not described.sections:
        described = plain_mapping(kind, fields, described)
    return use_cases.imports.records(
        file, kind=kind, mapping=described, as_of=date(2026, 11, 30), progress=lambda _rows: None, **how
    )


@pytest.fixture(scope="module")
def base(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> UseCases:
    """Open use cases with the customers and agreements that the files are about."""
    home = tmp_path_factory.mktemp("field")
    use_cases = open_use_cases(f"sqlite:///{home / 'teleco.db'}", home, Clock(NOW))
    contracts = sorted((folder / "00-base").glob("c-*.yaml"))
    use_cases.imports.contracts([(file.name, file.read_text("utf-8")) for file in contracts])
    for kind in ("customers", "agreements"):
        assert bring(use_cases, folder / "00-base" / f"{kind}.csv", kind).rejected == []
    return use_cases


def mapping_of(case: FieldFile, file: Path, home: Path) -> Path | None:
    if case.mapping is None or "\n" not in case.mapping:
        return None if case.mapping is None else file.parent / case.mapping
    written = home / "mapping.yaml"
    written.write_text(case.mapping, "utf-8")
    return written


@pytest.mark.parametrize("case", FILES, ids=lambda case: f"{case.path}-{'mapped' if case.mapping else 'plain'}")
def test_a_file_of_the_field_has_its_right_answer(
    base: UseCases, folder: Path, tmp_path: Path, case: FieldFile
) -> None:
    file = folder / case.path
    mapping = mapping_of(case, file, tmp_path)
    if case.says:
        with pytest.raises(UnableToReadFile) as refused:
            bring(base, file, case.kind, mapping, dry_run=True)
        assert case.says in str(refused.value)
        return
    report = bring(base, file, case.kind, mapping, dry_run=True)
    assert report.adds_up()
    for wanted, record in zip(case.records, report.first, strict=False):
        assert_like(wanted, record)
    assert len(report.first) >= len(case.records)
    assert case.counts or report.added == len(case.records)
    for (row, says), rejected in zip(case.refused, report.rejected, strict=True):
        assert (rejected.row, says in f"{rejected.field}: {rejected.reason}") == (row, True), str(rejected)
    for name, count in case.counts.items():
        if name == "open":
            assert report.warnings[0].startswith(f"{count} outages have no end")
        else:
            assert getattr(report, name) == count, name


def assert_like(wanted: str, record: Mapping[str, Any]) -> None:
    """Compare the fields that are named; texts may go on."""
    for name, value in re.findall(r"(\w+)=(.*?)(?= \w+=|$)", wanted):
        assert str(record[name]).startswith(value), (name, value, record)


def test_samples_with_gaps_say_how_much_of_the_month_they_cover(base: UseCases, folder: Path) -> None:
    report = bring(
        base, folder / "28-gaps-in-samples/up.csv", "samples", folder / "28-gaps-in-samples/map.yaml", dry_run=True
    )
    assert report.coverage == [
        "S-GAP success_rate: 8856 of 8928 steps (99 %), 2026-10-01T00:00:00Z to 2026-11-01T00:00:00Z"
    ]


def test_a_dry_run_leaves_no_trace(base: UseCases, folder: Path) -> None:
    bring(base, folder / "07-durations/outages.csv", "outages", dry_run=True)
    with base.work.database.read() as connection:
        for table in ("outages", "quarantine", "samples", "measured_metrics", "audit"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0  # noqa: S608 - our names


TICKETS = """
title: {title}
reference: {{column: {reference}, prefix: "{prefix}"}}
{more}
fields: {{customer: {customer}, service: {service}, symptom: {{value: other}}, description: {text}}}
"""
ONE_ROW = TICKETS.format(
    title="one row for each ticket",
    reference="Key",
    prefix="",
    customer="Customer",
    service="Service",
    text="Summary",
    more="""opened_at: Created
at: {column: Resolved, fallback: Updated}
state: [Status]
states: {Done: resolved, "Waiting for customer": pending}""",
)
HELD = TICKETS.format(
    title="the whole time on hold",
    reference="external_reference",
    prefix="",
    customer="customer",
    service="service",
    text="description",
    more="""opened_at: opened_at
at: at
state: [status]
states: {resolved: resolved}
held_for: total_hold_time""",
)
EPOCH = HELD.replace("held_for: total_hold_time", "").replace("opened_at: opened_at\n", "")
EPOCH = EPOCH.replace("at: at", "at: {column: at, format: epoch_ms}").replace(
    "resolved: resolved", "inProgress: inProgress"
)


class TicketRegister:
    """Imports tickets of the field into a database of its own."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder, self.home = folder, home
        self.use_cases = open_use_cases(f"sqlite:///{home / 'desk.db'}", home, Clock(NOW))

    def bring(self, file: str, mapping: str = "plain") -> list[str]:
        if "\n" in mapping:
            (self.home / "mapping.yaml").write_text(mapping, "utf-8")
        named = {"plain": "plain"}.get(
            mapping, str(self.home / "mapping.yaml" if "\n" in mapping else self.folder / mapping)
        )
        work = TicketImport(mapping=read_ticket_mapping(named), source="field")
        report = self.use_cases.imports.tickets(self.folder / file, work, progress=lambda _rows: None)
        return [str(one) for one in report.rejected]

    def history(self, reference: str) -> list[tuple[str, str]]:
        changes = self.use_cases.lookups.incident(reference).status_history
        return [(str(change.status), f"{change.at:%d %H:%M}") for change in changes]


@pytest.fixture
def desk(folder: Path, tmp_path: Path) -> TicketRegister:
    return TicketRegister(folder, tmp_path)


def test_tickets_of_the_field_have_the_hours_of_their_clocks(desk: TicketRegister) -> None:
    refused = desk.bring("05-twelve-hour-clock/tickets.csv", "05-twelve-hour-clock/tickets.yaml")
    assert len(refused) == 1 and "'10/06/2026 13:15:00 PM' is not a time written as" in refused[0]  # noqa: PT018
    assert [desk.history("US-AM-1")[0], desk.history("US-AM-1")[-1]] == [
        ("acknowledged", "06 03:30"),
        ("resolved", "06 04:30"),
    ]
    refused = desk.bring("05-twelve-hour-clock/zonename.csv", "05-twelve-hour-clock/zonename.yaml")
    assert len(refused) == 1 and "EST is not what the clocks of Europe/Berlin show" in refused[0]  # noqa: PT018
    assert [desk.history(f"ZN-{number}")[0][1] for number in (1, 2, 3)] == ["20 10:00", "20 09:00", "20 10:00"]
    assert desk.bring("06-24-00/tickets.csv") == []
    assert desk.history("T24-1")[-1] == ("resolved", "06 00:00")
    with pytest.raises(UnableToReadFile, match="'total_hold_time' is no field"):
        desk.bring("36-hold-total/export.csv")
    assert desk.bring("04-epoch-ms/tickets.csv", EPOCH) == []
    assert desk.history("EP-1")[0] == ("acknowledged", "05 08:00")


def test_a_log_in_the_order_of_time_is_the_log_in_the_order_of_tickets(desk: TicketRegister) -> None:
    assert desk.bring("33-interleaved-log/log.csv") == []
    assert [desk.history(name)[-1] for name in ("IL-1", "IL-2")] == [("closed", "20 09:00"), ("closed", "20 10:00")]
    assert desk.bring("33-interleaved-log/sorted.csv") == []
    assert len(desk.use_cases.lookups.tickets()) == 2


def test_one_row_for_each_ticket_has_the_time_of_the_column_that_it_fills(desk: TicketRegister) -> None:
    assert desk.bring("35-one-row-per-ticket/export.csv", ONE_ROW) == []
    assert desk.history("OR-1")[-1] == ("resolved", "20 11:00")
    assert desk.history("OR-2")[-1] == ("pending", "20 12:00")


def test_a_whole_time_on_hold_counts_though_nobody_knows_when_it_was(desk: TicketRegister) -> None:
    assert desk.bring("36-hold-total/export.csv", HELD) == []
    with desk.use_cases.work.database.read() as connection:
        clock = read_clocks(connection, [1], as_of=NOW)[1]
    assert (clock.gross.total_seconds(), clock.net.total_seconds()) == (12 * 3600, 10 * 3600)
