"""Reading the facts of one service from a file: the same facts that the database holds, for a judgement without it."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import ConfigDict, Field, ValidationError

from include.sla_logic.domain.calendars import UnableToReadInstant, read_instant
from include.sla_logic.domain.contract.reading import UnableToReadContract, read_fields
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.measurements import ServiceFacts, StateChange, from_state_changes
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.samples import SampleSeries, UnableToPlaceSample


class UnableToReadFacts(ForeseenError):
    """The text holds no facts of a service; the sentence names the line and the field."""


class FactsFile(ServiceFacts):
    """Facts as written by hand: also with the window to judge, and with up/down events."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    window: Period | None = None
    state_changes: tuple[StateChange, ...] = Field(default=())

    def facts(self) -> ServiceFacts:
        """Return the facts with the up/down events turned into outages and unobserved time."""
        outages, unobserved = from_state_changes(self.state_changes, source=self.service)
        fields = {name: getattr(self, name) for name in ServiceFacts.model_fields}
        joined = {"outages": (*self.outages, *outages), "unobserved": (*self.unobserved, *unobserved)}
        return ServiceFacts.model_construct(**fields | joined)


def read_facts(text: str, *, name: str) -> FactsFile:
    """Return the facts of a YAML or JSON text; raise `UnableToReadFacts` for any other text.

    A series may give `samples` as pairs of instant and value instead of `start` and integer `values`.
    """
    try:
        fields, lines = read_fields(text, name=name)
        fields["series"] = [_placed(entry) for entry in fields.get("series") or []]
        return FactsFile.model_validate(fields)
    except UnableToReadContract as error:
        raise UnableToReadFacts(str(error)) from error
    except (UnableToPlaceSample, TypeError) as error:
        raise UnableToReadFacts(f"{name}: series: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        line = lines[tuple(first["loc"])]
        raise UnableToReadFacts(f"{name}, line {line}: {field}: {first['msg']}") from error


def _placed(entry: Any) -> Any:
    if not isinstance(entry, Mapping) or "samples" not in entry:
        return entry
    silent = entry.get("nothing_came_back")
    placed = SampleSeries.from_samples(
        [(_instant(moment), value) for moment, value in entry["samples"]],
        metric=str(entry.get("metric")),
        unit=str(entry.get("unit")),
        step_seconds=int(entry.get("step_seconds") or 0),
        decimals=int(entry.get("decimals", 3)),
        labelled_by_end=bool(entry.get("labelled_by_end")),
        nothing_came_back=None if silent is None else Decimal(str(silent)),
    )
    return placed.model_copy(update={"answered_elsewhere": bool(entry.get("answered_elsewhere"))})


def _instant(written: Any) -> datetime:
    if isinstance(written, date) and not isinstance(written, datetime):
        raise UnableToPlaceSample(f"{written} is a day, not an instant.")
    try:
        return read_instant(str(written))
    except UnableToReadInstant as error:
        raise UnableToPlaceSample(f"{error}; write it as 2025-04-10T08:00:00Z.") from error
