"""A contract with one term at several values: the file is changed at a path and read again."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from include.sla_logic.domain.contract.contract import Contract
from include.sla_logic.domain.contract.linting import read_contract
from include.sla_logic.domain.contract.reading import UnableToReadContract, read_fields
from include.sla_logic.domain.errors import ForeseenError

MOST_STEPS = 200
_WRITTEN = re.compile(r"(?P<term>[\w.-]+)=(?P<low>-?[0-9.]+) ?(?P<unit>[^0-9.]*)\.\.(?P<high>-?[0-9.]+) ?(?P<same>\D*)")


class UnableToVary(ForeseenError):
    """The term is not in the contract, or no range is given for it."""


@dataclass(frozen=True)
class Variant:
    """The contract with the term at one value; without a `contract` it is refused, for this reason."""

    value: str
    contract: Contract | None
    refused: str = ""


def variants(text: str, written: str, *, steps: int, name: str) -> list[Variant]:
    """Return the contract for that many even steps of a term, both ends included.

    Written `objectives.availability.target=99.5..99.99`: entries of a list are named by their id or by their place from
    0 on, values may have a unit (`cap.share=10%..50%`). Raise `UnableToVary`.
    """
    found = _WRITTEN.fullmatch(written.strip())
    if found is None:
        raise UnableToVary(f"{written!r} is no range of a term: write objectives.availability.target=99.5..99.99.")
    if not 2 <= steps <= MOST_STEPS:  # noqa: PLR2004 - both ends
        raise UnableToVary(f"{steps} steps: write 2 to {MOST_STEPS}.")
    unit = found["unit"].strip() or found["same"].strip()
    if (found["same"].strip() or unit) != unit:
        raise UnableToVary(f"The ends of {written!r} have two units.")
    low, high = (Decimal(found[end]) for end in ("low", "high"))
    return [_variant(text, found["term"], value, unit, name) for value in _values(low, high, steps)]


def _values(low: Decimal, high: Decimal, steps: int) -> Iterator[str]:
    """Yield even steps, with the decimals of the finer end and two more."""
    places = max(-int(one.as_tuple().exponent) for one in (low, high)) + 2
    for number in range(steps):
        value = low + (high - low) * number / (steps - 1)
        yield f"{round(value, max(places, 0)).normalize():f}"


def _variant(text: str, term: str, value: str, unit: str, name: str) -> Variant:
    fields, _lines = read_fields(text, name=name)
    separator = "" if unit in ("", "%") else " "
    said = f"{value}{separator}{unit}"
    _put(fields, term, said)
    try:
        return Variant(said, read_contract(json.dumps(fields, default=str), name=name))
    except UnableToReadContract as error:
        return Variant(said, None, str(error))


def _put(fields: Any, term: str, value: str) -> None:
    """Write the value where the term is; only what the file states can be varied."""
    *path, last = term.split(".")
    at, seen = fields, list[str]()
    for part in path:
        seen.append(part)
        at = at.get(part) if isinstance(at, dict) else _entry(at, part) if isinstance(at, list) else None
        if at is None:
            raise UnableToVary(f"The contract states no {'.'.join(seen)}.")
    key: Any = last
    if isinstance(at, list) and last.isdigit():
        key = int(last)
    known = (isinstance(at, dict) and key in at) or (isinstance(at, list) and key in range(len(at)))
    if not known or isinstance(at[key], dict | list):
        raise UnableToVary(f"The contract states no value of {term}: write it in the file first.")
    at[key] = int(value) if isinstance(at[key], int) and value.isdigit() else value


def _entry(entries: list[Any], part: str) -> Any:
    named = [one for one in entries if isinstance(one, dict) and str(one.get("id")) == part]
    if named:
        return named[0]
    return entries[int(part)] if part.isdigit() and int(part) < len(entries) else None
