"""What `sla assess` prints of each contract of the gallery, when all is known and in mid-window.

`python -m tests.domain.contract.assessed` writes it anew, to be read before it is kept.
"""

import re
from datetime import UTC, datetime
from pathlib import Path

from typer.testing import CliRunner

from include.sla_logic.cli import app

GALLERY = Path(__file__).parents[3] / "docs" / "gallery"
NAMES = sorted(folder.name for folder in GALLERY.iterdir() if folder.is_dir())
KEPT = Path(__file__).parent / "assessed"


def middle_of(printed: str) -> str:
    """Return the moment in the middle of the window that was judged."""
    found = re.search(r"window (\S+ \S+) to (\S+ \S+) UTC", printed)
    assert found, printed
    start, end = (datetime.fromisoformat(found[side]).replace(tzinfo=UTC) for side in (1, 2))
    return (start + (end - start) / 2).isoformat()


def assessed(name: str) -> str:
    """Return what is printed of a contract when all is known, then what was to be seen in mid-window."""
    files = [str(GALLERY / name / file) for file in ("contract.yaml", "facts.yaml")]
    whole = CliRunner().invoke(app, ["assess", *files]).output
    return whole + CliRunner().invoke(app, ["assess", *files, "--as-of", middle_of(whole)]).output


if __name__ == "__main__":
    KEPT.mkdir(exist_ok=True)
    for name in NAMES:
        (KEPT / f"{name}.txt").write_text(assessed(name), "utf-8")
