"""What the desk does about notices: promises are kept by writing, and a login tells where its person is mailed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from include.sla_logic.persistence.schema.system_t import outbox
from include.sla_logic.services import UseCases
from tests.web.desk_sample import HERE, MEMBERS, Sample, client_of

OPEN = "too_late"  # its restoration request came too late: the letter promises another one
MISSING = "a letter that was promised is missing"


@pytest.fixture
def left_open(own_sample) -> Sample:
    own_sample.use_cases = UseCases(
        replace(own_sample.use_cases.work.settings, team="desk@teleco.example"), clock=own_sample.clock
    )
    own_sample.walk(OPEN)
    return own_sample


def subjects(sample):
    with sample.use_cases.work.reading() as connection:
        query = select(outbox.c.payload).where(outbox.c.key.startswith("<notice.")).order_by(outbox.c.id)
        return [payload["subject"].partition(": ")[2] for payload in connection.scalars(query)]


def two_days_later(sample):
    sample.clock.now += timedelta(days=2, minutes=1)
    for _ in range(2):
        sample.use_cases.monitoring.put_notices(limit=100)
    return subjects(sample)


def test_a_promised_letter_that_was_not_written_is_told_once(left_open):
    assert MISSING in two_days_later(left_open)
    assert two_days_later(left_open).count(MISSING) == 1
    ticket = left_open.tickets[OPEN]
    [said] = [
        e.event for e in left_open.use_cases.lookups.incident(ticket).timeline if "promised a letter by" in e.event
    ]
    assert said.endswith("and has not been written to since. Notice to desk@teleco.example.")
    with client_of(left_open) as client:
        page = client.get(f"/incidents/{ticket}").text
    assert said in page
    assert MISSING in page
    assert "Notice" in page
    assert left_open.use_cases.monitoring.violations() == []


def test_a_message_to_the_customer_keeps_the_promise_and_the_next_letter_makes_another(left_open):
    ticket = left_open.tickets[OPEN]
    with client_of(left_open) as client:
        client.post(f"/acts/ticket/{ticket}/message", data={"text": "We wait for a part."}, headers=HERE)
        assert MISSING not in two_days_later(left_open)
        client.post(f"/acts/ticket/{ticket}/write", data={"reason": "as promised"}, headers=HERE)
    assert MISSING in two_days_later(left_open)


def test_a_login_tells_where_its_person_is_mailed(left_open, monkeypatch):
    named = replace(MEMBERS["operator"], mail="otto@teleco.example")
    monkeypatch.setitem(MEMBERS, "operator", named)
    ticket = left_open.tickets[OPEN]
    with client_of(left_open) as client:
        client.get("/")
        left_open.use_cases.team.enter("nora nights")
        assert f"<option>{named.name}</option>" in client.get(f"/acts/ticket/{ticket}/assign").text
    left_open.use_cases.team.assign(ticket, named.name, by="nora nights", reason="yours <b>now</b>")
    assert subjects(left_open) == ["assigned to you by nora nights"]
    with left_open.use_cases.work.reading() as connection:
        payload = connection.scalars(select(outbox.c.payload).where(outbox.c.key.startswith("<notice."))).one()
    assert "To: otto@teleco.example" in payload["message"]
