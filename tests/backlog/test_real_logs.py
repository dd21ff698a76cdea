"""Two real logs are imported whole: every ticket is in or in quarantine, and what must always hold, holds."""

import csv
import gzip
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from include.sla_logic.importers.rejection import Rejected, UnableToImportRow
from include.sla_logic.importers.tables import open_table
from include.sla_logic.importers.tickets import read_ticket_mapping
from include.sla_logic.importers.tickets.event_log import group_rows_by_ticket, read_ticket
from include.sla_logic.persistence.schema.arrivals import arrivals
from include.sla_logic.persistence.schema.system_t import ticket_status_history, tickets, timeline
from include.sla_logic.persistence.sla_clocks import read_clocks
from tests.backlog.logs import take_in

LOG = "incident_events_dev.csv.gz"


def count(use_cases, table, *where):
    with use_cases.work.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(table).where(*where))


def head_of(source, target, lines: int):
    """Copy the first lines: enough tickets to see everything, few enough to be quick."""
    with gzip.open(source, "rt", encoding="utf-8") as whole:
        target.write_text("".join(line for line, _ in zip(whole, range(lines), strict=False)), encoding="utf-8")
    return target


@pytest.mark.more
def test_every_ticket_of_the_servicenow_log_is_imported_or_in_quarantine(use_cases, shared_data):
    log = shared_data / "uci_incident_log" / LOG
    report = take_in(use_cases, log, mapping="servicenow")
    assert (report.rows, report.tickets) == (91_374, 15_170)
    # Six tickets have times that run backward; which of them is wrong cannot be known.
    assert (report.history, report.waiting, len(report.rejected)) == (15_164, 0, 6)
    assert {rejected.field for rejected in report.rejected} == {"at"}
    assert len(use_cases.quarantine.entries()) == 6
    assert count(use_cases, tickets) == count(use_cases, arrivals, arrivals.c.state == "history") == 15_164
    assert use_cases.monitoring.violations(settled=True) == []
    reopened = count(use_cases, timeline, timeline.c.event == "Reopened in the other system.")
    assert reopened == 235  # 227 + 2 from Resolved and 6 from Closed, as counted in the log itself


@pytest.mark.more
def test_every_ticket_of_the_vinst_log_is_imported_once_and_its_waits_have_owners(use_cases, shared_data):
    log = shared_data / "volvo_vinst_2013" / LOG
    report = take_in(use_cases, log, mapping="vinst")
    assert (report.rows, report.tickets, report.history, report.waiting) == (51_931, 5_287, 5_286, 1)
    assert report.rejected == []
    assert use_cases.monitoring.violations() == []
    with use_cases.work.database.read() as connection:
        owners = select(ticket_status_history.c.owner, func.count()).group_by(ticket_status_history.c.owner)
        found = Counter({row[0]: row[1] for row in connection.execute(owners)})
    assert found["customer"] > 3_000
    assert found["third_party"] > 200
    assert found["provider"] > 1_000
    again = take_in(use_cases, log, mapping="vinst")
    assert (again.history, again.waiting, again.unchanged) == (0, 0, 5_287)
    assert count(use_cases, tickets) == 5_287


@pytest.mark.more
@pytest.mark.parametrize(
    ("log", "mapping", "at", "written", "refused"),
    [
        ("uci_incident_log", "servicenow", "sys_updated_at", "%d/%m/%Y %H:%M", 6),
        ("volvo_vinst_2013", "vinst", "timestamp", "%Y-%m-%dT%H:%M:%S%z", 0),
    ],
)
def test_a_log_in_the_order_of_time_says_the_same_of_every_ticket(
    shared_data, tmp_path, log, mapping, at, written, refused
):
    whole, sorted_ = shared_data / log / LOG, tmp_path / "sorted.csv"
    with gzip.open(whole, "rt", encoding="utf-8", newline="") as text:
        rows = csv.DictReader(text)
        names, entries = list(rows.fieldnames or ()), list(rows)
    with sorted_.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, names)
        writer.writeheader()
        writer.writerows(sorted(entries, key=lambda row: datetime.strptime(row[at], written).timestamp()))  # noqa: DTZ007
    by_ticket, by_time = (tickets_of(file, mapping) for file in (whole, sorted_))
    assert by_ticket == by_time
    assert sum(ticket is None for ticket in by_ticket.values()) == refused


def tickets_of(file, mapping):
    """Return what an import writes of each ticket, None of one that is refused."""
    described, found = read_ticket_mapping(mapping), {}
    with open_table(file, described) as table:
        for one in group_rows_by_ticket(table.rows, described):
            assert not isinstance(one, Rejected)
            reference, rows = one
            try:
                found[reference] = replace(read_ticket(reference, rows, described), line=0)
            except UnableToImportRow:
                found[reference] = None
    return found


def test_a_day_of_the_servicenow_log_as_it_stood_then_waits_with_its_clocks(use_cases, shared_data, tmp_path):
    log = head_of(shared_data / "uci_incident_log" / LOG, tmp_path / "day.csv", 3_000)
    until = datetime(2016, 3, 1, 12, tzinfo=UTC)
    report = take_in(use_cases, log, mapping="servicenow", until=until)
    assert report.waiting > 100
    assert report.history > 0
    with use_cases.work.database.read() as connection:
        clocks = read_clocks(connection, list(range(1, 50)), as_of=until)
    assert all(clock.net <= clock.gross for clock in clocks.values())
    assert any(hold.stops_the_clock for clock in clocks.values() for hold in clock.holds)
    waiting = use_cases.backlog.summary().waiting
    assert waiting.unknown_customer == waiting.total == report.waiting
    first, *_ = use_cases.backlog.open_incidents(waiting_only=True)
    assert first.priority == "P1" or first.seconds_left is not None
    assert "is not in the contract register" in first.why
