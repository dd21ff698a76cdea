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
OLDER = Path(__file__).parent / "older"
# With the claim, while an outage lasts, as the window ends, and when every last day has passed.
MOMENTS = ("2025-03-26T12:00Z", "2025-03-30T01:00Z", "2025-03-31T22:00Z", "2025-04-30T00:00Z")


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


def assessed_older(moment: str) -> str:
    """Return each line that is printed of every older kind of rule at a moment, once."""
    files = [str(OLDER / file) for file in ("contract.yaml", "facts.yaml")]
    printed = CliRunner().invoke(app, ["assess", *files, "--as-of", moment]).output
    return "\n".join(dict.fromkeys(printed.splitlines())) + "\n"


if __name__ == "__main__":
    KEPT.mkdir(exist_ok=True)
    for number, moment in enumerate(MOMENTS):
        (OLDER / f"{number}.txt").write_text(assessed_older(moment), "utf-8")
    for name in NAMES:
        (KEPT / f"{name}.txt").write_text(assessed(name), "utf-8")
