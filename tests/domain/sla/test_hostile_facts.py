"""No facts make the reader hang or fail with an unforeseen error; each refusal names the line and the field."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
import yaml

from include.sla_logic.domain.facts_file import UnableToReadFacts, read_facts

BEGIN = "service: S\nwindow: {start: 2026-03-01T00:00:00Z, end: 2026-04-01T00:00:00Z}\n"
SERIES = """series:
  - {metric: latency, unit: ms, step_seconds: 300, samples: [[2026-03-10T00:05:00Z, 5.1]]}
"""


@pytest.mark.parametrize(
    ("text", "field"),
    [
        *[(SERIES.replace("300", step), "series.0.step_seconds") for step in ("0", "-1", "abc", "null")],
        *[(SERIES.replace("5.1", value), "series.0.samples.0.1") for value in (".nan", ".inf", "NaN", "Infinity")],
        *[(SERIES.replace("5.1", value), "series.0.samples.0.1") for value in ("1e999999999", "'1e-999999999'")],
        (SERIES.replace("[[2026", "[[1900-01-01T00:00:00Z, 1], [2026"), "series.0.samples.0.0"),
        (SERIES.replace("300", "1").replace("[[2026", "[[1971-01-01T00:00:00Z, 1], [2026"), "series"),
        ("outages: " + "[" * 100_000, "too deep"),
        ("charges: {recurring: {amount: 1e999999999, currency: EUR}}", "charges.recurring.amount"),
        (f"charges: {{recurring: {{amount: {'9' * 30}, currency: EUR}}}}", "charges.recurring.amount"),
        ("charges: {recurring: {amount: NaN, currency: EUR}}", "charges.recurring.amount"),
        ("readings: [{metric: latency, value: 1e99999999, unit: ms}]", "readings.0.value"),
        ("restorations: [{reference: a, seconds: 1e9999999}]", "restorations.0.seconds"),
        ("error_intervals: [{count: 1, error_percent: NaN}]", "error_intervals.0.error_percent"),
        ("outages: [{reference: a, start: 2026-02-30T00:00:00Z}]", "outages.0.start: '2026-02-30T00:00:00Z'"),
        ("outages: [{reference: a, start: 2016-12-31T23:59:60Z}]", "outages.0.start: 2016-12-31T23:59:60Z is a leap"),
        ("delays: [{kind: repair, due: 17280000}]", "delays.0.due"),
    ],
)
def test_hostile_facts_are_refused_quickly_with_line_and_field(text: str, field: str) -> None:
    with pytest.raises(UnableToReadFacts, match=r"^f, line [3-5]: ") as refused:
        read_facts(BEGIN + text, name="f")
    assert re.search(re.escape(field), str(refused.value))


def good() -> dict[str, Any]:
    """Return facts of every kind, so that an odd value can stand in each place."""
    hour = {"start": "2026-03-10T08:00:00Z", "end": "2026-03-10T09:00:00Z"}
    money = {"amount": 5, "currency": "EUR"}
    moment = hour["start"]
    return {
        "service": "S",
        "as_of": moment,
        "window": dict(hour),
        "charges": {"recurring": dict(money), "per": "month", "days": 30},
        "agreements": [hour | {"charge": dict(money)}],
        "outages": [
            hour | {"reference": "O", "attribution": "provider", "affected_percent": 30, "degraded": True}
            | {"detected_at": moment, "start_bounds": [moment, moment], "end_bounds": [moment, None]}
        ],
        "state_changes": [{"at": moment, "state": "down"}],
        "maintenance": [hour | {"reference": "M", "announced_at": moment}],
        "holds": [hour | {"reason": "building closed", "owner": "customer"}],
        "series": [{"metric": "latency", "unit": "ms", "step_seconds": 300, "samples": [[moment, 5.1]]}],
        "readings": [{"metric": "latency", "value": 5, "unit": "ms"}],
        "error_intervals": [{"count": 1, "error_percent": 5}],
        "restorations": [{"reference": "R", "seconds": 5}],
        "delays": [{"kind": "repair", "due": "2026-03-10", "done": "2026-03-11", "days_late": 1}],
        "event_credits": [{"event": "E", "objective": "availability", "percent": 5, "at": moment}],
        "tickets": [{"reference": "T", "opened_at": moment, "opened_by": "customer", "holds": []}],
        "claims": [{"filed_at": moment}],
    }  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in parts:
        yield from places(part, (*path, name))


def with_odd(path: tuple[Any, ...], *odd: Any) -> dict[str, Any]:
    """Put the odd value in this place, or take away what stands there."""
    facts = good()
    owner: Any = facts
    for part in path[:-1]:
        owner = owner[part]
    if odd:
        owner[path[-1]] = odd[0]
    else:
        del owner[path[-1]]
    return facts


def refusal(facts: dict[str, Any]) -> str | None:
    try:
        read_facts(yaml.dump(facts, Dumper=yaml.CSafeDumper, sort_keys=False), name="f")
    except UnableToReadFacts as error:
        return str(error)
    return None


SHAPE = re.compile(
    r"f, line \d+: (?P<field>[\w.]+)(: | is missing: ).*\b(write|give|did you mean|leave)\b.*", re.DOTALL
)
OF_THE_LIBRARY = re.compile(r"Input should|Field required|String should|List should|valid (dict|tuple|list|dec)")
TRICKY = [None, True, -1, 0.5, 10**40, "", "x", "1e9", "1_0", "٣", "1e-999999", "NaN", [], {}, [1], {"a": 1}]
NUMBERS = {"amount", "days", "affected_percent", "value", "count", "error_percent", "seconds", "days_late", "percent"}
TRICKY += ["2026-03-10", "2026-03-10T08:00:00", "1970-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "x" * 500]


def check_refusals(path: tuple[Any, ...], odds: Iterable[Any]) -> None:
    for odd in odds:
        said = refusal(with_odd(path, odd))
        if said is None:
            continue
        assert SHAPE.fullmatch(said), said
        assert not OF_THE_LIBRARY.search(said), said
        if isinstance(odd, str | int | float) and odd and not isinstance(odd, bool):
            assert str(odd)[:10] in said, said
    missing = refusal(with_odd(path))
    assert missing is None or SHAPE.fullmatch(missing), missing
    if isinstance(path[-1], str):
        assert "misspelt is no field" in str(refusal(with_odd((*path[:-1], "misspelt"), 1)))


def test_a_refusal_names_line_field_and_value_and_says_what_to_write() -> None:
    for number, path in enumerate(places(good())):
        check_refusals(path, [TRICKY[(number * 5 + step) % len(TRICKY)] for step in range(2)])


@pytest.mark.more
@pytest.mark.parametrize("path", list(places(good())), ids=lambda path: ".".join(map(str, path)))
def test_each_refusal_names_line_field_and_value_and_says_what_to_write(path: tuple[Any, ...]) -> None:
    check_refusals(path, TRICKY)


@pytest.mark.parametrize("path", [p for p in places(good()) if p[-1] in NUMBERS], ids=lambda p: ".".join(map(str, p)))
def test_what_is_no_number_in_plain_digits_is_none_in_a_facts_file(path: tuple[Any, ...]) -> None:
    for odd in (True, "1_0", "٣", "1e9", "x"):
        assert refusal(with_odd(path, odd))
