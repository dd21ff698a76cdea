"""The changes are single and real, they are made in memory, and those of a sample are noticed."""

import ast
import os
import subprocess
import sys
from decimal import Decimal

import pytest

from include.sla_logic.domain.money import Money, half_up
from tests.mutants.__main__ import explained
from tests.mutants.changes import CORE, DOMAIN, ROOT, changes
from tests.mutants.session import FAILED, PASSED, Reached, in_fork
from tests.mutants.warm import apply, live_functions, place, record

MONEY = DOMAIN / "money.py"


def test_every_change_is_one_place_of_a_module_that_still_is_python():
    source = MONEY.read_text("utf-8")
    found = list(changes(MONEY))
    assert len({(change.begin, change.end, change.new) for change in found}) == len(found)
    for change in found:
        assert ast.dump(ast.parse(change.apply(source))) != ast.dump(ast.parse(source))


def test_every_survivor_that_is_listed_is_a_change_that_there_is():
    listed = {DOMAIN / key.split()[0] for key in explained()}
    assert set(explained()) - {change.key for file in listed for change in changes(file)} == set()
    assert listed <= set(CORE)


@pytest.mark.parametrize(
    ("function", "new", "there"), [("half_up", "-", True), ("_zero", "1", True), ("module", "16", False)]
)
def test_a_change_of_a_function_is_made_where_it_is_already_imported(function, new, there):
    change = next(one for one in changes(MONEY) if (one.function, one.new) == (function, new))

    def differs() -> int:
        made = apply(change, live_functions())
        seen = (half_up(Decimal("1.5"), 0), Money.zero("EUR").amount) != (2, 0)
        return PASSED if made == seen == there else FAILED

    assert os.waitstatus_to_exitcode(os.waitpid(in_fork(differs), 0)[1]) == PASSED
    assert (half_up(Decimal("1.5"), 0), Money.zero("EUR").amount) == (2, 0)


def test_the_statements_that_are_reached_are_those_of_the_functions_that_were_called():
    inside = {change.function: place(change) for change in changes(MONEY)}

    def records() -> int:
        reached = record(live_functions())
        half_up(Decimal("1.5"), 0)
        return PASSED if inside["half_up"] in reached and inside["Money.__add__"] not in reached else FAILED

    assert os.waitstatus_to_exitcode(os.waitpid(in_fork(records), 0)[1]) == PASSED


def test_of_the_tests_that_reach_a_change_or_are_new_the_quickest_is_first(tmp_path):
    change = next(change for change in changes(MONEY) if change.function == "half_up")
    seconds = {"slow": 2.0, "quick": 0.1, "elsewhere": 0.01}
    Reached({place(change): ["slow", "quick"]}, seconds).write(tmp_path / "reached")
    kept = Reached.read(tmp_path / "reached")
    assert kept == Reached({place(change): ["slow", "quick"]}, seconds)
    assert kept.tests(change, ["slow", "elsewhere", "quick", "new"]) == ["new", "quick", "slow"]
    assert kept.tests_first_of(change.file, ["elsewhere", "slow", "quick"]) == ["quick", "slow", "elsewhere"]


def test_of_a_file_that_has_changed_since_it_is_only_known_which_tests_reach_it_somewhere(tmp_path):
    change = next(change for change in changes(MONEY) if change.function == "half_up")
    seconds, before = {"quick": 0.1, "slow": 2.0, "elsewhere": 0.01}, Reached().of | {change.file: "before"}
    places = {(change.file, 1): ["slow"], (change.file, 2): ["quick"], ("other.py", place(change)[1]): ["elsewhere"]}
    Reached(places, seconds, of=before).write(tmp_path / "reached")
    assert Reached.read(tmp_path / "reached").tests(change, ["slow", "elsewhere", "quick"]) == ["quick", "slow"]


def test_where_a_file_is_new_every_test_is_run_again_as_any_may_reach_it(tmp_path):
    before = Reached().of
    before.pop("include/sla_logic/domain/money.py")
    Reached({("include/sla_logic/domain/period.py", 1): ["a"]}, {"a": 0.1}, of=before).write(tmp_path / "reached")
    assert Reached.read(tmp_path / "reached") == Reached()


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.mutants", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.more
def test_nothing_is_said_where_tests_fail_without_any_change(tmp_path):
    """A test that passes once alone would notice every change."""
    (tmp_path / "test_once.py").write_text(
        "from pathlib import Path\n"
        "from include.sla_logic.domain.money import half_up\n"
        "def test_once():\n"
        "    half_up(1, 0)\n"
        "    Path(__file__).with_name('passed').touch(exist_ok=False)\n",
        "utf-8",
    )
    done = run("--sample", 0, "--only", "domain/money.py", "--tests", tmp_path)
    assert done.returncode == 1
    assert "without any change" in done.stderr
    assert "changes noticed" not in done.stdout


@pytest.mark.more
def test_changes_to_money_time_and_samples_are_noticed():
    """`make mutants` tries the whole core."""
    tests = [f"tests/domain/test_{name}.py" for name in ("money", "period", "bounds_of_values")]
    only = [f"domain/{name}.py" for name in ("money", "period", "samples")]
    done = run("--seed", 5, "--sample", 40, "--only", *only, "--tests", *tests)
    assert done.returncode == 0, done.stdout + done.stderr
