"""What tests need of the operating system, installed from Debian's packages where that is possible."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.sharing import locked

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
