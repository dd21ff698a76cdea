"""Reading the facts of one service from a file: the same facts that the database holds, for a judgement without it.

Nothing in a file is ignored: a field that no model has is refused, as a misspelt fact would be lost.
"""

from datetime import datetime
from functools import cache
from typing import Any

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from include.sla_logic.domain.contract.reading import Lines, UnableToReadContract, read_fields
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.facts_refusal import NO_NUMBER, odd_numbers, reason_of
from include.sla_logic.domain.facts_series import WrittenSeries, join_series
from include.sla_logic.domain.measurements import LineState, ServiceFacts, StateChange, from_state_changes
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.samples import UnableToPlaceSample

MOST_BYTES = 16 * 2**20
MOST_VALUES = 600_000  # three series of one-minute samples for a month, written as pairs
_SERIES = TypeAdapter(tuple[WrittenSeries, ...])


class UnableToReadFacts(ForeseenError):
    """The text holds no facts of a service; the sentence names the line and the field."""


class FactsFile(ServiceFacts):
    """Facts as written by hand: also with the window to judge, and with up/down events."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    window: Period | None = None
    state_changes: tuple[StateChange, ...] = Field(default=())

    def facts(self, *, until: datetime | None = None) -> ServiceFacts:
        """Return the facts with the up/down events turned into outages and unobserved time.

        A state that is unknown at the last event stays so `until` that moment.
        """
        outages, unobserved = from_state_changes(self.state_changes, source=self.service)
        last = max(self.state_changes, key=lambda change: change.at, default=None)
        if last is not None and last.state is LineState.UNKNOWN and until is not None and last.at < until:
            unobserved = (*unobserved, Period(start=_since(self.state_changes), end=until))
        fields = {name: getattr(self, name) for name in ServiceFacts.model_fields}
        joined = {"outages": (*self.outages, *outages), "unobserved": (*self.unobserved, *unobserved)}
        return ServiceFacts.model_construct(**fields | joined)


def _since(changes: tuple[StateChange, ...]) -> datetime:
    """Return since when the state has been what the last event says."""
    backwards = sorted(changes, key=lambda change: change.at, reverse=True)
    since = backwards[0]
    for change in backwards:
        if change.state is not since.state:
            break
        since = change
    return since.at


def read_facts(text: str, *, name: str) -> FactsFile:
    """Return the facts of a YAML or JSON text; raise `UnableToReadFacts` for any other text.

    A series may give `samples` as pairs of instant and value instead of `start` and integer `values`.
    """
    if (size := len(text.encode())) > MOST_BYTES:
        raise UnableToReadFacts(f"{name}: the file has {size} bytes; at most {MOST_BYTES} are read.")
    try:
        fields, lines = read_fields(text, name=name, most=MOST_VALUES, what="a facts file")
    except UnableToReadContract as error:
        raise UnableToReadFacts(str(error)) from error
    for path, given in odd_numbers(fields, _numbers()):
        said = f"{'.'.join(map(str, path))}: {given} {NO_NUMBER}"
        raise UnableToReadFacts(f"{name}, line {lines[path]}: {said}")
    try:
        written = _SERIES.validate_python(fields.pop("series", None) or (), extra="forbid")
    except ValidationError as error:
        raise _refused(error, ("series",), lines, name) from error
    try:
        return FactsFile.model_validate(fields | {"series": join_series(written)}, extra="forbid")
    except UnableToPlaceSample as error:
        raise UnableToReadFacts(f"{name}, line {lines[('series',)]}: series: {error}") from error
    except ValidationError as error:
        raise _refused(error, (), lines, name) from error


def _refused(error: ValidationError, above: tuple[str | int, ...], lines: Lines, name: str) -> UnableToReadFacts:
    """Name the first field that is wrong; a name that no model knows explains why another is missing."""
    wrong = min(error.errors(), key=lambda entry: entry["type"] != "extra_forbidden")
    path = (*above, *wrong["loc"])
    return UnableToReadFacts(f"{name}, line {lines[path]}: {reason_of(wrong, path, lines, _names())}")


@cache
def _fields() -> dict[str, str]:
    """Return all fields that a facts file may have, at any depth, each with what the schema says of it."""
    found: dict[str, str] = {}
    schema: dict[str, Any] = FactsFile.model_json_schema()
    for model in (schema, *schema["$defs"].values(), WrittenSeries.model_json_schema()):
        found |= {name: str(form) for name, form in model.get("properties", {}).items()}
    return found


def _names() -> list[str]:
    return sorted(_fields())


@cache
def _numbers() -> frozenset[str]:
    """Return the fields that hold one number."""
    kinds = ("'type': 'number'", "'type': 'integer'")
    return frozenset(n for n, form in _fields().items() if any(k in form for k in kinds) and "'array'" not in form)
