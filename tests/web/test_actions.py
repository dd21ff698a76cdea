"""What an operator does at the desk: done once, with a reason, in her name, and refused where it must be."""

from html.parser import HTMLParser

import pytest

from include.sla_logic.domain.outgoing_keys import name_in
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.process.graph import WAIT
from include.sla_logic.services import UnableToAcceptNotification
from tests.reference.walk import next_step
from tests.web.desk_sample import HELD, HERE, client_of


def act(client, kind, subject, name, **fields):
    return client.post(f"/acts/{kind}/{subject}/{name}", data={"reason": "looked at it"} | fields, headers=HERE)


def told(sample, ticket):
    return [(entry.actor, entry.action, entry.detail) for entry in sample.use_cases.lookups.incident(ticket).audit]


def credit_that_waits(sample):
    """Walk the incidents until one leaves a credit for a second person."""
    for key, expected in sample.data.expectations.items():
        if expected.held:
            sample.walk(key)
            return sample.use_cases.credits.waiting()[0]
    raise AssertionError("the sample has no held credit")


def test_releasing_sends_the_request_in_the_operators_name(own_sample):
    ticket = own_sample.walk(HELD, until=WAIT)
    with client_of(own_sample) as client:
        answer = act(client, "ticket", ticket.id, "release", reason="  the reserve\n route is free ")
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/incidents/{ticket.id}?done=released"
        page = client.get(answer.headers["location"]).text
    assert "The restoration request is sent" in page
    assert "otto operates" in page
    wait = own_sample.use_cases.restorations.find(ticket.id)
    assert (wait.sent_by, wait.reason) == ("otto operates", "the reserve route is free")
    assert told(own_sample, ticket.id) == [("otto operates", "restoration released", "the reserve route is free")]


def test_a_second_answer_is_refused_with_what_was_typed(own_sample):
    ticket = own_sample.walk(HELD, until=WAIT)
    with client_of(own_sample) as client:
        act(client, "ticket", ticket.id, "reject")
        answer = act(client, "ticket", ticket.id, "release", reason="<b>after all</b>")
    assert answer.status_code == 409
    assert "was rejected at" in answer.text
    assert "&lt;b&gt;after all&lt;/b&gt;" in answer.text
    assert own_sample.use_cases.restorations.find(ticket.id).sent_at is None


class Fields(HTMLParser):
    """What a form holds: by name its value, or whether it is checked."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.held: dict[str, str | None] = {}
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        own = dict(attrs)
        if tag == "input" and own.get("name"):
            is_choice = own.get("type") in ("radio", "checkbox")
            if not is_choice:
                self.held[own["name"]] = own.get("value")
            elif "checked" in own:
                self.held[own["name"]] = own["value"]


@pytest.mark.parametrize(
    ("kind", "name", "fields"),
    [
        ("ticket", "resolve", {"basis": "reason"}),
        ("ticket", "resolve", {"basis": "reason", "with_children": "yes"}),
        ("ticket", "hold", {"owner": "provider"}),
        ("ticket", "hold", {"owner": "customer"}),
        ("credit", "enter", {"amount": "12.50"}),
        ("credit", "claim", {"received_on": "2026-11-20"}),
    ],
)
def test_a_refusal_keeps_what_was_entered(own_sample, kind, name, fields):
    ticket = own_sample.walk(HELD, until=WAIT)
    subject = ticket.id if kind == "ticket" else "TT-000001:1"
    with client_of(own_sample) as client:
        first = Fields(client.get(f"/acts/{kind}/{subject}/{name}").text)
        refused = act(client, kind, subject, name, reason="", **fields)
    assert refused.status_code == 422
    assert Fields(refused.text).held == fields
    assert first.held.get("with_children", "yes") == "yes"  # what is proposed before anybody chose


def test_after_the_deadline_nothing_can_be_released(own_sample):
    ticket = own_sample.walk(HELD, until=WAIT)
    own_sample.clock.now = own_sample.use_cases.restorations.find(ticket.id).deadline
    with client_of(own_sample) as client:
        answer = act(client, "ticket", ticket.id, "release")
    assert answer.status_code == 409
    assert "that was missed" in answer.text


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "a\u202eb", "a\x00b"])
def test_an_act_needs_a_reason_that_people_can_read(own_sample, reason):
    ticket = own_sample.walk(HELD, until=WAIT)
    with client_of(own_sample) as client:
        assert act(client, "ticket", ticket.id, "release", reason=reason).status_code == 422
        place = f"/api/v1/acts/ticket/{ticket.id}/release"
        assert client.post(place, json={"reason": reason}, headers=HERE).status_code == 422
    assert own_sample.use_cases.restorations.find(ticket.id).sent_at is None
    assert told(own_sample, ticket.id) == []


def test_a_held_credit_is_booked_once_when_it_is_approved(own_sample):
    credit = credit_that_waits(own_sample)
    with client_of(own_sample) as client:
        page = client.get(f"/incidents/{credit.ticket}").text
        assert "Approve credit" in page
        assert act(client, "credit", credit.reference, "approve").status_code == 303
        again = act(client, "credit", credit.reference, "approve")
        assert again.status_code == 409
        assert "Approve credit" not in client.get(f"/incidents/{credit.ticket}").text
        report = client.get("/api/v1/reports/2026-11").json()["total"]
    assert report["under_review"] == []
    assert report["credits"] == [{"amount": str(credit.amount.amount), "currency": credit.amount.currency}]
    assert own_sample.use_cases.credits.waiting() == []
    postings = [m for m in own_sample.use_cases.outbox.messages(ticket=credit.ticket) if m.kind == "billing"]
    assert [name_in(m.key) for m in postings] == [f"billing:{credit.reference}"]
    assert [action for _, action, _ in told(own_sample, credit.ticket)] == ["credit approved"]


def test_a_declined_credit_books_nothing_and_stays_declined(own_sample):
    credit = credit_that_waits(own_sample)
    with client_of(own_sample) as client:
        assert act(client, "credit", credit.reference, "decline").status_code == 303
        assert act(client, "credit", credit.reference, "approve").status_code == 409
        report = client.get("/api/v1/reports/2026-11").json()["total"]
    assert (report["credits"], report["under_review"]) == ([], [])
    [(actor, action, detail)] = told(own_sample, credit.ticket)
    assert (actor, action) == ("otto operates", "credit declined")
    assert detail.endswith(": looked at it")
    assert [m for m in own_sample.use_cases.outbox.messages(ticket=credit.ticket) if m.kind == "billing"] == []


@pytest.mark.parametrize(("owner", "status"), [("customer", "pending"), ("provider", "held")])
def test_a_hold_says_who_owes_the_next_step_and_ends_when_resumed(own_sample, owner, status):
    ticket = own_sample.walk(HELD, until=WAIT)
    with client_of(own_sample) as client:
        assert act(client, "ticket", ticket.id, "hold", owner=owner).status_code == 303
        assert own_sample.use_cases.lookups.incident(ticket.id).ticket.status == status
        assert [line["ticket"] for line in client.get("/api/v1/incidents?shown=on_hold").json()["incidents"]] == [
            ticket.id
        ]
        assert act(client, "ticket", ticket.id, "hold", owner=owner).status_code == 409
        assert act(client, "ticket", ticket.id, "resume").status_code == 303
        assert act(client, "ticket", ticket.id, "resume").status_code == 409
    assert own_sample.use_cases.lookups.incident(ticket.id).ticket.status is TicketStatus.IN_PROGRESS
    assert [action for _, action, _ in told(own_sample, ticket.id)] == ["ticket on hold", "ticket resumed"]


def test_a_hold_without_an_owner_is_refused(own_sample):
    ticket = own_sample.walk(HELD, until=WAIT)
    with client_of(own_sample) as client:
        assert act(client, "ticket", ticket.id, "hold").status_code == 422
        assert act(client, "ticket", ticket.id, "hold", owner="nobody").status_code == 422
    assert own_sample.use_cases.lookups.incident(ticket.id).ticket.status is TicketStatus.IN_PROGRESS


def test_a_ticket_that_was_never_on_hold_cannot_be_resumed_into_progress(own_sample):
    ticket = own_sample.report(HELD)
    with client_of(own_sample) as client:
        assert act(client, "ticket", ticket.id, "resume").status_code == 409
    assert own_sample.use_cases.lookups.incident(ticket.id).ticket.status is TicketStatus.ACKNOWLEDGED


def test_an_incident_on_hold_is_still_resolved_by_its_process(own_sample):
    ticket = own_sample.walk(HELD, until=WAIT)
    own_sample.use_cases.restorations.release(ticket.id, by="otto", reason="free")
    with client_of(own_sample) as client:
        act(client, "ticket", ticket.id, "hold", owner="customer")
    while step := next_step(own_sample.use_cases, ticket.run_id):
        own_sample.take(step, ticket.run_id)
    case = own_sample.use_cases.lookups.incident(ticket.id)
    assert case.closed is not None
    assert case.ticket.status is TicketStatus.RESOLVED


def test_a_quarantined_notification_is_run_again_once_its_reason_is_gone(own_sample):
    said = own_sample.data.notifications[HELD].model_dump(mode="json")
    with pytest.raises(UnableToAcceptNotification):
        own_sample.use_cases.incidents.accept(said | {"customer": "C-9"}, run_id="later", origin="REST")
    with client_of(own_sample) as client:
        refused = act(client, "entry", "1", "retry")
        assert refused.status_code == 409
        assert "C-9" in refused.text
        register_customer(own_sample, "C-9", said["service"])
        accepted = act(client, "entry", "1", "retry", reason="x" * 400)
        assert accepted.headers["location"] == "/incidents/TT-000001?done=accepted"
        assert act(client, "entry", "1", "retry").status_code == 409
    assert told(own_sample, "TT-000001") == [
        ("otto operates", "notification refused again", "from quarantine 1: looked at it"),
        ("otto operates", "notification accepted", f"from quarantine 1: {'x' * 400}"),
    ]


def register_customer(sample, customer, service):
    from sqlalchemy import insert, select

    from include.sla_logic.persistence.schema import reference as t

    with sample.use_cases.work.database.write() as connection:
        like = connection.execute(select(t.agreements).where(t.agreements.c.service == service)).one()
        row = {"id": customer, "name": "New", "email": None, "locale": "en", "protected": False}
        connection.execute(insert(t.customers), [row])
        connection.execute(insert(t.agreements), [like._asdict() | {"id": "AG-new", "customer": customer}])


def test_a_message_is_sent_again_under_its_key(own_sample):
    ticket = own_sample.walk("premium")
    message = own_sample.use_cases.outbox.messages(ticket=ticket.id)[0]
    with client_of(own_sample) as client:
        assert act(client, "message", message.id, "resend").status_code == 303
        assert act(client, "message", "9999", "resend").status_code == 404
        assert act(client, "message", "one", "resend").status_code == 422
    assert own_sample.use_cases.outbox.messages(ticket=ticket.id)[0].key == message.key
    assert told(own_sample, ticket.id) == [("otto operates", "message retried", f"{message.key}: looked at it")]


@pytest.mark.parametrize("place", ["ticket/TT-1/approve", "credit/x/release", "other/x/hold", "ticket/TT-1/explode"])
def test_an_act_that_does_not_exist_is_not_found(own_sample, place):
    with client_of(own_sample) as client:
        assert client.get(f"/acts/{place}").status_code == 404
        assert client.post(f"/acts/{place}", data={"reason": "x"}, headers=HERE).status_code == 404


def test_the_api_does_the_same_acts(own_sample):
    ticket = own_sample.walk(HELD, until=WAIT)
    with client_of(own_sample) as client:
        place = f"/api/v1/acts/ticket/{ticket.id}"
        wrong = client.post(f"{place}/release", json={"reason": "x", "more": 1}, headers=HERE)
        assert wrong.status_code == 422
        done = client.post(f"{place}/release", json={"reason": "room on the reserve"}, headers=HERE)
        assert done.json() == {"done": "released", "ticket": ticket.id}
        assert client.post(f"{place}/release", json={"reason": "again"}, headers=HERE).status_code == 409
        assert client.post(f"{place}/hold", json={"reason": "x", "owner": "customer"}, headers=HERE).status_code == 200


REPORT = {
    "symptom": "service_down",
    "description": "No light.",
    "observed_from": "2026-11-23T21:00",
    "impact": "2",
    "urgency": "1",
}


def test_a_new_report_starts_a_run_with_what_the_form_says(own_sample):
    said = own_sample.data.notifications[HELD]
    with client_of(own_sample) as client:
        form = REPORT | {
            "customer": said.customer,
            "service": said.service,
            "observed_to": "",
            "external_reference": "",
        }
        answer = client.post("/new", data=form, headers=HERE)
        assert answer.headers["location"] == "/runs/desk-0"
        assert "No incident yet" in client.get("/runs/desk-0").text
        [(run_id, notification)] = own_sample.started
        own_sample.use_cases.incidents.accept(notification, run_id=run_id, origin="form")
        assert "TT-000001" in client.get("/runs/desk-0").text
    assert told(own_sample, "TT-000001") == [
        ("otto operates", "problem report entered", f"service_down of {said.service} for {said.customer}")
    ]
    assert notification["observed_from"] in {"2026-11-23T21:00:00Z", "2026-11-23T21:00:00+00:00"}


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("customer", "C-unknown", "there is no customer"),
        ("service", "S-unknown", "has no agreement for service"),
        ("symptom", "haunted", "is not read here; send service_down, "),
        ("description", "", "is missing; send the problem"),
        ("description", "a\u202eb", "control character U+202E"),
        ("observed_from", "yesterday", "not a date and time of ISO 8601"),
        ("observed_to", "2026-11-22T00:00", "observed_to lies before observed_from"),
        ("urgency", "0", "send 1 (high), 2 (medium) or 3 (low)"),
        ("salary", "1", "is no field here; leave it out"),
        ("parameters", "[]", "is not read here; send a list such as"),
    ],
)
def test_a_wrong_report_starts_nothing_and_says_what_is_wrong(own_sample, field, value, sentence):
    said = own_sample.data.notifications[HELD]
    form = REPORT | {"customer": said.customer, "service": said.service} | {field: value}
    with client_of(own_sample) as client:
        answer = client.post("/new", data=form, headers=HERE)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert own_sample.started == []


def test_a_form_of_another_kind_is_refused(own_sample):
    with client_of(own_sample) as client:
        assert client.post("/new", json={}, headers=HERE).status_code == 415
        assert client.post("/new", files={"a": b"x"}, headers=HERE).status_code == 415
        kind = HERE | {"Content-Type": "application/x-www-form-urlencoded"}
        assert client.post("/new", content=b"a=%ff\xff", headers=kind).status_code == 400
        assert client.post("/new", content=b"&".join(b"a=1" for _ in range(300)), headers=kind).status_code == 400
