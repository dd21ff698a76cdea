"""One term of a contract over a range: even steps between both ends, and a reason for what cannot be varied."""

import pytest

from include.sla_logic.domain.contract.varying import MOST_STEPS, UnableToVary, variants
from tests.domain.sla.make import TIERS, objective, text_of

TEXT = text_of(
    objective({"kind": "tiers", "tiers": TIERS}),
    {"id": "jitter", "metric": "jitter", "target": 2, "rule": {"kind": "share_when_missed", "credit": "5%"}},
    cap={"share": "90%"},
    maintenance={"notice": "1 d"},
    billing_day=1,
)


def values(written: str, steps: int) -> list[str]:
    return [one.value for one in variants(TEXT, written, steps=steps, name="new")]


@pytest.mark.parametrize(
    ("written", "steps", "expected"),
    [
        ("objectives.jitter.target=1..2", 2, ["1", "2"]),
        ("objectives.1.target=1..2", 3, ["1", "1.5", "2"]),
        ("objectives.0.rule.tiers.1.below=99.5..99.99", 3, ["99.5", "99.745", "99.99"]),
        ("objectives.availability.rule.tiers.1.below=99..100", 4, ["99", "99.33", "99.67", "100"]),
        ("cap.share=10%..50%", 3, ["10%", "30%", "50%"]),
        ("cap.share=50%..10", 3, ["50%", "30%", "10%"]),
        ("maintenance.notice=1 d..4 d", 4, ["1 d", "2 d", "3 d", "4 d"]),
    ],
)
def test_values_are_even_exact_and_in_the_unit_that_was_written(written: str, steps: int, expected: list[str]) -> None:
    assert values(written, steps) == expected


def test_the_contract_of_a_step_states_its_value_and_nothing_else_differs() -> None:
    low, middle, high = (one.contract for one in variants(TEXT, "objectives.1.target=1..3", steps=3, name="new"))
    assert low is not None
    assert middle is not None
    assert high is not None
    assert [str(one.objectives[1].target) for one in (low, middle, high)] == ["1", "2", "3"]
    assert low.objectives[0] == middle.objectives[0] == high.objectives[0]
    first = variants(TEXT, "objectives.0.rule.tiers.0.credit=1%..2%", steps=2, name="new")[1].contract
    assert first is not None
    assert str(first.objectives[0].rule.tiers[0].credit) == "1/50"  # type: ignore[union-attr]


def test_a_value_that_the_contract_may_not_have_is_refused_and_the_others_are_tried() -> None:
    days = variants(TEXT, "billing_day=26..29", steps=4, name="new")
    assert [one.contract and one.contract.billing_day for one in days] == [26, 27, 28, None]
    assert [bool(one.refused) for one in days] == [False, False, False, True]
    assert "billing_day" in days[3].refused


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("objectives.availability.target=99..100", "states no value of objectives.availability.target"),
        ("objectives.latency.target=1..2", "states no objectives.latency"),
        ("objectives.2.target=1..2", "states no objectives.2"),
        ("objectives.2=1..2", "states no value of objectives.2"),
        ("objectives.0=1..2", "states no value of objectives.0"),
        ("objectives.jitter.target.more=1..2", "states no value of objectives.jitter.target.more"),
        ("cap=1..2", "states no value of cap"),
        ("cap.share", "is no range"),
        ("cap.share=10%..5 d", "two units"),
    ],
)
def test_a_term_that_the_contract_does_not_state_is_refused(written: str, said: str) -> None:
    with pytest.raises(UnableToVary, match=said):
        values(written, 3)


def test_two_to_two_hundred_steps_are_taken() -> None:
    assert len(values("cap.share=1%..2%", MOST_STEPS)) == MOST_STEPS
    for steps in (1, MOST_STEPS + 1):
        with pytest.raises(UnableToVary, match=f"{steps} steps: write 2 to 200"):
            values("cap.share=1%..2%", steps)
