"""Which files `docker build` leaves out: .dockerignore by Docker's own rules."""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]


def is_left_out(path: str) -> bool:
    """Tell whether the image lacks a path of the checkout: the last pattern decides that fits it or a folder of it."""
    parts = PurePosixPath(path).parts
    places = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
    left_out = False
    for pattern in _patterns():
        if any(_as_expression(pattern.removeprefix("!")).fullmatch(place) for place in places):
            left_out = not pattern.startswith("!")
    return left_out


def _patterns() -> Iterator[str]:
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        if (pattern := line.strip()) and not line.startswith("#"):
            yield pattern.strip("/")


def _as_expression(pattern: str) -> re.Pattern[str]:
    """Write a pattern as a regular expression: anchored, `**` for any number of folders, `*` and `?` within one."""
    signs = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    return re.compile("".join(signs.get(piece) or re.escape(piece) for piece in pieces))
