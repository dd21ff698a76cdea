"""Any received body as JSON text up to a cap, valid JSON or not.

Written without recursion, so that a body nested a thousand levels deep is safe.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_END = object()
_NAME_CAP = 250


@dataclass(frozen=True)
class RawPayload:
    """The text, whether it is all of the body, and how deeply the body is nested."""

    text: str
    complete: bool
    depth: int


def printable(text: str, cap: int = _NAME_CAP) -> str:
    """Return the text in ASCII without control characters, so that logs and tables can show it."""
    return text.encode("unicode_escape").decode("ascii")[:cap]


def write_raw_payload(body: object, *, cap: int) -> RawPayload:
    """Return at most `cap` ASCII characters; NaN, huge numbers and unknown objects are written as well."""
    pieces: list[str] = []
    left, deepest = cap, 0
    for depth, piece in _pieces(body):
        deepest = max(deepest, depth)
        pieces.append(piece[:left])
        left -= len(piece)
        if left < 0:
            return RawPayload("".join(pieces), complete=False, depth=deepest)
    return RawPayload("".join(pieces), complete=True, depth=deepest)


def _pieces(body: object) -> Iterator[tuple[int, str]]:
    """Walk the body with a stack of open brackets; a body that contains itself ends at the caller's cap."""
    stack: list[tuple[Iterator[tuple[str, object]], str]] = [(iter([("", body)]), "")]
    while stack:
        members, closing = stack[-1]
        before, value = next(members, ("", _END))
        depth = len(stack) - 1
        if value is _END:
            stack.pop()
            yield depth, closing
        elif isinstance(value, Mapping):
            yield depth + 1, before + "{"
            stack.append((_members(value), "}"))
        elif isinstance(value, list | tuple):
            yield depth + 1, before + "["
            stack.append((_items(value), "]"))
        else:
            yield depth, before + _scalar(value)


def _members(value: Mapping[object, object]) -> Iterator[tuple[str, object]]:
    for index, (name, member) in enumerate(value.items()):
        yield f"{', ' if index else ''}{_scalar(str(name))}: ", member


def _items(value: list[object] | tuple[object, ...]) -> Iterator[tuple[str, object]]:
    for index, item in enumerate(value):
        yield ", " if index else "", item


def _scalar(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 10_000:  # noqa: PLR2004
        return hex(value)  # Python refuses to write such numbers in decimals
    if value is None or isinstance(value, bool | int | float | str):
        return json.dumps(value)
    return json.dumps(f"{type(value).__name__} {value!s}")
