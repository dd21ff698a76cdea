"""Where the check begins to find something: at each bound nothing, and one step beyond it the finding."""

from typing import Any

import pytest

from include.sla_logic.domain.contract import check_contract
from tests.domain.sla.make import objective, text_of

MONTH = "745 h"  # 31 days, and the hour of a change of the clocks


def credit(target: str | None = "99.9", **parts: Any) -> dict[str, Any]:
    return objective({"kind": "credit", **parts}, target=target)


def overrun(*thresholds: tuple[int, str]) -> dict[str, Any]:
    rows = [{"overrun": overrun, "credit": share} for overrun, share in thresholds]
    return {"id": "j", "metric": "jitter", "target": "2", "rule": {"kind": "overrun_tiers", "thresholds": rows}}


def bands(edge: str, worse: str = "5%", better: str = "0%", target: str | None = None) -> dict[str, Any]:
    rows = [{"at_least": edge, "credit": better}, {"below": edge, "credit": worse}]
    return objective({"kind": "tiers", "tiers": rows}, target=target)


def lengths(edge: str, better: str = "0%", worse: str = "5%") -> dict[str, Any]:
    rows = [{"below": edge, "credit": better}, {"at_least": edge, "credit": worse}]
    return objective({"kind": "duration_tiers", "tiers": rows})


def sizes(edge: str, each: str) -> dict[str, Any]:
    rows = [{"below": edge, "rate": 0}, {"at_least": edge, "rate": "5%"}]
    return credit(for_each=each, tiers=rows, at_most="100%")


def steps(share: str, most: int | None = None, target: str = "99.9") -> dict[str, Any]:
    rule = {"kind": "share_per_step", "step": "1", "credit": share}
    return objective(rule | ({} if most is None else {"most_steps": most}), target=target)


def between(high: dict[str, Any], low: dict[str, Any], **parts: Any) -> dict[str, Any]:
    """Return three tiers, of which the first ends somewhere above and the last somewhere below."""
    middle = {"below": "99.9", "at_least": "50"}
    rows = [{"at_least": "99.9", **high}, middle, {"below": "50", **low}]
    shares = [row | {"credit": credit} for row, credit in zip(rows, ("0%", "5%", "9%"), strict=True)]
    return objective({"kind": "tiers", "tiers": shares, **parts})


def minutes(most: str) -> dict[str, Any]:
    rows = [{"at_least": "0 s", "below": "1 h", "credit": 0}, {"at_least": "1 h", "at_most": most, "credit": "5%"}]
    return objective({"kind": "duration_tiers", "tiers": rows})


NUMBERED = [{"rate": "1%"}, {"from_block": 3, "rate": "2%"}]
CAP = {"cap": {"share": "5%"}}
BOUNDS: list[tuple[dict[str, Any], dict[str, Any], set[str]]] = [
    (sizes(MONTH, "window"), {}, set()),
    (sizes(f"{MONTH} 1 s", "window"), {}, {"unreachable_tier"}),
    (sizes("25 h", "day"), {}, set()),
    (sizes("25 h 1 s", "day"), {}, {"unreachable_tier"}),
    (sizes("800 h", "event"), {}, set()),  # an event may be as long as it likes
    (lengths(MONTH), {}, set()),
    (lengths(f"{MONTH} 1 s"), {}, {"unreachable_tier"}),
    (credit(block=MONTH, counts="full", rate="1%", at_most="5%"), {}, set()),
    (credit(block=f"{MONTH} 1 s", counts="full", rate="1%", at_most="5%"), {}, {"unreachable_tier"}),
    (credit(block=f"{MONTH} 1 s", counts="started", rate="1%", at_most="5%"), {}, set()),
    (credit(beyond="25 h", for_each="day", rate="1%", at_most="5%"), {}, set()),
    (credit(beyond="25 h 1 s", for_each="day", rate="1%", at_most="5%"), {}, {"unreachable_tier"}),
    (credit(block="1 h", most_blocks=3, tiers=NUMBERED), {}, set()),
    (credit(block="1 h", most_blocks=2, tiers=NUMBERED), {}, {"unreachable_tier"}),
    (credit(for_each="event", rate="5%", each_at_least="2%", each_at_most="5%", at_most="50%"), {}, set()),
    (credit(for_each="event", rate="1%", each_at_least="2%", each_at_most="2%", at_most="50%"), {}, set()),
    (credit(for_each="event", rate="1%", each_at_least="3%", each_at_most="2%", at_most="50%"), {},
     {"bounds_contradict"}),
    (credit(for_each="event", rate="1%", each_at_least="3%", at_most="2%"), {}, {"bounds_contradict"}),
    (credit(rate="1%", at_least="3%", at_most="2%"), {}, {"bounds_contradict"}),
    (credit(for_each="event", rate="5%", each_at_most="4%", at_most="50%"), {}, {"cap_below_tier"}),
    (credit(for_each="event", rate="5%", times="0.5", each_at_most="4%", at_most="50%"), {}, set()),
    (credit(when="target_missed", rate="100%"), {}, set()),
    (credit(when="target_missed", rate="101%"), {}, {"no_cap"}),
    (credit(when="target_missed", rate="101%", at_most="100%"), {}, {"cap_below_tier"}),
    (credit(when="target_missed", rate="101%"), {"cap": {"share": "100%"}}, {"cap_below_tier"}),
    (credit(when="target_missed", rate="50%", times=2), {}, set()),
    (credit(when="target_missed", rate="51%", times=2), {}, {"no_cap"}),
    (credit(rate="pro_rata", times=1), {}, set()),
    (credit(rate="pro_rata", times="1.01"), {}, {"no_cap"}),
    (credit(rate="10%", block="1 h", most_blocks=10), {}, set()),
    (credit(rate="10%", block="1 h", most_blocks=11), {}, {"no_cap"}),
    (credit(rate="10%", block="1 h"), {}, {"no_cap"}),
    (credit(rate="pro_rata", block="1 h"), {}, set()),
    (overrun((10, "5%"), (20, "5%")), {}, set()),
    (overrun((10, "5%"), (20, "4%")), {}, {"credits_not_monotone"}),
    (overrun((10, "5%"), (10, "6%")), {}, {"tier_overlap"}),
    (lengths("1 h", "5%", "5%"), {}, set()),
    (lengths("1 h", "6%", "5%"), {}, {"credits_not_monotone"}),
    (bands("99", "5%", "5%"), {}, set()),
    (bands("99", "5%", "6%"), {}, {"credits_not_monotone"}),
    (bands("1"), {}, {"unit_mix_up"}),
    (bands("1.01"), {}, set()),
    (bands("100"), {}, set()),
    (bands("100.01"), {}, {"unit_mix_up", "unreachable_tier"}),
    (bands("99", target="99"), {}, set()),
    (bands("99", target="98.9"), {}, {"target_disagrees"}),
    (bands("99", "5%"), CAP, set()),
    (bands("99", "6%"), CAP, {"cap_below_tier"}),
    (bands("99", "100%"), {}, set()),
    (bands("99", "101%"), {}, {"no_cap"}),
    (bands("50", "50%", target="1"), {}, {"target_disagrees", "unit_mix_up"}),
    (credit(when="target_missed", rate="5%", target="1.01"), {}, set()),
    (credit(when="target_missed", rate="5%", target="1"), {}, {"unit_mix_up"}),
    (credit(when="target_missed", rate="5%", target="100"), {}, set()),
    (credit(when="target_missed", rate="5%", target="100.01"), {}, {"unit_mix_up"}),
    (steps("10%", 10), {}, set()),
    (steps("10%", 11), {}, {"no_cap"}),
    (steps("1%"), {}, set()),  # 100 steps from 99.9 to nothing
    (steps("1.01%"), {}, {"no_cap"}),
    (between({}, {}), {}, set()),
    (between({"at_most": "100"}, {"at_least": "0"}), {}, set()),
    (between({"below": "100"}, {}), {}, {"tier_hole"}),
    (between({"at_most": "99.99"}, {}), {}, {"tier_hole"}),
    (between({}, {"more_than": "0"}), {}, {"tier_hole"}),
    (between({"at_most": "100"}, {"at_least": "0"}, round_decimals=2), {}, set()),
    (between({"at_most": "99.995"}, {}, round_decimals=2), {}, {"tier_hole"}),
    (between({}, {"at_least": "0.01"}, round_decimals=2), {}, {"tier_hole"}),
    (minutes(MONTH), {}, set()),
    (minutes("744 h 59 min 59 s"), {}, {"tier_hole"}),
    (objective(), {"cap": {"share": "100%"}}, set()),
    (objective(), {"cap": {"share": "100.1%"}}, {"cap_above_charge"}),
    (objective(target="99.9"), {"chronic": {"missed": {"windows": 3, "within": 3}}}, set()),
    (objective(target="99.9"), {"chronic": {"missed": {"windows": 3, "within": 2}}}, {"bounds_contradict"}),
]  # fmt: skip


@pytest.mark.parametrize(("about", "terms", "codes"), BOUNDS)
def test_the_check_finds_something_beyond_a_bound_and_nothing_at_it(
    about: dict[str, Any], terms: dict[str, Any], codes: set[str]
) -> None:
    assert {finding.code for finding in check_contract(text_of(about, **terms), name="k")[1]} == codes
