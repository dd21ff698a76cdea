"""Every list at a terminal of 80 columns, over one incident of every kind."""

import json
import re

import pytest
from typer.testing import CliRunner

from include.sla_logic.cli import app

LISTS = (
    "incident list",
    "backlog list",
    "problem list",
    "credit list",
    "outbox list",
    "quarantine list",
    "settlement list",
)


@pytest.fixture
def typed(sample, monkeypatch):
    monkeypatch.setenv("TELECO_DB_URL", sample.use_cases.work.settings.database_url)
    monkeypatch.setenv("COLUMNS", "80")
    return lambda line: CliRunner().invoke(app, line.split())


@pytest.mark.parametrize("line", [*LISTS, "incident show TT-000001", "service status S-1001", "doctor"])
def test_what_is_listed_fits_eighty_columns(typed, line):
    shown = typed(line)
    assert isinstance(shown.exception, SystemExit | None), shown.exception
    drawn = [text for text in shown.stdout.splitlines() if text[:1] in set("┏┃┡│└")]
    assert max(map(len, drawn), default=0) <= 80


@pytest.mark.parametrize("line", LISTS)
def test_what_is_listed_as_json_holds_no_python(typed, line):
    shown = typed(f"{line} --json")
    assert shown.exit_code == 0, shown.output
    text = json.dumps(json.loads(shown.stdout))
    assert not re.search(r"[A-Z]\w+\(\w+=|datetime|Decimal|<\w+[ .:]|\bNone\b", text)
