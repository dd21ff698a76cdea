"""Which part of a credit rule fits which measure: each part against each, and what is said where it does not fit."""

from typing import Any

import pytest

from include.sla_logic.domain.contract import check_contract
from tests.domain.sla.make import objective, text_of

RESTORED = {"id": "r", "metric": "time_to_restore", "target": "2 h"}
MEASURES: dict[str, dict[str, Any]] = {
    "time": objective(target="99.9"),
    "repairs": RESTORED,
    "days late": {"id": "d", "metric": "delay", "target": "2"},
    "value": {"id": "l", "metric": "latency", "target": "50"},
    "mean of windows": objective(target="99.9", rolling_windows=3),
    "mean repair of windows": RESTORED | {"rolling_windows": 3},
}
ALWAYS = "the rule would pay in every window"
NO_TIME = "is a length of time, but no time is counted"
NO_UNIT = "has no unit: write a length of time"
EVENTS, DAYS = "no events are counted", "no days are counted"
ONE_TARGET = "the target is one of the window, not of each"
EDGE, OUTAGE = "event_in says which window pays", "outage bounds an outage, but none is counted"
COLUMN, OVERRUN = "percent_column compares downtime", "an overrun is one of the window"
PROMISE, GRACE = "promise names what was late", "grace_working_days need for_each: day"
REPORT, ROW = "days late are counted from the report", "in_a_row counts windows, but each repair"
NEAREST, PRO_RATA = "nearest rounds time, but no time", "pro_rata pays for time, but no time"
HOURS = [{"below": "1 h", "rate": 0}, {"at_least": "1 h", "rate": "1%"}]
FIFTY = [{"below": "50", "rate": 0}, {"at_least": "50", "rate": "0%"}]
PERCENT = [{"at_least": "99.9", "credit": 0}, {"below": "99.9", "credit": "1%"}]
EACH_EVENT, EACH_DAY = {"for_each": "event"}, {"for_each": "day"}
# The part, and what is said of it beside counted time, repairs one by one, days late, and any other value.
PARTS: list[tuple[dict[str, Any], set[str], set[str], set[str], set[str]]] = [
    ({}, set(), set(), set(), set()),
    ({"when": "always"}, set(), set(), set(), {ALWAYS}),
    ({"rate": "pro_rata"}, set(), set(), {PRO_RATA}, {PRO_RATA}),
    ({"nearest": "5 min"}, set(), set(), {NEAREST}, {NEAREST}),
    ({"block": "1 h", "most_blocks": 3}, set(), set(), {f"block {NO_TIME}"}, {f"block {NO_TIME}"}),
    ({"block": 1, "most_blocks": 3}, {f"block {NO_UNIT}"}, set(), set(), set()),
    ({"block": 1, "most_blocks": 3, "beyond": "target"}, set(), set(), set(), set()),
    ({"beyond": "1 h"}, set(), set(), {f"beyond {NO_TIME}"}, {f"beyond {NO_TIME}"}),
    ({"beyond": 1}, {f"beyond {NO_UNIT}"}, set(), set(), set()),
    ({"beyond": 0}, set(), set(), set(), set()),
    ({"beyond": "target"}, set(), set(), set(), set()),
    ({"tiers": HOURS}, set(), set(), {f"tiers {NO_TIME}"}, {f"tiers {NO_TIME}"}),
    ({"tiers": FIFTY}, set(), set(), set(), set()),
    ({"tiers": FIFTY, "tiers_by": "overrun"}, set(), set(), set(), set()),
    ({"tiers": FIFTY, "tiers_by": "overrun", **EACH_EVENT},
     {OVERRUN, f"tiers {NO_UNIT}"}, {OVERRUN}, {OVERRUN, EVENTS}, {OVERRUN, EVENTS}),
    ({"tiers": HOURS, "percent_column": PERCENT},
     set(), {COLUMN}, {COLUMN, f"tiers {NO_TIME}"}, {COLUMN, f"tiers {NO_TIME}"}),
    (EACH_EVENT, set(), set(), {EVENTS}, {EVENTS}),
    (EACH_EVENT | {"beyond": "target"}, {ONE_TARGET}, set(), {EVENTS, ONE_TARGET}, {EVENTS, ONE_TARGET}),
    (EACH_EVENT | {"block": 1}, {f"block {NO_UNIT}"}, set(), {EVENTS}, {EVENTS}),
    (EACH_EVENT | {"tiers": FIFTY}, {f"tiers {NO_UNIT}"}, set(), {EVENTS}, {EVENTS}),
    (EACH_EVENT | {"event_in": "cut"}, set(), {EDGE}, {EDGE, EVENTS}, {EDGE, EVENTS}),
    ({"event_in": "cut"}, {EDGE}, {EDGE}, {EDGE}, {EDGE}),
    ({"event_in": "window_of_end"}, set(), set(), set(), set()),
    (EACH_DAY, set(), {DAYS}, set(), {DAYS}),
    (EACH_DAY | {"beyond": "target"}, {ONE_TARGET}, {DAYS}, {ONE_TARGET}, {DAYS, ONE_TARGET}),
    (EACH_DAY | {"outage": {"at_least": "1 h"}}, set(), {DAYS, OUTAGE}, {OUTAGE}, {DAYS, OUTAGE}),
    (EACH_DAY | {"first_day": "outage"}, set(), {DAYS}, {REPORT}, {DAYS}),
    (EACH_DAY | {"first_day": "report"}, set(), {DAYS}, set(), {DAYS}),
    (EACH_DAY | {"grace_working_days": 1}, set(), {DAYS}, set(), {DAYS}),
    ({"grace_working_days": 1}, {GRACE}, {GRACE}, {GRACE}, {GRACE}),
    ({"promise": "repair"}, {PROMISE}, {PROMISE}, set(), {PROMISE}),
    ({"in_a_row": 2}, set(), set(), set(), set()),
    (EACH_EVENT | {"in_a_row": 2}, set(), {ROW}, {EVENTS}, {EVENTS}),
]  # fmt: skip
SAID = {
    *(ALWAYS, EVENTS, DAYS, ONE_TARGET, EDGE, OUTAGE, COLUMN, OVERRUN, PROMISE, GRACE, REPORT, ROW, NEAREST, PRO_RATA),
    *(f"{field} {text}" for field in ("block", "beyond", "tiers") for text in (NO_TIME, NO_UNIT)),
}


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(("part", "time", "repairs", "late", "value"), PARTS)
def test_each_part_of_a_rule_fits_a_measure_or_is_refused_with_the_reason(
    part: dict[str, Any], time: set[str], repairs: set[str], late: set[str], value: set[str], measure: str
) -> None:
    expected = {"time": time, "repairs": repairs, "days late": late}.get(measure, value)
    rate = {"tiers": part["tiers"]} if "tiers" in part else {"rate": "1%"}
    rule = {"kind": "credit", "when": "target_missed", **rate, **part}
    text = text_of(MEASURES[measure] | {"rule": rule}, cap={"share": "100%"}, calendar={"country": "AT"})
    found = check_contract(text, name="k")[1]
    assert {said for said in SAID for one in found if one.text.startswith(said)} == expected
    assert {(one.level, one.code) for one in found} == ({("refuses", "unit_mix_up")} if expected else set())


@pytest.mark.parametrize(
    ("part", "field"),
    [
        ({"when": "target_missed"}, "when"),
        ({"when": "always", "beyond": "target"}, "beyond"),
        ({"when": "always", "rate": None, "tiers": FIFTY, "tiers_by": "overrun"}, "tiers_by"),
        ({"when": "always"}, None),
        ({"when": "always", "beyond": "1 h"}, None),
    ],
)
def test_a_part_that_speaks_of_the_target_needs_one(part: dict[str, Any], field: str | None) -> None:
    text = text_of(objective({"kind": "credit", "rate": "1%", **part}))
    said = [one.text for one in check_contract(text, name="k")[1] if one.code == "missing_target"]
    assert said == ([] if field is None else [f"the rule credit needs a target for {field}"])
