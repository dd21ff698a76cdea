"""TMF621: a PATCH changes the status by the acts of the desk, adds notes, and changes nothing else."""

import json

import pytest

from tests.open_apis.schemas import Definition
from tests.web.desk_sample import HELD

TICKETS = "/tmf-api/troubleTicket/v5/troubleTicket"
MERGE, PATCH = "application/merge-patch+json", "application/json-patch+json"
QUERY = "application/json-patch-query+json"
NOTE = {"@type": "Note", "text": "The gate is open until six."}


def patch(client, ticket, body, kind="application/json"):
    return client.patch(f"{TICKETS}/{ticket}", content=json.dumps(body), headers={"Content-Type": kind})


def refused(answer, status):
    assert answer.status_code == status, answer.text
    return answer.json()["message"]


@pytest.fixture
def working(sample):
    """Name a ticket that is in progress and belongs to the partner's customer."""
    ticket = sample.tickets["re_prioritised"]
    assert sample.use_cases.lookups.incident(ticket).ticket.status == "inProgress"
    return ticket


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", {"@type": "TroubleTicket", "status": "pending", "statusChangeReason": "Needs a key."}),
        (MERGE, {"status": "pending", "statusChangeReason": "Needs a key."}),
        (
            PATCH,
            [
                {"op": "test", "path": "/status", "value": "inProgress"},
                {"op": "replace", "path": "/status", "value": "pending"},
                {"op": "add", "path": "/statusChangeReason", "value": "Needs a key."},
            ],
        ),
        (
            QUERY,
            [
                {"op": "replace", "path": "/status", "value": "pending"},
                {"op": "add", "path": "/statusChangeReason", "value": "Needs a key."},
            ],
        ),
    ],
)
def test_a_status_is_changed_by_the_act_of_the_desk_in_each_form(as_, sample, working, shared_data, kind, body):
    answer = patch(as_("operator"), working, body, kind)
    assert answer.status_code == 200, answer.text
    one = answer.json()
    assert Definition.of(shared_data, "tmf621v5.yaml").faults("TroubleTicket_RES", one) == []
    assert (one["status"], one["statusChangeReason"]) == ("pending", "Needs a key. (otto operates)")
    case = sample.use_cases.lookups.incident(working)
    assert ("ticket on hold", "otto operates") in {(act.action, act.actor) for act in case.audit}
    assert patch(as_("operator"), working, {"status": "pending", "statusChangeReason": "Again."}).status_code == 200
    assert len(sample.use_cases.lookups.incident(working).status_history) == len(case.status_history)
    resumed = patch(as_("operator"), working, {"status": "inProgress", "statusChangeReason": "The key came."}, MERGE)
    assert resumed.json()["status"] == "inProgress"


def test_held_is_our_own_pause(as_, sample, working):
    assert patch(as_("operator"), working, {"status": "held", "statusChangeReason": "No fitter."}).status_code == 200
    told = refused(patch(as_("operator"), working, {"status": "pending", "statusChangeReason": "x"}), 409)
    assert "cannot become pending" in told


def test_an_incident_is_resolved_and_reopened_as_at_the_desk(as_, sample):
    ticket = sample.tickets["premium"]
    now = sample.use_cases.lookups.incident(ticket).ticket.status
    if now != "resolved":
        assert patch(as_("operator"), ticket, {"status": "resolved", "statusChangeReason": "Works."}).status_code == 200
    opened = patch(as_("operator"), ticket, {"status": "inProgress", "statusChangeReason": "Down again."})
    assert (opened.status_code, opened.json()["status"]) == (200, "inProgress")
    done = patch(as_("operator"), ticket, {"status": "resolved", "statusChangeReason": "Works again."})
    assert (done.status_code, done.json()["status"], "resolutionDate" in done.json()) == (200, "resolved", True)
    actions = {act.action for act in sample.use_cases.lookups.incident(ticket).audit}
    assert {"incident reopened", "incident resolved"} <= actions


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("resolved", "is still under way"),
        ("cancelled", "the process alone"),
        ("closed", "cannot become closed"),
        ("acknowledged", "cannot become acknowledged"),
        ("rejected", "cannot become rejected"),
    ],
)
def test_a_status_that_no_act_gives_is_refused(as_, sample, working, status, said):
    before = sample.use_cases.lookups.incident(working).status_history
    body = {"status": status, "statusChangeReason": "I want it.", "note": [NOTE]}
    assert said in refused(patch(as_("operator"), working, body), 409)
    case = sample.use_cases.lookups.incident(working)
    assert (case.status_history, case.notes) == (before, ())


def test_a_test_that_fails_changes_nothing(as_, sample, working):
    body = [
        {"op": "test", "path": "/status", "value": "held"},
        {"op": "add", "path": "/note/-", "value": NOTE},
    ]
    assert "is inProgress, not held" in refused(patch(as_("partner"), working, body, PATCH), 409)
    assert sample.use_cases.lookups.incident(working).notes == ()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", {"note": [NOTE]}),
        (MERGE, {"note": [NOTE]}),
        (PATCH, [{"op": "add", "path": "/note/-", "value": NOTE}]),
        (QUERY, [{"op": "add", "path": "/note", "value": NOTE}]),
        (PATCH, [{"op": "add", "path": "/note", "value": [NOTE]}]),
    ],
)
def test_a_note_of_a_partner_is_read_by_partners_and_at_the_desk(as_, sample, working, kind, body):
    for _ in range(2):
        answer = patch(as_("partner"), working, body, kind)
        assert [note["text"] for note in answer.json()["note"]] == [NOTE["text"]], answer.text
    assert [note["text"] for note in as_("operator").get(f"{TICKETS}/{working}").json()["note"]] == [NOTE["text"]]
    page = as_("operator").get(f"/incidents/{working}").text
    assert NOTE["text"] in page
    assert "from a partner, who reads it too" in page
    [note] = sample.use_cases.lookups.incident(working).notes
    assert (note.kind, note.author, note.received) == ("internal", "paula partners", True)
    assert "paula partners" not in sample.use_cases.team.people()


def test_a_note_of_the_desk_stays_inside(as_, working):
    assert patch(as_("operator"), working, {"note": [NOTE]}).json()["note"][0]["author"] == "otto operates"
    assert "note" not in as_("partner").get(f"{TICKETS}/{working}").json()


def test_partners_and_readers_change_no_status_and_others_find_no_ticket(as_, sample, working):
    body = {"status": "pending", "statusChangeReason": "Wait."}
    assert "changed by the provider" in refused(patch(as_("partner"), working, body), 403)
    assert refused(patch(as_("reader"), working, {"note": [NOTE]}), 403)
    for change in (body, {"note": [NOTE]}):
        hidden, unknown = (patch(as_("partner"), name, change) for name in (sample.tickets[HELD], "TT-999999"))
        assert hidden.status_code == unknown.status_code == 404
        assert hidden.text.replace(sample.tickets[HELD], "?") == unknown.text.replace("TT-999999", "?")
    assert sample.use_cases.lookups.incident(working).ticket.status == "inProgress"


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("application/json", {}, "Nothing is changed"),
        ("application/json", {"severity": "Low"}, "severity: what is changed here is"),
        (MERGE, {"creationDate": "2026-01-01T00:00:00Z"}, "creationDate: what is changed here is"),
        (MERGE, {"status": "pending"}, "statusChangeReason: is missing"),
        (MERGE, {"status": "open", "statusChangeReason": "x"}, 'status: "open" is none'),
        (MERGE, {"status": ["held"], "statusChangeReason": "x"}, 'status: ["held"] is none'),
        (MERGE, {"\ud800": 1}, "?: what is changed here is"),
        (MERGE, {"note": [{"@type": "Note", "text": "\ud800"}]}, "cannot be shown"),
        (MERGE, {"statusChangeReason": "x"}, "status: is missing"),
        (MERGE, {"status": "pending", "statusChangeReason": " "}, "statusChangeReason: send a text"),
        (MERGE, {"status": "pending", "statusChangeReason": "a\u202eb"}, "cannot be shown"),
        (MERGE, {"note": None, "status": None}, "Nothing is changed"),
        (PATCH, {}, "no JSON list"),
        (PATCH, ["x"], "null of null is not offered"),
        (PATCH, [{"op": "remove", "path": "/note/0"}], "a note that was written stays"),
        (QUERY, [{"op": "replace", "path": "/note?id=1", "value": NOTE}], "a note that was written stays"),
        (PATCH, [{"op": "replace", "path": "/severity", "value": "Low"}], "is not offered"),
        (PATCH, [{"op": "move", "from": "/status", "path": "/note/-"}], "a note that was written stays"),
        (PATCH, [{"op": "test", "path": "/status", "value": "held"}] * 51, "send 50 at most"),
    ],
)
def test_what_is_not_changed_here_is_refused_by_its_name(as_, sample, working, kind, body, said):
    before = sample.use_cases.lookups.incident(working)
    assert said in refused(patch(as_("operator"), working, body, kind), 400)
    assert sample.use_cases.lookups.incident(working).model_dump(exclude={"clock"}) == before.model_dump(
        exclude={"clock"}
    )


def test_another_type_of_body_is_not_read(as_, working):
    answer = patch(as_("operator"), working, {"note": [NOTE]}, "text/plain")
    assert refused(answer, 415)
    assert PATCH in answer.headers["accept"]
