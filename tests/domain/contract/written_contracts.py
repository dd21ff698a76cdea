"""Contracts drawn from the published schema, and what people and programs write into them by mistake."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

ODD: list[Any] = [
    *(None, True, False, 0, 1, -1, 2, 10, 29, 5.0, 0.5, -0.5, 99.95, 1e22, 1e-7, 10**13, 10**6, [], {}, [0], {"a": 1}),
    *("", "0", "1", "10", "00", "010", "-5", "+5", ".5", "5.", "1e1", "1_0", "٣", "99.95", "1e999999999", "NaN", "inf"),
    *("10%", "10 %", "1e1%", "1_0%", " 10%", "10%\n", "-5%", "٣%", "%", "1/30", "1/0", "1 / 30", "1e9999999%", "0.0"),
    *(
        "99 s",
        "0 s",
        "0.3 s",
        "0.05 min",
        "0.01 min",
        "1 h 30 min",
        "1h30min",
        "2 d",
        "1,5 h",
        "1 week",
        "5 Min",
        "5 m",
    ),
    *("PT", "P", "P1DT", "PT5M", "P1W", "P1M", "PT0S", "P0D", "PT1.5S", "-P1D", "P1D", "P1DT1H", "2 days, 0:00:00"),
    *("EUX", "eur", "EUR", "EUR\n", "localtime", "right/UTC", "posix/UTC", "Factory", "utc", "UTC", "Europe/Wien"),
    *("NO", "AT", "XX", "W", "mon", "Mon", "monday", "yes", "month", "gold", "provider", "in_period", "none", "window"),
    *(
        "2026-02-28",
        "2026-02-30",
        "2024-02-29",
        "2023-02-29",
        "26-1-1",
        "2026-1-1",
        "20260101",
        "1800-01-01",
        "3000-01-01",
    ),
    *(
        "2026-01-01T00:00:00Z",
        "1772000000",
        "x\n",
        "a b",
        "tiers",
        "outages",
        "x" * 5000,
        "availability",
        ["mon"],
        [[]],
    ),
]


def contracts(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Draw contracts of which most parts are as the schema wants them, and some are odd."""
    return _values(schema, schema["$defs"], odd=False)


def _values(node: dict[str, Any], parts: dict[str, Any], *, odd: bool = True) -> st.SearchStrategy[Any]:
    right = _right(node, parts)
    if not odd:
        return right
    return st.integers(0, 30).flatmap(lambda chance: st.sampled_from(ODD) if chance == 0 else right)


def _right(node: dict[str, Any], parts: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "$ref" in node:
        name = node["$ref"].rsplit("/", 1)[-1]
        return st.deferred(lambda: _right(parts[name], parts))
    for alternatives in ("oneOf", "anyOf"):
        if alternatives in node and "properties" not in node:
            return st.one_of([_right(part, parts) for part in node[alternatives]])
    if "enum" in node:
        return st.sampled_from(node["enum"])
    if "const" in node:
        return st.just(node["const"])
    if "pattern" in node:
        return st.from_regex(node["pattern"].replace("$(?!\\n)", "\\Z"))
    return _of_type(node, parts)


def _of_type(node: dict[str, Any], parts: dict[str, Any]) -> st.SearchStrategy[Any]:
    low = node.get("minimum", node.get("exclusiveMinimum", 0))
    kinds: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
        "null": st.none,
        "boolean": st.booleans,
        "string": lambda: st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=5),
        "integer": lambda: st.integers(low, min(node.get("maximum", 20), low + 20)),
        "number": lambda: st.sampled_from([0, 1, 2, 50, 99, 99.5, 99.95]),
        "array": lambda: st.lists(_values(node["items"], parts), min_size=1, max_size=3),
        "object": lambda: _object(node, parts),
    }
    return kinds[node["type"]]()


def _object(node: dict[str, Any], parts: dict[str, Any]) -> st.SearchStrategy[Any]:
    fields = {name: _values(part, parts) for name, part in node["properties"].items()}
    required = {name: fields[name] for name in node.get("required", ())}
    others = {name: value for name, value in fields.items() if name not in required}
    some = st.sets(st.sampled_from(sorted(others)), max_size=4) if others else st.just(set())
    stray = st.integers(0, 60).map(lambda chance: {"misspelt": 1} if chance == 0 else {})
    wanted = {"objectives": fields["objectives"]} if "objectives" in fields else {}
    return st.builds(
        lambda given, more, extra: {**given, **more, **extra},
        st.fixed_dictionaries(required | wanted),
        some.flatmap(lambda names: st.fixed_dictionaries({name: others[name] for name in sorted(names)})),
        stray,
    )
