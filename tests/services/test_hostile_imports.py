"""Hostile files through every importer: what is text is kept as text, all else is refused by row and field and kept."""

import csv
import gzip
import json
from datetime import date

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.importers import KINDS, UnableToReadFile, import_file, plain_mapping
from include.sla_logic.importers import read_mapping as read_mapping_file
from include.sla_logic.importers.tables import files
from include.sla_logic.persistence.schema import reference as t
from tests.backlog.logs import event, take_in, write_csv, write_jsonl
from tests.hostile import FORGERS, HARMLESS, LINES, TEXTS

DAY = date(2026, 11, 2)
SAMPLES = """
title: latency
sections:
  samples:
    columns: {service: service, at: at}
    series:
      - {metric: latency, from: value, unit: ms, step_seconds: 300, decimals: 2}
"""
CUSTOMER = {"id": "C-9", "name": "Ann"}
OUTAGE = {
    "service": "S-1",
    "reference": "O-1",
    "started_at": "2026-11-01T08:00:00Z",
    "ended_at": "2026-11-01T09:00:00Z",
}


class Imports:
    """Imports rows as a file of JSON lines or CSV."""

    def __init__(self, use_cases, folder):
        self.use_cases, self.folder = use_cases, folder

    def rows(self, kind, rows):
        path = self.folder / f"{kind}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        return self.file(kind, path)

    def file(self, kind, path):
        mapping = plain_mapping(kind, KINDS[kind].record.model_fields)
        return import_file(self.use_cases.work.database, path, kind=kind, mapping=mapping, as_of=DAY)

    def kept(self, column):
        with self.use_cases.work.database.read() as connection:
            return set(connection.scalars(select(column)))


@pytest.fixture
def imports(use_cases, tmp_path):
    return Imports(use_cases, tmp_path)


@pytest.fixture
def any_imports(any_use_cases, tmp_path):
    return Imports(any_use_cases, tmp_path)


def many(row, field, texts, *, key):
    return [row | {key: f"K-{n}", field: text} for n, text in enumerate(texts)]


ROWS = [
    pytest.param("customers", CUSTOMER, "id", "name", t.customers.c.name, id="customers"),
    pytest.param("outages", OUTAGE, "reference", "cause", t.outages.c.cause, id="outages"),
]


@pytest.mark.parametrize(("kind", "row", "key", "field", "column"), ROWS)
def test_text_is_only_ever_text(any_imports, kind, row, key, field, column):
    report = any_imports.rows(kind, many(row, field, TEXTS.values(), key=key))
    assert (report.added, report.rejected) == (len(TEXTS), [])
    assert any_imports.kept(column) >= set(TEXTS.values())


@pytest.mark.parametrize(("kind", "row", "key", "field", "column"), ROWS)
def test_harmless_letters_that_are_not_seen_are_cleaned(imports, kind, row, key, field, column):
    report = imports.rows(kind, many(row, field, [f"a{letter}b" for letter in HARMLESS.values()], key=key))
    assert report.rejected == []
    assert imports.kept(column) >= {"ab", "a\nb"}


@pytest.mark.parametrize(("kind", "row", "key", "field", "column"), ROWS)
def test_letters_that_forge_are_refused_by_row_and_field_and_kept(any_imports, kind, row, key, field, column):
    before = any_imports.kept(column)
    report = any_imports.rows(kind, many(row, field, [f"a{letter}b" for letter in FORGERS.values()], key=key))
    assert [(one.row, one.field) for one in report.rejected] == [(n, field) for n in range(1, len(FORGERS) + 1)]
    assert all(one.reason.isprintable() for one in report.rejected)
    assert any_imports.kept(column) == before
    entries = any_imports.use_cases.quarantine.entries(limit=100)
    assert sorted(entry.run_id for entry in entries) == sorted(
        f"import.{KINDS[kind].table.name}.{kind}.jsonl.row-{n}" for n in range(1, len(FORGERS) + 1)
    )
    assert all(entry.body.isascii() and entry.body.isprintable() for entry in entries)


@pytest.mark.parametrize(
    ("kind", "row", "field"),
    [
        *(pytest.param("customers", CUSTOMER | {"id": text}, "id", id=f"id-{name}") for name, text in TEXTS.items()),
        ("customers", CUSTOMER | {"name": ["x"]}, "name"),
        ("customers", CUSTOMER | {"name": "x" * 201}, "name"),
        ("customers", CUSTOMER | {"email": "ann@example.net\nBcc: eve@example.net"}, "email"),
        ("customers", CUSTOMER | {"email": "=cmd|' /C calc'!A0"}, "email"),
        ("customers", CUSTOMER | {"locale": "../../x"}, "locale"),
        ("customers", CUSTOMER | {"since": "0000-00-00"}, "since"),
        ("customers", CUSTOMER | {"since": 1e308}, "since"),
        ("customers", CUSTOMER | {"protected": "{{true}}"}, "protected"),
        ("outages", OUTAGE | {"service": "S-2'; --"}, "service"),
        ("outages", OUTAGE | {"started_at": "9999-12-31T23:59:59-14:00"}, "started_at"),
        ("outages", OUTAGE | {"ended_at": "2026-11-01T07:00:00Z"}, "row"),
        ("outages", OUTAGE | {"ended_at": None, "seconds": "NaN"}, "seconds"),
        ("outages", OUTAGE | {"ended_at": None, "seconds": "1e400"}, "seconds"),
        ("outages", OUTAGE | {"ended_at": None, "seconds": -1}, "seconds"),
        ("outages", OUTAGE | {"attribution": "$(id)"}, "attribution"),
    ],
)
def test_what_means_nothing_is_refused_by_its_field_and_kept(imports, kind, row, field):
    report = imports.rows(kind, [row])
    assert [one.field for one in report.rejected] == [field]
    [entry] = imports.use_cases.quarantine.entries()
    assert (entry.field, report.added) == (f".{field}", 0)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e400", "1e-400", "=1+1", "{{7*7}}", "0x10"])
def test_a_sample_is_a_number_or_refused(imports, tmp_path, value):
    (tmp_path / "latency.yaml").write_text(SAMPLES, "utf-8")
    (tmp_path / "samples.jsonl").write_text(
        json.dumps({"service": "S-1", "at": "2026-11-01T08:00:00Z", "value": value}) + "\n", "utf-8"
    )
    mapping = read_mapping_file(str(tmp_path / "latency.yaml"))
    report = import_file(
        imports.use_cases.work.database,
        tmp_path / "samples.jsonl",
        kind="samples",
        mapping=mapping,
        as_of=DAY,
    )
    assert [one.field for one in report.rejected] == ["value"]
    assert len(imports.use_cases.quarantine.entries()) == 1


@pytest.mark.parametrize("write", [write_csv, write_jsonl])
def test_tickets_keep_text_as_text(any_use_cases, tmp_path, write):
    rows = [event(f"T-{n}", "acknowledged", "1 08:00", description=text) for n, text in enumerate(TEXTS.values())]
    report = take_in(any_use_cases, write(tmp_path / f"log.{'csv' if write is write_csv else 'jsonl'}", rows))
    assert (report.waiting, report.rejected) == (len(TEXTS), [])
    kept = {
        any_use_cases.lookups.incident(f"T-{n}").document(ProblemNotification).description for n in range(len(TEXTS))
    }
    assert kept == set(TEXTS.values())


def test_tickets_with_letters_that_forge_are_refused_and_kept(any_use_cases, tmp_path):
    rows = [
        event(f"T-{n}", "acknowledged", "1 08:00", description=f"a{letter}b")
        for n, letter in enumerate(FORGERS.values())
    ]
    report = take_in(any_use_cases, write_jsonl(tmp_path / "log.jsonl", rows))
    assert [one.field for one in report.rejected] == ["description"] * len(FORGERS)
    assert len(any_use_cases.quarantine.entries(limit=100)) == len(FORGERS)
    assert any_use_cases.lookups.tickets() == []


def test_lines_that_are_no_rows_are_refused_one_by_one(any_imports, tmp_path):
    good = json.dumps(CUSTOMER | {"name": "Bj\u00f6rn"}, ensure_ascii=False).encode()
    (tmp_path / "customers.jsonl").write_bytes(b"\n".join([*LINES.values(), good]) + b"\n")
    report = any_imports.file("customers", tmp_path / "customers.jsonl")
    assert [one.row for one in report.rejected] == list(range(1, len(LINES) + 1))
    assert report.added == 1


@pytest.mark.parametrize("layout", ["csv", "jsonl"])
def test_a_line_without_end_is_refused_alone_and_never_held_whole(imports, tmp_path, monkeypatch, layout):
    monkeypatch.setattr(files, "LONGEST_LINE", 1000)
    lines = ["id,name", "C-8,Ann", f"C-9,{'x' * 10_000}", "C-10,Ben"]
    if layout == "jsonl":
        lines = ["", *(json.dumps(dict(zip(("id", "name"), line.split(","), strict=True))) for line in lines[1:])]
    path = tmp_path / f"customers.{layout}"
    path.write_text("\n".join(lines), "utf-8")
    report = imports.file("customers", path)
    assert [(one.row, one.reason) for one in report.rejected] == [(3, "is longer than 1000 letters")]
    assert report.added == 2
    pieces = []
    with path.open() as text:
        lines = files.Lines(text, path)
        read = lines._read
        monkeypatch.setattr(lines, "_read", lambda: pieces.append(read()) or pieces[-1])
        for _ in range(2):
            next(lines)
        with pytest.raises(csv.Error):
            next(lines)
    assert max(map(len, pieces)) == 1001


def test_a_cell_beyond_the_cap_and_an_open_quote_take_no_other_row_with_them(imports, tmp_path):
    path = tmp_path / "customers.csv"
    path.write_text(f'id,name\nC-8,{"x" * 200_000}\nC-9,Ann\nC-10,"open\n', "utf-8")
    report = imports.file("customers", path)
    assert [one.row for one in report.rejected] == [2, 4]
    assert all(one.reason.startswith("not CSV: ") for one in report.rejected)
    assert report.added == 1


def test_a_packed_file_that_never_ends_or_is_cut_off_is_named(imports, tmp_path, monkeypatch):
    rows = "".join(json.dumps(CUSTOMER | {"id": f"C-{n}"}) + "\n" for n in range(3000)).encode()
    path = tmp_path / "customers.jsonl.gz"
    path.write_bytes(gzip.compress(rows)[:-200])
    with pytest.raises(UnableToReadFile, match=r"is damaged after line \d+: "):
        imports.file("customers", path)
    path.write_bytes(gzip.compress(rows))
    monkeypatch.setattr(files, "LARGEST_FILE", 50_000)
    with pytest.raises(UnableToReadFile, match="holds more than 50000 letters"):
        imports.file("customers", path)
    with imports.use_cases.work.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(t.customers)) > 1000


@pytest.mark.parametrize("line", [b"0" * 1024, b"x\n" * 512, b"," * 1023 + b"\n"], ids=["a line", "rows", "cells"])
def test_a_packed_file_that_unpacks_to_far_more_than_a_table_is_refused_before_its_first_row(imports, tmp_path, line):
    path = tmp_path / "customers.csv.gz"
    path.write_bytes(gzip.compress(b"id,name\nC-9,Ann\n" + line * 4096, 9))
    with pytest.raises(UnableToReadFile, match=r"unpacks to more than \d+ letters, .*: unpack it first"):
        imports.file("customers", path)
    assert not imports.use_cases.quarantine.entries()
    path.write_bytes(gzip.compress(b"id,name\nC-9,Ann\n"))
    assert imports.file("customers", path).added == 1


def test_a_first_line_that_is_none_is_named(imports, tmp_path):
    (tmp_path / "customers.csv").write_text(f"id,{'n' * 200_000}\n", "utf-8")
    with pytest.raises(UnableToReadFile, match="is no line of column names"):
        imports.file("customers", tmp_path / "customers.csv")


@pytest.fixture
def sla(use_cases, monkeypatch):
    monkeypatch.setenv("TELECO_DB_URL", use_cases.work.settings.database_url)
    return lambda *words: CliRunner().invoke(app, [*map(str, words)])


def test_where_the_rejected_rows_cannot_be_written_nothing_is_imported(imports, sla, tmp_path):
    (tmp_path / "customers.csv").write_text("id,name\nC-8,Ann\nC-9,\x07\n", "utf-8")
    answer = sla("import", "customers", tmp_path / "customers.csv", "--rejected", tmp_path / "none" / "bad.csv")
    assert answer.exit_code == 1
    assert answer.stderr == f"sla: {tmp_path / 'none' / 'bad.csv'}: No such file or directory.\n"
    assert imports.kept(t.customers.c.id) == {"C-1"}


def test_the_rejected_rows_are_never_written_over_the_file_that_is_imported(imports, sla, tmp_path):
    file = tmp_path / "customers.csv"
    file.write_text("id,name\nC-8,Ann\n", "utf-8")
    answer = sla("import", "customers", file, "--rejected", file)
    assert (answer.exit_code, file.read_text()) == (1, "id,name\nC-8,Ann\n")
    assert "need a file of their own" in answer.stderr
    assert imports.kept(t.customers.c.id) == {"C-1"}


def test_an_import_that_cannot_begin_leaves_the_rejected_rows_of_the_last_one_alone(sla, tmp_path):
    bad = tmp_path / "bad.csv"
    bad.write_text("row,field,reason\n", "utf-8")
    assert sla("import", "customers", tmp_path / "none.csv", "--rejected", bad).exit_code == 1
    assert bad.read_text() == "row,field,reason\n"


def test_no_cell_of_the_rejected_rows_is_a_formula(sla, tmp_path):
    (tmp_path / "c.jsonl").write_text(
        "".join(json.dumps({text: 1, "id": "C-8"}) + "\n" for text in ("=1+1", "+1", "-1", "@x", "\t=1", "a\r\n=1")),
        "utf-8",
    )
    bad = tmp_path / "bad.csv"
    assert sla("import", "customers", tmp_path / "c.jsonl", "--rejected", bad).exit_code == 3
    assert bad.stat().st_mode & 0o077 == 0  # rows of customers
    with bad.open(newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert len(cells) > 3 * 6
    assert not [cell for cell in cells if cell[:1] in "=+-@\t\r"]
