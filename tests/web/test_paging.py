"""Long lists: every entry is on exactly one page, and each page leads to the next."""

import re

import pytest
from sqlalchemy import insert, select

from benchmarks.plans import asked, plan
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.persistence.schema.problems import service_problem_tickets, service_problems
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.system_t import (
    audit,
    outbox,
    quarantine,
    restorations,
    ticket_status_history,
    tickets,
)
from include.sla_logic.services import worklists
from tests.web.desk_sample import ANCHOR, HERE, Sample, client_of

MANY = 120


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """Fill every waiting room far beyond one page."""
    sample = Sample(tmp_path_factory.mktemp("full"))
    numbers = range(1, MANY + 1)
    late = ANCHOR.replace(day=30)
    with sample.use_cases.work.database.write() as connection:
        agreement = connection.scalar(select(t.agreements.c.id))
        rows = {
            tickets: [
                {"number": n, "external_key": f"run r{n}", "run_id": f"r{n}", "origin": "seed",
                 "customer": f"C-{n % 3}", "service": f"S-{n % 5}", "status": "inProgress",
                 "assigned_to": "Billing & Collections", "escalated": False, "created_at": ANCHOR}
                for n in numbers
            ],
            ticket_status_history: [
                {"ticket": n, "sequence": 1, "status": "inProgress", "reason": "seed", "at": ANCHOR} for n in numbers
            ],
            queue: [{"ticket": n, "open": True, "place": f"{n:08d}", "protected": False} for n in numbers],
            restorations: [
                {"ticket": n, "opened_at": ANCHOR, "deadline": late, "held_because": f"held {n}"} for n in numbers
            ],
            outbox: [
                {"key": f"key-{n}", "kind": "mail", "payload": {}, "state": "dead" if n % 2 else "waiting",
                 "attempts": 1, "created_at": ANCHOR, "next_attempt_at": ANCHOR, "last_error": f"error {n}"}
                for n in numbers
            ],
            quarantine: [
                {"fingerprint": f"{n:064d}", "origin": "REST", "run_id": f"q{n}", "field": ".x",
                 "reason": f"reason {n}", "body": "{}", "complete": True, "state": "waiting", "received_at": ANCHOR}
                for n in numbers
            ],
            applied_billing_credits: [
                {"id": f"credit-{n:03d}", "ticket": f"TT-{n:06d}", "agreement": agreement, "objective": "o",
                 "customer": "C", "service": "S", "account": "B",
                 "window_start": ANCHOR, "window_end": late, "gross": n, "amount": n, "currency": "EUR",
                 "state": "held", "text": "", "recorded_at": ANCHOR}
                for n in numbers
            ],
            service_problems: [
                {"number": n, "resource": f"R-{n}", "type_of_problem": "port_down", "reason": "r", "findings": "[]",
                 "analysed_as": n, "began_at": ANCHOR, "opened_at": ANCHOR}
                for n in numbers
            ],
            service_problem_tickets: [{"ticket": n, "problem": n, "priority": 1, "tied_at": ANCHOR} for n in numbers],
            audit: [
                {"at": ANCHOR, "actor": "otto", "action": "did", "subject": f"thing {n}", "detail": ""} for n in numbers
            ],
        }  # fmt: skip
        for table, many in rows.items():
            connection.execute(insert(table), many)
    return sample


@pytest.fixture
def desk(full):
    with client_of(full) as client:
        yield client


def names(page, pattern):
    return re.findall(pattern, page)


@pytest.mark.parametrize(
    ("place", "named"),
    [
        ("/waiting#restorations", r"held (\d+)<"),
        ("/waiting#credits", r"/acts/credit/(credit-\d+)/approve"),
        ("/waiting#quarantine", r"reason (\d+) "),
        ("/waiting#outbox", r"key-(\d+),"),
        ("/waiting#acts", r"thing (\d+)<"),
        ("/problems", r'id="SP-(\d+)"'),
        ("/", r'<th scope="row"[^>]*><a href="/incidents/TT-(\d+)"'),
    ],
)
def test_next_leads_through_every_entry_once(desk, place, named):
    path, _, anchor = place.partition("#")
    seen, walked = [], 0
    while path:
        page = desk.get(path).text
        seen += names(page, named)
        walked += 1
        onward = re.findall(r'rel="next" href="([^"]+)"', page)
        onward = [each.replace("&amp;", "&") for each in onward if not anchor or each.endswith(f"#{anchor}")]
        path = onward[0].partition("#")[0] if onward else None
    assert walked > 1
    assert len(seen) == len(set(seen)) == MANY


def test_turning_one_list_leaves_the_others_where_they_are(desk):
    page = desk.get("/waiting?outbox=2&credits=3").text
    [onward] = [each for each in re.findall(r'rel="next" href="([^"]+)"', page) if each.endswith("#outbox")]
    assert {"outbox=3", "credits=3", "quarantine=1"} <= set(re.split(r"[?&#]|&amp;|amp;", onward))


def test_what_waits_is_counted_no_further_than_its_pages_lead(desk, monkeypatch):
    monkeypatch.setattr(worklists, "COUNTED", 60)
    page = desk.get("/waiting?acts=3").text
    for what in ("requests", "credits", "messages", "actions"):
        assert f"<span>60+ {what}</span>" in page
    assert "Page 3 of 3" in page
    monkeypatch.setattr(worklists, "COUNTED", MANY)
    assert f"<span>{MANY} credits</span>" in desk.get("/waiting").text


def test_what_waits_is_found_along_an_index_of_what_waits(full, desk):
    with asked(full.use_cases) as questions:
        desk.get("/waiting")
    with full.use_cases.work.database.write() as connection:
        steps = {
            step
            for text, given in questions.items()
            if text.startswith("SELECT")
            for step in plan(connection, text, given)
        }
    of_long = [step for step in steps if re.search(r"\b(outbox|applied_billing_credits|restorations)\b", step)]
    indexes = (
        "ix_outbox_state_next_attempt_at",
        "ix_applied_billing_credits_waiting",
        "ix_restorations_outcome_deadline",
    )
    assert {name for step in of_long for name in indexes if name in step} == set(indexes)
    assert [step for step in of_long if not any(name in step for name in indexes)] == []


@pytest.mark.parametrize("name", ["restorations", "credits", "quarantine", "messages", "problems", "audit"])
def test_every_list_of_the_api_has_pages(desk, name):
    half = MANY // 2 if name == "messages" else MANY  # the others wait and are not dead
    seen, page = [], 1
    while True:
        found = desk.get(f"/api/v1/{name}?page={page}&size=50").json()
        assert (found["total"], found["page"], found["pages"]) == (half, page, -(-half // 50))
        seen += [str(item) for item in found["items"]]
        if page == found["pages"]:
            break
        page += 1
    assert len(seen) == len(set(seen)) == half
    assert desk.get(f"/api/v1/{name}?page={page + 1}&size=50").json()["items"] == []
    for wrong in ("page=0", "page=10001", "size=0", "size=201", "size=x"):
        assert desk.get(f"/api/v1/{name}?{wrong}").status_code == 422


@pytest.mark.parametrize(("name", "count"), [("customer", 40), ("service", 24)])
def test_the_board_is_filtered_by_customer_and_service_in_the_address(desk, name, count):
    letter = name[0].upper()
    page = desk.get(f"/?{name}={letter}-1").text
    assert f"<span>{count} incidents</span>" in page
    assert f'name="{name}" value="{letter}-1"' in page
    both = desk.get("/?customer=C-1&service=S-1&lane=Billing+%26+Collections&search=TT-000001").text
    assert "<span>1 incident</span>" in both
    assert "No incident matches" in desk.get(f"/?{name}=nobody").text
    [onward] = re.findall(r'rel="next" href="([^"]+)"', desk.get("/?customer=").text)
    assert "page=2" in onward


def test_a_filter_stays_while_its_pages_are_turned(desk):
    page = desk.get("/?lane=Billing+%26+Collections&page=2").text
    for onward in re.findall(r'rel="(?:next|prev)" href="([^"]+)"', page):
        assert "lane=Billing+%26+Collections" in onward


def test_who_sent_a_message_of_no_ticket_again_is_on_record_where_people_look(full, desk):
    answer = desk.post("/acts/message/1/resend", data={"reason": "the server is back"}, headers=HERE)
    assert answer.headers["location"] == "/waiting?done=resent"
    page = desk.get(answer.headers["location"]).text
    audit = page[page.index('id="acts"') :]
    for said in ("otto operates", "message retried", "key-1", "the server is back"):
        assert said in audit
    assert desk.get("/api/v1/audit").json()["items"][0]["subject"] == "key-1"
