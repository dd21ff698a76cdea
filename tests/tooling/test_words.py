"""Private words that the project has left behind do not come back as names; English sentences are free."""

import re
import subprocess
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Words that are no part of any name: `open_house` and `KilledHouse` have the word `house`.
WORDS = """
carrier carriers desks embedded house houses leaver leavers lookout mailroom office offices paper papers parting
premises shelf shelter shelves stakes stranded telling town towns tray trays
"""
# Whole names that stood for something else than they say.
NAMES = """
BillingDesk Breach Desk Door Doors Folder KeptCaseFile LookOut PaperDesk ProblemDesk Wish arrival_places arriving
backlog_room carry case_work cohort_desks cohort_work control_room credit_room departments file_away holding_room
judging_room kept_case_file kept_letter lets_in look_out mail_blocks mail_content mail_wording outbox_desk
quarantine_room small_teleco take_up taking_up under_way waiting_room who_has_come
"""
# Folders and modules that were dissolved.
PLACES = """
acts adapters archive callers console departments dispatch filing first_look inspection kept_letter mail_blocks
mail_content mail_wording office prose small_teleco taking_up telling
"""
# Where a word means what every reader takes it for.
ALLOWED = {
    "take_up_stranded_incidents": "a task id: runs and histories name it",
}


def words_of(name: str) -> set[str]:
    """Split a name at underscores and capitals."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


@cache
def is_private(name: str) -> bool:
    """Tell whether the name is one that was left behind."""
    plain = name.strip("_")
    return name not in ALLOWED and (plain in NAMES.split() or not words_of(name).isdisjoint(WORDS.split()))


def _tracked() -> list[Path]:
    command = ["git", "ls-files", "-z", "*.py"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this copy of the project is no git checkout, so nothing is tracked")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def _names(file: Path) -> Iterator[tuple[int, str]]:
    """Return the parts of the file's path and every name in its code, each with its line."""
    relative = file.relative_to(ROOT)
    yield from ((0, part) for part in relative.with_suffix("").parts)
    with file.open("rb") as code:
        for token in tokenize.tokenize(code.readline):
            if token.type == tokenize.NAME:
                yield token.start[0], token.string


def test_no_name_has_a_private_word() -> None:
    found = {
        f"{file.relative_to(ROOT)}:{line}: {name}"
        for file in _tracked()
        for line, name in _names(file)
        if is_private(name)
    }
    assert sorted(found) == []


def test_no_package_or_module_has_a_dissolved_name() -> None:
    places = set(PLACES.split())
    assert {str(file) for file in _tracked() if {*file.relative_to(ROOT).parts, file.stem} & places} == set()


@pytest.mark.parametrize("name", ["open_house", "HouseOfCards", "_Tray", "take_up", "EmbeddedNetwork", "_Wish"])
def test_a_private_name_is_seen_in_every_spelling(name: str) -> None:
    assert is_private(name)


@pytest.mark.parametrize("name", ["incident_desk", "folder", "household", "take_up_stranded_incidents", "department"])
def test_a_word_of_the_field_is_free(name: str) -> None:
    assert not is_private(name)
