"""The page that people read names every step, every document and every table, and no other."""

import re
from pathlib import Path

from include.sla_logic.domain.document import Document
from include.sla_logic.domain.policies import NAMES
from include.sla_logic.process.graph import STEPS, WAIT, Kind
from include.sla_logic.process.stages import step_named
from tests.domain.process.test_documents import all_kinds

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "process.md").read_text("utf-8")


def test_the_rows_of_the_page_are_the_steps_of_the_process():
    rows = re.findall(r"^\| (\d+) \| (decision |sensor )?`(\w+)`", PAGE, re.MULTILINE)
    assert [(int(row), kind.strip() or Kind.ACTIVITY, name) for row, kind, name in rows] == [
        (step.row, step.kind, step.name) for step in STEPS.values()
    ]


def test_every_document_is_explained_in_one_line():
    documents = re.findall(r"^\| ([A-Z]\w+) \|", PAGE, re.MULTILINE)
    assert sorted(documents) == sorted(kind.kind() for kind in all_kinds(Document))


def test_every_business_table_is_named():
    named = set(re.findall(r"^\| `(\w+)\.yaml`", PAGE, re.MULTILINE))
    assert named == {file.stem for file in (ROOT / "include" / "sla_logic" / "policies").glob("*.yaml")}
    assert named >= set(NAMES)


def test_every_step_has_prose_that_names_its_row():
    for name in STEPS.keys() - {WAIT}:
        doc = step_named(name).documentation
        assert step_named(name).name == name
        assert len(doc.split()) > 15, name
        assert doc.endswith(f"Row {STEPS[name].row} of the process."), name
