"""A dispute is recorded and decided at every door: the desk, its API and the terminal; and each page shows it."""

import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.web import Caller
from tests.assessment.provider import Provider
from tests.assessment.test_settlement import LONG, SHORT, agreed, close, correct
from tests.state_machine.test_agreements_that_change import empty_database
from tests.use_case_fixtures import POSTGRES
from tests.web.one_person import desk_as

HERE = {"Sec-Fetch-Site": "same-origin"}
WORDS = "It was down all night. <b>All</b> night!"
WINDOW = "K-1|S-1|20261005T000000Z"


@pytest.fixture(params=["sqlite", POSTGRES])
def provider(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Provider:
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    provider = Provider(tmp_path, empty_database(), url=url)
    monkeypatch.setattr("include.sla_logic.services.UseCases", lambda _settings: provider.use_cases)  # its clock
    monkeypatch.setenv("COLUMNS", "300")
    agreed(provider).fail(SHORT)
    provider.lead(SHORT[0])
    return provider


def client(provider: Provider, by: str) -> TestClient:
    desk = desk_as(Caller(by, may_write=True), lambda: provider.use_cases)
    return TestClient(desk, headers=HERE, follow_redirects=False)


def sla(*words: str, account: str) -> Any:
    with patch("include.sla_logic.cli.person.account", lambda: account):
        return CliRunner().invoke(app, list(words))


def test_at_the_desk_one_person_records_and_another_decides_and_the_pages_show_it(provider: Provider) -> None:
    ann, ben = client(provider, "ann"), client(provider, "ben")
    assert "The customer's words" in ann.get("/acts/ticket/TT-000001/dispute").text
    sent = ann.post("/acts/ticket/TT-000001/dispute", data={"contested": "outages", "text": WORDS})
    assert sent.headers["location"] == "/incidents/TT-000001?done=dispute_recorded"
    for page in ("/incidents/TT-000001", "/settlement", "/waiting"):
        shown = ann.get(page).text
        assert "DP-1" in shown
        assert "It was down all night. &lt;b&gt;All&lt;/b&gt; night!" in shown
        assert "/acts/dispute/DP-1/accept" in shown
    assert "<b>1</b> disputes to decide" in ann.get("/").text
    refused = ann.post("/acts/dispute/DP-1/decline", data={"reason": "mine"})
    assert refused.status_code == 409
    assert "another person must decide it" in refused.text
    early = ben.post("/acts/dispute/DP-1/accept", data={"reason": "You are right."})
    assert "Nothing on record about" in early.text
    correct(provider, SHORT[0], SHORT[0].replace(hour=12))
    done = ben.post("/acts/dispute/DP-1/accept", data={"reason": "You are right."})
    assert done.headers["location"] == "/incidents/TT-000001?done=dispute_accepted"
    shown = ben.get("/incidents/TT-000001").text
    assert "accepted by ben" in shown
    assert "/acts/dispute/DP-1/accept" not in shown
    assert "DP-1" not in ben.get("/settlement").text
    assert "disputes to decide" not in ben.get("/").text
    assert list(provider.use_cases.monitoring.violations()) == []


def test_over_the_api_a_window_is_contested_and_the_dispute_listed_and_declined(provider: Provider) -> None:
    ann, ben = client(provider, "ann"), client(provider, "ben")
    order = {"contested": "samples", "text": WORDS}
    assert ann.post(f"/api/v1/acts/window/{WINDOW}/dispute", json=order).json()["done"] == "dispute_recorded"
    [one] = ann.get("/api/v1/disputes").json()["items"]
    assert (one["reference"], one["contested"], one["words"], one["state"]) == ("DP-1", "samples", WORDS, "open")
    assert [each["reference"] for each in ann.get("/api/v1/incidents/TT-000001").json()["disputes"]] == ["DP-1"]
    for subject, says in (("K-1|S-1|x", "Name the window as"), ("K-1|S-1|19990101T000000Z", "no window")):
        refused = ann.post(f"/api/v1/acts/window/{subject}/dispute", json=order)
        assert refused.status_code == 422
        assert says in refused.json()["detail"]
    assert ann.post("/api/v1/acts/dispute/DP-9/decline", json={"reason": "no"}).status_code == 404
    assert ben.post("/api/v1/acts/dispute/DP-1/decline", json={"reason": "no"}).status_code == 200
    assert ben.get("/api/v1/disputes").json()["total"] == 0
    [one] = ben.get("/api/v1/disputes?state=declined").json()["items"]
    assert (one["decided_by"], one["reason"]) == ("ben", "no")


def test_in_a_terminal_it_is_recorded_shown_and_decided(provider: Provider) -> None:
    provider.fail(LONG)
    said = ("--contested", "outages", "--words", WORDS)
    done = sla("dispute", "record", "TT-000001", *said, "--by", "ann", account="ann")
    assert "DP-1 is recorded: nothing is booked for 2026-10-01" in done.stdout
    of_window = ("--customer", "K-1", "--service", "S-1", "--at", "2026-11-05T00:00Z")
    assert "DP-2" in sla("dispute", "record", *of_window, *said, "--by", "ann", account="ann").stdout
    assert sla("dispute", "record", *said, "--by", "ann", account="ann").exit_code != 0
    assert "DP-1" in sla("dispute", "list", account="ann").stdout
    assert WORDS in sla("dispute", "show", "DP-1", account="ann").stdout
    assert "Dispute DP-1 (outages) is open" in sla("incident", "show", "TT-000001", account="ann").stdout
    close(provider)
    refused = sla("dispute", "decline", "DP-1", "--reason", "x", "--by", "ben", account="ann")
    assert "another person must decide it" in refused.stderr
    told = sla("dispute", "decline", "DP-1", "--reason", "Our probe.", "--by", "ben", account="ben")
    assert "DP-1 is declined" in told.stdout
    kept = json.loads(sla("dispute", "show", "DP-1", "--json", account="ann").stdout)
    assert (kept["state"], kept["decided_by"]) == ("declined", "ben, signed in as ben")
    close(provider)
