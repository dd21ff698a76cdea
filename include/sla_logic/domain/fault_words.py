"""What is wrong with a value that pydantic refuses, in our words, so that every language has them.

The table has the types of https://docs.pydantic.dev/latest/errors/validation_errors/ that a person's data can raise;
pydantic's own messages are one language, and say what a program should have been passed.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic_core import ErrorDetails

from include.sla_logic.domain.sentence import Sentence, sentence_of

_NUMBER = Sentence("is no number: write one in plain digits")
_WHOLE = Sentence("is no whole number: write digits alone")
_TEXT = Sentence("is no text: write it in quotes")
_FIELDS = Sentence("has no fields: write them as name: value")
_LIST = Sentence("is no list: write its entries in brackets")
_LOGICAL = Sentence("is neither true nor false: write one of them")
_DAY = Sentence("is no day: write it as 2025-04-10")
_TIME = Sentence("is no time of day: write it as 08:15")
_INSTANT = Sentence("is no instant: write it as 2025-04-10T08:00:00Z")
_LENGTH = Sentence("is no length of time: write it as PT4H30M")
_PAST, _FUTURE = (
    Sentence("does not lie in the past: write an earlier one"),
    Sentence("does not lie in the future: write a later one"),
)
_FEW = Sentence("has too few entries: write at least %(limit)s")
_MANY = Sentence("has too many entries: write at most %(limit)s")
_SHORT = Sentence("is too short: write at least this many characters: %(limit)s")
_LONG = Sentence("is too long: write at most this many characters: %(limit)s")
_KNOWN = Sentence("is not known: write %(known)s")
_ADDRESS = Sentence("is no address of a page: write it as https://example.org/page")
_UUID = Sentence("is no UUID: write it as 123e4567-e89b-12d3-a456-426614174000")
_ENDLESS = Sentence("contains itself: write it out")
OTHERWISE = Sentence("cannot be read: write what the documentation says")
WORDS: Mapping[str, Sentence] = MappingProxyType(
    {
        "missing": Sentence("is missing"),
        "extra_forbidden": Sentence("is no field here: leave it out"),
        "invalid_key": Sentence("has a field whose name is no text: write it in quotes"),
        "none_required": Sentence("has a value: leave it out"),
        "greater_than": Sentence("is too small: write more than %(limit)s"),
        "greater_than_equal": Sentence("is too small: write at least %(limit)s"),
        "less_than": Sentence("is too large: write less than %(limit)s"),
        "less_than_equal": Sentence("is too large: write at most %(limit)s"),
        "multiple_of": Sentence("is no multiple: write a multiple of %(limit)s"),
        "decimal_max_digits": Sentence("has too many digits: write at most %(limit)s"),
        "decimal_max_places": Sentence("has too many decimals: write at most %(limit)s"),
        "decimal_whole_digits": Sentence("has too many digits before its decimals: write at most %(limit)s"),
        "int_parsing_size": Sentence("has too many digits: write a smaller number"),
        "string_unicode": Sentence("is no text in UTF-8: write it in that encoding"),
        "string_not_ascii": Sentence("has other letters than A to Z: write it with those"),
        "string_pattern_mismatch": Sentence("is not written as it should be: write it as in the pattern %(pattern)s"),
        "set_item_not_hashable": Sentence("has an entry of several values: write single ones"),
        "date_from_datetime_inexact": Sentence("has a time of day: write the day alone"),
        "timezone_naive": Sentence("has a time zone: leave it out"),
        "timezone_aware": Sentence("has no time zone: write it as 2025-04-10T08:00:00Z"),
        "timezone_offset": Sentence("has another time zone than is meant: write the time in that one"),
        "union_tag_invalid": Sentence("has the %(chooser)s %(named)s; write %(what)s"),
        "union_tag_not_found": Sentence("has no %(chooser)s: write which it is"),
        "url_scheme": Sentence("is no such address: write one that begins with %(known)s"),
    }
    | dict.fromkeys(("json_invalid", "json_type"), Sentence("is no JSON: write a value or an object of it"))
    | dict.fromkeys(("enum", "literal_error"), _KNOWN)
    | dict.fromkeys(("recursion_loop", "recursion_depth_exceeded"), _ENDLESS)
    | dict.fromkeys(("too_short", "bytes_too_short"), _FEW)
    | dict.fromkeys(("too_long", "bytes_too_long"), _MANY)
    | {"string_too_short": _SHORT, "string_too_long": _LONG, "url_too_long": _LONG}
    | dict.fromkeys(("int_type", "int_parsing", "int_from_float"), _WHOLE)
    | dict.fromkeys(("bool_type", "bool_parsing"), _LOGICAL)
    | dict.fromkeys(("string_type", "bytes_type", "bytes_invalid_encoding"), _TEXT)
    | dict.fromkeys(("date_type", "date_parsing", "date_from_datetime_parsing"), _DAY)
    | dict.fromkeys(("time_type", "time_parsing"), _TIME)
    | dict.fromkeys(("time_delta_type", "time_delta_parsing"), _LENGTH)
    | dict.fromkeys(("date_past", "datetime_past"), _PAST)
    | dict.fromkeys(("date_future", "datetime_future"), _FUTURE)
    | dict.fromkeys(("uuid_type", "uuid_parsing", "uuid_version"), _UUID)
    | dict.fromkeys(("url_type", "url_parsing", "url_syntax_violation"), _ADDRESS)
    | dict.fromkeys(
        ("datetime_type", "datetime_parsing", "datetime_object_invalid", "datetime_from_date_parsing"), _INSTANT
    )
    | dict.fromkeys(
        (
            *("finite_number", "float_type", "float_parsing", "decimal_type", "decimal_parsing"),
            *("fraction_type", "fraction_parsing", "complex_type", "complex_str_parsing"),
        ),
        _NUMBER,
    )
    | dict.fromkeys(
        (
            *("model_type", "model_attributes_type", "dataclass_type", "named_tuple_type", "dict_type"),
            *("frozen_dict_type", "ordered_dict_type", "counter_type", "mapping_type"),
        ),
        _FIELDS,
    )
    | dict.fromkeys(
        (
            *("iterable_type", "iteration_error", "list_type", "deque_type", "tuple_type", "set_type"),
            "frozen_set_type",
        ),
        _LIST,
    )
)
_LIMITS = (
    *("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length"),
    *("max_digits", "decimal_places", "whole_digits"),
)
_KNOWN_AS = ("expected", "expected_schemes")
_OURS = ("value_error", "assertion_error")


def fault_in_words(fault: ErrorDetails | Mapping[str, Any]) -> str:
    """Say what is wrong, as it follows the name of the field or its value: `is too small: write at least 1`.

    What one of our own checks says is said as it is.
    """
    context: Mapping[str, Any] = fault.get("ctx") or {}
    error = context.get("error")
    if fault["type"] in _OURS and isinstance(error, Exception):
        return sentence_of(error)
    words = WORDS.get(fault["type"], OTHERWISE)
    values = _values(context)
    return Sentence(words.says, **{name: value for name, value in values.items() if f"%({name})s" in words.says})


def _values(context: Mapping[str, Any]) -> dict[str, str]:
    """Return what a sentence may name of pydantic's context of the error, as texts."""
    limit = next((context[name] for name in _LIMITS if context.get(name) is not None), "")
    known = next((str(context[name]) for name in _KNOWN_AS if name in context), "")
    return {
        "limit": str(limit),
        "known": _listed(known),
        "pattern": str(context.get("pattern", "")),
        "chooser": str(context.get("discriminator", "")).strip("'"),
        "named": str(context.get("tag", "")),
        "what": _listed(str(context.get("expected_tags", ""))),
    }


def _listed(known: str) -> str:
    """Say `'a', 'b' or 'c'`, or `'a', 'b', 'c'`, as one of several."""
    before, _, last = known.rpartition(" or ")
    names = f"{before}, {last}" if before and before.endswith("'") == last.endswith("'") else known
    return Sentence("one of: %(names)s", names=names) if ", " in names else names
