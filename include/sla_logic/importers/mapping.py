"""Mapping files: where each field of a record is in an operator's file."""

from collections.abc import Iterable
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.fault_words import fault_in_words
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.importers.sources import AnySource, Part, Source
from include.sla_logic.importers.tables import Dialect

FOLDER = files(__package__) / "mappings"
_TIMES = {"latency", "jitter"}
MAPPING_FILES = {".yaml", ".yml"}
M = TypeVar("M", bound=BaseModel)
Values = dict[str, tuple[str, ...]]  # a column, and the texts that are meant


class UnableToReadMapping(ForeseenError):
    """The mapping file does not exist, or does not describe an import."""


class Series(Part):
    """One sampled metric of a file; its values are in `from`.

    `nothing_came_back` is the value by which a poller says so. A share is a value all the same (100 % of loss); of a
    time, and below zero, it is none.
    """

    metric: str
    unit: str
    source: AnySource = Field(alias="from")
    step_seconds: Annotated[int, Field(gt=0)]
    decimals: Annotated[int, Field(ge=0, le=9)] = 3
    nothing_came_back: Decimal | None = None

    @property
    def silence(self) -> Decimal | None:
        """The value by which a poller says that nothing came back, where it is a value all the same."""
        said = self.nothing_came_back
        return None if said is None or said < 0 or self.metric in _TIMES else said


class Pairs(Part):
    """Rows that open and rows that close: two of them are one record, whose end is read from the closing row.

    `key` says which belong together: a monitor, or with `once` an event that opens and closes a single time.
    """

    open: Values
    close: Values
    key: AnySource
    once: bool = False


class Section(Part):
    """How one kind of record is read from a row.

    A row is passed over where a column of `only` has none of the listed values. A column `each` holds a list (in a
    text, with `separator` between its entries): the row means one record for every entry, and is rejected without
    any. Samples name their `series` and whether a row carries the start or the end of its step; `align` moves them
    by at most `tolerance_seconds` to their grid. An outage whose service or resource `trunks` names, or all where it
    is true, reaches each service that runs on it. `strict` refuses rows with further columns.
    """

    columns: dict[str, AnySource]
    only: Values = Field(default_factory=dict)
    each: str | None = None
    separator: Annotated[str, Field(min_length=1)] = ","
    pairs: Pairs | None = None
    trunks: bool | tuple[str, ...] = False
    series: tuple[Series, ...] = ()
    labelled_by: Literal["start", "end"] = "start"
    align: Literal["nearest", "floor"] | None = None
    tolerance_seconds: Annotated[int, Field(gt=0)] | None = None
    strict: bool = False

    @model_validator(mode="after")
    def _needs_what_it_uses(self) -> Self:
        if self.tolerance_seconds is not None and self.align is None:
            msg = "tolerance_seconds says how far align may move a sample, and there is no align"
            raise ValueError(msg)
        return self

    def is_trunk(self, service: str) -> bool:
        """Tell whether an outage of it reaches the services that run on it."""
        return self.trunks is True or (isinstance(self.trunks, tuple) and service in self.trunks)

    def needed(self) -> set[str]:
        """Return the columns without which no row can be read."""
        sources = [*self.columns.values(), *(one.source for one in self.series)]
        values = [self.only]
        if self.pairs is not None:
            sources.append(self.pairs.key)
            values += [self.pairs.open, self.pairs.close]
        found = {column for source in sources for column in source.needed()}
        return found.union(*values, {self.each} if self.each else ())


class Mapping(Dialect):
    """One file's dialect, and a section for each kind of record in it.

    Without any section the columns are named like the fields of the record.
    """

    title: str
    sections: dict[str, Section] = Field(default_factory=dict)


def shipped_mappings() -> list[str]:
    """Return the names of the mappings that come with the product."""
    return sorted(entry.name.removesuffix(".yaml") for entry in FOLDER.iterdir() if entry.name.endswith(".yaml"))


def read_mapping(name: str) -> Mapping:
    """Read a mapping file by its path, or a shipped one by its name."""
    return read_model(Mapping, name, "mappings", shipped_mappings())


def read_model(model: type[M], name: str, folder: str, shipped: Iterable[str]) -> M:
    """Read a file of a mapping as this model; raise `UnableToReadMapping` with the place that is wrong."""
    path = Path(name)
    try:
        shipped_file = files(__package__).joinpath(folder, f"{name}.yaml")
        text = path.read_text("utf-8") if path.suffix in MAPPING_FILES else shipped_file.read_text("utf-8")
    except OSError as error:
        raise UnableToReadMapping(f"There is no mapping {name}; shipped are {', '.join(shipped)}.") from error
    except UnicodeDecodeError as error:
        raise UnableToReadMapping(Sentence("The mapping %(name)s is not YAML.", name=name)) from error
    return _read_as(model, text, name)


def read_sent_text(model: type[M], text: str, name: str) -> M:
    """Read a mapping that came from outside; raise `UnableToReadMapping`, also where a part stands for another one.

    A few letters could so stand for more than any machine can hold.
    """
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
            raise UnableToReadMapping(f"The mapping {name} refers to a part of itself (*): write it out.")
    except yaml.YAMLError as error:
        raise UnableToReadMapping(f"The mapping {name} is not YAML.") from error
    return _read_as(model, text, name)


def _read_as(model: type[M], text: str, name: str) -> M:
    try:
        return model.model_validate(yaml.safe_load(text))
    except (yaml.YAMLError, RecursionError) as error:
        raise UnableToReadMapping(f"The mapping {name} is not YAML.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "mapping"
        msg = "The mapping %(name)s cannot be used: %(field)s: %(why)s."
        raise UnableToReadMapping(Sentence(msg, name=name, field=where, why=fault_in_words(first))) from error


def plain_mapping(kind: str, fields: Iterable[str], dialect: Mapping | None = None) -> Mapping:
    """Return the mapping of a file whose columns are named like the fields of the record; others are refused."""
    columns = {name: Source(column=name, optional=True) for name in fields}
    mapping = dialect or Mapping(title=f"Columns named like the fields of {kind}")
    return mapping.model_copy(update={"sections": {kind: Section(columns=columns, strict=True)}})
