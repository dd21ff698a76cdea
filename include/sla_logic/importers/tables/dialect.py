"""How a file is written: letters, columns, numbers, and where its rows are."""

import codecs
import re
from pathlib import Path
from typing import Annotated, Literal, Self

import jmespath
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from include.sla_logic.domain.errors import ForeseenError

Layout = Literal["csv", "jsonl", "json", "xlsx"]
_ENDINGS: dict[str, Layout] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".xlsx": "xlsx",
}
_ENCODINGS = re.compile(
    r"utf-(8|16|32)(-sig|-le|-be)?|cp\d+|iso8859-\d+|ascii|mac-roman|koi8-[ru]|shift_jis|euc_(jp|kr)|gbk|gb18030|big5"
)


class UnableToReadFile(ForeseenError):
    """The file is not there, or is not what its name or its mapping says: said once, for all its rows."""


class NothingToRead(UnableToReadFile):
    """The file ends before its column names."""


class Dialect(BaseModel):
    """How one file is written; what is not stated is read from the file only where it can mean one thing.

    `rows` is the jmespath to the list of rows in a JSON document, `sheet` the name of one in a spreadsheet,
    `skip_rows` the number of lines above the column names. `missing` are the texts of empty cells.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    layout: Layout | None = None
    encoding: str | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    decimal: Literal[".", ","] | None = None
    thousands: Literal[".", ",", " ", "'"] | None = None
    rows: str | None = None
    sheet: str | None = None
    skip_rows: Annotated[int, Field(ge=0, le=1000)] = 0
    missing: tuple[str, ...] = ("",)

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, name: str | None) -> str | None:
        try:
            known = name is None or _ENCODINGS.fullmatch(codecs.lookup(name).name) is not None
        except LookupError:
            known = False
        if not known:
            msg = f"{str(name)[:40]!r} is no encoding of texts; write utf-8, utf-16, cp1252 or latin-1"
            raise ValueError(msg)
        return name

    @field_validator("rows")
    @classmethod
    def _is_a_path(cls, path: str | None) -> str | None:
        return path if path is None else checked_path(path)

    @model_validator(mode="after")
    def _tells_its_numbers_apart(self) -> Self:
        if self.thousands is not None and self.thousands == self.decimal:
            msg = f"decimal and thousands are both {self.thousands!r}"
            raise ValueError(msg)
        return self

    def layout_of(self, path: Path) -> Layout:
        """Return the stated layout, or what the file's name says."""
        if self.layout is not None:
            return self.layout
        ending = next((one for one in reversed(path.suffixes) if one != ".gz"), "").lower()
        if ending not in _ENDINGS:
            known = ", ".join(sorted(_ENDINGS))
            raise UnableToReadFile(f"{path.name} ends in none of {known}; say what it is in the mapping (layout).")
        return _ENDINGS[ending]


def checked_path(path: str) -> str:
    """Return a jmespath that can be compiled; raise `ValueError` for any other text."""
    try:
        jmespath.compile(path)
    except jmespath.exceptions.JMESPathError as error:
        msg = f"{path[:60]!r} is no jmespath"
        raise ValueError(msg) from error
    return path
