"""The last day of a claim is the same wherever it is said, and who obeys it gets the credit."""

import json
from datetime import UTC, date, datetime

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.services.credit_decisions import UnableToDecideCredit
from include.sla_logic.web import Caller
from include.sla_logic.web.actions import ACTIONS
from include.sla_logic.web.forms import UnableToReadReason
from include.sla_logic.web.performed import ActionRequest
from tests.assessment.test_sla_status import euros, led, sla
from tests.web.one_person import desk_as

ZONES = ("UTC", "Europe/Berlin", "America/Denver", "Asia/Tokyo")


def desk_of(use_cases):
    return TestClient(desk_as(Caller("otto operates", may_write=True), lambda: use_cases))


def in_zone(sample, zone):
    with sample.use_cases.work.database.write() as connection:
        claimed = t.contracts.c.id == "claimed-line"
        text = connection.scalar(select(t.contracts.c.text).where(claimed))
        connection.execute(update(t.contracts).where(claimed).values(text=text.replace("Europe/Berlin", zone)))


@pytest.mark.parametrize("zone", ZONES)
def test_judgement_letter_desk_command_and_api_name_the_same_last_day(sample, zone):
    in_zone(sample, zone)
    led(sample)
    judged = sample.use_cases.sla_status.assess("S-9")
    assert judged.claim.last_day == date(2026, 11, 25)
    assert "2026-11-25" in judged.claim.reason
    [waiting] = sample.use_cases.credits.waiting()
    assert waiting.claim_until == date(2026, 11, 25)
    assert "2026-11-25" in sla("credit", "list").stdout
    assert json.loads(sla("credit", "list", "--json").stdout)[0]["claim_until"] == "2026-11-25"
    letter = " ".join(sample.use_cases.letters.as_text(waiting.ticket).replace("\xa0", " ").split())
    assert "claim it by 25 November 2026." in letter
    assert "26 November 2026" not in letter
    desk = desk_of(sample.use_cases)
    assert desk.get("/api/v1/credits").json()["items"][0]["claim_until"] == "2026-11-25"
    for page in ("/waiting", f"/incidents/{waiting.ticket}"):
        shown = desk.get(page).text
        assert "25 November 2026, the last day" in shown


def test_the_desk_books_a_claim_received_on_the_last_day_and_not_on_the_next(sample):
    led(sample)
    [waiting] = sample.use_cases.credits.waiting()
    sample.clock.now = datetime(2026, 12, 5, tzinfo=UTC)
    claim = ACTIONS["credit", "claim"]

    def received(day):
        return claim.perform(sample.use_cases, ActionRequest(waiting.reference, "ann", "by letter", received_on=day))

    for wrong in ("", "soon", "2026-13-01"):
        with pytest.raises(UnableToReadReason, match="on which day"):
            received(wrong)
    refused = {"2026-11-26": "after 2026-11-25", "2026-12-06": "in the future", "2026-11-14": "before the fault"}
    for wrong, says in refused.items():
        with pytest.raises(UnableToDecideCredit, match=says):
            received(wrong)
    assert received("2026-11-25") == waiting.ticket
    assert [one.state for one in sample.use_cases.credits.waiting()] == ["to_be_paid_out"]
    november = datetime(2026, 11, 20, tzinfo=UTC)
    assert sample.use_cases.sla_status.assess("S-9", at=november).claim.state == "in_time"


def test_a_claim_between_two_deadlines_is_paid_for_what_is_in_time(sample):
    sample.outage("OUT-3", datetime(2026, 11, 18, 8, tzinfo=UTC), datetime(2026, 11, 18, 14, tzinfo=UTC))
    led(sample)
    [waiting] = sample.use_cases.credits.waiting()
    assert (waiting.amount, waiting.claim_until) == (euros("90.00"), date(2026, 11, 25))
    sample.clock.now = datetime(2026, 12, 5, tzinfo=UTC)
    with pytest.raises(UnableToDecideCredit, match="after 2026-11-28"):
        sample.use_cases.credits.claim(waiting.reference, by="ann", claimed_at=date(2026, 11, 29))
    booked = sample.use_cases.credits.claim(waiting.reference, by="ann", claimed_at=date(2026, 11, 28))
    assert booked == euros("30.00")  # the six hours of the 18th alone: a lower tier than with those of the 15th
