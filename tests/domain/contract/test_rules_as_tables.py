"""Which credit rules are plain tables, and which metrics are measured as single lengths of time."""

from decimal import Decimal
from fractions import Fraction
from itertools import product
from typing import Any

import pytest

from include.sla_logic.domain.contract import rules
from include.sla_logic.domain.contract.contract import Objective
from include.sla_logic.domain.contract.credit_rule import Credit
from include.sla_logic.domain.contract.metrics import MetricName
from include.sla_logic.domain.contract.plain import plain_rule

ZERO, TEN, TWENTY = {"below": 10, "rate": 0}, {"at_least": 10, "rate": "5%"}, {"at_least": 20, "rate": "9%"}
TO_TWENTY = {"at_least": 10, "below": 20, "rate": "5%"}


@pytest.mark.parametrize(
    ("tiers", "thresholds"),
    [
        ([ZERO, TEN], [(10, "5%")]),
        ([TEN, ZERO], [(10, "5%")]),
        ([TWENTY, ZERO, TO_TWENTY], [(10, "5%"), (20, "9%")]),
        ([{"at_least": 0, **ZERO}, TEN], [(10, "5%")]),
        ([TEN], None),  # nothing is said of less
        ([ZERO], None),
        ([{"rate": 0}], None),
        ([ZERO, TEN, TWENTY], None),  # the two overlap
        ([ZERO, TWENTY], None),  # a hole
        ([ZERO | {"rate": "1%"}, TEN], None),  # what is below pays too
        ([ZERO, TEN | {"at_most": 30}], None),
        ([ZERO, {"more_than": 10, "rate": "5%"}], None),
        ([{"at_most": 10, "rate": 0}, TEN], None),
        ([ZERO, TO_TWENTY], None),  # nothing is said of more
        ([ZERO, TEN, {"at_least": 10, "more_than": None, "rate": "5%"}], None),
    ],
)
def test_bands_of_overruns_that_follow_each_other_from_nothing_on_are_thresholds(
    tiers: list[dict[str, Any]], thresholds: list[tuple[int, str]] | None
) -> None:
    rule = Credit.model_validate({"kind": "credit", "tiers_by": "overrun", "tiers": tiers})
    found = plain_rule(rule)
    if thresholds is None:
        assert found is rule
        return
    assert isinstance(found, rules.OverrunTiers)
    wanted = [(Decimal(overrun), Fraction(share.removesuffix("%")) / 100) for overrun, share in thresholds]
    assert [(one.overrun, one.credit) for one in found.thresholds] == wanted


TABLE = {"kind": "credit", "tiers": [{"below": 10, "rate": 0}, {"at_least": 10, "rate": "5%"}]}
HOURS = {"kind": "credit", "tiers": [{"below": "1 h", "rate": 0}, {"at_least": "1 h", "rate": "5%"}]}
MISSED = {"kind": "credit", "when": "target_missed", "rate": "5%"}


@pytest.mark.parametrize(("rule", "kind"), [(TABLE, "tiers"), (HOURS, "duration_tiers"), (MISSED, "share_when_missed")])
def test_a_table_of_shares_is_plain_until_it_says_more(rule: dict[str, Any], kind: str) -> None:
    assert plain_rule(Credit.model_validate(rule)).kind == kind
    for more in (
        {"when": "target_missed" if "tiers" in rule else "always"},
        {"beyond": "target"},
        {"beyond": "1 h"},
        {"block": "1 h"},
        {"nearest": "5 min"},
        {"times": 2},
        {"at_least": "1%"},
        {"at_most": "9%"},
        {"for_each": "event"},
        {"for_each": "event", "each_at_least": "1%"},
        {"each_at_most": "9%"},
        {"for_each": "day"},
    ):
        assert plain_rule(Credit.model_validate(rule | more)).kind == "credit", more
    sums = {key: [one | {"rate": "5 EUR"} for one in tiers] if key == "tiers" else tiers for key, tiers in rule.items()}
    sums |= {"rate": "5 EUR"} if "rate" in rule else {}
    assert plain_rule(Credit.model_validate(sums)).kind == "credit"


STATISTICS = (
    {"kind": "mean"},
    {"kind": "percentile", "percentile": 95},
    {"kind": "share_beyond", "bound": {"below": 1}},
)
OTHERS = (
    {"kind": "outages"},
    {"kind": "unavailable_state", "series": "x", "bad": {"below": 1}},
    {"kind": "error_rates", "interval": "5 min"},
    {"kind": "days_late"},
    {"kind": "events"},
)
TIMES = {"time_to_restore": "restore_times", "time_to_respond": "response_times", "time_to_resolve": "resolution_times"}
OF_PERCENT = {"availability", "success_rate", "delivery", "packet_loss", "events"}
HIGHER = {"availability", "success_rate", "delivery", "mos", "throughput"}


@pytest.mark.parametrize("metric", list(MetricName))
def test_only_times_of_repairs_and_tickets_are_single_lengths(metric: str) -> None:
    usual = TIMES.get(metric)
    own = ({"kind": kind} for kind in TIMES.values())
    for measure in (None, *STATISTICS, *OTHERS, *own):
        about = {"id": "a", "metric": metric, "rule": MISSED, "target": 1, "measure": measure}
        found, kind = Objective.model_validate(about), usual if measure is None else measure["kind"]
        wanted = kind if kind in TIMES.values() else usual if measure in STATISTICS else None
        assert (found.lengths and found.lengths.kind) == (wanted if usual else None), (metric, measure)
        shares = kind == "share_beyond"
        assert found.higher_is_better == (metric in HIGHER and not shares)
        assert (found.usual_unit == "percent") == (shares or metric in OF_PERCENT)


@pytest.mark.parametrize(("metric", "better"), list(product(["availability", "latency"], [1, -1])))
def test_a_value_that_just_keeps_its_target_does_not_miss_it(metric: str, better: int) -> None:
    objective = Objective.model_validate({"id": "a", "metric": metric, "rule": MISSED, "target": "99.5"})
    near = Fraction("99.5") + Fraction(better, 10**9)
    assert not objective.is_missed(Fraction("99.5"))
    assert objective.is_missed(near) == ((better < 0) == (metric == "availability"))
    assert not objective.model_copy(update={"target": None}).is_missed(near)


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "day_per_block", "block": "1 s", "days": 1},
        {"kind": "day_per_excess_block", "block": "1 s", "nearest": "1 s"},
        {"kind": "credit", "rate": "1%", "block": "1 s", "nearest": "1 s", "most_blocks": 1, "times": "0.000000000001"},
        {"kind": "credit", "rate": "1%", "block": "0.000000000001"},
        {"kind": "share_per_step", "step": "0.000000000001", "credit": "0%", "most_steps": 1},
        {"kind": "overrun_tiers", "thresholds": [{"overrun": "0.000000000001", "credit": "0%"}]},
        {"kind": "daily_rate", "periods_per_year": 1, "days_per_year": 1},
    ],
)
def test_the_least_of_what_must_be_more_than_nothing_is_read_by_the_model_too(rule: dict[str, Any]) -> None:
    """The published schema states the same bounds; what it accepts the model must read."""
    about = {"id": "a", "metric": "availability", "target": 99, "rule": rule}
    about |= {"measure": {"kind": "error_rates", "interval": "1 s"}, "maintenance": {"allowance": "1 s"}}
    found = Objective.model_validate(about)
    assert found.rule.kind == rule["kind"]
    nothing = {"1 s": "0 s", "1": 0, "0.000000000001": "0"}
    for name, value in rule.items():
        if str(value) in nothing:
            with pytest.raises(ValueError, match=name):
                Objective.model_validate(about | {"rule": rule | {name: nothing[str(value)]}})
