"""The text forms of a contract file, each as JSON Schema, with the words that say what to write."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from include.sla_logic.domain.calendars import known_zones
from include.sla_logic.domain.money import CURRENCIES
from include.sla_logic.domain.written import WRITTEN

Schema = dict[str, Any]

_END = "$(?!\\n)"
_LARGEST = 10**12
_DIGITS = "(0|[1-9][0-9]{0,11})(\\.[0-9]{1,12})?"
_HUNDRED = "(100(\\.0{1,12})?|(0|[1-9][0-9]?)(\\.[0-9]{1,12})?)"
_NOT_NOTHING = "(?=.*[1-9])"
_SHARE = "([0-9]{1,6}(\\.[0-9]{1,12})? ?%|[0-9]{1,9}/[1-9][0-9]{0,8}|[01])"
# Each part is a whole number of seconds: 0.05 min are 3 s, 0.005 h are 18 s.
_PART = (
    "([0-9]{1,9} ?s(ec)?|[0-9]{1,9}(\\.[0-9][05]?)? ?min"
    "|[0-9]{1,7}(\\.[0-9]{1,2}[05]?)? ?h|[0-9]{1,5}(\\.[0-9]{1,2}[05]?)? ?d)"
)
_ISO = "P(?=[0-9T])([0-9]{1,5}D)?(T(?=[0-9])([0-9]{1,7}H)?([0-9]{1,9}M)?([0-9]{1,9}S)?)?"
_DURATION = f"({_PART}( ?{_PART}){{0,3}}|{_ISO})"
_DATE = (
    "((19|20)[0-9]{2}-((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)"
    "|((19|20)(0[48]|[2468][048]|[13579][26])|2000)-02-29)"
)
_MOST_DAYS = 3_660


def _number(node: Schema) -> Schema:
    """State a number, also in quotes, within its bounds; a bound that no pattern states here is a mistake of ours."""
    bare = node | next((part for part in node.get("anyOf", ()) if part.get("type") == "number"), {})
    low, above = bare.get("minimum", bare.get("ge")), bare.get("exclusiveMinimum", bare.get("gt"))
    high = bare.get("maximum", bare.get("le"))
    if {low, above} - {None, 0} or high not in (None, 100) or {"lt", "exclusiveMaximum"} & bare.keys():
        raise NotImplementedError(f"no text form is known for numbers within {bare}")
    negative = "-?" if low is None and above is None else ""
    pattern = f"^{_NOT_NOTHING if above is not None else ''}{negative}{_HUNDRED if high == 100 else _DIGITS}{_END}"  # noqa: PLR2004 - percent
    bounds = {key: value for key, value in (("minimum", low), ("exclusiveMinimum", above)) if value is not None}
    lower = bounds or {"exclusiveMinimum": -_LARGEST}
    upper: Schema = {"exclusiveMaximum": _LARGEST} if high is None else {"maximum": high}
    return {
        "anyOf": [{"type": "number", **lower, **upper}, {"type": "string", "pattern": pattern}],
        "description": f"a number in plain digits{_within(low, above, high)}, such as 2.5",
    }


def _within(low: int | None, above: int | None, high: int | None) -> str:
    lower = f" of at least {low}" if low is not None else f" of more than {above}" if above is not None else ""
    return f"{lower}{'' if high is None else f' and at most {high}'}"


def _share(_: Schema) -> Schema:
    return {
        "anyOf": [{"type": "string", "pattern": f"^{_SHARE}{_END}"}, {"enum": [0, 1]}],
        "description": "a percentage such as 10%, or a fraction such as 1/30",
    }


def _duration(node: Schema) -> Schema:
    positive = "gt" in node
    if {"ge", "le", "lt", "minimum", "maximum"} & node.keys() and node.get("ge") not in (0, "PT0S"):
        raise NotImplementedError(f"no text form is known for lengths of time within {node}")
    text = {"type": "string", "pattern": f"^{_NOT_NOTHING if positive else ''}{_DURATION}{_END}"}
    described = "a length of time with its unit, such as 90 s, 5 min, 4 h, 2 d or PT5M"
    if positive:
        return {**text, "description": f"{described}, longer than 0 s"}
    return {"anyOf": [text, {"enum": [0]}], "description": described}


def _target(_: Schema) -> Schema:
    number, length = _number({}), _duration({})
    described = "a number such as 99.95, or for times a length such as 4 h"
    return {"anyOf": [*number["anyOf"], length["anyOf"][0]], "description": described}


def _bound(node: Schema) -> Schema:
    number, length = _number({key: node[key] for key in ("gt",) if key in node} or {"ge": 0}), _duration(node)
    described = f"a number such as 2.5, or a length of time such as 4 h{', more than 0' if 'gt' in node else ''}"
    return {"anyOf": [*number["anyOf"], length["anyOf"][0] if "anyOf" in length else length], "description": described}


def _simple_rates() -> list[Schema]:
    days: Schema = {"anyOf": [{"const": "in_period"}, {"type": "integer", "minimum": 1, "maximum": 366}]}
    return [
        *_share({})["anyOf"],
        {"type": "string", "pattern": f"^[0-9]{{1,12}}(\\.[0-9]{{1,6}})? [A-Z]{{3}}{_END}"},
        {"type": "object", "properties": {"day": days}, "required": ["day"], "additionalProperties": False},
    ]


def _rate(_: Schema, *others: Schema) -> Schema:
    simple = [*_simple_rates(), *others]
    several = {"type": "array", "items": {"anyOf": simple}, "minItems": 2, "maxItems": 4}
    chosen = [
        {"type": "object", "properties": {name: several}, "required": [name], "additionalProperties": False}
        for name in ("greater_of", "lesser_of")
    ]
    described = (
        "a share such as 10% or 1/30, a sum such as 5 EUR, pro_rata, {day: in_period}, or greater_of: [5 EUR, 10%]"
        ", which compares two to 4 rates"
    )
    return {"anyOf": [*simple, *chosen], "description": described}


def _any_rate(_: Schema) -> Schema:
    return _rate(_, {"const": "pro_rata"})


def _limit(_: Schema) -> Schema:
    """State a rate that bounds others: the charge of the very time is no bound."""
    rate = _rate(_)
    return {
        **rate,
        "anyOf": [*rate["anyOf"], {"type": "null"}],
        "description": rate["description"].replace(" pro_rata,", ""),
    }


def _zone(_: Schema) -> Schema:
    return {"enum": sorted(known_zones()), "description": "a zone of the IANA database, such as Europe/Vienna or UTC"}


def _currency(_: Schema) -> Schema:
    return {"enum": sorted(CURRENCIES), "description": "a currency of ISO 4217, such as EUR"}


def _date(_: Schema) -> Schema:
    described = "a day that the calendar has, between 1900 and 2099, such as 2026-12-24"
    return {"type": "string", "format": "date", "pattern": f"^{_DATE}{_END}", "description": described}


def _days(_: Schema) -> Schema:
    return {"type": "integer", "minimum": 0, "maximum": _MOST_DAYS}


def _country(_: Schema) -> Schema:
    return {"enum": sorted(_countries()), "description": "a country of ISO 3166 with known public holidays, such as AT"}


def _subdivisions(_: Schema) -> Schema:
    """State which parts of which country have public holidays of their own."""
    undivided = [country for country, parts in sorted(_countries().items()) if not parts]
    divided = [_of_country([country], parts) for country, parts in sorted(_countries().items()) if parts]
    return {"allOf": [_GIVEN, _of_country(undivided, []), *divided]}


_GIVEN: Schema = {
    "if": {"properties": {"subdivision": {"type": "string"}}, "required": ["subdivision"]},
    "then": {"properties": {"country": {"type": "string"}}, "required": ["country"]},
}


def _of_country(countries: list[str], parts: list[str]) -> Schema:
    known: Schema = {"enum": [*sorted(parts), None]}
    return {
        "if": {"properties": {"country": {"enum": countries}}, "required": ["country"]},
        "then": {"properties": {"subdivision": known}},
    }


@cache
def _countries() -> dict[str, list[str]]:
    from holidays import list_supported_countries  # 100 modules, which most contracts never need

    return {country: parts for country, parts in list_supported_countries().items() if len(country) == len("AT")}


_FORMS: Mapping[str, Callable[[Schema], Schema]] = {
    "number": _number,
    "share": _share,
    "duration": _duration,
    "target": _target,
    "bound": _bound,
    "rate": _any_rate,
    "limit": _limit,
    "zone": _zone,
    "currency": _currency,
    "date": _date,
    "days": _days,
    "country": _country,
    "subdivisions": _subdivisions,
}


def form_schema(node: Schema) -> Schema:
    """Return the schema of a marked form, within the bounds that the type has."""
    return _FORMS[node[WRITTEN]](node)
