"""The hub over HTTP: partners register, read and remove listeners of their own, and are told as TM Forum has it."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from include.sla_logic.domain.events import EVENT_TYPES, TROUBLE_TICKET
from include.sla_logic.process.graph import WAIT
from tests.events.listeners import Played
from tests.open_apis.schemas import Definition
from tests.web.desk_sample import HELD, HERE, Sample, client_of
from tests.web.test_open_api_access import is_error

HUB = "/tmf-api/troubleTicket/v5/hub"
ENDS = "minor_correction"
AS_PROGRAM = {"Authorization": "Bearer t"}


@pytest.fixture(scope="module")
def loaded_sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Load the sample once; only copies of it are changed."""
    return Sample(tmp_path_factory.mktemp("loaded"))


@pytest.fixture
def sample(loaded_sample: Sample, tmp_path: Path, listener: Played) -> Sample:
    """Let Paula listen on loopback to the customers of two incidents, and Olga to another."""
    return allow(loaded_sample.again(tmp_path), listener)


def allow(sample: Sample, listener: Played) -> Sample:
    customers = [sample.data.notifications[key].customer for key in (HELD, ENDS)]
    partners = {
        "paula partners": {"customers": customers, "listeners": [listener.origin]},
        "olga partners": {"customers": ["C-NONE"], "listeners": [listener.origin]},
    }
    said = {"partners": partners, "listener_ranges": ["127.0.0.0/8"]}
    sample.use_cases.work.settings.open_apis.write_text(json.dumps(said))
    return sample


def register(sample: Sample, who: str = "partner", **body: object):
    with client_of(sample, who=who) as client:
        return client.post(HUB, json={"@type": "Hub"} | body, headers=AS_PROGRAM)


def test_a_partner_registers_reads_and_removes_a_listener(sample, listener):
    made = register(sample, callback=listener.url, query="eventType=TroubleTicketCreateEvent")
    assert made.status_code == 201
    assert made.json() == {
        "id": "1",
        "href": "/tmf-api/troubleTicket/v5/hub/1",
        "callback": listener.url,
        "query": "eventType=TroubleTicketCreateEvent",
        "@type": "Hub",
    }
    place = made.headers["location"]
    with client_of(sample, who="partner") as client:
        assert client.get(place).json() == made.json()
        assert client.delete(place, headers=AS_PROGRAM).status_code == 204
        assert client.get(place).status_code == 404
        assert client.delete(place, headers=AS_PROGRAM).status_code == 404


def test_a_listener_of_another_partner_does_not_exist(sample, listener):
    place = register(sample, callback=listener.url).headers["location"]
    with client_of(sample, who="other_partner") as client:
        for answer in (client.get(place), client.delete(place, headers=AS_PROGRAM)):
            assert (answer.status_code, is_error(answer)) == (404, True)
    with client_of(sample, who="partner") as client:
        assert client.get(place).status_code == 200
        assert client.get(f"{HUB}/2").json()["message"] == client.get(place.replace("1", "9")).json()[
            "message"
        ].replace("9", "2")


def test_the_same_is_registered_once_another_query_is_another_listener(sample, listener):
    assert register(sample, callback=listener.url).status_code == 201
    again = register(sample, callback=listener.url)
    assert (again.status_code, is_error(again)) == (409, True)
    assert register(sample, callback=listener.url, query="eventType=TroubleTicketCreateEvent").status_code == 201
    assert register(sample, who="other_partner", callback=listener.url).status_code == 201


def test_nobody_has_more_listeners_than_twenty(sample, listener):
    with client_of(sample, who="partner") as client:
        for number in range(21):
            made = client.post(HUB, json={"callback": f"{listener.url}/{number}"}, headers=AS_PROGRAM)
            assert made.status_code == (201 if number < 20 else 409)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "callback"),
        ({"callback": "https://elsewhere.example/x"}, "has to allow it"),
        ({"callback": "LISTENER", "query": "eventType=TroubleTicketDeleteEvent"}, "is not sent"),
        ({"callback": "LISTENER", "query": "status=held"}, "'status' is not a parameter"),
        ({"callback": "LISTENER", "query": "eventType="}, "is not sent"),
        ({"callback": "LISTENER", "query": "nothing"}, "is not a parameter"),
        ({"callback": "LISTENER", "@type": "Other"}, "@type"),
        ({"callback": "LISTENER", "secret": "x"}, "secret"),
        ({"callback": 7}, "callback"),
    ],
)
def test_what_cannot_be_registered_is_refused_with_the_field(sample, listener, body, says):
    body = {name: listener.url if value == "LISTENER" else value for name, value in body.items()}
    refused = register(sample, **body)
    assert (refused.status_code, is_error(refused)) == (400, True)
    assert says in refused.json()["message"]
    assert sample.use_cases.open_apis.event_hub.views() == []


@pytest.mark.parametrize(("who", "status"), [("", 401), ("stranger", 403), ("reader", 403), ("operator", 403)])
def test_only_partners_have_listeners(sample, listener, who, status):
    assert register(sample, who=who, callback=listener.url).status_code == status


def test_a_page_of_another_site_registers_nothing(sample, listener):
    with client_of(sample, who="partner") as client:
        sent = {"json": {"callback": listener.url}, "headers": {"Sec-Fetch-Site": "cross-site"}}
        assert client.post(HUB, **sent).status_code == 403


def walked(sample: Sample, listener: Played) -> tuple[str, str]:
    """Lead one incident to its end while a partner listens, and ask the customer of another; return their tickets."""
    assert register(sample, callback=listener.url).status_code == 201
    ticket = sample.walk(HELD, until=WAIT).id
    with client_of(sample) as client:
        client.get("/")
        client.post(f"/acts/ticket/{ticket}/message", data={"sent": "1", "text": "We come <soon>."}, headers=HERE)
        sent = {"data": {"sent": "1", "owner": "customer", "reason": "the door is closed"}, "headers": HERE}
        assert client.post(f"/acts/ticket/{ticket}/hold", **sent).status_code == 303
    sample.use_cases.holds.resume(ticket, by="Otto", reason="it is open")
    ended = sample.walk(ENDS).id
    assert listener.told == []
    sample.use_cases.outbox.deliver_events()
    return ticket, ended


def test_everything_that_a_listener_is_told_is_what_the_schema_says(sample, listener, shared_data):
    schema = Definition.of(shared_data, "tmf621v5.yaml")
    walked(sample, listener)
    assert set(listener.types) == set(EVENT_TYPES[TROUBLE_TICKET])
    for notice in listener.told:
        assert schema.faults(notice["eventType"], notice) == []
        assert notice["event"]["troubleTicket"]["href"].startswith("/tmf-api/troubleTicket/v5/troubleTicket/TT-0000")


def test_the_statuses_are_told_in_the_order_in_which_they_were_taken(sample, listener):
    tickets = walked(sample, listener)
    moved = [one for one in listener.told if one["eventType"] == "TroubleTicketStatusChangeEvent"]
    for ticket in tickets:
        told = [one["event"]["troubleTicket"]["status"] for one in moved if one["correlationId"] == ticket]
        history = sample.use_cases.lookups.incident(ticket).status_history
        assert told == [str(one.status) for one in history][1:]
        assert len(told) > 1
    assert sample.use_cases.monitoring.violations() == []


def test_the_names_of_the_types_are_those_of_tm_forum(shared_data):
    known = Definition.of(shared_data, "tmf621v5.yaml").schemas
    assert set(EVENT_TYPES[TROUBLE_TICKET]) <= set(known)


def test_the_desk_and_the_doctor_name_a_listener_that_is_suspended(sample, listener):
    register(sample, callback=listener.url)
    listener.answer = 500
    sample.walk(HELD, until=WAIT)
    for _ in range(2):
        sample.use_cases.outbox.deliver_events()
        sample.clock.now += timedelta(hours=25)
    with client_of(sample, who="reader") as client:
        page = client.get("/waiting").text
    assert "Listeners that do not answer" in page
    assert "sla listener resume 1" in page
    assert page.count("The listener is suspended.") == 0
    assert sample.use_cases.outbox.given_up() == []
