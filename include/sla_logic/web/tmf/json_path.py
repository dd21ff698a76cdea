"""The `filter` of a list: a few JSONPath expressions are read as filters by attribute, nothing is ever evaluated."""

import re
from collections.abc import Collection

from include.sla_logic.web.tmf.errors import NotOffered

_WHOLE = re.compile(r"\s*\$?\.?(?P<inside>[A-Za-z.]{0,64})\[\?\((?P<terms>[^\[\]()?]{1,1000})\)\]\s*")
_TERM = re.compile(
    r"""\s*@\.?(?P<name>[A-Za-z.]{0,64})\s*(?P<how>==|>=|<=|>|<)\s*(?P<quote>['"])(?P<value>[^'"]{0,200})(?P=quote)\s*"""
)
_HOW = {"==": "", ">": ".gt", ">=": ".gte", "<": ".lt", "<=": ".lte"}


def read_json_path(expression: str, known: Collection[str]) -> list[tuple[str, str]]:
    """Return attributes with their values, as a query would have them: `$[?(@.status=='held')]`.

    Terms are joined with &&; an attribute inside a list is written `externalIdentifier[?(@.id=='X')]`. Raise
    `NotOffered` for everything else.
    """
    whole = _WHOLE.fullmatch(expression)
    if whole is None:
        raise _not_offered(known)
    found = []
    for term in whole["terms"].split("&&"):
        one = _TERM.fullmatch(term)
        if one is None:
            raise _not_offered(known)
        name = ".".join(part for part in (whole["inside"].strip("."), one["name"]) if part) + _HOW[one["how"]]
        if name not in known or "," in one["value"]:
            raise _not_offered(known)
        found.append((name, one["value"]))
    return found


def _not_offered(known: Collection[str]) -> NotOffered:
    names = ", ".join(sorted(known))
    return NotOffered(
        f"filter: only equality and comparison of these attributes, joined with &&, are offered: {names}."
    )
