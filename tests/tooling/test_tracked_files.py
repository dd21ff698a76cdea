"""Nothing tracked names the machine that it was written on, or a place to fetch packages from."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+|tmp)/[\w.-]+")
PACKAGE_HOSTS = re.compile(
    r"(?:pypi|pythonhosted|registry\.npmjs|deb\.debian|files\.\w+)\.(?:org|com|net)|--(?:extra-)?index-url|find-links"
)


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S607
    if listed.returncode:
        pytest.skip("this copy of the project is no git checkout, so nothing is tracked")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def _named(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{file.relative_to(ROOT)}:{number}: {found.group()}"
        for file in _tracked()
        if file != Path(__file__).resolve()
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), start=1)
        for found in pattern.finditer(line)
    ]


def test_no_tracked_file_names_a_path_of_one_machine() -> None:
    assert _named(MACHINE_PATHS) == []


def test_no_tracked_file_names_a_package_host() -> None:
    allowed = ("--no-emit-index-url", "Makefile")
    assert [found for found in _named(PACKAGE_HOSTS) if not any(part in found for part in allowed)] == []


def test_no_tracked_file_is_larger_than_a_megabyte() -> None:
    assert [str(file.relative_to(ROOT)) for file in _tracked() if file.stat().st_size > 1_000_000] == []
