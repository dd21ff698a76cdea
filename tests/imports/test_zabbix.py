"""Problems are read from Zabbix's API (JSON-RPC `problem.get`), as its documentation has them, by a real HTTP server.

https://www.zabbix.com/documentation/current/en/manual/api/reference/problem/object
`r_clock` is 0 until a problem is over.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from sqlalchemy import select
from werkzeug import Request, Response

from include.sla_logic.gateways.feeds import UnableToAskFeed, ask_http
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.services import UseCases
from include.sla_logic.services.feed_questions import ask_system
from include.sla_logic.settings import HttpSystem
from tests.clock import NOON, Clock
from tests.services.sample import open_use_cases

MAPPING = """
title: Zabbix, problems by its API
layout: json
rows: result
missing: ["", "0"]
sections:
  outages:
    columns:
      service: "tags[?tag=='service'].value | [0]"
      reference: {column: eventid, prefix: "ZABBIX-"}
      started_at: {column: clock, format: epoch}
      ended_at: {column: r_clock, format: epoch}
      cause: name
"""
FEEDS = """
feeds:
  zabbix:
    connection: zabbix
    kind: outages
    mapping: mapping.yaml
    http:
      path: /api_jsonrpc.php
      body:
        jsonrpc: "2.0"
        method: problem.get
        params:
          {output: extend, selectTags: extend, recent: true, time_from: "{since:epoch}", time_till: "{until:epoch}"}
        id: 1
    starts: 2026-11-02T00:00:00Z
    overlap: 12 h
"""


class Zabbix:
    """Answers as Zabbix does: an error is 200 too."""

    def __init__(self) -> None:
        self.problems: list[dict[str, Any]] = []
        self.error: dict[str, Any] | None = None

    def __call__(self, request: Request) -> Response:
        asked = json.loads(request.data)
        assert (asked["jsonrpc"], asked["method"], asked["id"]) == ("2.0", "problem.get", 1)
        tokens = (request.headers.get("Authorization"), asked.get("auth"))
        assert tokens in [("Bearer zabbix-token", None), (None, "zabbix-token")]
        since, until = (int(asked["params"][name]) for name in ("time_from", "time_till"))
        found = [one for one in self.problems if since <= int(one["clock"]) <= until]
        answer = {"result": found} if self.error is None else {"error": self.error}
        return Response(json.dumps({"jsonrpc": "2.0", **answer, "id": 1}), content_type="application/json")


def problem(number: int, since: datetime, until: datetime | None = None, service: str = "S-1") -> dict[str, Any]:
    over = {"r_eventid": str(number + 1), "r_clock": str(int(until.timestamp()))} if until else {}
    return {
        "eventid": str(number),
        "source": "0",
        "object": "0",
        "objectid": "15112",
        "clock": str(int(since.timestamp())),
        "ns": "209442442",
        "r_eventid": "0",
        "r_clock": "0",
        "r_ns": "0",
        "name": "Unavailable by ICMP ping",
        "severity": "4",
        "tags": [{"tag": "scope", "value": "availability"}, {"tag": "service", "value": service}],
    } | over


def outages(use_cases: UseCases) -> list[tuple[str, datetime, datetime | None]]:
    o = t.outages.c
    with use_cases.work.reading() as connection:
        rows = connection.execute(select(o.reference, o.started_at, o.ended_at).order_by(o.reference))
        return [(row.reference, row.started_at, row.ended_at) for row in rows]


def test_open_problems_come_in_end_and_an_error_is_no_empty_answer(tmp_path: Path, httpserver: HTTPServer) -> None:
    zabbix, clock = Zabbix(), Clock(NOON)
    httpserver.expect_request("/api_jsonrpc.php", method="POST").respond_with_handler(zabbix)
    (tmp_path / "mapping.yaml").write_text(MAPPING, "utf-8")
    (tmp_path / "feeds.yaml").write_text(FEEDS, "utf-8")
    settings = open_use_cases(f"sqlite:///{tmp_path / 't.db'}", tmp_path, clock).work.settings
    use_cases = UseCases(replace(settings, feeds=tmp_path / "feeds.yaml"), clock=clock)
    use_cases.feeds.due()
    system = HttpSystem(httpserver.url_for(""), token="zabbix-token")
    read = partial(use_cases.feeds.read, "zabbix", ask=partial(ask_system, system=system), find=lambda _: [])
    eight, nine = (datetime(2026, 11, 2, hour, tzinfo=UTC) for hour in (8, 9))
    zabbix.problems = [problem(41, eight, nine), problem(51, nine)]
    assert read().rejected == 0
    assert outages(use_cases) == [("ZABBIX-41", eight, nine), ("ZABBIX-51", nine, None)]
    zabbix.error = {"code": -32602, "message": "Invalid params.", "data": "Not authorised."}
    clock.pass_by(hours=1)
    until = use_cases.feeds.states()[0].read_until
    with pytest.raises(Exception, match="result"):
        read()
    assert use_cases.feeds.states()[0].read_until == until
    zabbix.error = None
    over = NOON + timedelta(minutes=5)
    zabbix.problems[1] = problem(51, nine, over)
    clock.pass_by(hours=1)
    assert read().rejected == 0
    assert outages(use_cases)[1] == ("ZABBIX-51", nine, over)


def test_the_token_is_sent_in_the_body_where_the_body_names_it(tmp_path: Path, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/api_jsonrpc.php", method="POST").respond_with_handler(Zabbix())
    asked = {"jsonrpc": "2.0", "method": "problem.get", "id": 1, "auth": "{token}"}
    asked["params"] = {"time_from": 1, "time_till": 2}
    ask = partial(ask_http, path="/api_jsonrpc.php", query={}, body=asked, next_page=None, into=tmp_path / "answer")
    (answer,) = ask(HttpSystem(httpserver.url_for(""), token="zabbix-token"))
    assert json.loads(answer.read_bytes())["result"] == []
    with pytest.raises(UnableToAskFeed, match="extra has no token"):
        ask(HttpSystem(httpserver.url_for("")))
