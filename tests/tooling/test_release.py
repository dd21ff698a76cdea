"""The version in pyproject.toml is the newest released section of the changelog."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_version_is_the_newest_release_of_the_changelog() -> None:
    sections = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert sections[:2] == ["Unreleased", version]


def test_the_licence_is_the_one_that_the_metadata_name() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["license"] == "Apache-2.0"
    assert all("Apache License" in (ROOT / file).read_text() for file in project["license-files"])
