"""What `sla assess` prints of each contract of the gallery, when all is known and in mid-window.

`python -m tests.domain.contract.assessed` writes the files again; read the difference before you commit it.
"""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
    middle = CliRunner().invoke(app, ["assess", *files, "--as-of", middle_of(whole)]).output
    return f"{whole}\n{paid_units(*files)}\n{middle}"


def paid_units(*files: str) -> str:
    """Return what letters and bills are told of each credit: its units, products and limits as data."""
    judged = json.loads(CliRunner().invoke(app, ["assess", *files, "--json"]).output)
    paid = {one["objective"]: _stated(one["paid"]) for one in judged["objectives"] if one.get("paid")}
    rows = ((f"{name} {part}", value) for name, parts in paid.items() for part, value in parts.items())
    lines = ((title, one) for title, value in rows for one in (value if isinstance(value, list) else [value]))
    return "".join(f"paid: {title} {json.dumps(one)}\n" for title, one in lines)


def _stated(part: Any) -> Any:
    """Leave out what is not stated."""
    if isinstance(part, list):
        return [_stated(one) for one in part]
    if not isinstance(part, dict):
        return part
    return {name: _stated(value) for name, value in part.items() if value not in (None, [], {}, "")}


def assessed_older(moment: str) -> str:
    """Return each line that is printed of every older kind of rule at a moment, once."""
    files = [str(OLDER / file) for file in ("contract.yaml", "facts.yaml")]
    printed = CliRunner().invoke(app, ["assess", *files, "--as-of", moment]).output
    told = paid_units(*files) if moment == MOMENTS[-1] else ""
    return "\n".join(dict.fromkeys(printed.splitlines())) + "\n" + told


if __name__ == "__main__":
    KEPT.mkdir(exist_ok=True)
    for number, moment in enumerate(MOMENTS):
        (OLDER / f"{number}.txt").write_text(assessed_older(moment), "utf-8")
    for name in NAMES:
        (KEPT / f"{name}.txt").write_text(assessed(name), "utf-8")
