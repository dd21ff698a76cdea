"""Many incidents are loaded and filed together: one statement per table, and one that fails harms no other."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from include.sla_logic.domain.document import Document
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.persistence.flush import flush
from include.sla_logic.persistence.incident_records import (
    UnableToFindIncident,
    find_number,
    load_incident_records,
    ticket_id,
    ticket_number,
)
from include.sla_logic.persistence.queries.incident import view_case
from include.sla_logic.persistence.tickets import Opening, TicketFilter, list_tickets, open_ticket
from tests.persistence.batches import files_of
from tests.sharing import migrate_as_use_cases_do

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


class Note(Document):
    text: str


@pytest.fixture
def incidents(database):
    """Open forty incidents, each with a note and an entry."""
    migrate_as_use_cases_do(database)
    with database.write() as connection:
        for number in range(40):
            notification = ProblemNotification(
                customer=f"C-{number % 3}",
                service="S-1",
                symptom="slow",
                description="slow",
                observed_from=NOON,
                external_reference=f"WEB-{number}",
            )
            opening = Opening(f"reference WEB-{number}", notification, f"run-{number}", "test", "accepted")
            open_ticket(connection, opening, now=NOON)
    return database


def statements(database, work):
    """Return what work answers, and every statement but those that begin and end a transaction."""
    seen = []

    def note(_connection, _cursor, sql, *_):
        if not sql.startswith("BEGIN"):
            seen.append(sql)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        return work(), seen
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def work_on(file):
    file.write(Note(text=file.ticket.id))
    file.record("worked on", lane=Lane.BILLING)
    file.move_ticket(TicketStatus.IN_PROGRESS, reason="begun")
    file.restorations.open(deadline=NOON + timedelta(days=2), held_because=None)
    file.outgoing.put(kind="mail", key=f"letter-{file.ticket.id}", payload={})
    file.finish(None)


def test_the_number_of_statements_does_not_grow_with_the_number_of_incidents(incidents):
    counts = []
    for numbers in ([1], list(range(2, 41))):
        with incidents.write() as connection:

            def work(connection=connection, numbers=numbers):
                files = files_of(connection, numbers, now=NOON)
                for file in files:
                    work_on(file)
                flush(connection, files)
                return len(files)

            done, seen = statements(incidents, work)
        assert done == len(numbers)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 16


def test_an_incident_that_is_left_out_has_done_nothing(incidents):
    with incidents.write() as connection:
        files = files_of(connection, [1, 2, 3], now=NOON)
        for file in files:
            work_on(file)
        flush(connection, [file for file in files if file.incident.number != 2])
    with incidents.read() as connection:
        steps = [len(view_case(connection, number, now=NOON).path) for number in (1, 2, 3)]
        assert steps == [1, 0, 1]
        assert view_case(connection, find_number(connection, "WEB-1"), now=NOON).document(Note) is None
        assert view_case(connection, find_number(connection, "WEB-2"), now=NOON).document(Note).text == "TT-000003"


def test_folders_come_in_order_and_unknown_numbers_are_left_out(incidents):
    with incidents.read() as connection:
        assert [folder.number for folder in load_incident_records(connection, [3, 99, 1])] == [1, 3]


def test_an_incident_is_found_by_ticket_reference_and_run(incidents):
    with incidents.read() as connection:
        assert {find_number(connection, name) for name in ("TT-000006", "WEB-5", "run-5")} == {6}
        for name in ("TT-000099", "WEB-99", "", "TT-", "TT-x", "TT-99999999999999999999999999", "'; --", "\ud800"):
            with pytest.raises(UnableToFindIncident, match="no incident under"):
                find_number(connection, name)


def test_tickets_are_listed_newest_first_by_what_is_asked(incidents):
    with incidents.read() as connection:
        newest = list_tickets(connection, TicketFilter(), limit=3)
        assert [ticket.id for ticket in newest] == ["TT-000040", "TT-000039", "TT-000038"]
        assert len(list_tickets(connection, TicketFilter(customer="C-0"))) == 14
        assert list_tickets(connection, TicketFilter(status=TicketStatus.CLOSED)) == []
        assert len(list_tickets(connection, TicketFilter(open_only=True), limit=30, offset=20)) == 20
        assert list_tickets(connection, TicketFilter(parent="TT-000001")) == []
        assert list_tickets(connection, TicketFilter(escalated=True)) == []


@pytest.mark.parametrize("number", [1, 999_999, 1_000_000, 123_456_789])
def test_ticket_numbers_survive_being_written(number):
    assert ticket_number(ticket_id(number)) == number
