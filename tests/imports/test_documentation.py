"""What docs/imports.md shows comes in as it stands there."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.importers import read_mapping
from include.sla_logic.importers.mapping import Section, Series
from include.sla_logic.importers.sources import Source
from include.sla_logic.importers.tables import Dialect

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "imports.md").read_text("utf-8")
EXAMPLE = re.compile(r"```(csv|json)\n(.*?)```\s+```yaml\n(.*?)```\s+```text\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLE.findall(PAGE), ids=lambda example: example[0])
def test_every_example_comes_in_as_the_page_shows_it(use_cases, monkeypatch, tmp_path, example):
    layout, text, mapping, shows = example
    monkeypatch.setenv("TELECO_DB_URL", use_cases.work.settings.database_url)
    (tmp_path / "services.csv").write_text("id,name\nS-1,One\nS-2,Two\n")
    (tmp_path / "mapping.yaml").write_text(mapping, "utf-8")
    file = tmp_path / f"file.{layout}"
    file.write_text(text, read_mapping(str(tmp_path / "mapping.yaml")).encoding or "utf-8")
    sla = CliRunner().invoke
    assert sla(app, ["import", "services", str(tmp_path / "services.csv")]).exit_code == 0
    told = sla(app, ["import", "outages", str(file), "--mapping", str(tmp_path / "mapping.yaml"), "--dry-run"])
    assert told.exit_code == 0, told.output
    assert [line.strip() for line in told.stdout.splitlines() if line.startswith("  ")] == shows.splitlines()


def test_every_option_of_a_mapping_stands_on_the_page():
    options = {*Dialect.model_fields, *Section.model_fields, *Series.model_fields, *Source.model_fields}
    options -= {"strict", "source", "blank"}  # of ours alone; `from`; `blank: open`
    assert {name for name in options if f"`{name}`" not in PAGE} == set()
