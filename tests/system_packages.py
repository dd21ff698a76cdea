"""What tests need beside the environment: Debian's packages, and what a lock names, where both can be reached."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from deploy.locked_packages import UnableToInstall, installed, locked

ROOT = Path(__file__).resolve().parents[1]
LOCK = "teleco-tests-apt.lock"


def install_unless(present: Callable[[], bool], *packages: str) -> bool:
    """Install the packages unless what they bring is there, one worker at a time; tell whether it is there now."""
    if present():
        return True
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return False
    with locked(Path(tempfile.gettempdir()) / LOCK):
        if not present():
            for words in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
                subprocess.run(["apt-get", *words], check=False)  # noqa: S607 - where the system has it
    return present()


def installed_or_skipped(name: str, locks: Sequence[Path], fill: Callable[[Path], None]) -> Path:
    """Return the folder of what these locks name; skip the test where the package index cannot be reached."""
    try:
        return installed(ROOT, name, locks, fill)
    except UnableToInstall as error:
        if not error.is_away:
            raise
        pytest.skip(f"the package index cannot be reached: {error}")
