"""The changes are single and real, and a sample of them is noticed."""

import ast
import json
import re
import subprocess
import sys
from dataclasses import asdict

import pytest

from tests.mutants.__main__ import explained, key
from tests.mutants.changes import CORE, DOMAIN, ROOT, changes
from tests.mutants.plugin import CHANGED

MONEY = DOMAIN / "money.py"


def test_every_change_is_one_place_of_a_module_that_still_is_python():
    source = MONEY.read_text("utf-8")
    found = list(changes(MONEY))
    assert len({(change.begin, change.end, change.new) for change in found}) == len(found)
    for change in found:
        assert ast.dump(ast.parse(change.apply(source))) != ast.dump(ast.parse(source))


def test_every_survivor_that_is_listed_is_a_change_that_there_is():
    there = {key(change) for file in CORE for change in changes(file)}
    assert set(explained()) - there == set()


def run(tests, **environment):
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "-p",
        "tests.mutants.plugin",
        *tests,
    ]
    paths = {"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}"}
    return subprocess.run(command, cwd=ROOT, env=paths | environment, capture_output=True, timeout=600, check=False)


def test_a_changed_rounding_of_money_is_noticed_and_an_unchanged_one_passes():
    (change,) = [one for one in changes(MONEY) if one.function == "half_up" and one.new == "3"][:1]
    tests = ["tests/domain/test_money.py"]
    assert run(tests).returncode == 0
    assert run(tests, **{CHANGED: json.dumps(asdict(change))}).returncode == 1


@pytest.mark.more
def test_most_of_a_sample_of_changes_to_money_are_noticed():
    """`make mutants` says which are not."""
    command = [sys.executable, "-m", "tests.mutants", "--near", "--seed", "5", "--sample", "6", "--only", "money"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=3000, check=False)
    noticed = re.search(r"(\d+) of 6 changes noticed", done.stdout)
    assert noticed, done.stdout + done.stderr
    assert int(noticed[1]) >= 4, done.stdout
