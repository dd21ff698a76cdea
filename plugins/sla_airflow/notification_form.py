"""The trigger form, derived from the model that validates what it sends."""

from copy import deepcopy
from typing import Any

from airflow.sdk import Param
from pydantic import BaseModel

# What the form of Airflow 3.3 reads.
_FORM_KEYS = frozenset(
    {"title", "description", "description_md", "section", "type", "enum", "values_display", "examples", "items"}
    | {"format", "const", "minimum", "maximum", "minLength", "maxLength"}
)
# Beside a reference, draft 7 of JSON Schema ignores every keyword: the form shows and asks for what they say, while the
# api-server lets all of it pass to the first task, whose refusal names every fault and keeps the report in quarantine.
_LETS_ALL_PASS: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "$ref": "#/definitions/anything",
    "definitions": {"anything": {}},
}


def form(model: type[BaseModel]) -> dict[str, Param]:
    """Make a param of every field that the model puts into a section of the form, or with None above all of them."""
    schema = model.model_json_schema()
    fields = {name: _resolved(field, schema.get("$defs", {})) for name, field in schema["properties"].items()}
    return {name: _param(field) for name, field in fields.items() if "section" in field}


def _param(field: dict[str, Any]) -> Param:
    shown = {key: value for key, value in field.items() if key in _FORM_KEYS and (key, value) != ("section", None)}
    return Param(field.get("default"), description=shown.pop("description", None), schema=shown | _LETS_ALL_PASS)


def _resolved(field: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Write a field without references, and an optional one as a list of types, which is all that the form knows."""
    field = deepcopy(field)
    if reference := field.pop("$ref", None):
        target = _resolved(definitions[reference.rpartition("/")[2]], definitions)
        field = target | field
    if choices := field.pop("anyOf", None):
        field = _joined([_resolved(choice, definitions) for choice in choices]) | field
    if "items" in field:
        field["items"] = _resolved(field["items"], definitions)
    if "properties" in field:
        field["properties"] = {name: _resolved(part, definitions) for name, part in field["properties"].items()}
    return field


def _joined(choices: list[dict[str, Any]]) -> dict[str, Any]:
    """Merge alternatives: null first, then the type and the limits of the others."""
    merged: dict[str, Any] = {}
    for choice in choices:
        merged |= choice
    types = [choice["type"] for choice in choices if "type" in choice]
    return merged | {"type": sorted(types, key=lambda name: str(name) != "null")}
