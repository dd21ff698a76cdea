"""The page Files: every column of every import is explained, its samples come in, and exports are files."""

import csv
import io
import json
import re

import pytest
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.importers import KINDS, shipped_mappings
from include.sla_logic.importers.columns import import_kinds
from include.sla_logic.importers.tickets import shipped_ticket_mappings
from tests.web.desk_sample import client_of

ALL = list(import_kinds())


def test_the_page_explains_every_column_of_every_import(desk):
    page = desk.get("/files").text
    assert {*KINDS, "tickets"} == set(ALL)
    for kind, known in KINDS.items():
        part = page.partition(f'id="{kind}"')[2].partition("</details>")[0]
        rows = dict(re.findall(r"<code>(\w+)</code> <span class=\"chip[^>]*>(\w+)</span>", part))
        fields = known.record.model_fields
        assert rows == {name: "required" if one.is_required() else "optional" for name, one in fields.items()}, kind
    for name in {*shipped_mappings(), *shipped_ticket_mappings()} - {"plain"}:
        assert f"/files/mappings/{name}.yaml" in page
        assert desk.get(f"/files/mappings/{name}.yaml").text.strip()


def test_every_sample_file_comes_in_as_it_stands(own_sample, tmp_path, monkeypatch):
    monkeypatch.setenv("TELECO_DB_URL", own_sample.use_cases.work.settings.database_url)
    with client_of(own_sample) as client:
        for kind in ALL:
            sent = client.get(f"/files/samples/{kind}.csv")
            assert sent.headers["content-disposition"] == f'attachment; filename="{kind}.csv"'
            file = tmp_path / f"{kind}.csv"
            file.write_text(sent.text, "utf-8")
            mapping = tmp_path / f"{kind}.yaml"
            mapping.write_text(import_kinds()[kind].needed)
            more = ["--mapping", str(mapping)] if import_kinds()[kind].needed else []
            told = CliRunner().invoke(app, ["import", kind, str(file), *more, "--json"])
            assert told.exit_code == 0, (kind, told.output)
            report = json.loads(told.stdout)
            assert report["rows"] == 1
            assert report["rejected"] == []


@pytest.mark.parametrize("name", ["..%2F..%2Fsettings", "plain.yaml", "nobody", "%2Fetc%2Fpasswd", "mapping"])
def test_nothing_but_a_shipped_mapping_and_a_sample_is_handed_out(desk, name):
    assert desk.get(f"/files/mappings/{name}.yaml").status_code == 404
    assert desk.get(f"/files/samples/{name}.csv").status_code == 404


def test_the_process_log_of_a_month_is_a_file_without_names(desk, sample):
    sent = desk.get("/files/process-log?month=2026-11&form=csv")
    assert sent.headers["content-disposition"] == 'attachment; filename="process-log-2026-11.csv"'
    first = {row[0] for row in csv.reader(io.StringIO(sent.text))}
    assert {*sample.tickets.values()} <= first
    assert "otto operates" not in sent.text
    assert json.loads(desk.get("/files/process-log?month=2026-11").text)["events"]
    assert "not a month" in desk.get("/files/process-log?month=soon").text


def test_the_facts_of_a_window_are_a_file_that_can_be_judged(desk):
    facts = json.loads(desk.get("/files/facts?service=S-1001&day=2026-11-10").text)
    assert facts["service"] == "S-1001"
    assert facts["window"]
    assert desk.get("/files/facts?service=S-1001&day=yesterday").status_code == 422
    assert desk.get("/files/facts?service=S-none").status_code == 404
