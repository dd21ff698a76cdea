"""Facts of a service written as a facts file, perhaps without what tells whose they are."""

import json
from collections.abc import Callable
from typing import Any

from include.sla_logic.domain.measurements import Attribution, ServiceFacts
from include.sla_logic.domain.period import Period

_NAMED = {"reference": "R", "event": "E"}  # what names a record, and the letter that stands for it
_WRITTEN = {"reason": "on hold"}  # what people wrote, and what stands for it; a cause is left out
_ANSWER = "answered_elsewhere"  # of earlier files: decides nothing


def write_facts(facts: ServiceFacts, window: Period, *, anonymous: bool = False) -> str:
    """Return the facts as JSON that `sla assess` reads: judged in that window they come to the same.

    Anonymous: names of the service and of records, causes and reasons are replaced, the same name by the same one.
    Times, charges and what was measured stay: the judgement rests on them.
    """
    fields = json.loads(facts.model_dump_json(exclude_defaults=True, exclude_none=True))
    fields |= {"window": json.loads(window.model_dump_json())}
    for series in fields.get("series", ()):
        series.pop(_ANSWER, None)
        series.setdefault("decimals", 3)
    if anonymous:
        fields = _anonymous(fields, _numbering())
        fields["service"] = "SERVICE"
    return json.dumps(fields, indent=1)


def _numbering() -> Callable[[str, str], str]:
    known: dict[str, str] = {}
    return lambda letter, name: known.setdefault(name, f"{letter}-{len(known) + 1}")


def _anonymous(value: Any, name: Callable[[str, str], str]) -> Any:
    if isinstance(value, list):
        return [_anonymous(one, name) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: _replaced(key, one, name) for key, one in value.items() if one is not None and key != "cause"}


def _replaced(key: str, value: Any, name: Callable[[str, str], str]) -> Any:
    if key in _NAMED:
        return name(_NAMED[key], value)
    if key in _WRITTEN:
        return _WRITTEN[key]
    if key == "owner":
        plain = "_".join(value.lower().split())
        return plain if plain in set(Attribution) else Attribution.THIRD_PARTY.value
    return _anonymous(value, name)
