"""Change the core in one place at a time and count what the tests notice: `make mutants`.

mutmut skips every decorated function and property, and cosmic-ray runs all tests for each change; here, only the tests
that call the changed function run, and all of them for a change that those do not notice.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import yaml

from tests.mutants.changes import CORE, ROOT, Change, changes
from tests.mutants.plugin import CALLS, CHANGED

FOLDERS = ("tests/domain", "tests/acceptance", "tests/process")
SURVIVORS = Path(__file__).parent / "survivors.yaml"
_QUIET = ("-q", "-x", "-p", "no:cacheprovider", "-p", "tests.mutants.plugin", "-m", "not more", "--hypothesis-seed=1")
_MOST_TESTS, _LONGEST = 300, 900


def _pytest(tests: Sequence[str], environment: dict[str, str]) -> int:
    command = [sys.executable, "-m", "pytest", *_QUIET, *tests]
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=os.environ | environment, capture_output=True, timeout=_LONGEST, check=False
        )
    except subprocess.TimeoutExpired:
        return 1  # a change that makes a test hang is noticed
    return done.returncode


def callers() -> dict[str, list[str]]:
    """Return the tests that call each function of the core, by running all of them once."""
    with tempfile.TemporaryDirectory() as folder:
        calls = Path(folder) / "calls.json"
        if _pytest(FOLDERS, {CALLS: str(calls)}) != 0:
            sys.exit("The tests fail without any change.")
        found: dict[str, list[str]] = json.loads(calls.read_text("utf-8"))
    return found


def tests_of(change: Change, called: dict[str, list[str]]) -> list[str]:
    """Return the tests that call the function, fewest others first; for what is no function, those of its module."""
    inside = [f"{change.file} {change.function}"]
    chosen = [tests for name, tests in called.items() if any(name == i or name.startswith(f"{i}.") for i in inside)]
    if not chosen:
        chosen = [tests for name, tests in called.items() if name.startswith(f"{change.file} ")]
    return sorted({test for tests in chosen for test in tests})[:_MOST_TESTS]


def notices(change: Change, called: dict[str, list[str]], *, whole: bool) -> bool:
    """Tell whether a test fails with the change."""
    environment = {CHANGED: json.dumps(asdict(change))}
    near = tests_of(change, called)
    if near and _pytest(near, environment) != 0:
        return True
    return whole and _pytest(FOLDERS, environment) != 0


def explained() -> dict[str, str]:
    """Return the known survivors, as `file function: old -> new`, with the reason why each changes nothing."""
    found: dict[str, str] = yaml.safe_load(SURVIVORS.read_text("utf-8")) or {}
    return found


def key(change: Change) -> str:
    """Name a change so that it is found again when lines move."""
    return f"{change.file.removeprefix('include/sla_logic/domain/')} {change.function}: {change.old} -> {change.new}"


def main() -> None:
    """Try a seeded sample, print every change that no test notices, and fail below 95 %."""
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", type=int, default=100, help="how many changes; 0 for all")
    parser.add_argument("--only", default="", help="part of the path of the modules")
    parser.add_argument("--calls", type=Path, help="a file that keeps which tests call what, between runs")
    parser.add_argument("--near", action="store_true", help="run only the tests that call the function")
    asked = parser.parse_args()
    known = asked.calls is not None and asked.calls.is_file()
    called = json.loads(asked.calls.read_text("utf-8")) if known else callers()
    if asked.calls is not None and not known:
        asked.calls.write_text(json.dumps(called), "utf-8")
    every = [change for file in CORE if asked.only in str(file) for change in changes(file)]
    chosen = random.Random(asked.seed).sample(every, min(asked.sample or len(every), len(every)))
    reasons, missed = explained(), list[Change]()
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda change: notices(change, called, whole=not asked.near), chosen)
        for change, noticed in zip(chosen, found, strict=True):
            if not noticed:
                missed.append(change)
                print(
                    f"{change}{' (listed: ' + reasons[key(change)] + ')' if key(change) in reasons else ''}", flush=True
                )
    counted = [change for change in missed if key(change) not in reasons]
    share = 100 * (len(chosen) - len(counted)) / len(chosen)
    print(
        f"{len(chosen) - len(missed)} of {len(chosen)} changes noticed (seed {asked.seed}), {share:.1f} % or explained"
    )
    sys.exit(share < 95)


if __name__ == "__main__":
    main()
