"""After letters were moved into the archive, every page, API and command answers as before, to the byte."""

import re
from datetime import datetime, timedelta

import pytest
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.services.letters import UnableToMakePdf
from tests.web.desk_sample import Sample, client_of
from tests.web.walks import READING, walk

QUARTER = timedelta(days=91)
COMMANDS = (("incident", "list", "--json"), ("outbox", "list", "--limit", "500", "--json"))
MADE = re.compile(r"<time[^>]* data-made>[^<]*</time>")  # when a page was made, by the machine's own clock
OF_EACH = (("incident", "show", "--json"), ("incident", "letter"))


@pytest.fixture
def sent(built_sample: Sample, tmp_path) -> Sample:
    """Let everything have left, a quarter ago."""
    sample = built_sample.again(tmp_path)
    sample.use_cases.monthly_reports.send("C-1001", "2026-11", by="ann")
    while sample.use_cases.outbox.deliver().sent:
        pass
    sample.clock.now += QUARTER
    return sample


def answered(sample: Sample, letters: list[str], at: datetime) -> dict[str, object]:
    """Return what pages, APIs and commands answer, all at the same moment."""
    found = {}
    for who in ("operator", "partner"):
        with client_of(sample, who) as client:
            for method, path, sent_ in map(walk, READING):
                if path.endswith(".pdf"):
                    continue  # below, for one letter
                paths = [path.replace("TT-000001", ticket) for ticket in letters] if "/letter" in path else [path]
                for each in paths:
                    sample.clock.now = at
                    answer = client.request(method, each, **sent_)
                    found[who, method, each] = (answer.status_code, MADE.sub("", answer.text))
    commands = [*COMMANDS, *((*of[:2], ticket, *of[2:]) for of in OF_EACH for ticket in letters)]
    for command in commands:
        sample.clock.now = at
        done = CliRunner().invoke(app, list(command))
        assert done.exit_code == 0, command
        found[command] = done.output
    for ticket in letters:
        sample.clock.now = at
        found[ticket, "case"] = sample.use_cases.lookups.incident(ticket).model_dump_json()
    return found


@pytest.mark.more
def test_pages_letters_apis_and_commands_answer_as_before(sent, monkeypatch):
    monkeypatch.setattr("include.sla_logic.services.UseCases", lambda _settings: sent.use_cases)
    mails = [m for m in sent.use_cases.outbox.messages(limit=500) if m.kind == "mail" and m.ticket]
    letters = sorted({m.ticket for m in mails})[:6]
    with client_of(sent) as client:  # who has used the desk is offered as an owner
        client.get("/")
    at = sent.clock.now
    before = answered(sent, letters, at)
    moved = sent.use_cases.outbox.archive(days=90)
    assert moved.letters > 5
    assert moved.after < moved.before / 2
    status = sent.use_cases.lookups.database_status()
    assert status["letters in the archive"] == moved.letters
    after = answered(sent, letters, at)
    assert [asked for asked in before if after[asked] != before[asked]] == []
    assert sent.use_cases.outbox.archive(days=90).letters == 0
    assert list(sent.use_cases.monitoring.violations()) == []


def test_the_letter_as_pdf_is_the_same_file(sent):
    ticket = sent.tickets["premium"]
    try:
        before = sent.use_cases.letters.as_pdf(ticket)
    except UnableToMakePdf as missing:
        pytest.skip(str(missing))
    assert sent.use_cases.outbox.archive(days=90).letters > 0
    assert sent.use_cases.letters.as_pdf(ticket) == before
