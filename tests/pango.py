"""The operating system's text layout, which the PDF library loads."""

from ctypes.util import find_library

import pytest

from tests.system_packages import install_unless

LIBRARIES = ("pango-1.0", "pangoft2-1.0", "harfbuzz-subset")
PACKAGES = ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0")


def need_pango() -> None:
    """Find the libraries, or install them where that is possible; fail clearly where it is not."""
    if not install_unless(lambda: all(map(find_library, LIBRARIES)), *PACKAGES):
        pytest.fail(f"no {' or '.join(LIBRARIES)}: install the packages {' '.join(PACKAGES)}")
