"""The documents that cross the lanes of the process."""

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A frozen value inside a document."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Document(Value):
    """One document of a case file; its class name is its kind, and stored documents are read for ever.

    Readers are tolerant: unknown fields are ignored, new fields need a default.
    """

    schema_version: int = 1

    @classmethod
    def kind(cls) -> str:
        """Name the kind under which the case file keeps this document."""
        return cls.__name__
