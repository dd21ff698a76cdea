"""Mapping files: where each field of a record is in an operator's file."""

from collections.abc import Iterable
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from include.sla_logic.domain.calendars import UnableToFindZone, find_zone
from include.sla_logic.domain.errors import ForeseenError


class UnableToReadMapping(ForeseenError):
    """The mapping file does not exist, or does not describe an import."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Part):
    """Where one field comes from: a column, or one value for all rows.

    `values` translates, `prefix` goes in front, `multiply` scales a number, `zone` is that of local times
    without offset, `months_before` turns a number of months into the day that long before the
    import's date, `optional` forgives a file without the column.
    """

    column: str | None = None
    value: str | None = None
    values: dict[str, str] = Field(default_factory=dict)
    prefix: str = ""
    multiply: Decimal | None = None
    zone: str | None = None
    months_before: bool = False
    optional: bool = False

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, zone: str | None) -> str | None:
        try:
            return zone if zone is None else find_zone(zone).key
        except UnableToFindZone as error:
            raise ValueError(str(error)) from error


def _as_source(written: Any) -> Any:
    return {"column": written} if isinstance(written, str) else written


AnySource = Annotated[Source, BeforeValidator(_as_source)]


class Series(_Part):
    """One sampled metric of a file; its values are in `from`."""

    metric: str
    unit: str
    source: AnySource = Field(alias="from")
    step_seconds: Annotated[int, Field(gt=0)]
    decimals: Annotated[int, Field(ge=0, le=9)] = 3
    nothing_came_back: Decimal | None = None


class Section(_Part):
    """How one kind of record is read from a row.

    A row is passed over where a column of `only` has none of the listed values. A column `each` holds a list: the
    row means one record for every entry, and is rejected without any. Samples name their `series` and
    whether a row carries the start or the end of its step. `strict` refuses rows with further columns.
    """

    columns: dict[str, AnySource]
    only: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    each: str | None = None
    series: tuple[Series, ...] = ()
    labelled_by: Literal["start", "end"] = "start"
    strict: bool = False


class Mapping(_Part):
    """One file's layout, and a section for each kind of record in it."""

    title: str
    layout: Literal["csv", "jsonl"] | None = None
    missing: tuple[str, ...] = ("",)
    sections: dict[str, Section]


def shipped_mappings() -> list[str]:
    """Return the names of the mappings that come with the product."""
    folder = files(__package__) / "mappings"
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def read_mapping(name: str) -> Mapping:
    """Read a mapping file by its path, or a shipped one by its name."""
    path = Path(name)
    try:
        if path.suffix in {".yaml", ".yml"}:
            text = path.read_text("utf-8")
        else:
            text = (files(__package__) / "mappings" / f"{name}.yaml").read_text("utf-8")
        return Mapping.model_validate(yaml.safe_load(text))
    except OSError as error:
        msg = f"There is no mapping {name}; shipped are {', '.join(shipped_mappings())}."
        raise UnableToReadMapping(msg) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        msg = f"The mapping {name} is not YAML."
        raise UnableToReadMapping(msg) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "mapping"
        msg = f"The mapping {name} cannot be used: {where}: {first['msg']}."
        raise UnableToReadMapping(msg) from error


def plain_mapping(kind: str, fields: Iterable[str]) -> Mapping:
    """Return the mapping of a file whose columns are named like the fields of the record; others are refused."""
    columns = {name: Source(column=name, optional=True) for name in fields}
    return Mapping(
        title=f"Columns named like the fields of {kind}", sections={kind: Section(columns=columns, strict=True)}
    )
