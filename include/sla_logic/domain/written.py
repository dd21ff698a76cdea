"""How a value is written in a file, told to its JSON Schema: a share, a length of time, a zone."""

from dataclasses import dataclass
from typing import Any

from pydantic import GetJsonSchemaHandler
from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic_core import CoreSchema

WRITTEN = "x-written"


@dataclass(frozen=True, slots=True)
class Written:
    """Marks a type whose text form the schema of contracts states by this name; bounds of the type are kept."""

    form: str

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Return what pydantic knows of the type, and the name of the form."""
        try:
            return {**handler(core), WRITTEN: self.form}
        except PydanticInvalidForJsonSchema:
            return {WRITTEN: self.form}
