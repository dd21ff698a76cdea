"""A file that is uploaded: a dry run first, then the import; nothing of it is kept longer than needed."""

import gzip
import io
import re
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.settlement import completeness
from include.sla_logic.persistence.schema.uploads import upload_parts, uploads
from include.sla_logic.services import uploads as service_uploads
from include.sla_logic.web import build_desk
from include.sla_logic.web.security import UPLOAD_FORM
from tests.hostile import TEXTS
from tests.use_case_fixtures import POSTGRES
from tests.web.desk_sample import HERE, client_of, member, operator

HEADER = "service,reference,started_at,ended_at,cause\n"
GOOD = "S-1001,UP-1,2026-11-05T08:00:00Z,2026-11-05T09:00:00Z,Cut\n"
BAD = "S-nobody,UP-2,2026-11-05T08:00:00Z,2026-11-05T09:00:00Z,Cut\nS-1001,UP-3,5.11.2026 8:00,,Cut\n"


BEFORE_THE_DATABASE = pytest.mark.parametrize("sample", ["sqlite"], indirect=True)


@pytest.fixture(params=["sqlite", POSTGRES])
def sample(request):
    return request.getfixturevalue("own_sample" if request.param == "sqlite" else "own_postgres_sample")


@pytest.fixture
def desk(sample):
    with client_of(sample) as client:
        yield client


def send(desk, content, name="outages.csv", kind="outages", **fields):
    content = content.encode() if isinstance(content, str) else content
    return desk.post("/files", data={"kind": kind, **fields}, files={"file": (name, content)}, headers=HERE)


def page(desk, answer):
    assert answer.status_code == 303, answer.text
    return desk.get(answer.headers["location"]).text


def confirm(desk, number=1):
    return desk.post(f"/files/{number}/import", headers=HERE)


def count(sample, table=t.outages):
    with sample.use_cases.work.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def state(sample, number=1):
    return sample.use_cases.uploads.find(number).state


def test_a_dry_run_keeps_nothing_and_the_import_that_follows_keeps_the_good_rows(desk, sample):
    before = count(sample)
    shown = page(desk, send(desk, HEADER + GOOD + BAD))
    assert "to be confirmed" in shown
    assert "<dt>added</dt><dd>1</dd>" in shown
    assert "<dt>rejected</dt><dd>2</dd>" in shown
    rows = [re.findall(r">([^<>]+)</", row) for row in re.findall(r"<tr><th scope=\"row\">.*?</tr>", shown)]
    assert rows[0][:3] == ["3", "service", "S-nobody"]
    assert "is not known" in rows[0][3]
    assert "Import the services" in rows[0][4]
    assert rows[1][:3] == ["4", "started_at", "5.11.2026 8:00"]
    assert "mapping" in rows[1][4]
    assert count(sample) == before
    assert sample.use_cases.quarantine.entries(imports=True) == []

    shown = page(desk, confirm(desk))
    assert "confirmed by otto operates" in shown
    assert "<dt>added</dt><dd>1</dd>" in shown
    assert 'href="/waiting#imports"' in shown
    assert count(sample) == before + 1
    assert len(sample.use_cases.quarantine.entries(imports=True)) == 2
    assert "outages.csv" in desk.get("/waiting").text
    assert count(sample, upload_parts) == 0
    assert "import confirmed" in desk.get("/waiting").text
    told = desk.get("/files/1/rejected.csv")
    assert told.headers["content-disposition"] == 'attachment; filename="rejected-1.csv"'
    assert len(told.text.splitlines()) == 3


def test_an_upload_is_imported_once_and_discarded_only_before(desk, sample):
    page(desk, send(desk, HEADER + GOOD))
    page(desk, confirm(desk))
    before = count(sample)
    assert confirm(desk).status_code == 409
    assert desk.post("/files/1/discard", headers=HERE).status_code == 409
    page(desk, send(desk, HEADER + GOOD.replace("UP-1", "UP-9")))
    assert "Discarded by otto operates" in page(desk, desk.post("/files/2/discard", headers=HERE))
    assert confirm(desk, 2).status_code == 409
    assert count(sample) == before
    assert count(sample, upload_parts) == 0
    assert confirm(desk, 77).status_code == 404


@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        ("service;reference\nS-1001;x\n", "outages.csv", "are separated by"),
        ("reference\nx\n", "outages.csv", "is missing"),
        ("\0\1\2", "outages.csv", "outages.csv"),
        ("PK\3\4 no book", "outages.xlsx", "no spreadsheet"),
        (gzip.compress(b"a" * 30_000_000), "outages.csv.gz", "unpack"),
        (HEADER + GOOD, "outages.exe", "ends in none of"),
        ("[" * 100_000, "outages.json", "is not JSON"),
    ],
    ids=["delimiter", "no service", "bytes", "no book", "bomb", "ending", "nested"],
)
def test_a_file_that_cannot_be_read_is_refused_and_gone(desk, sample, content, name, says):
    answer = send(desk, content, name)
    assert answer.status_code == 303
    sample.use_cases.uploads.work_on(1)
    shown = desk.get("/files/1").text
    assert state(sample) == "refused"
    assert says in shown.replace("&#39;", "'")
    assert count(sample, upload_parts) == 0
    assert confirm(desk).status_code == 409


@BEFORE_THE_DATABASE
@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"kind": "secrets"}, "kind:"),
        ({"mapping": "/etc/passwd"}, "no shipped mapping"),
        ({"mapping": "../settings.yaml"}, "no shipped mapping"),
        ({"mapping": "statuspage", "own_mapping": "title: x"}, "not both"),
        ({"own_mapping": "title: [&a 1, *a]"}, "refers to a part of itself"),
        ({"own_mapping": "{"}, "not YAML"),
        ({"own_mapping": "title: x\nsections: {samples: {columns: {}}}"}, "not outages"),
        ({"own_mapping": "!!python/object/apply:os.system [id]"}, "not YAML"),
        ({"as_of": "yesterday"}, "as_of:"),
        ({"until": "soon"}, "until:"),
        ({"source": "a/b"}, "source:"),
        ({"complete_until": "2099-01-01T00:00:00Z"}, "in the future"),
        ({"kind": "customers", "complete_until": "2026-01-01T00:00:00Z"}, "no contract is judged on customers"),
        ({"kind": "samples"}, "samples need one"),
    ],
)
def test_a_form_that_does_not_say_how_the_file_is_read_keeps_nothing(desk, sample, fields, says):
    answer = send(desk, HEADER + GOOD, **fields)
    assert answer.status_code == 422
    assert says in answer.text
    assert count(sample, uploads) == 0


@BEFORE_THE_DATABASE
@pytest.mark.parametrize(
    "name",
    ["../../etc/cron.d/x.csv", "C:\\temp\\x.csv", "=cmd|x.csv", "-rf.csv", "x" * 400 + ".csv"],
    ids=["parents", "drive", "formula", "option", "long"],
)
def test_the_name_of_a_file_names_nothing_else(desk, sample, name):
    page(desk, send(desk, HEADER + BAD, name))
    page(desk, confirm(desk))
    kept = sample.use_cases.uploads.find(1).name
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", kept)
    assert kept.endswith(".csv")
    assert all(f".{kept}.row-" in entry.run_id for entry in sample.use_cases.quarantine.entries(imports=True))


def test_hostile_cells_are_shown_as_what_they_are(desk):
    texts = ["<script>alert(1)</script>", "=1+1", *(text for text in TEXTS.values() if "\0" not in text)][:22]
    rows = "".join(
        f'S-1001,H-{number},"{text.replace(chr(34), chr(34) * 2)}",,x\n' for number, text in enumerate(texts)
    )
    shown = page(desk, send(desk, (HEADER + rows).encode("utf-8", "replace")))
    assert "<script>alert" not in shown
    cells = desk.get("/files/1/rejected.csv").text
    assert ",=1+1" not in cells


def test_a_large_file_waits_for_another_process_and_shows_how_far_it_is(desk, sample, monkeypatch):
    sample.clock.now = datetime.now(UTC)  # the command has the clock of the machine
    many = "".join(GOOD.replace("UP-1", f"UP-{number}") for number in range(5_000))
    shown = page(desk, send(desk, HEADER + many))
    assert "waits for its dry run" in shown
    before = count(sample)
    monkeypatch.setenv("TELECO_DB_URL", sample.use_cases.work.settings.database_url)
    told = CliRunner().invoke(app, ["import", "uploads"])
    assert told.exit_code == 0, told.output
    assert "to be confirmed" in desk.get("/files/1").text
    assert "waits for its import" in page(desk, confirm(desk))
    assert count(sample) == before
    seen, report = [], service_uploads.kept_report
    monkeypatch.setattr(service_uploads, "TELL", 0.0)
    monkeypatch.setattr(
        service_uploads, "kept_report", lambda *told: [seen.append(desk.get("/files/1").text), report(*told)][-1]
    )
    assert CliRunner().invoke(app, ["import", "uploads"]).exit_code == 0
    assert "5,000 of about 5,000 rows" in seen[0]
    assert state(sample) == "imported"
    assert count(sample) == before + 5_000


def test_a_packed_file_is_never_unpacked_in_the_process_of_the_desk(desk, sample):
    page(desk, send(desk, gzip.compress((HEADER + GOOD).encode()), "outages.csv.gz"))
    assert state(sample) == "to_check"
    assert sample.use_cases.uploads.work_on(1).state == "checked"


@pytest.mark.parametrize("at", ["checking", "importing"])
def test_work_that_died_is_done_again_and_given_up_after_three_times(desk, sample, monkeypatch, at):
    service = sample.use_cases.uploads
    page(desk, send(desk, gzip.compress((HEADER + GOOD).encode()), "outages.csv.gz"))
    if at == "importing":
        service.work_on(1)
        page(desk, confirm(desk))

    def die(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("include.sla_logic.services.imports.Imports.records", die)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            service.work_on(1)
        assert state(sample) == at
        assert service.work_on(1) is None  # it may be alive
        sample.clock.now += timedelta(minutes=6)
    assert service.waiting() == [1]
    assert service.work_on(1).state == "refused"
    shown = desk.get("/files/1").text
    assert "three times" in shown
    assert ("Some rows may have come in" in shown) == (at == "importing")
    assert count(sample, upload_parts) == 0


def test_a_failure_is_tried_again_at_once(desk, sample, monkeypatch):
    page(desk, send(desk, gzip.compress((HEADER + GOOD).encode()), "outages.csv.gz"))
    monkeypatch.setattr("include.sla_logic.services.imports.Imports.records", lambda *_, **__: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        sample.use_cases.uploads.work_on(1)
    monkeypatch.undo()
    assert sample.use_cases.uploads.work_on(1).state == "checked"


def test_what_nobody_confirms_for_a_day_is_deleted(desk, sample):
    page(desk, send(desk, HEADER + GOOD))
    sample.clock.now += timedelta(hours=23)
    assert sample.use_cases.uploads.close_unattended() == 0
    sample.clock.now += timedelta(hours=2)
    assert sample.use_cases.uploads.close_unattended() == 1
    assert count(sample, upload_parts) == 0
    assert "Nobody has confirmed it" in desk.get("/files/1").text


def test_what_is_confirmed_waits_for_its_import_for_days(desk, sample, monkeypatch):
    monkeypatch.setattr(service_uploads, "AT_ONCE", 0)
    page(desk, send(desk, HEADER + GOOD))
    service = sample.use_cases.uploads
    sample.clock.now += timedelta(days=3)
    assert service.close_unattended() == 0
    assert service.work_on(1).state == "checked"
    page(desk, confirm(desk))
    sample.clock.now += timedelta(days=3)
    assert service.close_unattended() == 0
    assert service.work_on(1).state == "imported"


def test_a_process_that_was_silent_for_too_long_changes_nothing_any_more(desk, sample, monkeypatch):
    service, report = sample.use_cases.uploads, service_uploads.kept_report
    page(desk, send(desk, gzip.compress((HEADER + GOOD).encode()), "outages.csv.gz"))

    def silent(*told):
        monkeypatch.undo()
        sample.clock.now += timedelta(minutes=6)
        assert service.work_on(1).state == "checked"
        service.discard(1, by="ann")
        return report(*told)

    monkeypatch.setattr(service_uploads, "kept_report", silent)
    assert service.work_on(1).state == "withdrawn"
    assert state(sample) == "withdrawn"


def test_only_so_many_files_are_kept(desk, sample):
    for number in range(20):
        page(desk, send(desk, HEADER + GOOD.replace("UP-1", f"UP-{number}")))
    answer = send(desk, HEADER + GOOD)
    assert answer.status_code == 422
    assert "discard one of them first" in answer.text
    assert count(sample, uploads) == 20


def test_tickets_and_samples_come_in_the_same_way(desk, sample):
    text = desk.get("/files/samples/tickets.csv").text.replace("C-9001", "C-1001").replace("S-9001", "S-1001")
    assert "<dt>waiting</dt><dd>1</dd>" in page(desk, send(desk, text, "tickets.csv", "tickets", source="north"))
    assert "<dt>waiting</dt><dd>1</dd>" in page(desk, confirm(desk))
    bad = page(desk, send(desk, text.replace("2026-10-05T08:10:00Z", "noon"), "tickets.csv", "tickets"))
    assert '<td data-label="Value">noon</td>' in bad
    mapping = sample.use_cases.imports.kind("samples").needed
    values = desk.get("/files/samples/samples.csv").text.replace("S-9001", "S-1001")
    assert "<dt>added</dt><dd>1</dd>" in page(desk, send(desk, values, "s.csv", "samples", own_mapping=mapping))


def test_complete_records_are_noted_only_after_an_import_without_a_rejected_row(desk, sample):
    until = "2026-11-06T00:00:00Z"
    for number, content in enumerate((HEADER + BAD, HEADER + GOOD), start=1):
        page(desk, send(desk, content, complete_until=until))
        page(desk, confirm(desk, number))
        assert count(sample, completeness) == number - 1


def test_a_reader_sees_uploads_and_cannot_send_any(desk, sample):
    page(desk, send(desk, HEADER + GOOD))
    with client_of(sample, who="reader") as reader:
        assert "Import a file" not in reader.get("/files").text
        assert "to be confirmed" in reader.get("/files/1").text
        assert "<button" not in reader.get("/files/1").text
        assert send(reader, HEADER + GOOD).status_code == 403
        assert confirm(reader).status_code == 403
    assert desk.post("/files", data={"kind": "outages"}, files={"file": ("a.csv", b"x")}).status_code == 403


@BEFORE_THE_DATABASE
def test_a_file_beyond_the_limit_is_not_read(sample):
    asked = []

    async def collect(_request):
        asked.append(True)

    small = build_desk(lambda: sample.use_cases, reader=member, writer=operator, collect=collect, upload_bytes=300_000)
    client = TestClient(small, headers={"x-member": "operator"}, follow_redirects=False, raise_server_exceptions=False)
    assert send(client, b"x" * (300_001 + UPLOAD_FORM)).status_code == 413
    assert "300.0 kB are the limit" in send(client, b"x" * 300_001).text
    assert count(sample, uploads) == 0
    stream = (b"x" * 65_536 for _ in range(20))
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    assert client.post("/files", content=stream, headers=HERE | kind).status_code in {400, 413}
    assert asked == []
    assert page(client, send(client, HEADER + GOOD * 5_000))
    assert asked == [True]


def test_no_file_is_left_behind(desk, sample, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    page(desk, send(desk, HEADER + BAD))
    page(desk, confirm(desk))
    send(desk, "nonsense")
    assert [each for each in Path(tmp_path).iterdir() if each.name.startswith(("upload-", "tmp"))] == []


@BEFORE_THE_DATABASE
def test_a_form_without_a_file_or_of_another_kind_is_refused(desk):
    assert desk.post("/files", data={"kind": "outages"}, headers=HERE).status_code == 415
    assert desk.post("/files", files={"other": ("a.csv", b"x")}, headers=HERE).status_code == 422
    assert "empty" in send(desk, "").text
    broken = HERE | {"Content-Type": "multipart/form-data"}
    assert desk.post("/files", content=io.BytesIO(b"--"), headers=broken).status_code == 400
