"""Events reach the listeners of those whom they concern: each ticket's in order, none lost, none to anybody else."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from include.sla_logic.gateways.retry_schedule import schedules_in_force
from include.sla_logic.persistence.outbox import UnableToRetryMessage
from include.sla_logic.services import UseCases
from include.sla_logic.services.event_hub import UnableToFindListener, UnableToResumeListener
from include.sla_logic.services.event_transports import UnableToTellListeners
from include.sla_logic.services.holds import ClockOwner
from tests.events.listeners import Played
from tests.events.partners import OLGA, PAULA, Partners

CREATED, STATUS = "TroubleTicketCreateEvent", "TroubleTicketStatusChangeEvent"
CHANGED, ASKED = "TroubleTicketAttributeValueChangeEvent", "TroubleTicketInformationRequiredEvent"


@pytest.fixture
def few_attempts(monkeypatch: pytest.MonkeyPatch) -> int:
    """Let messages be given up sooner than by the table."""
    known = schedules_in_force()
    few = known.kinds | {"callback": known.kinds["callback"].model_copy(update={"attempts": 5})}
    changed = known.model_copy(update={"kinds": few})
    for place in ("gateways.retry_schedule", "services.event_transports"):
        monkeypatch.setattr(f"include.sla_logic.{place}.schedules_in_force", lambda: changed)
    return 5


def test_a_listener_is_told_what_happens_to_the_tickets_of_its_customers(partners, listener, other):
    partners.register(listener.url)
    partners.register(other.url, partner=OLGA)
    mine, theirs = partners.open(1), partners.open(2, customer="C-2")
    partners.begin(1)
    partners.hold(mine, ClockOwner.CUSTOMER)
    partners.use_cases.team.message(mine, "Please open the door on Monday.", by="Otto")
    partners.housekeeping()
    assert listener.types == [CREATED, STATUS, STATUS, ASKED, CHANGED]
    assert {one["correlationId"] for one in listener.told} == {mine}
    assert [(one["eventType"], one["correlationId"]) for one in other.told] == [(CREATED, theirs)]
    first, last = listener.told[0], listener.told[-1]
    assert first["event"]["troubleTicket"]["href"] == f"/incident-desk/tmf-api/troubleTicket/v5/troubleTicket/{mine}"
    assert last["event"]["troubleTicket"]["note"][0]["text"] == "Please open the door on Monday."
    assert listener.headers[0]["Content-Type"] == "application/json"
    assert "C-2" not in json.dumps(listener.told)
    assert partners.use_cases.monitoring.violations() == []


def test_what_happened_before_it_was_registered_is_not_told(partners, listener):
    partners.open(1)
    partners.clock.pass_by(seconds=1)
    partners.register(listener.url)
    ticket = partners.open(2)
    partners.housekeeping()
    assert [one["correlationId"] for one in listener.told] == [ticket]


def test_nothing_is_written_where_nobody_listens(partners):
    partners.open(1)
    partners.begin(1)
    assert partners.use_cases.outbox.messages() == []


def test_a_query_chooses_the_types(partners, listener):
    partners.register(listener.url, query=f"eventType={CREATED},{ASKED}")
    ticket = partners.open(1)
    partners.begin(1)
    partners.hold(ticket, ClockOwner.CUSTOMER)
    partners.housekeeping()
    assert listener.types == [CREATED, ASKED]


def test_nothing_leaves_with_a_step_or_a_page(partners, listener):
    partners.register(listener.url)
    partners.open(1)
    partners.use_cases.outbox.deliver()
    assert listener.told == []
    assert partners.kept("event") == [("waiting", 0)]


def test_an_act_that_is_taken_back_tells_nothing(partners, listener):
    partners.register(listener.url)
    partners.open(1)

    def fail(*_, **__) -> None:
        raise RuntimeError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("include.sla_logic.persistence.flush.keep_places", fail)
        with pytest.raises(RuntimeError):
            partners.begin(1)
    partners.housekeeping()
    assert listener.types == [CREATED]


def test_a_listener_that_fails_and_recovers_has_everything_in_its_order(partners, listener):
    partners.register(listener.url)
    partners.open(1)
    partners.open(2)
    listener.answer = 500
    partners.housekeeping()
    partners.begin(1)
    partners.hold("TT-000001")
    partners.begin(2)
    partners.housekeeping(5)
    partners.resume("TT-000001")
    assert listener.told == []
    [trouble] = partners.use_cases.open_apis.event_hub.troubles()
    assert "answered 500" in str(trouble)
    assert "6 messages" in str(trouble) or "5 messages" in str(trouble)
    listener.answer = 204
    partners.housekeeping(20)
    assert listener.of("TT-000001") == ["acknowledged", "inProgress", "held", "inProgress"]
    assert listener.of("TT-000002") == ["acknowledged", "inProgress"]
    assert len({one["eventId"] for one in listener.told}) == len(listener.told) == 6
    assert partners.use_cases.open_apis.event_hub.troubles() == []
    assert partners.use_cases.monitoring.violations() == []


def test_what_one_ticket_cannot_tell_delays_no_other_and_ends_as_a_dead_letter(partners, listener, few_attempts):
    partners.register(listener.url)
    partners.open(1)
    partners.begin(1)
    listener.refuses = lambda body: body["correlationId"] == "TT-000001" and body["eventType"] == CREATED
    for number in range(few_attempts):
        partners.open(number + 2)
        partners.housekeeping(every=timedelta(minutes=16))
    partners.housekeeping(2)
    assert listener.of("TT-000001") == ["inProgress"]
    assert len(listener.told) == few_attempts + 1
    [dead] = partners.use_cases.outbox.messages(state="dead", limit=1000)
    assert (dead.attempts, "answered 503" in dead.last_error) == (few_attempts, True)
    assert partners.use_cases.open_apis.event_hub.troubles() == []
    listener.refuses = lambda _: False
    partners.use_cases.outbox.retry(dead.id, by="Otto")
    partners.housekeeping()
    assert listener.of("TT-000001") == ["inProgress", "acknowledged"]


@pytest.mark.more
def test_a_slow_listener_delays_no_other_and_is_given_up_in_time(partners, listener, other, monkeypatch):
    monkeypatch.setattr("include.sla_logic.gateways.event_callbacks.LIMIT", 3.0)
    partners.register(listener.url)
    partners.register(other.url)
    listener.behave = listener.drip
    tickets = [partners.open(number) for number in range(1, 4)]
    partners.housekeeping()
    assert [one["correlationId"] for one in other.told] == tickets
    assert listener.told == []
    [trouble] = partners.use_cases.open_apis.event_hub.troubles()
    assert "did not answer" in str(trouble)
    listener.behave = None
    partners.housekeeping(3)
    assert sorted(one["correlationId"] for one in listener.told) == tickets


def test_an_answer_that_is_lost_brings_the_event_again_under_its_id(partners, listener):
    def lose(handler) -> bool:
        listener.behave = None
        handler.connection.close()
        return True

    partners.register(listener.url)
    partners.open(1)
    partners.begin(1)
    listener.behave = lose
    partners.housekeeping(3)
    assert listener.of("TT-000001") == ["acknowledged", "inProgress"]
    assert len(listener.paths) == 3


def test_a_listener_that_is_dead_for_a_day_is_suspended_named_and_can_go_on(partners, listener, other):
    partners.register(listener.url)
    partners.register(other.url)
    listener.answer = 404
    ticket = partners.open(1)
    partners.housekeeping(14, every=timedelta(hours=2))
    asked = len(listener.refused)
    partners.begin(1)
    partners.housekeeping(10)
    assert len(listener.refused) == asked
    assert other.of(ticket) == ["acknowledged", "inProgress"]
    [trouble] = partners.use_cases.open_apis.event_hub.troubles()
    assert str(trouble).startswith(f"the listener 1 of {PAULA} ({listener.origin}) is suspended since 2026-11-03 12:")
    assert "answered 404" in str(trouble)
    assert "2 messages have not reached it; once it works, `sla listener resume 1`" in str(trouble)
    assert partners.use_cases.monitoring.violations() == []
    dead = partners.use_cases.outbox.messages(state="dead")
    with pytest.raises(UnableToRetryMessage, match="sla listener resume 1"):
        partners.use_cases.outbox.retry(dead[0].id, by="Otto")

    listener.answer = 200
    assert partners.use_cases.open_apis.event_hub.resume(1, by="Otto", reason="they have repaired it") == 2
    partners.housekeeping(3)
    assert listener.of(ticket) == ["acknowledged", "inProgress"]
    assert partners.use_cases.open_apis.event_hub.troubles() == []
    with pytest.raises(UnableToResumeListener, match="is not suspended"):
        partners.use_cases.open_apis.event_hub.resume(1, by="Otto", reason="again")


def test_less_than_a_day_of_failures_suspends_nobody(partners, listener):
    partners.register(listener.url)
    listener.answer = 503
    partners.open(1)
    partners.housekeeping(12, every=timedelta(hours=2))
    assert partners.use_cases.open_apis.event_hub.views()[0].listener.suspended_at is None


def test_a_removed_listener_is_told_nothing_more(partners, listener):
    one = partners.register(listener.url)
    partners.open(1)
    listener.answer = 500
    partners.housekeeping()
    partners.use_cases.open_apis.event_hub.remove_own(str(one.id), api=one.api, partner=PAULA)
    listener.answer = 204
    partners.open(2)
    partners.housekeeping(3)
    assert (listener.told, partners.kept()) == ([], [])
    with pytest.raises(UnableToFindListener):
        partners.use_cases.open_apis.event_hub.find(str(one.id), api=one.api, partner=PAULA)
    assert partners.use_cases.monitoring.violations() == []


def test_a_customer_who_is_taken_from_a_partner_is_not_told_of_any_more(partners, listener):
    partners.register(listener.url)
    partners.open(1)
    listener.answer = 500
    partners.housekeeping()
    partners.allow(listener.origin, customers=["C-9"])
    listener.answer = 204
    partners.begin(1)
    partners.housekeeping(3)
    assert listener.told == []
    [dead] = partners.use_cases.outbox.messages(state="dead")
    assert "no longer told of its customers" in dead.last_error


def test_an_unreadable_file_of_partners_loses_nothing(partners, listener):
    partners.register(listener.url)
    partners.open(1)
    right = partners.file.read_text()
    partners.file.write_text("partners: [")
    with pytest.raises(Exception, match="is not YAML"):
        partners.housekeeping()
    assert partners.kept("event") == [("waiting", 0)]
    partners.file.write_text(right)
    partners.housekeeping()
    assert listener.types == [CREATED]


def test_a_worker_that_does_not_know_the_file_of_partners_says_so_and_loses_nothing(partners, listener):
    partners.register(listener.url)
    partners.open(1)
    without = replace(partners.use_cases.work.settings, open_apis=None)
    with pytest.raises(UnableToTellListeners, match="TELECO_OPEN_APIS"):
        UseCases(without, clock=partners.clock).outbox.deliver_events()
    partners.housekeeping()
    assert listener.types == [CREATED]


def test_a_listener_whose_partner_is_none_any_more_is_named(partners, listener):
    partners.register(listener.url)
    partners.file.write_text("partners: {}")
    partners.open(1)
    partners.housekeeping()
    [trouble] = partners.use_cases.open_apis.event_hub.troubles()
    assert "has no such partner; `sla listener remove 1`" in str(trouble)
    assert partners.use_cases.open_apis.event_hub.remove(1, by="Otto", reason="the contract has ended") == 0
    assert partners.use_cases.open_apis.event_hub.troubles() == []


def test_of_an_address_only_the_origin_is_shown(partners, listener):
    partners.register(f"{listener.url}?token=secret")
    listener.answer = 500
    partners.open(1)
    partners.housekeeping()
    assert listener.paths == ["/listener?token=secret"]
    shown = [str(one) for one in partners.use_cases.open_apis.event_hub.troubles()]
    acts = [act.detail for act in partners.use_cases.worklists.audit(page=1, size=9).rows]
    assert "secret" not in " ".join(shown + acts)


def test_parallel_senders_keep_the_order_and_send_nothing_twice(partners: Partners, listener: Played):
    partners.register(listener.url)
    tickets = [partners.open(number) for number in range(1, 5)]
    for number, ticket in enumerate(tickets, start=1):
        partners.begin(number)
        partners.hold(ticket)
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda _: partners.use_cases.outbox.deliver_events(), range(3)))
    partners.housekeeping(2)
    for ticket in tickets:
        assert listener.of(ticket) == ["acknowledged", "inProgress", "held"]


def test_a_copy_of_the_database_tells_nobody(partners, listener):
    partners.register(listener.url)
    partners.open(1)
    with partners.use_cases.work.reading() as connection:
        name = connection.exec_driver_sql("SELECT id FROM installation").scalar_one()

    class Notebook:
        def read(self) -> None:
            return None

        def write(self, text: str) -> None:
            del text

    partners.use_cases.installation.adopt(name, Notebook(), by="Otto", reason="a test system", as_copy=True)
    partners.begin(1)
    partners.housekeeping(3)
    assert listener.told == []
    assert "is suspended" in str(partners.use_cases.open_apis.event_hub.troubles()[0])
