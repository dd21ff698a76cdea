"""One gate: hooks, hosted CI and pages name the make targets and the script that exist."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
TARGETS = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
TESTS = list(ROOT.glob("tests/**/test_*.py"))


def _yaml(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text())


def test_the_hosted_gate_runs_the_script_that_any_machine_runs() -> None:
    steps = _yaml(".github/workflows/ci.yaml")["jobs"]["gate"]["steps"]
    assert [step["run"] for step in steps if "run" in step][-1] == ".ci/run"


def test_the_script_lints_and_tests() -> None:
    called = set(re.findall(r"\bmake ([a-z-]+)", (ROOT / ".ci" / "run").read_text()))
    assert {"env", "lint", "test"} <= called <= TARGETS


def test_each_test_belongs_to_one_of_the_three_targets() -> None:
    makefile = (ROOT / "Makefile").read_text()
    chosen = re.findall(r'pytest .*?-m "?([a-z_ ]+?)"? \$\(T\)', makefile)
    assert chosen == ["not more", "more and not own_airflow and not longest", "own_airflow or longest"]
    marks = [re.findall(r"^pytestmark = .*own_airflow.*$", file.read_text("utf-8"), re.MULTILINE) for file in TESTS]
    assert any(marks)
    assert all("pytest.mark.more," in mark for found in marks for mark in found)


def test_every_hook_is_a_make_target() -> None:
    hooks = [hook for repository in _yaml(".pre-commit-config.yaml")["repos"] for hook in repository["hooks"]]
    assert {hook["entry"] for hook in hooks} <= {f"make {target}" for target in TARGETS}


def test_every_make_target_that_a_page_names_exists() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    text = "\n".join(page.read_text("utf-8") for page in pages)
    named = set(re.findall(r"(?:`|^)make ([a-z][a-z-]*)", text, re.MULTILINE))
    assert {"demo", "test"} <= named <= TARGETS
