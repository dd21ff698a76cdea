"""Monitoring systems send with a token of their own; nobody else gets in, and no answer tells what is there."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from fastapi import FastAPI, HTTPException
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.services import Settings, UseCases
from include.sla_logic.web import Caller, build_desk
from include.sla_logic.web.security import ALARMS_LIMIT, BODY_LIMIT
from tests.alarms.alerts import NODE, alert, at, lay_out, on_record, posted
from tests.web.one_person import desk_as

ROOT = Path(__file__).parents[2]
TOKEN = "alarms-of-the-north-2026"
MINE = {"Authorization": f"Bearer {TOKEN}"}
ALERTMANAGER, OURS = "/api/v1/alarms/alertmanager", "/api/v1/alarms"


def nobody() -> Caller:
    raise HTTPException(401, "Not authenticated")


def desk_of(use_cases: UseCases, **settings: Any) -> FastAPI:
    changed = replace(use_cases.work.settings, **settings)
    with use_cases.work.writing() as connection:
        lay_out(connection, 3)
    return build_desk(lambda: UseCases(changed), reader=nobody, writer=nobody)


@pytest.fixture
def desk(use_cases: UseCases) -> Iterator[TestClient]:
    with TestClient(desk_of(use_cases, alarms_token=TOKEN), raise_server_exceptions=False) as client:
        yield client


def test_alertmanager_is_let_in_with_its_token_and_told_what_became_of_its_alarms(desk, use_cases):
    answer = desk.post(ALERTMANAGER, content=posted([alert(), alert("R-NONE"), {}]), headers=MINE)
    assert (answer.status_code, answer.json()) == (200, {"received": 2, "unknown": 1, "refused": 1, "left_out": 0})
    assert len(on_record(use_cases)) == 2


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"Authorization": "Basic YTpi"}, 401),
        ({"Authorization": f"Bearer {TOKEN}x"}, 403),
        ({"Authorization": f"Bearer {TOKEN[:-1]}"}, 403),
        ({"Authorization": "Bearer \u00fc".encode()}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Cookie": "_token=x"}, 401),
    ],
)
@pytest.mark.parametrize("path", [ALERTMANAGER, OURS])
def test_a_sender_without_a_token_learns_nothing(desk, use_cases, path, headers, status):
    answers = [desk.post(path, content=body, headers=headers) for body in (posted([alert()]), b"x")]
    assert {answer.status_code for answer in answers} == {status}
    assert len({answer.text for answer in answers}) == 1
    assert NODE not in answers[0].text
    assert on_record(use_cases) == []


def test_where_no_token_is_set_nobody_gets_in(use_cases):
    with TestClient(desk_of(use_cases)) as desk:
        assert (
            desk.post(ALERTMANAGER, content=posted([alert()]), headers={"Authorization": "Bearer x"}).status_code == 403
        )


def test_a_token_in_a_file_may_change_without_a_restart(use_cases, tmp_path):
    file = tmp_path / "token"
    file.write_text("first\n", "utf-8")
    with TestClient(desk_of(use_cases, alarms_token_file=file)) as desk:
        old, new = ({"Authorization": f"Bearer {word}"} for word in ("first", "second"))
        assert desk.post(ALERTMANAGER, content=posted([]), headers=old).status_code == 200
        file.write_text("second", "utf-8")
        assert desk.post(ALERTMANAGER, content=posted([]), headers=old).status_code == 403
        assert desk.post(ALERTMANAGER, content=posted([]), headers=new).status_code == 200


def test_a_storm_fits_into_one_request_and_more_is_refused(desk, use_cases):
    storm = posted([alert(since=at(10), unit=f"{number:05d}") for number in range(500)])
    assert BODY_LIMIT < len(storm) < ALARMS_LIMIT
    assert desk.post(ALERTMANAGER, content=storm, headers=MINE).json()["received"] == 500
    assert desk.post(ALERTMANAGER, content=b" " * (ALARMS_LIMIT + 1), headers=MINE).status_code == 413
    chunks = (b" " * 65536 for _ in range(ALARMS_LIMIT // 65536 + 1))
    assert desk.post(ALERTMANAGER, content=chunks, headers=MINE).status_code == 413


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"{}", posted([], version="5")])
def test_what_is_no_such_request_is_refused_with_a_sentence(desk, body):
    answer = desk.post(ALERTMANAGER, content=body, headers=MINE)
    assert answer.status_code == 400
    assert answer.json()["detail"].endswith(".")


def test_the_token_is_not_shown_where_settings_are():
    settings = Settings.from_environment({"TELECO_ALARMS_TOKEN": TOKEN, "TELECO_ALARMS_TOKEN_FILE": "/run/token"})
    assert (settings.alarms_token, settings.alarms_token_file) == (TOKEN, Path("/run/token"))
    assert TOKEN not in repr(settings)


def example(language: str, number: int = 0) -> str:
    text = (ROOT / "docs" / "alarms.md").read_text("utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)[number]


def test_the_generic_example_of_the_page_is_taken(desk, use_cases):
    assert desk.post(OURS, content=example("json"), headers=MINE).json() == {
        "received": 2,
        "unknown": 2,
        "refused": 0,
        "left_out": 0,
    }


def test_the_block_for_alertmanager_says_where_and_with_what(desk):
    [receiver] = yaml.safe_load(example("yaml"))["receivers"]
    [webhook] = receiver["webhook_configs"]
    assert webhook["url"].endswith(f"/incident-desk{ALERTMANAGER}")
    assert (webhook["send_resolved"], webhook["max_alerts"]) == (True, 0)
    assert webhook["http_config"]["authorization"]["credentials_file"]


def test_the_terminal_and_the_pages_show_what_was_sent(use_cases, monkeypatch):
    with use_cases.work.writing() as connection:
        lay_out(connection, 3)
    use_cases.alarms.receive(posted([alert(since=at(11)), alert("R-NONE", name="Other")]), source="alertmanager")
    use_cases.proactive_incidents.open(limit=1)
    monkeypatch.setenv("TELECO_DB_URL", use_cases.work.settings.database_url)

    def sla(*words: str) -> str:
        done = CliRunner().invoke(app, list(words))
        assert done.exit_code == 0, done.output
        return done.output

    assert "R-NONE" in sla("alarm", "list", "--unknown")
    assert {one["id"] for one in json.loads(sla("alarm", "list", "--json"))} == {"AL-000001", "AL-000002"}
    assert "S-0001, S-0002, S-0003" in sla("alarm", "show", "AL-000001")
    assert json.loads(sla("alarm", "show", "AL-000001", "--json"))["object"] == NODE
    assert [one["service"] for one in json.loads(sla("alarm", "hit", "--waiting", "--json"))] == ["S-0002", "S-0003"]
    assert "waiting" in sla("alarm", "hit", "--problem", "SP-000001")
    assert "2, see: sla alarm hit --problem SP-000001" in sla("problem", "show", "SP-000001")
    doctor = CliRunner().invoke(app, ["doctor", "--by", "ann", "--json"])
    assert any("R-NONE, which is not on record" in line for line in json.loads(doctor.stdout)["alarms"])

    with TestClient(desk_as(Caller("rita"), lambda: use_cases)) as desk:
        feeds, problems = desk.get("/feeds").text, desk.get("/problems").text
        listed = desk.get("/api/v1/alarms/hit?problem=SP-000001").json()
        raised = desk.get("/api/v1/alarms?unknown=true").json()
    assert "AL-000001" in feeds
    assert "R-NONE" in feeds
    assert "<b>2</b> more services hit by an alarm at R-NODE" in problems
    assert [one["state"] for one in listed["items"]] == ["waiting", "waiting", "opened"]
    assert [one["named_resource"] for one in raised["items"]] == ["R-NONE"]
