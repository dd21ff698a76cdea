"""What fields of one object say about each other, as JSON Schema: the schema refuses what the model refuses."""

from typing import Any

Schema = dict[str, Any]


def given(*names: str) -> Schema:
    """Hold where all these fields are given, and not as null."""
    stated = {name: {"not": {"type": "null"}} for name in names}
    return {"type": "object", "properties": stated, "required": list(names)}


def at_most_one(*names: str) -> Schema:
    """Hold where not all of these fields are given."""
    return {"not": given(*names)}


def needs(name: str, *others: str) -> Schema:
    """Require the other fields where this one is given."""
    return {"if": given(name), "then": given(*others)}


def only_if(condition: Schema, name: str, value: str) -> Schema:
    """Require that the field has this value where the condition holds."""
    return {"if": condition, "then": {"properties": {name: {"const": value}}, "required": [name]}}


def unless(condition: Schema, name: str, value: str) -> Schema:
    """Require that the field, if it is given at all, has this value, unless the condition holds."""
    return {"if": {"not": condition}, "then": {"properties": {name: {"const": value}}}}


def some(entries: str, name: str) -> Schema:
    """Hold where an entry of the list gives this field."""
    return {"properties": {entries: {"contains": given(name)}}, "required": [entries]}
