"""The operating system's text layout, which the PDF library loads; installed where that is possible."""

import os
import shutil
import subprocess
from ctypes.util import find_library

import pytest

PACKAGES = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0")


def need_pango() -> None:
    """Load the PDF library, with what it needs from the system; fail clearly where that cannot be had."""
    try:
        if find_library("harfbuzz-subset") is None:
            raise OSError("libharfbuzz-subset is missing")
        import weasyprint
    except OSError as missing:
        if not shutil.which("apt-get") or os.geteuid() != 0:
            pytest.fail(f"no Pango: install the packages {' '.join(PACKAGES)} ({missing})")
        for words in (["update"], ["install", "-y", "--no-install-recommends", *PACKAGES]):
            subprocess.run(["apt-get", *words], check=False)  # noqa: S607 - where the system has it
        import weasyprint  # noqa: F401 - again, and now it must work
