"""A refused notification is not lost: it can be looked at, corrected, and accepted for the run that brought it."""

import pytest
from sqlalchemy import update

from include.sla_logic.persistence.quarantine import UnableToFindQuarantined
from include.sla_logic.persistence.queries.board_filter import BoardFilter
from include.sla_logic.persistence.schema import reference
from include.sla_logic.services import UnableToAcceptNotification, UseCases
from include.sla_logic.services.quarantine import UnableToRetryNotification
from tests.backlog.logs import event, take_in, write_csv
from tests.clock import NOON
from tests.services.sample import conf


def refuse(use_cases: UseCases, body: object, run_id: str = "run-1") -> int:
    with pytest.raises(UnableToAcceptNotification) as refused:
        use_cases.incidents.accept(body, run_id=run_id, origin="REST")
    return refused.value.quarantine or 0


def test_an_entry_shows_what_came_in_and_why_it_was_refused(any_use_cases):
    number = refuse(any_use_cases, conf(customer="C-9"))
    [entry] = any_use_cases.quarantine.entries()
    assert entry == any_use_cases.quarantine.entry(number)
    reason = "there is no customer C-9 in the contract register; send the number that it has there"
    assert (entry.field, entry.reason) == (".customer", reason)
    assert (entry.received_at, entry.ticket) == (NOON, None)


def test_a_retry_succeeds_once_the_register_knows_the_customer(any_use_cases):
    number = refuse(any_use_cases, conf(customer="C-2"))
    with pytest.raises(UnableToAcceptNotification, match="there is no customer C-2"):
        any_use_cases.quarantine.retry(number, by="Kim")
    with any_use_cases.work.writing() as connection:
        people = reference.customers
        connection.execute(people.insert(), [{"id": "C-2", "name": "Bob", "locale": "en", "protected": False}])
        connection.execute(update(reference.agreements).values(customer="C-2"))
    ticket = any_use_cases.quarantine.retry(number, by="Kim")
    assert (ticket.customer, ticket.run_id) == ("C-2", "run-1")
    assert any_use_cases.quarantine.entries() == []
    assert any_use_cases.quarantine.entries(state=None)[0].ticket == ticket.id
    assert [(act.actor, act.action) for act in any_use_cases.lookups.incident(ticket.id).audit] == [
        ("Kim", "notification refused again"),
        ("Kim", "notification accepted"),
    ]


def test_a_corrected_notification_is_accepted_and_its_run_goes_on_with_it(any_use_cases):
    bad = conf(symptom="on fire")
    number = refuse(any_use_cases, bad)
    ticket = any_use_cases.quarantine.retry(number, by="Kim", conf=conf())
    assert any_use_cases.incidents.accept(bad, run_id="run-1", origin="REST") == ticket


def test_an_accepted_entry_is_not_accepted_twice(any_use_cases):
    number = refuse(any_use_cases, conf(symptom="on fire"))
    any_use_cases.quarantine.retry(number, by="Kim", conf=conf())
    for corrected in (None, conf()):
        with pytest.raises(UnableToRetryNotification, match="accepted already, as TT-000001"):
            any_use_cases.quarantine.retry(number, by="Kim", conf=corrected)


def test_what_was_cut_off_or_is_no_json_must_be_sent_corrected(any_use_cases):
    cut = refuse(any_use_cases, conf(description="x" * 200_000), "run-1")
    with pytest.raises(UnableToRetryNotification, match="too long to be kept whole"):
        any_use_cases.quarantine.retry(cut, by="Kim")
    assert any_use_cases.quarantine.retry(cut, by="Kim", conf=conf()).id == "TT-000001"


def test_a_deep_entry_does_not_break_the_retry(any_use_cases):
    nested: object = "bottom"
    for _ in range(20_000):
        nested = [nested]
    number = refuse(any_use_cases, conf(description=nested))
    with pytest.raises(UnableToRetryNotification, match="not readable JSON"):
        any_use_cases.quarantine.retry(number, by="Kim")


def test_an_unknown_entry_is_named(any_use_cases):
    with pytest.raises(UnableToFindQuarantined, match="no entry 7"):
        any_use_cases.quarantine.retry(7, by="Kim")


def test_rejected_rows_of_imports_stand_apart_cannot_be_run_again_and_are_dismissed_together(any_use_cases, tmp_path):
    number = refuse(any_use_cases, conf(customer="C-9"))
    rows = [event("IN-1", "lost", "1 08:00"), event("IN-2", "gone", "1 08:00")]
    assert len(take_in(any_use_cases, write_csv(tmp_path / "log.csv", rows)).rejected) == 2
    quarantine = any_use_cases.quarantine
    assert [entry.id for entry in quarantine.entries(imports=False)] == [number]
    rejected = quarantine.entries(imports=True)
    assert len(rejected) == 2
    assert any_use_cases.board.overview(BoardFilter()).counts.quarantined == 1
    with pytest.raises(UnableToRetryNotification, match="row of an import: correct the file and import it again"):
        quarantine.retry(rejected[0].id, by="Kim")
    assert quarantine.dismiss_imports(by="Kim", reason="corrected") == 2
    assert [entry.id for entry in quarantine.entries(state=None)] == [number]
    acts = any_use_cases.worklists.audit(page=1, size=5).rows
    assert (acts[0].actor, acts[0].action, acts[0].detail) == (
        "Kim",
        "import rejections dismissed",
        "2 rows: corrected",
    )
