"""Collection on Airflow: its connections and its object storage are used, and one feed stops no other."""

import json
import os
import sqlite3
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import ClassVar

import pytest
from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.io import attach
from fsspec.implementations.memory import MemoryFile, MemoryFileSystem
from pytest_httpserver import HTTPServer
from sqlalchemy import create_engine, make_url, select, text
from sqlalchemy.pool import NullPool

from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.services.upload_questions import UploadQuestion
from sla_airflow import feeds, runtime, uploads
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


POSTGRES = """
feeds:
  by-sql:
    connection: register
    kind: outages
    mapping: typed.yaml
    sql: |
      SELECT number, line, down_at, lasted, cause->>'text' AS cause FROM faults
      WHERE down_at >= :since AND down_at < :until
    starts: 2026-11-01T00:00:00Z
"""
TYPED = """
title: rows of PostgreSQL
sections:
  outages:
    columns: {service: line, reference: number, started_at: down_at, seconds: lasted, cause: cause}
"""


@pytest.mark.postgres
def test_a_table_of_postgresql_is_read_through_its_connection(tasks, clock, tmp_path, monkeypatch, empty_postgres_url):
    url = make_url(empty_postgres_url)
    told = {"login": url.username, "password": url.password, "host": url.host, "port": url.port}
    told |= {"conn_type": "postgres", "schema": url.database, "extra": dict(url.query)}
    monkeypatch.setenv("AIRFLOW_CONN_REGISTER", json.dumps(told))
    (tmp_path / "typed.yaml").write_text(TYPED, "utf-8")
    fed = feeding(tasks, clock, tmp_path, POSTGRES)
    monkeypatch.setattr(runtime, "open_use_cases", lambda **_: fed)
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as register:
        register.execute(text("SET TIME ZONE 'Europe/Berlin'"))
        columns = "number numeric, line text, down_at timestamptz, lasted interval, cause jsonb"
        register.execute(text(f"CREATE TABLE faults ({columns})"))
        add = text("INSERT INTO faults VALUES (:number, 'S-1', :at, '7 min', CAST(:cause AS jsonb))")
        told = [{"number": 1, "at": "2026-11-01 09:00"}, {"number": 2, "at": "2026-11-09 09:00"}]
        register.execute(add, [one | {"cause": '{"text": "cut"}'} for one in told])
    assert feeds.due() == ["by-sql"]
    assert feeds.read("by-sql") == {"rows": 1, "rejected": 0}
    with fed.work.reading() as connection:
        of = t.outages.c
        query = select(of.started_at, of.ended_at, of.cause).where(of.reference == "1")
        [(start, end, cause)] = connection.execute(query).all()
    assert (start, end - start, cause) == (datetime(2026, 11, 1, 8, tzinfo=UTC), timedelta(minutes=7), "cut")


class Bucket(MemoryFileSystem):
    """Files in memory, as S3 has objects: with when each was last modified and its ETag, and listed from a cache."""

    protocol = "s3"
    store: ClassVar[dict[str, MemoryFile]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    etags: ClassVar[dict[str, str]] = {}
    listed: ClassVar[dict[tuple[str, bool], list]] = {}
    described: ClassVar[dict[str, dict]] = {}

    def ls(self, path, detail=True, **_):
        return self.listed.setdefault((path, detail), super().ls(path, detail))

    def info(self, path, **_):
        found, etag = super().info(path), self.etags.get(path.rpartition("/")[2])
        return self.described.setdefault(path, found if etag is None else found | {"LastModified": NOON, "ETag": etag})

    def invalidate_cache(self, _path=None):
        self.listed.clear()
        self.described.clear()


def test_objects_of_a_store_are_read_also_those_that_appear_while_it_runs(tasks, clock, tmp_path, monkeypatch):
    store = Bucket()
    attach("s3", "store", fs=store)

    def upload(name, *rows):
        store.pipe_file(f"/bucket/exports/{name}", json.dumps({"outages": rows}).encode())
        store.etags[name] = str(rows)

    told = "feeds:\n  objects:\n    kind: outages\n    mapping: mapping.yaml\n"
    fed = feeding(tasks, clock, tmp_path, f"{told}    connection: store\n    files: s3://bucket/exports/*.json\n")
    monkeypatch.setattr(runtime, "open_use_cases", lambda **_: fed)
    upload("a.json", row(1, NOON))
    upload("c.txt", row(9, NOON))
    copy = feeds._copy

    def another_comes(file, into):
        upload("b.json", row(2, NOON))
        copy(file, into)

    monkeypatch.setattr(feeds, "_copy", another_comes)
    assert feeds.due() == ["objects"]
    assert feeds.read("objects") == {"rows": 1, "rejected": 0}
    assert references(fed) == ["O-1"]
    monkeypatch.setattr(feeds, "_copy", copy)
    assert feeds.read("objects") == {"rows": 1, "rejected": 0}
    assert references(fed) == ["O-1", "O-2"]
    upload("a.json", row(1, NOON), row(3, NOON))
    assert feeds.read("objects") == {"rows": 2, "rejected": 0}
    assert references(fed) == ["O-1", "O-2", "O-3"]
    assert feeds.read("objects") == {"rows": 0, "rejected": 0}


def test_the_dag_reads_each_feed_in_a_task_of_its_own():
    dag = load_dag("sla_collect")
    assert (str(dag.schedule), dag.max_active_runs, dag.catchup) == ("*/5 * * * *", 8, False)
    assert [(task.task_id, task.is_mapped) for task in dag.topological_sort()] == [
        ("due_feeds", False),
        ("read_feed", True),
        ("waiting_uploads", False),
        ("read_upload", True),
    ]


def test_an_upload_is_read_by_a_task_and_confirmed_before_it_is_imported(tasks):
    service = tasks.uploads
    with BytesIO(b"id,name\nS-9,Nine\n") as file:
        number = service.receive(file, "services.csv", UploadQuestion(kind="services"), by="otto").id
    for state in ("checked", "imported"):
        assert uploads.waiting() == [number]
        uploads.read(number)
        assert service.find(number).state == state
        uploads.read(number)  # there is nothing left to do
        if state == "checked":
            service.confirm(number, by="otto")
    assert uploads.waiting() == []
