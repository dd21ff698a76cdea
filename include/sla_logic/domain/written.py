"""How a value is written in a contract file, told to the schema of those files alone: no other schema needs it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from pydantic import GetJsonSchemaHandler
from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic_core import CoreSchema

WRITTEN = "x-written"
_of_files: ContextVar[bool] = ContextVar("_of_files", default=False)
_STORED: dict[str, dict[str, Any]] = {
    "days": {"type": "integer", "minimum": 0},
    "rate": {"anyOf": [{"type": "string"}, {"type": "object"}]},
    "date": {"type": "string", "format": "date"},
}


@contextmanager
def stating_forms() -> Iterator[None]:
    """State how values are written in files, while a schema is made here; elsewhere it says how they are stored."""
    token = _of_files.set(True)
    try:
        yield
    finally:
        _of_files.reset(token)


def in_files(**extra: Any) -> Callable[[dict[str, Any]], None]:
    """Add this to the schema of files."""

    def add(schema: dict[str, Any]) -> None:
        if _of_files.get():
            schema.update(extra)

    return add


@dataclass(frozen=True, slots=True)
class Written:
    """Marks a type whose text form the schema of contracts states by this name; bounds of the type are kept."""

    form: str

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Return what pydantic knows of the type, and the name of the form; outside of files the stored form."""
        if not _of_files.get():
            return dict(_STORED.get(self.form, {"type": "string"}))
        try:
            return {**handler(core), WRITTEN: self.form}
        except PydanticInvalidForJsonSchema:
            return {WRITTEN: self.form}
