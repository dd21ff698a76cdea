"""The customer's letter at the desk: as it was kept, as PDF, and able to do nothing."""

import builtins
import sys

import pytest
from typer.testing import CliRunner

from include.sla_logic.cli import app
from tests.pango import need_pango
from tests.use_case_fixtures import POSTGRES
from tests.web.desk_sample import HELD, client_of

ASKED = pytest.mark.parametrize("who", ["reader", "operator"])


@ASKED
def test_the_letter_is_linked_from_its_incident_and_shown_as_it_was_kept(sample, who):
    ticket = sample.tickets["premium"]
    with client_of(sample, who) as client:
        assert f"/incidents/{ticket}/letter" in client.get(f"/incidents/{ticket}").text
        answer = client.get(f"/incidents/{ticket}/letter")
    assert answer.status_code == 200
    assert answer.text == sample.use_cases.letters.as_page(ticket)
    assert sample.use_cases.lookups.incident(ticket).ticket.id in answer.text


def test_the_page_of_a_letter_can_load_run_and_send_nothing(sample, desk):
    answer = desk.get(f"/incidents/{sample.tickets['premium']}/letter")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert policy.endswith("sandbox")
    assert "script-src" not in policy
    assert "http" not in policy


@ASKED
def test_the_letter_is_handed_out_as_pdf(sample, who):
    need_pango()
    with client_of(sample, who) as client:
        answer = client.get(f"/incidents/{sample.tickets['premium']}/letter.pdf")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert len(answer.content) > 10_000


@pytest.mark.parametrize("error", [ImportError("No module"), OSError("cannot load library 'libpango-1.0-0'")])
def test_where_no_pdf_can_be_made_the_page_says_what_is_missing(sample, desk, monkeypatch, error):
    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name == "weasyprint":
            raise error
        return real(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "weasyprint", raising=False)
    monkeypatch.setattr(builtins, "__import__", refuse)
    answer = desk.get(f"/incidents/{sample.tickets['premium']}/letter.pdf")
    assert answer.status_code == 501
    assert "A letter as PDF needs" in answer.text


def test_an_incident_that_still_goes_on_has_no_letter(sample, desk):
    ticket = sample.tickets[HELD]
    assert f"/incidents/{ticket}/letter" not in desk.get(f"/incidents/{ticket}").text
    for name in ("letter", "letter.pdf"):
        answer = desk.get(f"/incidents/{ticket}/{name}")
        assert answer.status_code == 404
        assert "has no letter yet" in answer.text
    assert desk.get("/incidents/TT-999999/letter").status_code == 404


@pytest.mark.parametrize("name", ["letter", "letter.pdf"])
def test_nobody_reads_a_letter_without_a_login(sample, name):
    with client_of(sample, "") as client:
        assert client.get(f"/incidents/{sample.tickets['premium']}/{name}").status_code == 401


def test_the_terminal_prints_the_letter_and_writes_it_as_pdf(sample, tmp_path, monkeypatch):
    need_pango()
    ticket = sample.tickets["premium"]
    monkeypatch.setenv("TELECO_DB_URL", sample.use_cases.work.settings.database_url)
    printed = CliRunner().invoke(app, ["incident", "letter", ticket])
    assert printed.exit_code == 0
    assert ticket in printed.output
    place = tmp_path / "letter.pdf"
    assert CliRunner().invoke(app, ["incident", "letter", ticket, "--pdf", str(place)]).exit_code == 0
    assert place.read_bytes().startswith(b"%PDF-")
    assert place.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("kind", ["sqlite", POSTGRES])
def test_a_round_with_a_number_that_no_column_holds_has_no_letter(kind, request, monkeypatch):
    sample = request.getfixturevalue("own_sample" if kind == "sqlite" else "own_postgres_sample")
    monkeypatch.setenv("TELECO_DB_URL", sample.use_cases.work.settings.database_url)
    for name in ("SR-99999999999999999999", "SR-" + "9" * 200, "SR-9"):
        printed = CliRunner().invoke(app, ["incident", "letter", name])
        assert printed.exit_code == 1
        assert name in printed.output
        assert "unforeseen" not in printed.output
        with client_of(sample) as client:
            for page in ("letter", "letter.pdf"):
                assert client.get(f"/incidents/{name}/{page}").status_code == 404
