"""The page that people read names every task, every document and every table, and no other."""

import inspect
import re
from enum import StrEnum
from pathlib import Path

from include.sla_logic.domain.document import Document
from include.sla_logic.domain.policies import NAMES
from include.sla_logic.process.step import Step
from tests.domain.process.test_papers import all_kinds
from tests.process.walking import DEPARTMENTS, NEXT, WAIT

PAGE = (Path(__file__).parents[2] / "docs" / "process.md").read_text("utf-8")


def activities() -> dict[str, Step]:
    """Return every step of the departments by its name."""
    return {
        name: member
        for department in DEPARTMENTS
        for name, member in vars(department).items()
        if isinstance(member, Step)
    }


def test_every_task_has_its_row_and_every_row_its_task():
    rows = re.findall(r"^\| (\d+) \| (?:decision |sensor )?`(\w+)`", PAGE, re.MULTILINE)
    assert {name for _, name in rows} | {"take_over_incident"} == set(activities()) | {WAIT}
    assert sorted({int(number) for number, _ in rows}) == list(range(1, 32))


def test_every_document_is_explained_in_one_line():
    documents = re.findall(r"^\| ([A-Z]\w+) \|", PAGE, re.MULTILINE)
    assert sorted(documents) == sorted(kind.kind() for kind in all_kinds(Document))


def test_every_business_table_is_named():
    assert set(re.findall(r"^\| `(\w+)\.yaml`", PAGE, re.MULTILINE)) == set(NAMES)


def test_every_activity_has_prose_that_names_its_row():
    for name, step in activities().items():
        doc = step.documentation
        assert step.name == name
        assert len(doc.split()) > 15, name
        assert name == "take_over_incident" or re.search(r"Row \d+ of the process\.", doc), name


def test_every_answer_of_a_decision_is_a_task():
    answers = {
        member.value
        for department in DEPARTMENTS
        for _, kind in inspect.getmembers(department, inspect.isclass)
        if issubclass(kind, StrEnum) and kind.__module__.startswith(department.__name__)
        for member in kind
    }
    assert len(answers) == 13
    assert answers <= set(activities())
    assert set(NEXT.values()) <= set(activities()) | {WAIT}
