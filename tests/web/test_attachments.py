"""Files at an incident: taken by their content, kept for good, only ever saved, and mailed when somebody says so."""

from email import message_from_string, policy
from hashlib import sha256
from io import BytesIO
from zipfile import ZipFile

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.persistence.schema.attachments import attachments
from include.sla_logic.persistence.schema.system_t import outbox
from include.sla_logic.process.graph import WAIT
from tests.hostile import FORGERS, TEXTS
from tests.web.desk_sample import HELD, HERE, MEMBERS, Sample, client_of
from tests.web.test_actions import told

OTTO = MEMBERS["operator"].name
PDF = b"%PDF-1.7\n1 0 obj\n<< /JavaScript (app.alert(1)) >>\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
LOG = "link down\nüber 3 %\n".encode()
MB = 1_000_000


def parts_in_one(*parts: str) -> bytes:
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        for part in ("[Content_Types].xml", *parts):
            archive.writestr(part, "<x/>")
    return packed.getvalue()


@pytest.fixture
def desk(own_sample):
    with client_of(own_sample) as client:
        yield client


def send(client, ticket, name, content):
    octets = {"Content-Type": "application/octet-stream", **HERE}
    path = f"/api/v1/incidents/{ticket}/attachments"
    return client.post(path, params={"name": name}, content=content, headers=octets)


def upload(client, ticket, name, content, **more):
    return client.post(f"/incidents/{ticket}/attachments", files={"file": (name, content)} | more, headers=HERE)


def kept(client, ticket):
    return client.get(f"/api/v1/incidents/{ticket}").json()["attachments"]


def test_a_file_is_kept_once_with_hash_author_and_time_and_stays_internal(desk, own_sample, ticket):
    for _ in range(2):
        assert upload(desk, ticket, "trace.log", LOG).headers["location"] == f"/incidents/{ticket}?done=attached"
    assert send(desk, ticket, "another name.txt", LOG).json()["name"] == "trace.log"
    [file] = kept(desk, ticket)
    assert (file["name"], file["kind"], file["size"], file["author"]) == ("trace.log", "text", len(LOG), OTTO)
    assert file["digest"] == sha256(LOG).hexdigest()
    page = desk.get(f"/incidents/{ticket}").text
    assert f'attachments/{file["id"]}" download="trace.log"' in page
    assert page.count(f"{OTTO} attached trace.log (20 bytes, text).") == 1
    assert '<span class="chip">internal</span>' in page
    [(actor, action, detail)] = told(own_sample, ticket)
    assert (actor, action) == (OTTO, "file attached")
    assert file["digest"] in detail
    assert own_sample.use_cases.monitoring.violations() == []


TAKEN = [
    ("report.PDF", PDF, "report.pdf", "pdf"),
    ("photo.jpeg", b"\xff\xd8\xff\xe0" + b"\0" * 20, "photo.jpeg", "jpeg"),
    ("dump.cap", b"\xd4\xc3\xb2\xa1" + b"\0" * 20, "dump.cap", "capture"),
    ("letter.docx", parts_in_one("word/document.xml"), "letter.docx", "word"),
    ("figures", parts_in_one("xl/workbook.xml"), "figures.xlsx", "spreadsheet"),
    ("invoice.pdf.exe", PDF + b"x", "invoice.pdf.exe.pdf", "pdf"),
    ("page.html", b"<script>alert(1)</script>", "page.html.txt", "text"),
    ("picture.svg", b'<svg onload="alert(1)"/>', "picture.svg.txt", "text"),
    ("run.bat", b"del *.*", "run.bat.txt", "text"),
    ("not a picture.png", LOG, "not a picture.png.txt", "text"),
    ("../../../../etc/passwd", b"a", "passwd.txt", "text"),
    (r"C:\Users\otto\trace.log", b"b", "trace.log", "text"),
    (".htaccess", b"c", "htaccess.txt", "text"),
    ("...", b"d", "file.txt", "text"),
    ("", b"e", "file.txt", "text"),
    ("nul.txt", b"f", "_nul.txt", "text"),
    ('a"b<c>|d%00.txt', b"g", "a_b_c__d_00.txt", "text"),
    ("übersicht Wien.txt", b"h", "übersicht Wien.txt", "text"),
    ("x" * 240 + ".txt", b"i", "x" * 116 + ".txt", "text"),
]


def test_what_a_file_is_its_content_says_and_its_name_ends_so(desk, ticket):
    answers = [send(desk, ticket, name, content) for name, content, *_ in TAKEN]
    assert {answer.status_code for answer in answers} == {201}
    assert [(answer.json()["name"], answer.json()["kind"]) for answer in answers] == [tuple(one[2:]) for one in TAKEN]


def test_a_hostile_name_is_harmless_on_the_page_in_headers_and_as_a_file(desk, ticket):
    texts = [*TEXTS.values(), *(f"a{sign}b.txt" for sign in FORGERS.values())]
    for number, text in enumerate(texts):
        answer = send(desk, ticket, text, f"{number}".encode())
        if "\0" in text:  # no address holds it; the name in a form may
            assert answer.status_code == 400
            assert upload(desk, ticket, text, f"{number}".encode()).status_code == 303
    page = desk.get(f"/incidents/{ticket}").text
    assert "<script>alert" not in page
    assert "onmouseover='alert" not in page
    files = kept(desk, ticket)
    assert len(files) == len(texts)
    for number, file in enumerate(files):
        assert file["name"].isprintable()
        assert not set(file["name"]) & set('<>:"|?*\\/%')
        saved = desk.get(f"/api/v1/incidents/{ticket}/attachments/{file['id']}")
        assert saved.content == f"{number}".encode()
        assert "bcc" not in {name.lower() for name in saved.headers}
        assert saved.headers["content-disposition"].startswith("attachment; filename=")


@pytest.mark.parametrize("path", ["/incidents", "/api/v1/incidents"])
def test_a_file_is_only_ever_saved(desk, ticket, path):
    number = send(desk, ticket, "übersicht.html", b"<script>alert(1)</script>").json()["id"]
    saved = desk.get(f"{path}/{ticket}/attachments/{number}")
    assert saved.content == b"<script>alert(1)</script>"
    said = saved.headers["content-disposition"]
    assert said == "attachment; filename=\"_bersicht.html.txt\"; filename*=UTF-8''%C3%BCbersicht.html.txt"
    assert saved.headers["content-type"] == "application/octet-stream"
    assert saved.headers["x-content-type-options"] == "nosniff"
    assert saved.headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_a_file_belongs_to_its_incident_alone(desk, own_sample, ticket):
    number = send(desk, ticket, "trace.log", LOG).json()["id"]
    other = own_sample.report("premium").id
    assert desk.get(f"/incidents/{other}/attachments/{number}").status_code == 404
    sent = {"text": "Here it is.", "sent": "1", f"attachment_{number}": "yes"}
    refused = desk.post(f"/acts/ticket/{other}/message", data=sent, headers=HERE)
    assert (refused.status_code, f"{other} has no attachment {number}." in refused.text) == (404, True)


REFUSED = [
    (b"", "is empty: choose one"),
    (b"MZ\x90\x00\x03", "Send one of: pdf, png, jpeg, gif, text, word"),
    (b"\x7fELF\x02\x01", "control character U+007F; send it without"),
    ("über".encode("latin-1"), "text as UTF-8"),
    (b"ok\x1b[2Jgone", "control character U+001B; send it without"),
    (parts_in_one("readme.txt"), "Archives are not taken: send the files in it one by one"),
    (parts_in_one("word/document.xml", "word/vbaProject.bin"), "contains macros: save it without them"),
    (b"PK\x03\x04 and no more", "is broken: save it again"),
    (b" " * (10 * MB + 1), "at most 10 MB. Send the part that matters"),
    (b" " * (11 * MB), "at most 10 MB. Send the part that matters"),
]


def test_what_is_not_taken_says_what_to_send_instead(desk, own_sample, ticket):
    for content, why in REFUSED:
        for answer in (send(desk, ticket, "a.pdf", content), upload(desk, ticket, "a.pdf", content)):
            assert (answer.status_code in {413, 422}, why in answer.text) == (True, True), why
    assert kept(desk, ticket) == []
    assert told(own_sample, ticket) == []


def test_only_a_request_with_a_file_may_be_large(desk, ticket):
    assert send(desk, ticket, "a.txt", b"x" * MB).status_code == 201
    big = {"Content-Type": "application/octet-stream", **HERE}
    for path in (f"/acts/ticket/{ticket}/note", f"/api/v1/incidents/{ticket}/attachments/1", "/api/v1/incidents"):
        assert desk.post(path, content=b"x" * MB, headers=big).status_code == 413
    streamed = send(desk, ticket, "b.txt", (b"x" * MB for _ in range(12)))
    assert (streamed.status_code, "at most 10 MB" in streamed.json()["detail"]) == (413, True)


def test_a_request_without_a_file_says_what_is_missing(desk, ticket):
    path = f"/incidents/{ticket}/attachments"
    assert "in the field `file`" in desk.post(path, files={"other": ("a.txt", LOG)}, headers=HERE).text
    assert desk.post(path, data={"file": "text"}, headers=HERE).status_code == 415
    two = desk.post(path, files=[("file", ("a.txt", LOG)), ("file", ("b.txt", PDF))], headers=HERE)
    assert two.status_code == 400
    assert desk.post(path, files={"file": ("a.txt", LOG)}).status_code == 403  # from nowhere
    assert kept(desk, ticket) == []


def test_readers_save_and_do_not_attach(own_sample, ticket):
    with client_of(own_sample) as operator:
        number = send(operator, ticket, "trace.log", LOG).json()["id"]
    with client_of(own_sample, who="reader") as reader:
        assert reader.get(f"/incidents/{ticket}/attachments/{number}").content == LOG
        assert send(reader, ticket, "b.log", LOG + b"!").status_code == 403
        assert upload(reader, ticket, "b.log", LOG + b"!").status_code == 403
        assert 'type="file"' not in reader.get(f"/incidents/{ticket}").text


def test_an_incident_has_not_more_files_than_the_table_says(desk, ticket):
    for number in range(100):
        assert send(desk, ticket, f"{number}.txt", f"{number}".encode()).status_code == 201
    refused = send(desk, ticket, "one more.txt", b"one more")
    assert (refused.status_code, "say in a note where others are" in refused.json()["detail"]) == (409, True)
    assert send(desk, ticket, "7.txt", b"7").status_code == 201
    assert len(kept(desk, ticket)) == 100


def mails(sample):
    with sample.use_cases.work.reading() as connection:
        payloads = connection.scalars(select(outbox.c.payload).where(outbox.c.key.startswith("<desk."))).all()
    sample.use_cases.outbox.deliver()
    files = sorted(sample.use_cases.work.settings.letters_folder.glob("desk.*.eml"))
    return payloads, [message_from_string(file.read_text("ascii"), policy=policy.default) for file in files]


def test_a_message_to_the_customer_carries_what_was_ticked_and_nothing_else(desk, own_sample, ticket):
    numbers = [send(desk, ticket, name, content).json()["id"] for name, content in
               (("trace.log", LOG), ("Übersicht.pdf", PDF), ("picture.png", PNG))]  # fmt: skip
    form = desk.get(f"/acts/ticket/{ticket}/message").text
    assert [f'name="attachment_{number}" value="yes">' in form for number in numbers] == [True] * 3
    said = {"text": "As we said on the phone.", "sent": "1"}
    carries = {f"attachment_{number}": "yes" for number in numbers[:2]}
    for status in (303, 409):
        assert desk.post(f"/acts/ticket/{ticket}/message", data=said | carries, headers=HERE).status_code == status
    [payload], [mail] = mails(own_sample)
    assert len(str(payload)) < 5_000  # the files are added as the mail leaves
    assert [(part.get_filename(), part.get_content_type()) for part in mail.iter_attachments()] == [
        ("trace.log", "text/plain"),
        ("Übersicht.pdf", "application/pdf"),
    ]
    assert [part.get_payload(decode=True) for part in mail.iter_attachments()] == [LOG, PDF]
    assert "As we said on the phone." in mail.get_body(("plain",)).get_content()
    assert mail["Message-ID"] == payload["message_id"]
    note = desk.get(f"/api/v1/incidents/{ticket}").json()["notes"][-1]
    assert note["attachments"] == numbers[:2]
    page = desk.get(f"/incidents/{ticket}").text
    assert page.count("sent to the customer") == 3  # the message and two files
    assert '<span class="sub">with Übersicht.pdf</span>' in page
    again = desk.post(
        f"/api/v1/acts/ticket/{ticket}/message",
        json={"text": "As we said on the phone.", "attachments": numbers[2:]},
        headers=HERE,
    )
    assert again.status_code == 200
    assert len(mails(own_sample)[1]) == 2
    assert own_sample.use_cases.monitoring.violations() == []


def test_the_terminal_lists_the_files(desk, own_sample, ticket, monkeypatch):
    monkeypatch.setenv("TELECO_DB_URL", own_sample.use_cases.work.settings.database_url)
    assert "Attachments" not in CliRunner().invoke(app, ["incident", "show", ticket]).stdout
    send(desk, ticket, "trace.log", LOG)
    shown = CliRunner().invoke(app, ["incident", "show", ticket]).stdout
    assert "Attachments" in shown
    assert "trace.log" in shown


def test_the_files_of_one_mail_have_a_limit_together(desk, own_sample, ticket):
    numbers = [send(desk, ticket, f"{sign}.txt", sign.encode() * (6 * MB)).json()["id"] for sign in "ab"]
    body = {"text": "Both.", "attachments": numbers}
    refused = desk.post(f"/api/v1/acts/ticket/{ticket}/message", json=body, headers=HERE)
    assert (refused.status_code, "send them in several messages" in refused.json()["detail"]) == (422, True)
    assert mails(own_sample) == ([], [])


def test_what_is_attached_is_neither_changed_nor_deleted(desk, own_sample, ticket):
    send(desk, ticket, "trace.log", LOG)
    for change in (update(attachments).values(name="x"), delete(attachments)):
        with (
            pytest.raises(DBAPIError, match="rows of attachments are only ever added"),
            own_sample.use_cases.work.database.write() as connection,
        ):
            connection.execute(change)


@pytest.mark.more
def test_it_is_the_same_on_postgresql(tmp_path, postgres_url):
    sample = Sample(tmp_path, url=postgres_url)
    ticket = sample.walk(HELD, until=WAIT).id
    with client_of(sample) as client:
        test_a_message_to_the_customer_carries_what_was_ticked_and_nothing_else(client, sample, ticket)
        test_what_is_attached_is_neither_changed_nor_deleted(client, sample, ticket)
        assert client.get(f"/incidents/{ticket}/attachments/1").content == LOG
