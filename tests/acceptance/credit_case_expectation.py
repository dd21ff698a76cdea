"""What a credit case expects, and what came out, in the same words and without mercy.

The rules of comparison:

* Every field of `expected` is compared; an unknown one fails, unless it is in `NOT_COMPARED`.
* Numbers are compared as exact decimals. Only a percentage of credit that never ends (1/30 = 3.333… %) may
  be printed rounded half up, with two decimals or more. Availability is printed with 8 decimals, as the file says.
* `null` means "not defined" and has to be null here too. A refused case may leave anything undefined. Credits
  that the entry writes as days, sums or fractions need no percentage; fault hours need no downtime.
* What is not expected must not be there: capped, provisional, chronic, refused.
* A claim or ticket that came too late is a refusal here: in the file it is either `credit: null` with its error, or a
  credit of 0.00 without one; the percentage is the tier's or 0.
"""

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import ValidationError

from include.sla_logic.domain.contract import UnableToReadContract
from include.sla_logic.domain.money import half_up
from include.sla_logic.domain.sla import RefusalCode

NOT_COMPARED = re.compile(r"alternative_\w+|note|notes|comment|reason|explanation")

# Names of an expectation that say the same; the first that matches holds.
_NAMES = {
    "waived_hours": r"\w*(waive|free|uncharged|not_charged)\w*_hours|hours_(waived|free|not_charged)",
    "waived_charge": r"waive[dr]_(charge|amount|sum)|hourly_waiver",
    "days": r"(credit_|qualifying_)?days|blocks|(full_|complete_|credited_)?hours",
    "warnings": r"(flag|warning|warn)(s|ged)?",
    "chronic": r"chronic|right_to_terminate|termination_right",
    "error": r"error|refusal|refused",
    "mttr_seconds": r"mttr_seconds|mean_seconds",
    "excluded_seconds": r"(excluded|hold|held|maintenance)_seconds",
    "window_seconds": r"(window|total)_seconds",
    "rounded_pct": r"(rounded_)?(availability_)?(pct_)?rounded(_availability)?(_pct)?",
    "seconds_to_next_tier": r"(seconds_(left_)?to_)?next_tier(_seconds|_in_seconds)?|seconds_left",
    "claim_deadline": r"claim_(deadline|until|by)",
    "notice_until": r"notice_(deadline|until|by)",
    "claim_in_time": r"claim_(in_time|ok|valid)|eligible",
    "shortfall_pct": r"shortfall(_pct)?",
    "overrun_pct": r"over(run)?_pct",
    "steps": r"steps|(full_)?ms_over",
}

# What a file may call an error; the first that matches holds. A name that matches none of them fails.
_ERRORS: dict[str, str] = {
    RefusalCode.TIER_GAP: r"(tier|schedule)_?(gap|hole)|(gap|hole)(_in_\w+)?|no_(matching_)?tier|tier_(not|un)_?\w+",
    RefusalCode.MAINTENANCE_END_BEFORE_START: r"maintenance_(end_before_start|reversed)",
    RefusalCode.HOLD_END_BEFORE_START: r"hold_(end_before_start|reversed)",
    "window_end_before_start": r"window_(end_before_start|reversed)",
    RefusalCode.OUTAGE_END_BEFORE_START: r"(outage_)?(end_before_start|reversed)",
    RefusalCode.DONE_BEFORE_DUE: r"(done|restored|repaired|fixed)_before_(due|reported|report|fault)",
    RefusalCode.EMPTY_WINDOW: r"empty_window|window_(empty|zero_length)",
    RefusalCode.TOO_MANY_INTERVALS: r"too_many_intervals|intervals_exceed_window",
    RefusalCode.CHARGE_UNKNOWN: r"(no|missing|unknown)_(monthly_)?charge|charge_(missing|unknown)",
    "charge_negative": r"negative_(charge|amount)|charge_negative",
    RefusalCode.CURRENCY_MISMATCH: r"currency_mismatch|(mixed|different)_currenc(y|ies)",
    RefusalCode.UNIT_MISMATCH: r"unit_mismatch|wrong_unit",
    RefusalCode.TARGET_UNKNOWN: r"(no|missing|unknown)_target|target_(missing|unknown)",
    "claim_late": r"(claim_(too_)?late|late_claim|claim_expired|claim_deadline_(missed|passed)|claim_after_deadline)",
    "ticket_late": r"(ticket_(too_)?late|late_ticket|ticket_deadline_(missed|passed)|ticket_after_deadline)",
    "no_data": r"no_(data|measurement)|not_measured|missing_(value|measurement)",
    "naive_time": r"naive_(timestamp|datetime|time)|(missing|no)_(utc_)?offset|timestamp_without_(offset|zone)",
    "negative": r"negative(_(duration|days|hours|value|downtime|percent|credit|count))?",
    "above_hundred": r"(bad|invalid)_error_(rate|pct)|error_(rate|pct)_(above_100|out_of_range)",
    "unknown_zone": r"(unknown|bad|invalid)_(time_?)?zone",
}
# What a file may call a warning, by the words of ours.
_TOPICS = {
    "column decides": r"column|percent|duration|unit|disagree|conflict|differ|mismatch",
    "is not left out": r"maintenance|notice|announce",
    "the clock is not stopped": r"hold|clock",
}
_LATE = {"claim_late", "ticket_late"}
_MOST_DECIMALS, _FEWEST_OF_AN_ENDLESS = 8, 2


def named(key: str) -> str:
    """Return our name of a field of the expectation."""
    return next((ours for ours, pattern in _NAMES.items() if re.fullmatch(pattern, key)), key)


def error_named(name: str | None) -> str | None:
    """Return our code of a refusal; an unknown name is itself, and equals no code."""
    if name is None:
        return None
    return next((code for code, pattern in _ERRORS.items() if re.fullmatch(pattern, name)), f"unknown name {name}")


def refusal_of(error: ValidationError | UnableToReadContract) -> str:
    """Return the code of facts or terms that cannot even be read."""
    if isinstance(error, UnableToReadContract):
        return "unknown_zone" if "time zone" in error.reason else error.code
    first = error.errors()[0]
    refused = {"Period": "window_end_before_start", "Charges": "charge_negative"}
    if first["type"] == "value_error":
        return refused.get(error.title, "value_error")
    kinds = {"timezone_aware": "naive_time", "greater_than_equal": "negative", "less_than_equal": "above_hundred"}
    return kinds.get(first["type"], first["type"])


def differences(expected: dict[str, Any], seen: dict[str, Any], undefined: set[str]) -> dict[str, tuple[Any, Any]]:
    """Return what was expected and what came out, where they differ; `undefined` need not have been expected."""
    given = {named(key): value for key, value in expected.items() if not NOT_COMPARED.fullmatch(key)}
    error = error_named(given.pop("error", None))
    never = {"capped", "provisional", "chronic"} - undefined if error is None else set[str]()
    given = dict.fromkeys(never, False) | given | {"error": error}
    if seen.get("error") in _LATE:
        if error == seen["error"] and given["credit"] is None:
            given["credit"] = seen["credit"] if Decimal(seen["credit"] or 0) == 0 else "0.00"
        elif error is None and given.get("credit") is not None:
            given["error"] = seen["error"]  # the file prints what is paid, and no refusal
        if given.get("credit_pct") is not None and Decimal(given["credit_pct"]) == 0:
            undefined = undefined | {"credit_pct"}
            given["credit_pct"] = None
    if error is not None:
        undefined = undefined | {key for key in given if key not in ("credit", "error")}
    wrong = {}
    for key, value in given.items():
        ours = seen.get(key, "not known")
        if not (value is None and key in undefined) and not _same(value, ours, key):
            wrong[key] = (value, ours)
    return wrong


def _decimals(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


def _same(given: Any, ours: Any, key: str) -> bool:
    if key == "warnings":
        return _warned(given, ours)
    if given is None or ours is None or isinstance(given, bool) or isinstance(ours, bool):
        return given is ours
    try:
        wanted, found = Decimal(str(given)), Decimal(str(ours))
    except InvalidOperation:
        return bool(given == ours)
    if key == "credit_pct" and wanted != found and _decimals(found) >= _MOST_DECIMALS:
        decimals = _decimals(wanted)
        return decimals >= _FEWEST_OF_AN_ENDLESS and half_up(found, decimals) == wanted
    return wanted == found


def _warned(given: Any, ours: tuple[str, ...]) -> bool:
    """Compare a flag (there or not), or its names, each of which must be the topic of a warning."""
    if given is None or isinstance(given, bool):
        return bool(given) is bool(ours)
    names = [given] if isinstance(given, str) else given
    topics = [[topic for topic, pattern in _TOPICS.items() if re.search(pattern, name.lower())] for name in names]
    return bool(names) is bool(ours) and all(any(topic in text for topic in t for text in ours) for t in topics)
