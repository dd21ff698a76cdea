"""A refused notification is not lost: it can be looked at, mended, and accepted for the run that brought it."""

import pytest
from sqlalchemy import update

from include.sla_logic.adapters.quarantine import UnableToFindQuarantined
from include.sla_logic.adapters.schema import reference
from include.sla_logic.office import Office, UnableToAcceptNotification
from include.sla_logic.office.quarantine_room import UnableToRetryNotification
from tests.office.town import NOON, conf


def refuse(office: Office, body: object, run_id: str = "run-1") -> int:
    with pytest.raises(UnableToAcceptNotification) as refused:
        office.accept(body, run_id=run_id, origin="REST")
    return refused.value.quarantine or 0


def test_an_entry_shows_what_came_in_and_why_it_was_refused(any_office):
    number = refuse(any_office, conf(customer="C-9"))
    [entry] = any_office.quarantined()
    assert entry == any_office.quarantined_notification(number)
    assert (entry.field, entry.reason) == (".customer", "there is no customer C-9 in the contract register")
    assert (entry.received_at, entry.ticket) == (NOON, None)


def test_a_retry_succeeds_once_the_register_knows_the_customer(any_office):
    number = refuse(any_office, conf(customer="C-2"))
    with pytest.raises(UnableToAcceptNotification, match="there is no customer C-2"):
        any_office.retry_quarantined(number, by="Kim")
    with any_office.writing() as connection:
        people = reference.customers
        connection.execute(people.insert(), [{"id": "C-2", "name": "Bob", "locale": "en", "protected": False}])
        connection.execute(update(reference.agreements).values(customer="C-2"))
    ticket = any_office.retry_quarantined(number, by="Kim")
    assert (ticket.customer, ticket.run_id) == ("C-2", "run-1")
    assert any_office.quarantined() == []
    assert any_office.quarantined(state=None)[0].ticket == ticket.id
    assert [(act.actor, act.action) for act in any_office.case(ticket.id).audit] == [
        ("Kim", "notification refused again"),
        ("Kim", "notification accepted"),
    ]


def test_a_mended_notification_is_accepted_and_its_run_goes_on_with_it(any_office):
    bad = conf(symptom="on fire")
    number = refuse(any_office, bad)
    ticket = any_office.retry_quarantined(number, by="Kim", conf=conf())
    assert any_office.accept(bad, run_id="run-1", origin="REST") == ticket


def test_an_accepted_entry_is_not_accepted_twice(any_office):
    number = refuse(any_office, conf(symptom="on fire"))
    any_office.retry_quarantined(number, by="Kim", conf=conf())
    for mended in (None, conf()):
        with pytest.raises(UnableToRetryNotification, match="accepted already, as TT-000001"):
            any_office.retry_quarantined(number, by="Kim", conf=mended)


def test_what_was_cut_off_or_is_no_json_must_be_sent_mended(any_office):
    cut = refuse(any_office, conf(description="x" * 200_000), "run-1")
    with pytest.raises(UnableToRetryNotification, match="too long to be kept whole"):
        any_office.retry_quarantined(cut, by="Kim")
    assert any_office.retry_quarantined(cut, by="Kim", conf=conf()).id == "TT-000001"


def test_a_deep_entry_does_not_break_the_retry(any_office):
    nested: object = "bottom"
    for _ in range(20_000):
        nested = [nested]
    number = refuse(any_office, conf(description=nested))
    with pytest.raises(UnableToRetryNotification, match="not readable JSON"):
        any_office.retry_quarantined(number, by="Kim")


def test_an_unknown_entry_is_named(any_office):
    with pytest.raises(UnableToFindQuarantined, match="no entry 7"):
        any_office.retry_quarantined(7, by="Kim")
