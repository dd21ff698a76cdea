"""A team at the desk: whose a ticket is, what people tell each other, and what they write to the customer."""

from email import message_from_string, policy

import pytest
from sqlalchemy import select

from include.sla_logic.persistence.schema.system_t import outbox
from include.sla_logic.process.graph import WAIT
from tests.web.desk_sample import HELD, HERE, MEMBERS, Sample, client_of
from tests.web.test_actions import told

OTTO, RITA = MEMBERS["operator"].name, MEMBERS["reader"].name


def act(client, ticket, name, **fields):
    return client.post(f"/acts/ticket/{ticket}/{name}", data={"sent": "1"} | fields, headers=HERE)


def mails_to_customers(sample):
    with sample.use_cases.work.reading() as connection:
        rows = connection.execute(select(outbox).where(outbox.c.kind == "mail").order_by(outbox.c.id)).all()
    return [message_from_string(row.payload["message"], policy=policy.default) for row in rows]


def shown(client, owner):
    return [line["ticket"] for line in client.get("/api/v1/incidents", params={"owner": owner}).json()["incidents"]]


def test_a_ticket_is_taken_once_shown_as_mine_and_given_back(own_desk, own_sample, ticket):
    assert shown(own_desk, "none") == [ticket]
    for _ in range(2):
        assert act(own_desk, ticket, "take").headers["location"] == f"/incidents/{ticket}?done=taken"
    assert (shown(own_desk, "mine"), shown(own_desk, OTTO), shown(own_desk, "none")) == ([ticket], [ticket], [])
    assert own_desk.get(f"/api/v1/incidents/{ticket}").json()["owner"] == OTTO
    act(own_desk, ticket, "give-back")
    assert (shown(own_desk, "mine"), shown(own_desk, "none")) == ([], [ticket])
    acts = [(actor, action) for actor, action, _ in told(own_sample, ticket)]
    assert acts == [(OTTO, "ticket taken"), (OTTO, "ticket given back")]


def test_what_somebody_else_has_can_be_assigned_but_not_taken(own_desk, own_sample, ticket):
    own_sample.use_cases.team.take(ticket, by="nora nights")
    refused = act(own_desk, ticket, "take")
    assert refused.status_code == 409
    assert "nora nights has the ticket since 2026-11-23" in refused.text
    assert act(own_desk, ticket, "give-back").status_code == 409
    assert act(own_desk, ticket, "assign", person=OTTO, reason="her shift is over").status_code == 303
    assert shown(own_desk, "mine") == [ticket]
    assert told(own_sample, ticket)[-1] == (OTTO, "ticket assigned", f"to {OTTO}: her shift is over")


def test_a_ticket_is_assigned_only_to_those_who_have_used_the_desk(own_desk, ticket):
    assert f"<option>{OTTO}</option>" in own_desk.get(f"/acts/ticket/{ticket}/assign").text
    refused = act(own_desk, ticket, "assign", person="nobody known", reason="x")
    assert refused.status_code == 422
    assert "&#39;nobody known&#39; has not used the desk; there are otto operates." in refused.text
    assert shown(own_desk, "none") == [ticket]


def test_a_note_stays_among_colleagues_and_is_kept_once(own_desk, own_sample, ticket):
    before = len(mails_to_customers(own_sample))
    for _ in range(2):
        assert act(own_desk, ticket, "note", text=" The card\r\nwas <swapped>. ").status_code == 303
    notes = own_desk.get(f"/api/v1/incidents/{ticket}").json()["notes"]
    assert [(n["kind"], n["author"], n["text"]) for n in notes] == [("internal", OTTO, "The card\nwas <swapped>.")]
    assert "was &lt;swapped&gt;." in own_desk.get(f"/incidents/{ticket}").text
    assert told(own_sample, ticket) == [(OTTO, "note written", "23 characters")]
    assert len(mails_to_customers(own_sample)) == before


def test_a_message_to_the_customer_leaves_once_and_is_not_their_letter(own_desk, own_sample, ticket):
    said = "Wir tauschen heute Nacht die Karte.\n<b>Danke</b>"
    assert act(own_desk, ticket, "message", text=said).status_code == 303
    again = act(own_desk, ticket, "message", text=said)
    assert again.status_code == 409
    assert f"{OTTO} wrote the same words to the customer already at 20" in again.text
    assert "die Karte.\n&lt;b&gt;Danke" in again.text.replace("\r", "")
    [mail] = mails_to_customers(own_sample)
    with own_sample.use_cases.work.reading() as connection:
        case = own_sample.use_cases.lookups.incident(ticket)
        customer = connection.exec_driver_sql(
            f"SELECT email FROM customers WHERE id = '{case.ticket.customer}'"  # noqa: S608 - of the sample
        ).scalar_one()
    assert mail["To"].addresses[0].addr_spec == customer
    assert ticket in mail["Subject"]
    assert mail.get_body(("plain",)).get_content().replace("\r\n", "\n").startswith(said)
    assert "&lt;b&gt;Danke" in mail.get_body(("html",)).get_content()
    assert own_desk.get(f"/incidents/{ticket}/letter").status_code == 404
    assert "Read the letter" not in own_desk.get(f"/incidents/{ticket}").text
    assert own_sample.use_cases.monitoring.violations() == []


@pytest.mark.parametrize(
    ("text", "why"), [("  \n ", "Write a text"), ("x" * 4001, "4001 characters"), ("a\x00b", "cannot be shown")]
)
def test_what_cannot_be_read_is_refused_with_what_was_typed(own_desk, ticket, text, why):
    refused = act(own_desk, ticket, "note", text=text)
    assert refused.status_code == 422
    assert why in refused.text
    assert own_desk.get(f"/api/v1/incidents/{ticket}").json()["notes"] == []


def test_the_api_does_the_same_without_a_reason(own_desk, ticket):
    for name, body in (("take", {}), ("note", {"text": "seen"}), ("assign", {"person": OTTO, "reason": "mine"})):
        assert own_desk.post(f"/api/v1/acts/ticket/{ticket}/{name}", json=body, headers=HERE).json()["ticket"] == ticket
    assert own_desk.post(f"/api/v1/acts/ticket/{ticket}/assign", json={"person": OTTO}, headers=HERE).status_code == 422


@pytest.mark.more
def test_it_is_the_same_on_postgresql(tmp_path, postgres_url):
    sample = Sample(tmp_path, url=postgres_url)
    ticket = sample.walk(HELD, until=WAIT).id
    with client_of(sample) as client:
        client.get("/")
        test_a_ticket_is_taken_once_shown_as_mine_and_given_back(client, sample, ticket)
        act(client, ticket, "note", text="one")
        act(client, ticket, "note", text="one")
        assert len(client.get(f"/api/v1/incidents/{ticket}").json()["notes"]) == 1
