"""TMF621: a ticket that is created is a customer's report, the same as at every other door, and once only."""

import json
import re
from pathlib import Path

import pytest

from include.sla_logic.services import UnableToAcceptNotification
from tests.open_apis.reports import as_ticket, characteristic, customer, service
from tests.open_apis.schemas import Definition
from tests.web.desk_sample import HELD

TICKETS = "/tmf-api/troubleTicket/v5/troubleTicket"


@pytest.fixture
def said(sample):
    """Say what nobody has reported yet, about a service of the partner's customer."""
    return sample.data.notifications["premium"].model_copy(update={"external_reference": "PARTNER-1"})


def refused(answer, status=400):
    assert answer.status_code == status, answer.text
    return answer.json()["message"]


@pytest.mark.parametrize("who", ["partner", "operator"])
def test_a_report_is_answered_with_its_ticket_and_starts_a_run(as_, sample, said, shared_data, who):
    body = as_ticket(said, note=[{"@type": "Note", "text": "Call the gate first."}])
    tmf621 = Definition.of(shared_data, "tmf621v5.yaml")
    assert tmf621.faults("TroubleTicket_FVO", body) == []
    answer = as_(who).post(TICKETS, json=body)
    assert answer.status_code == 201, answer.text
    one = answer.json()
    assert tmf621.faults("TroubleTicket_RES", one) == []
    assert answer.headers["location"] == one["href"]
    assert as_(who).get(one["href"]).json() == one
    for name in ("description", "severity", "ticketType", "status"):
        assert one[name] == (body | {"status": "acknowledged"})[name]
    assert one["externalIdentifier"][0]["id"] == "PARTNER-1"
    assert [note["text"] for note in one["note"]] == ["Call the gate first."]
    [(run_id, conf)] = sample.started
    assert conf == said.model_dump(mode="json", exclude_none=True) | {"parameters": conf["parameters"]}
    case = sample.use_cases.lookups.incident(one["id"])
    assert (case.ticket.run_id, case.origin) == (run_id, "TMF621")
    assert sample.use_cases.incidents.accept(conf, run_id=run_id, origin="Airflow").id == one["id"]  # as its first task
    assert ("problem report entered" in {act.action for act in case.audit}) is True


def test_the_same_report_again_is_the_same_ticket_and_another_under_its_number_is_refused(as_, sample, said):
    body = as_ticket(said)
    first, again = (as_("partner").post(TICKETS, json=body) for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert len(sample.started) == 1
    assert "another notification" in refused(as_("partner").post(TICKETS, json=body | {"description": "Other."}), 409)
    known = sample.data.notifications["premium"].external_reference
    taken = as_ticket(said, externalIdentifier=[{"@type": "ExternalIdentifier", "id": known}])
    assert "is the number of another report" in refused(as_("partner").post(TICKETS, json=taken), 409)
    hidden = sample.data.notifications[HELD].external_reference
    taken = as_ticket(said, externalIdentifier=[{"@type": "ExternalIdentifier", "id": hidden}])
    told = refused(as_("partner").post(TICKETS, json=taken), 409)
    assert "TT-" not in told
    assert len(sample.started) == 1


def test_another_partner_with_the_same_number_learns_nothing_of_the_report(as_, sample, said):
    assert as_("partner").post(TICKETS, json=as_ticket(said)).status_code == 201
    other = sample.data.notifications[HELD].model_copy(update={"external_reference": said.external_reference})
    told = refused(as_("other_partner").post(TICKETS, json=as_ticket(other)), 409)
    assert "TT-" not in told
    assert said.customer not in told


def test_a_customer_of_others_is_refused_as_one_that_does_not_exist(as_, sample, said):
    hidden = sample.data.notifications[HELD]
    there = as_ticket(said, relatedParty=[customer(hidden.customer)], relatedEntity=[service(hidden.service)])
    nowhere = as_ticket(said, relatedParty=[customer("C-9999")], relatedEntity=[service(hidden.service)])
    one, other = (refused(as_("partner").post(TICKETS, json=body)) for body in (there, nowhere))
    assert one.replace(hidden.customer, "?") == other.replace("C-9999", "?")
    assert "relatedParty (role customer): there is no customer" in one
    assert sample.started == []
    assert as_("partner").get(TICKETS).headers["x-total-count"] == as_("partner").get(TICKETS).headers["x-result-count"]


def test_the_sentences_are_those_of_every_other_door_under_the_names_of_tm_forum(as_, sample, said):
    conf = said.model_dump(mode="json") | {"service": "S-NONE", "observed_from": "2026-11-20 08:00", "symptom": "odd"}
    conf |= {"parameters": [{"metric": "latency", "value": "180 ms"}]}
    with pytest.raises(UnableToAcceptNotification) as told:
        sample.use_cases.intake.check({name: value for name, value in conf.items() if value is not None})
    body = as_ticket(said, relatedEntity=[service("S-NONE")])
    body["troubleTicketCharacteristic"] = [
        characteristic("symptom", "odd"),
        characteristic("observedFrom", "2026-11-20 08:00"),
        characteristic("latency", "180 ms"),
    ]
    message = refused(as_("partner").post(TICKETS, json=body))
    assert len(told.value.faults) == 5
    for fault in told.value.faults:
        assert fault.reason in message
    assert "troubleTicketCharacteristic latency, unit: is missing" in message
    assert "relatedEntity (role service): customer" in message


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"@type": None}, "@type: send TroubleTicket"),
        ({"severity": None}, "severity: is missing; send High, Medium or Low"),
        ({"severity": "Major"}, 'severity: "Major" is not read here'),
        ({"severity": True}, "severity: true is not read here"),
        ({"ticketType": "Bill Dispute"}, 'ticketType: "Bill Dispute" is not kept here; send incident'),
        ({"status": "resolved"}, "status: a new ticket is acknowledged"),
        ({"priority": "High"}, "priority: is not taken here"),
        ({"requestedResolutionDate": "2026-12-01T00:00:00Z"}, "requestedResolutionDate: is not taken here"),
        ({"relatedParty": None}, "relatedParty (role customer): is missing"),
        ({"relatedParty": [customer("C-1001"), customer("X", "reporter")]}, 'the role "reporter" is not kept here'),
        ({"relatedParty": "C-1001"}, "relatedParty: send a list of objects"),
        ({"relatedEntity": [service("S-1001"), service("S-1002")]}, "one service for each report; send 2 reports"),
        ({"externalIdentifier": [{"id": "A"}, {"id": "B"}]}, "externalIdentifier: one is kept"),
        ({"externalIdentifier": [{"id": "a b"}]}, "externalIdentifier: "),
        ({"troubleTicketCharacteristic": [characteristic("colour", "red")]}, '"colour" is none of this specification'),
        ({"troubleTicketCharacteristic": [characteristic("urgency", "now")]}, 'urgency: "now" is not read here'),
        ({"troubleTicketSpecification": {"id": "complaint"}}, "there is incident alone"),
        ({"note": [{"@type": "Note"}]}, "note: send each as"),
        ({"note": [{"@type": "Note", "text": " "}]}, "note: Write a text"),
        ({"note": {"text": "x"}}, "note: send a list"),
        ({"troubleTicketCharacteristic": [characteristic(["symptom"], "slow")]}, '["symptom"] is none of this'),
        ({"description": ""}, "description: "),
        ({"description": "\ud800"}, "description: "),
        ({"description": "x" * 4001}, "description: has 4001 characters"),
    ],
)
def test_what_cannot_be_taken_is_refused_by_its_name_and_starts_nothing(as_, sample, said, changes, expected):
    left = {name: value for name, value in (as_ticket(said) | changes).items() if value is not None}
    sent = {"content": json.dumps(left), "headers": {"Content-Type": "application/json"}}
    assert expected in refused(as_("partner").post(TICKETS, **sent))
    assert sample.started == []


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b"{", 400),
        ("application/json", b"[]", 400),
        ("application/json", b'{"a": 1, "a": 2}', 400),
        ("application/json", b'{"a": NaN}', 400),
        ("application/json", b"\xff", 400),
        ("application/json", b"[" * 30_000, 400),
        ("text/plain", b"{}", 415),
    ],
)
def test_what_is_no_report_is_refused(as_, kind, body, status):
    assert refused(as_("partner").post(TICKETS, content=body, headers={"Content-Type": kind}), status)


def test_readers_report_nothing(as_, sample, said):
    assert refused(as_("reader").post(TICKETS, json=as_ticket(said)), 403)
    assert sample.started == []


def test_the_report_that_the_page_shows_is_taken(as_):
    page = (Path(__file__).parents[2] / "docs" / "open-apis.md").read_text("utf-8")
    shown, *_of_events = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    answer = as_("partner").post(TICKETS, content=shown, headers={"Content-Type": "application/json"})
    assert answer.status_code == 201, answer.text


def test_half_a_letter_is_refused_at_the_desk_too(as_, said):
    sent = json.dumps(said.model_dump(mode="json", exclude_none=True) | {"description": "\ud800"})
    answer = as_("operator").post("/api/v1/incidents", content=sent, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["faults"][0]["field"]) == (422, ".description")
