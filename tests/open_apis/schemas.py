"""TM Forum's own schemas as judges of what we answer: `../shared/data/tmforum`, tests skip where it is absent.

A schema with `oneOf` and a discriminator is read as "if @type is X then X": as plain JSON Schema, TM Forum's own
examples fail it.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker


def _is_instant(value: object) -> bool:
    try:
        return not isinstance(value, str) or datetime.fromisoformat(value).utcoffset() is not None
    except ValueError:
        return False


_CHECKER = FormatChecker(formats=())
_CHECKER.checks("date-time")(_is_instant)


class Definition:
    """One definition of an API: `Definition.of(shared_data, "tmf656v5.yaml")`."""

    def __init__(self, path: Path) -> None:
        self.document: dict[str, Any] = yaml.load(path.read_bytes(), yaml.CSafeLoader)
        self.schemas: dict[str, Any] = self.document["components"]["schemas"]
        for schema in self.schemas.values():
            _rewrite(schema)

    @staticmethod
    def of(shared_data: Path, name: str) -> "Definition":
        """Read a definition once, or skip the test."""
        path = shared_data / "tmforum" / name
        if not path.is_file():
            pytest.skip(f"TM Forum's definition {name} is not among the shared data")
        return _read(path)

    def faults(self, name: str, value: Any) -> list[str]:
        """Say what is wrong with a value, by the schema of that name and by those that its parts name as @type.

        A field that no schema knows is a fault too.
        """
        found = [*self._by_schema(name, value), *self._unknown(name, value)]
        for part in _typed(value):
            if part["@type"] in self.schemas and part is not value:
                found += [*self._by_schema(part["@type"], part), *self._unknown(part["@type"], part)]
        return found

    def examples(self, name: str) -> Iterator[Any]:
        """Return TM Forum's own examples whose @type is this."""
        for example in self.document["components"].get("examples", {}).values():
            value = example["value"]
            yield from (one for one in (value if isinstance(value, list) else [value]) if one.get("@type") == name)

    def fields_of(self, name: str) -> set[str]:
        """Return the fields that a schema knows, with those of the schemas that it extends."""
        return _fields(self.schemas, self.schemas[name])

    def _by_schema(self, name: str, value: Any) -> list[str]:
        whole = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": self.schemas}}
        validator = Draft202012Validator(whole, format_checker=_CHECKER)
        return [f"{name} {error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]

    def _unknown(self, name: str, value: Any) -> list[str]:
        if not isinstance(value, dict):
            return []
        return [f"{name} has no field {field!r}" for field in sorted(set(value) - self.fields_of(name))]


@cache
def _read(path: Path) -> Definition:
    return Definition(path)


def _rewrite(schema: dict[str, Any]) -> None:
    chooser = schema.get("discriminator")
    if "oneOf" in schema and chooser:
        kinds, field = chooser["mapping"], chooser["propertyName"]
        del schema["oneOf"]
        schema["allOf"] = [
            {"if": {"properties": {field: {"const": kind}}, "required": [field]}, "then": {"$ref": there}}
            for kind, there in kinds.items()
        ]
        schema["required"] = [*schema.get("required", ()), field]
        schema["properties"] = {**schema.get("properties", {}), field: {"enum": list(kinds)}}


def _fields(schemas: dict[str, Any], schema: dict[str, Any]) -> set[str]:
    if "$ref" in schema:
        return _fields(schemas, schemas[schema["$ref"].rpartition("/")[2]])
    parts = [*schema.get("allOf", ()), *(part["then"] for part in schema.get("allOf", ()) if "then" in part)]
    return set(schema.get("properties", {})).union(*(_fields(schemas, part) for part in parts))


def _typed(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "@type" in value:
            yield value
        for part in value.values():
            yield from _typed(part)
    elif isinstance(value, list):
        for part in value:
            yield from _typed(part)
