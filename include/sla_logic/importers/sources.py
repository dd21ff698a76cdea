"""Where one field of a record comes from, as a mapping says it."""

from decimal import Decimal
from string import Template
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from include.sla_logic.domain.calendars import UnableToFindZone, find_zone


class Part(BaseModel):
    """A part of a mapping: a key that it does not have is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _several(written: Any) -> Any:
    return (written,) if isinstance(written, str) else written


Columns = Annotated[tuple[str, ...], BeforeValidator(_several)]


class Source(Part):
    """Where one field comes from: a column, several columns, or one value for all rows.

    A `column` of JSON may be a jmespath. `fallback` names columns that are asked where it is empty, `join` columns
    whose texts follow each other (a date and a time); `text` is a sentence with `$column` in it. `values`
    translates, `prefix` goes in front, `slug` turns what a reference may not contain into hyphens, `otherwise` is
    used where the cell is missing, `optional` forgives a file without the column. `multiply` and `offset` change a
    number. `format` says how a time is written (as strptime has it, or epoch, epoch_ms, epoch_us, epoch_ns, excel,
    excel_1904) or a length (h:mm, m:ss), `zone` is that of local times. `months_before` turns a number of months
    into the day that long before the import's date. `blank: open` says that a length without a value is still running.
    """

    column: str | None = None
    fallback: Columns = ()
    join: tuple[str, ...] = ()
    value: str | None = None
    text: str | None = None
    values: dict[str, str] = Field(default_factory=dict)
    prefix: str = ""
    slug: bool = False
    otherwise: str | None = None
    optional: bool = False
    multiply: Decimal | None = None
    offset: Decimal | None = None
    format: str | None = None
    zone: str | None = None
    months_before: bool = False
    blank: Literal["open"] | None = None

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, zone: str | None) -> str | None:
        try:
            return zone if zone is None else find_zone(zone).key
        except UnableToFindZone as error:
            raise ValueError(str(error)) from error

    @model_validator(mode="after")
    def _comes_from_one_place(self) -> Self:
        if self.fallback and self.column is None:
            msg = "fallback names what is asked where `column` is empty, and there is no column"
            raise ValueError(msg)
        if sum(one is not None for one in (self.column, self.value, self.text, self.join or None)) > 1:
            msg = "give one of column, join, value and text"
            raise ValueError(msg)
        return self

    def needed(self) -> set[str]:
        """Return the columns that a table must have for it."""
        return set() if self.optional else self.named()

    def named(self) -> set[str]:
        """Return the columns that it reads."""
        named = set(Template(self.text).get_identifiers()) if self.text is not None else set()
        return named.union(self.join, self.fallback, () if self.column is None else (self.column,))


def _as_source(written: Any) -> Any:
    return {"column": written} if isinstance(written, str) else written


AnySource = Annotated[Source, BeforeValidator(_as_source)]
