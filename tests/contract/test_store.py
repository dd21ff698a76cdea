"""The contract of the case file, kept alike by the fake in memory, SQLite and PostgreSQL."""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import pytest

from include.sla_logic.domain.document import Document
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.policies import Policies
from include.sla_logic.domain.restoration import RestorationOutcome
from include.sla_logic.domain.trouble_ticket import TicketStatus, UnableToMoveTicket
from include.sla_logic.persistence.case_file import UnableToReadDocument
from include.sla_logic.process.ports import CaseFile
from tests.clock import NOON, Clock
from tests.contract.stores import DatabaseStore, MemoryStore, Store
from tests.services.sample import open_use_cases

DEADLINE = NOON + timedelta(days=2)


@pytest.fixture(
    params=[
        "memory",
        "sqlite",
        pytest.param("postgres", marks=pytest.mark.postgres),
    ]
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "memory":
        return MemoryStore()
    sqlite = f"sqlite:///{tmp_path / 'teleco.db'}"
    url = sqlite if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    clock = Clock()
    return DatabaseStore(open_use_cases(url, tmp_path, clock), clock)


class Note(Document):
    """A document of this test."""

    text: str


class Answer(StrEnum):
    YES = "go_this_way"
    NO = "go_that_way"


def test_the_notification_is_the_first_document(store):
    seen = []
    store.perform(lambda file: seen.append(file.read(ProblemNotification).customer))
    assert seen == ["C-1"]
    assert store.kept().documents == [("ProblemNotification", 1)]


def test_a_document_is_read_back_as_it_was_written_now_and_later(store):
    note = Note(text="Grüße, \u0000 and \U0001f600")
    seen = []

    def write(file: CaseFile) -> None:
        assert file.find(Note) is None
        file.write(note)
        seen.append(file.read(Note))

    def read(file: CaseFile) -> None:
        seen.append(file.read(Note))

    store.perform(write)
    store.perform(read)
    assert seen == [note, note]


def test_documents_of_one_kind_get_rounds_and_the_newest_is_read(store):
    def first(file: CaseFile) -> None:
        file.write(Note(text="one"))
        file.write(Note(text="two"))

    def second(file: CaseFile) -> None:
        file.write(Note(text="three"))
        assert file.read(Note).text == "three"

    store.perform(first)
    store.perform(second)
    assert store.kept().documents[1:] == [("Note", 1), ("Note", 2), ("Note", 3)]


def test_a_missing_document_is_named(store):
    with pytest.raises(UnableToReadDocument, match="TT-000001 holds no Note"):
        store.perform(lambda file: file.read(Note))


def test_a_step_is_done_once_and_its_choice_is_given_again(store):
    calls = []

    def is_it_so(file: CaseFile) -> Answer:
        calls.append(file.now)
        file.write(Note(text="decided"))
        return Answer.NO

    assert [store.perform(is_it_so) for _ in range(3)] == ["go_that_way"] * 3
    assert len(calls) == 1
    assert store.kept().steps == {"is_it_so": "go_that_way"}
    assert store.kept().documents[1:] == [("Note", 1)]


def test_a_step_that_decides_nothing_has_no_choice(store):
    def note(file: CaseFile) -> None:
        file.record("noted", lane=Lane.BILLING)

    assert [store.perform(note), store.perform(note)] == [None, None]
    assert store.kept().timeline == [("Billing & Collections", "noted")]


def test_a_step_that_fails_leaves_nothing(store):
    before = store.kept()

    def fail(file: CaseFile) -> None:
        file.write(Note(text="lost"))
        file.record("lost", lane=Lane.BILLING)
        file.hand_over(Lane.SERVICE_MANAGEMENT)
        file.move_ticket(TicketStatus.IN_PROGRESS, reason="lost")
        file.escalate("lost")
        file.restorations.open(deadline=DEADLINE, held_because=None)
        file.open_child_ticket("lost", to=Lane.EXTRA_PROBLEM_FIX)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.perform(fail)
    assert store.kept() == before
    seen = []
    store.perform(lambda file: seen.append(file.restorations.outcome))
    assert seen == [None]


def test_the_moment_is_the_same_throughout_a_step(store):
    seen = []

    def look(file: CaseFile) -> None:
        seen.append(file.now)
        store.move_clock(NOON + timedelta(hours=1))
        seen.append(file.now)

    store.perform(look)
    assert seen == [NOON, NOON]


def test_the_ticket_moves_only_as_tmf621_allows(store):
    def close(file: CaseFile) -> None:
        file.move_ticket(TicketStatus.CLOSED, reason="too early")

    def go_on(file: CaseFile) -> None:
        file.move_ticket(TicketStatus.IN_PROGRESS, reason="entered")
        file.move_ticket(TicketStatus.RESOLVED, reason="mended")
        assert file.ticket.status is TicketStatus.RESOLVED

    with pytest.raises(UnableToMoveTicket, match="cannot become closed"):
        store.perform(close)
    store.perform(go_on)
    assert store.kept().ticket.status is TicketStatus.RESOLVED
    assert store.kept().statuses == ["inProgress", "resolved"]


def test_a_handover_changes_the_owner_and_says_so_once(store):
    def hand_over(file: CaseFile) -> None:
        file.hand_over(Lane.SERVICE_MANAGEMENT)
        file.hand_over(Lane.SERVICE_MANAGEMENT)

    store.perform(hand_over)
    assert store.kept().ticket.assigned_to is Lane.SERVICE_MANAGEMENT
    assert store.kept().timeline == [("Customer Service", "Handed the ticket over to Service Management.")]


def test_an_escalated_ticket_stays_escalated_and_the_reason_is_on_record(store):
    store.perform(lambda file: file.escalate("nobody can mend it"))
    assert store.kept().ticket.escalated
    assert store.kept().timeline == [("Customer Service", "Escalated: nobody can mend it")]


def test_a_lane_gets_one_child_ticket(store):
    numbers = []

    def take_over(file: CaseFile) -> None:
        numbers.append(file.open_child_ticket("premium", to=Lane.EXTRA_PROBLEM_FIX))
        numbers.append(file.open_child_ticket("premium", to=Lane.EXTRA_PROBLEM_FIX))

    def take_over_again(file: CaseFile) -> None:
        numbers.append(file.open_child_ticket("premium", to=Lane.EXTRA_PROBLEM_FIX))

    store.perform(take_over)
    store.perform(take_over_again)
    assert len(set(numbers)) == 1
    assert numbers[0] != "TT-000001"
    assert len([event for _, event in store.kept().timeline if event.startswith("Opened")]) == 1


def test_the_business_tables_are_at_hand(store):
    seen = []
    store.perform(lambda file: seen.append(file.policies))
    assert isinstance(seen[0], Policies)


def open_held(file: CaseFile) -> None:
    file.restorations.open(deadline=DEADLINE, held_because="not safe to automate")


def open_sent(file: CaseFile) -> None:
    file.restorations.open(deadline=DEADLINE, held_because=None)


def test_a_request_that_is_sent_at_once_is_in_time_however_late_somebody_looks(store):
    store.perform(open_sent)
    store.move_clock(DEADLINE + timedelta(days=9))
    assert store.decide() is RestorationOutcome.IN_TIME


@pytest.mark.parametrize(
    ("seconds_late", "outcome"),
    [(-1, RestorationOutcome.IN_TIME), (0, RestorationOutcome.IN_TIME)],
)
def test_a_release_at_or_before_the_deadline_is_in_time(store, seconds_late, outcome):
    store.perform(open_held)
    store.move_clock(DEADLINE + timedelta(seconds=seconds_late))
    assert store.decide() is None
    store.release()
    store.move_clock(DEADLINE + timedelta(hours=5))
    assert store.decide() is outcome


def test_without_a_release_it_is_too_late_only_after_the_deadline(store):
    store.perform(open_held)
    store.move_clock(DEADLINE)
    assert store.decide() is None
    store.move_clock(DEADLINE + timedelta(microseconds=1))
    assert store.decide() is RestorationOutcome.TOO_LATE


def test_a_rejection_ends_the_wait(store):
    store.perform(open_held)
    store.reject()
    assert store.decide() is RestorationOutcome.REJECTED


def test_what_is_decided_stays_decided_and_the_departments_see_it(store):
    store.perform(open_held)
    store.move_clock(DEADLINE + timedelta(seconds=1))
    assert store.decide() is store.decide() is RestorationOutcome.TOO_LATE
    store.move_clock(NOON)
    assert store.decide() is RestorationOutcome.TOO_LATE
    seen = []
    store.perform(lambda file: seen.append(file.restorations.outcome))
    assert seen == [RestorationOutcome.TOO_LATE]


def test_a_request_that_is_sent_after_the_deadline_is_too_late(store):
    store.move_clock(DEADLINE + timedelta(seconds=1))
    store.perform(open_sent)
    assert store.decide() is RestorationOutcome.TOO_LATE
