"""Collection on Airflow: its connections and its object storage are used, and one feed stops no other."""

import json
import os
import sqlite3
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowFailException
from pytest_httpserver import HTTPServer
from sqlalchemy import select

from include.sla_logic.persistence.schema import reference as t
from sla_airflow import feeds, runtime
from tests.clock import NOON
from tests.dags.loading import load_dag
from tests.imports.test_feeds import feeding, row

FEEDS = """
feeds:
  by-http:
    connection: monitor
    kind: outages
    mapping: mapping.yaml
    http: {{path: /outages, query: {{since: "{{since}}"}}}}
    starts: 2026-11-01T00:00:00Z
    at_most: 2 d
  by-sql:
    connection: crm
    kind: outages
    mapping: rows.yaml
    sql: SELECT * FROM faults WHERE down >= :since AND down < :until
    starts: 2026-11-01T00:00:00Z
  by-files:
    kind: outages
    mapping: mapping.yaml
    files: file://{folder}/*.json
  away:
    connection: nobody
    kind: outages
    mapping: mapping.yaml
    http: {{}}
    starts: 2026-11-01T00:00:00Z
"""
ROWS = """
title: rows
sections:
  outages:
    columns: {service: service, reference: id, started_at: {column: down, zone: UTC, format: "%Y-%m-%d %H:%M:%S"}}
"""


@pytest.fixture
def tasks(use_cases, clock, tmp_path, monkeypatch, httpserver: HTTPServer):
    folder = tmp_path / "exports"
    folder.mkdir()
    put(folder / "a.json", row(1, NOON))
    put(folder / "b.txt", row(9, NOON))
    httpserver.expect_request("/api/outages").respond_with_json({"outages": [row(2, NOON)]})
    monkeypatch.setenv("AIRFLOW_CONN_MONITOR", f"http://u:p@{httpserver.host}:{httpserver.port}/?path=/api")
    with sqlite3.connect(tmp_path / "crm.db") as crm:
        crm.execute("CREATE TABLE faults (id TEXT, service TEXT, down TEXT)")
        crm.execute("INSERT INTO faults VALUES ('O-3', 'S-1', '2026-11-01 08:00:00')")
    crm.close()
    monkeypatch.setenv("AIRFLOW_CONN_CRM", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "crm.db")}))
    (tmp_path / "rows.yaml").write_text(ROWS, "utf-8")
    fed = feeding(use_cases, clock, tmp_path, FEEDS.format(folder=folder))
    monkeypatch.setattr(runtime, "open_use_cases", lambda **_: fed)
    monkeypatch.setattr(runtime, "enter", lambda _: None)
    clock.pass_by(minutes=30)
    return fed


def put(file: Path, *rows: object) -> None:
    file.write_text(json.dumps({"outages": rows}), "utf-8")
    os.utime(file, (NOON.timestamp(), NOON.timestamp()))


def references(use_cases) -> list[str]:
    with use_cases.work.reading() as connection:
        return sorted(one for one in connection.scalars(select(t.outages.c.reference)) if one.startswith("O-"))


def test_each_feed_is_read_through_its_connection_and_one_that_fails_stops_no_other(tasks, tmp_path):
    assert feeds.due() == ["away", "by-files", "by-http", "by-sql"]
    with pytest.raises(AirflowFailException, match="The feed away was not read to its end: Airflow does not know the"):
        feeds.read("away")
    for name in ("by-files", "by-http", "by-sql"):
        assert feeds.read(name) == {"rows": 1, "rejected": 0}
    assert references(tasks) == ["O-1", "O-2", "O-3"]
    assert feeds.due() == ["by-files", "by-http", "by-sql"]
    put(tmp_path / "exports" / "c.json", row(4, NOON))
    assert feeds.read("by-files") == {"rows": 1, "rejected": 0}
    assert references(tasks) == ["O-1", "O-2", "O-3", "O-4"]
    assert [line.partition(":")[0] for line in tasks.feeds.troubles()] == [
        "the feed away is not read, it was never read"
    ]


def test_the_dag_reads_each_feed_in_a_task_of_its_own():
    dag = load_dag("sla_collect")
    assert (str(dag.schedule), dag.max_active_runs, dag.catchup) == ("*/5 * * * *", 1, False)
    assert [(task.task_id, task.is_mapped) for task in dag.topological_sort()] == [
        ("due_feeds", False),
        ("read_feed", True),
    ]
