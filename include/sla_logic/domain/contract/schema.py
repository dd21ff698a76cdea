"""The JSON Schema of contract files, as it is published and as the loader applies it."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from include.sla_logic.domain.contract.contract import Contract
from include.sla_logic.domain.contract.forms import form_schema
from include.sla_logic.domain.contract.yaml_text import HUGE
from include.sla_logic.domain.written import WRITTEN, stating_forms

_MOST_CHARACTERS, _MOST_ITEMS, _LARGEST_WHOLE = 4_000, 500, 1_000_000_000
_AT_THE_END = "(?!\\n)"  # the $ of some readers also matches before a last line break


@cache
def contract_schema() -> dict[str, Any]:
    """Return the schema: every text form is stated, and everything has an upper bound."""
    forms: dict[str, Any] = {}
    with stating_forms():
        fields = _stated(Contract.model_json_schema(), forms)
    fields["$defs"] |= {name: forms[name] for name in sorted(forms)}
    _name_the_kind(fields, fields["$defs"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **fields}


def _stated(node: Any, forms: dict[str, Any]) -> Any:
    """Refer to the form where one is marked, keep it once, and bound what has no bound."""
    if isinstance(node, list):
        return [_stated(part, forms) for part in node]
    if not isinstance(node, dict):
        return node
    if WRITTEN in node:
        form = form_schema(node)
        named = (one for number in range(len(forms) + 1) if forms.get(one := _name(node, number), form) == form)
        forms[name := next(named)] = form
        return {**{key: node[key] for key in ("title", "default") if key in node}, "$ref": f"#/$defs/{name}"}
    stated = {key: value if key in ("default", "enum") else _stated(value, forms) for key, value in node.items()}
    return _bounded(stated)


def _name(node: dict[str, Any], number: int) -> str:
    """Name a form, and the same within other bounds by a number."""
    return f"{node[WRITTEN]}_{number}" if number else str(node[WRITTEN])


def _bounded(node: dict[str, Any]) -> dict[str, Any]:
    kind, pattern = node.get("type"), node.get("pattern")
    if kind == "string" and not {"enum", "const"} & node.keys():
        stated = {"pattern": pattern + _AT_THE_END} if isinstance(pattern, str) and pattern.endswith("$") else {}
        longest = {} if pattern else {"maxLength": _MOST_CHARACTERS}
        return {**longest, **node, **stated, "not": {"pattern": HUGE + _AT_THE_END}}
    if kind == "array":
        return {"maxItems": _MOST_ITEMS, **node}
    if kind == "integer":
        return {"maximum": _LARGEST_WHOLE, **node}
    return node


def _name_the_kind(node: Any, parts: Mapping[str, Any]) -> None:
    """Require the name that chooses among shapes: without it, a reader could only guess."""
    if isinstance(node, list):
        for part in node:
            _name_the_kind(part, parts)
    if not isinstance(node, dict):
        return
    if "discriminator" in node:
        chooser = node["discriminator"]["propertyName"]
        for reference in node["discriminator"]["mapping"].values():
            shape = parts[reference.rpartition("/")[2]]
            shape["required"] = sorted({*shape.get("required", ()), chooser})
    for part in node.values():
        _name_the_kind(part, parts)
