"""Everything about one incident can be looked up, by whatever name it is known."""

import json
from datetime import timedelta

import pytest

from include.sla_logic.domain.document import Document
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.persistence.incident_records import UnableToFindIncident
from include.sla_logic.persistence.tickets import TicketFilter
from include.sla_logic.process.step import step
from tests.clock import NOON
from tests.services.sample import conf


class Note(Document):
    text: str
    later: str = "a default for documents of the first release"


@step
def enter(file) -> None:
    file.write(Note(text="first"))
    file.move_ticket(TicketStatus.IN_PROGRESS, reason="entered")


@step
def go_on(file) -> None:
    file.write(Note(text="second"))
    file.record("went on", lane=Lane.SERVICE_MANAGEMENT)
    file.open_child_ticket("premium", to=Lane.EXTRA_PROBLEM_FIX)


def test_a_case_shows_documents_status_timeline_and_way_in_order(any_use_cases, clock):
    any_use_cases.incidents.accept(conf(external_reference="WEB-1"), run_id="run-1", origin="form")
    clock.pass_by(minutes=1)
    any_use_cases.incidents.perform(enter, run_id="run-1")
    clock.pass_by(minutes=1)
    any_use_cases.incidents.perform(go_on, run_id="run-1")
    case = any_use_cases.lookups.incident("WEB-1")
    assert case == any_use_cases.lookups.incident("run-1") == any_use_cases.lookups.incident("TT-000001")
    assert [(d.kind, d.round, d.task) for d in case.documents] == [
        ("ProblemNotification", 1, "accept"),
        ("Note", 1, "enter"),
        ("Note", 2, "go_on"),
    ]
    assert case.documents[2].body["text"] == "second"
    assert case.documents[2].written_at == NOON + timedelta(minutes=2)
    assert [(change.sequence, change.status) for change in case.status_history] == [
        (1, "acknowledged"),
        (2, "inProgress"),
    ]
    assert case.tasks == ("enter", "go_on")
    assert [entry.event for entry in case.timeline][1] == "went on"
    assert (case.rebate, case.adjustment, case.closed, case.restoration) == (None, None, None, None)
    child = any_use_cases.lookups.incident(case.children[0])
    assert (child.ticket.parent, child.ticket.assigned_to) == ("TT-000001", Lane.EXTRA_PROBLEM_FIX)
    assert child.document(ProblemNotification).description == "Video calls break off."


def test_a_case_is_one_json_document(any_use_cases):
    any_use_cases.incidents.accept(conf(), run_id="run-1", origin="form")
    any_use_cases.incidents.perform(enter, run_id="run-1")
    told = json.loads(any_use_cases.lookups.incident("run-1").model_dump_json())
    assert told["ticket"]["id"] == "TT-000001"
    assert told["documents"][1]["body"]["text"] == "first"


def test_a_document_with_fields_of_tomorrow_is_readable_today(any_use_cases):
    class Tomorrow(Note):
        schema_version: int = 2
        more: int = 7

        @classmethod
        def kind(cls) -> str:
            return "Note"

    any_use_cases.incidents.accept(conf(), run_id="run-1", origin="form")
    any_use_cases.incidents.perform(step(lambda file: file.write(Tomorrow(text="x"))), run_id="run-1")
    case = any_use_cases.lookups.incident("run-1")
    assert case.documents[1].schema_version == 2
    assert case.document(Note) == Note(text="x", schema_version=2)


def test_an_unknown_reference_is_refused(any_use_cases):
    with pytest.raises(UnableToFindIncident, match="'WEB-9'"):
        any_use_cases.lookups.incident("WEB-9")


def test_letters_are_where_the_transport_put_them(use_cases):
    @step
    def post(file) -> None:
        letter = "From: a@example.net\r\nTo: b@example.net\r\nMessage-ID: <TT-1.x@example.net>\r\n\r\nHello\r\n"
        file.outgoing.put(kind="mail", key="<TT-1.x@example.net>", payload={"message": letter})

    use_cases.incidents.accept(conf(), run_id="run-1", origin="form")
    use_cases.incidents.perform(post, run_id="run-1")
    assert use_cases.lookups.incident("run-1").letters == ()
    use_cases.outbox.deliver(ticket="run-1")
    letters = use_cases.lookups.incident("run-1").letters
    assert letters
    assert all(str(use_cases.work.settings.letters_folder) in place for place in letters)


def test_the_metrics_count_what_waits(any_use_cases):
    any_use_cases.incidents.accept(conf(), run_id="run-1", origin="form")
    status = any_use_cases.lookups.database_status()
    assert (status["tickets"], status["open tickets"], status["messages waiting"]) == (1, 1, 0)
    assert str(status["revision"]) >= "0003"
    assert len(any_use_cases.lookups.tickets(TicketFilter(open_only=True))) == 1
