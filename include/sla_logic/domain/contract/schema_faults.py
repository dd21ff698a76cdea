"""What the published schema refuses in a contract: where, which value, and what to write instead."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from difflib import get_close_matches
from functools import cache, reduce
from typing import TYPE_CHECKING, Any, NamedTuple

from include.sla_logic.domain.contract.schema import contract_schema
from include.sla_logic.domain.contract.yaml_text import Lines, Path, shortened
from include.sla_logic.domain.sentence import Sentence

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

_MOST_NAMED, MOST_FAULTS = 14, 50
_VAGUE = "its fields contradict each other"
_ALTERNATIVES = ("anyOf", "oneOf")


class Fault(NamedTuple):
    """One thing that is wrong; of the object `owner`, whose fields contradict each other, the model says more."""

    path: Path
    said: str
    code: str = "unreadable"
    owner: Path | None = None


def faults_by_schema(fields: Any, lines: Lines) -> list[Fault]:
    """Return every fault, none twice, and not more than anybody would read."""
    found: dict[tuple[Path, str], Fault] = {}
    for error in _validator().iter_errors(fields):
        for leaf in _leaves(error):
            for fault in _worded(leaf, tuple(leaf.absolute_path), lines):
                found.setdefault(fault[:2], fault._replace(owner=_owner(leaf)))
            if len(found) >= MOST_FAULTS:
                return list(found.values())
    inside = {fault.path[:depth] for fault in found.values() for depth in range(len(fault.path))}
    return [fault for fault in found.values() if fault.path not in inside or not fault.said.endswith(_VAGUE)]


def _owner(leaf: "ValidationError") -> Path | None:
    """Return the object that has the condition from which the leaf comes; None where it comes from none."""
    way, path = [str(part) for part in leaf.absolute_schema_path], tuple(leaf.absolute_path)
    if "then" in way:
        inside = way[::-1].index("then")
        return path[: len(path) - way[len(way) - inside :].count("properties")]
    return path if _is_condition(leaf) else None


def _is_condition(error: "ValidationError") -> bool:
    """Tell whether the fields of an object contradict each other."""
    if error.validator not in ("not", *_ALTERNATIVES) or not isinstance(error.instance, dict):
        return False
    other_kind = any(inner.validator == "type" and not inner.relative_path for inner in error.context)
    return "properties" in error.schema or not (other_kind or {"description", "discriminator"} & error.schema.keys())


@cache
def _validator() -> "Validator":
    from jsonschema import Draft202012Validator, validators  # takes a moment, and judging needs none of it

    def is_whole(_checker: Any, value: Any) -> bool:
        if isinstance(value, Decimal):
            return value.is_finite() and value == value.to_integral_value()
        return isinstance(value, int) and not isinstance(value, bool)

    checker = Draft202012Validator.TYPE_CHECKER.redefine("integer", is_whole)
    return validators.extend(Draft202012Validator, type_checker=checker)(contract_schema())


def _leaves(error: "ValidationError") -> Iterable["ValidationError"]:
    """Follow alternatives to the one that was meant, so that the innermost field is named."""
    if error.validator not in _ALTERNATIVES or not error.context or "description" in error.schema:
        yield error
        return
    branches: dict[int, list[ValidationError]] = {}
    for inner in error.context:
        branches.setdefault(int(inner.relative_schema_path[0]), []).append(inner)
    chosen = _meant(error, branches)
    if chosen is None:
        yield error
    else:
        for inner in branches[chosen]:
            yield from _leaves(inner)


def _meant(error: "ValidationError", branches: dict[int, list["ValidationError"]]) -> int | None:
    """Return the alternative of the named kind, or the only one that the value's type fits."""
    chooser = error.schema.get("discriminator", {}).get("propertyName")
    if chooser is not None:
        kinds = list(error.schema["discriminator"]["mapping"].values())
        named = error.instance.get(chooser) if isinstance(error.instance, dict) else None
        reference = error.schema["discriminator"]["mapping"].get(named) if isinstance(named, str) else None
        places = {part["$ref"]: number for number, part in enumerate(error.schema["oneOf"])}
        return places.get(reference) if reference in kinds else None
    fitting = [
        number
        for number, faults in branches.items()
        if not any(fault.validator == "type" and not fault.relative_path for fault in faults)
        and error.schema[str(error.validator)][number].get("type") != "null"
    ]
    return fitting[0] if len(fitting) == 1 else None


def _worded(error: "ValidationError", path: Path, lines: Lines) -> Iterable[Fault]:
    where, prefix = ".".join(map(str, path)) or Sentence("the contract"), "".join(f"{part}." for part in path)
    if error.validator == "additionalProperties":
        known = sorted(error.schema.get("properties", ()))
        for name in [name for name in error.instance if name not in known]:
            what, field = _place(name) or _choice(known, name), f"{prefix}{shortened(name)}"
            said = Sentence("%(field)s: there is no such field; write %(what)s", field=field, what=what)
            yield Fault((*path, name), said)
    elif error.validator == "required":
        for name in [name for name in error.validator_value if name not in error.instance]:
            form = error.schema.get("properties", {}).get(name, {})
            what = _described(form, name)
            said = Sentence("%(field)s is missing; write %(what)s", field=f"{prefix}{name}", what=what)
            yield Fault((*path, name), said, f"missing_{name}")
    elif "discriminator" in error.schema and isinstance(error.instance, dict):
        chooser = error.schema["discriminator"]["propertyName"]
        said = Sentence("%(field)s: this %(why)s", field=where, why=_reason(error, path, lines))
        yield Fault((*path, chooser), said)
    elif _is_condition(error):
        yield Fault(path, Sentence("%(field)s: its fields contradict each other", field=where))
    else:
        shown, why = _shown(error.instance, path, lines), _reason(error, path, lines)
        yield Fault(path, Sentence("%(field)s: %(shown)s %(why)s", field=where, shown=shown, why=why))


def _place(name: str) -> str:
    """Say where a field belongs that the contract has at another place: `service_hours` in `counting`."""
    parts = contract_schema()["$defs"]
    for field, form in contract_schema()["properties"].items():
        references = [part.get("$ref", "") for part in (form, *form.get("anyOf", ()))]
        if any(name in parts.get(one.rpartition("/")[2], {}).get("properties", ()) for one in references):
            return Sentence("it into %(field)s", field=field)
    return ""


def _shown(value: Any, path: Path, lines: Lines) -> str:
    if isinstance(value, dict | list):
        return Sentence("this")
    spelt = lines.spelt(path)
    return Sentence("nothing") if not spelt and value is None else shortened(spelt or repr(value))


def _reason(error: "ValidationError", path: Path, lines: Lines) -> str:
    limit, kind = error.validator_value, str(error.validator)
    if quoted := _needs_quotes(error, path, lines):
        return quoted
    if "discriminator" in error.schema:
        chooser, mapping = error.schema["discriminator"]["propertyName"], error.schema["discriminator"]["mapping"]
        named = error.instance.get(chooser) if isinstance(error.instance, dict) else None
        what = _choice(sorted(mapping), named)
        if named is None:
            return Sentence("has no %(chooser)s; write %(what)s", chooser=chooser, what=what)
        return Sentence("has the %(chooser)s %(named)s; write %(what)s", chooser=chooser, named=repr(named), what=what)
    if (size := _size(kind, str(limit))) is not None:
        return size
    if "description" not in error.schema and kind == "enum":
        known = [one for one in limit if isinstance(one, str)]
        return Sentence("is not known; write %(what)s", what=_choice(known, error.instance))
    what = _described(error.schema, str(path[-1]) if path else "", error.instance)
    return Sentence("cannot be read; write %(what)s", what=what)


def _size(kind: str, limit: str) -> str | None:
    sizes = {
        "maxItems": Sentence("has too many entries: at most %(limit)s", limit=limit),
        "minItems": Sentence("has too few entries: at least %(limit)s", limit=limit),
        "maxLength": Sentence("is too long: at most this many characters: %(limit)s", limit=limit),
        "minLength": Sentence("is too short: at least this many characters: %(limit)s", limit=limit),
        "minimum": Sentence("is too small: write at least %(limit)s", limit=limit),
        "exclusiveMinimum": Sentence("is too small: write more than %(limit)s", limit=limit),
        "maximum": Sentence("is too large: write at most %(limit)s", limit=limit),
        "exclusiveMaximum": Sentence("is too large: write less than %(limit)s", limit=limit),
    }
    return sizes.get(kind)


def _needs_quotes(error: "ValidationError", path: Path, lines: Lines) -> str | None:
    """Say that YAML made something else of a bare word: NO is false, 2026 is a number, `a: b` is a field."""
    if isinstance(error.instance, dict) and len(error.instance) == 1 and _takes_text(error.schema, "a: b"):
        return Sentence("is no text to YAML, but a field and its value: write it in quotes, as a colon stands in it")
    spelt = lines.spelt(path)
    if spelt is None or error.instance is None or not _takes_text(error.schema, spelt):
        return None
    made = Sentence("true or false" if isinstance(error.instance, bool) else "a number")
    return Sentence("is no text to YAML, but %(made)s: write '%(spelt)s' with its quotes", made=made, spelt=spelt)


def _takes_text(schema: Any, text: str) -> bool:
    from jsonschema import Draft202012Validator

    whole = {**schema, "$defs": contract_schema()["$defs"]}
    return bool(Draft202012Validator(whole).is_valid(text))


def _described(schema: Any, name: str, given: Any = None) -> str:
    """Say what to write, by the words of the schema or by its type."""
    while "$ref" in schema:
        schema = contract_schema()["$defs"][schema["$ref"].rsplit("/", 1)[-1]]
    if "enum" in schema and (len(schema["enum"]) <= _MOST_NAMED or "description" not in schema):
        return _choice(schema["enum"], given)
    if "description" in schema and schema.get("type") != "object":
        near = get_close_matches(str(given), [str(one) for one in schema.get("enum", ())], n=2, cutoff=0.6)
        what = Sentence(schema["description"])
        return Sentence("%(what)s: %(near)s", what=what, near=_either(near)) if near else what
    if "properties" in schema:
        return Sentence("its fields: %(names)s", names=", ".join(schema["properties"]))
    return _described_shape(schema, name)


def _described_shape(schema: Any, name: str) -> str:
    if "const" in schema:
        return str(schema["const"])
    for alternatives in _ALTERNATIVES:
        if alternatives in schema:
            parts = [_described(part, name) for part in schema[alternatives] if part.get("type") != "null"]
            return _either([*dict.fromkeys(parts)])
    if "pattern" in schema:
        return Sentence("letters as in the pattern %(pattern)s", pattern=schema["pattern"].partition("(?!")[0])
    types = {
        "string": Sentence("text"),
        "integer": Sentence("a whole number"),
        "boolean": Sentence("true or false"),
        "array": Sentence("a list"),
        "object": Sentence("its fields"),
        "number": Sentence("a number"),
    }
    return types.get(str(schema.get("type")), Sentence("what %(name)s means", name=name))


def _either(several: Sequence[str]) -> str:
    """Join with "or"."""
    return reduce(lambda one, other: Sentence("%(one)s or %(other)s", one=one, other=other), several)


def _choice(known: Sequence[Any], given: Any) -> str:
    names = [str(name) for name in known if name is not None]
    near = get_close_matches(str(given), names, n=1, cutoff=0.6)
    if near and len(names) <= _MOST_NAMED:
        return Sentence("%(name)s, or another of: %(names)s", name=near[0], names=", ".join(names))
    if near:
        return near[0]
    shown = names if len(names) <= _MOST_NAMED else [*names[:_MOST_NAMED], "…"]
    return Sentence("one of: %(names)s", names=", ".join(shown)) if len(names) > 1 else "".join(names)
