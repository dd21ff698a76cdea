"""The oracle of the games finds each thing that it looks for, and nothing in a game that went well."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from include.sla_logic.sample_data import make_sample
from tests.hands.games.customers import Known
from tests.hands.games.oracle import Facts, wrong
from tests.hands.games.player import Game
from tests.hands.games.series import PATHS, Series

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
KEY = "held_and_released"
SEED = next(seed for seed in range(1, 100) if Series.of(seed).key == KEY)
EXPECTED = make_sample(7, NOW, history_days=1).expectations[KEY]
RUN = f"incident.GAME-{SEED}"


def ticket(number: int = 1, reference: str = f"GAME-{SEED}") -> SimpleNamespace:
    return SimpleNamespace(number=number, external_reference=reference, run_id=RUN)


def wait(**answer: datetime) -> SimpleNamespace:
    return SimpleNamespace(**{"sent_at": None, "rejected_at": None, "deadline": NOW + timedelta(seconds=9)} | answer)


def order(key: str = "TT-000001", at: datetime = NOW) -> SimpleNamespace:
    return SimpleNamespace(order_key=key, action="fail_over_link", resource="R-link", at=at)


@pytest.fixture
def well() -> Facts:
    """A held request that was released, restored, credited and told."""
    known = Known(
        Series.of(SEED), "C", "S", "B", "c@customer.example", {"external_reference": f"GAME-{SEED}"}, EXPECTED
    )
    buttons = SimpleNamespace(references={f"GAME-{SEED}"})
    return Facts(
        game=Game(known, buttons),
        tickets=[ticket()],
        children=0,
        steps={1: list(PATHS[KEY])},
        outcomes={1: "restored"},
        waits={1: wait(sent_at=NOW)},
        orders=[order(at=NOW + timedelta(seconds=5))],
        uncured=0,
        posted=EXPECTED.credit.amount,
        letters={"<1>": f"You get {EXPECTED.credit.amount} GBP."},
    )


def test_nothing_is_wrong_with_a_game_that_went_well(well):
    assert not list(wrong(well))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"posted": EXPECTED.credit.amount * 2}, "were posted"),
        ({"posted": Decimal(0)}, "were posted"),
        ({"letters": {}}, "0 letters for 1 closed"),
        ({"letters": {"<1>": "62.50", "<2>": "62.50"}}, "2 letters for 1 closed"),
        ({"letters": {"<1>": "You get nothing."}}, "no letter names the credit"),
        ({"tickets": []}, "has no incident"),
        ({"tickets": [ticket(), ticket(2, "X")], "outcomes": {1: "restored", 2: "restored"}}, "that nobody reported"),
        ({"outcomes": {}}, "is not closed"),
        ({"outcomes": {1: "restoration_too_late"}}, "ended as restoration_too_late"),
        ({"orders": [order(at=NOW - timedelta(seconds=1))]}, "without a release"),
        ({"waits": {1: wait(rejected_at=NOW)}}, "without a release"),
        ({"waits": {1: wait()}}, "should as restoration_too_late"),
        ({"waits": {1: wait(sent_at=NOW, deadline=NOW - timedelta(seconds=1))}}, "should as restoration_too_late"),
        ({"waits": {}}, "has no wait"),
        ({"orders": [order("TT-000001", NOW), order("SP-1", NOW)]}, "ordered twice"),
        ({"steps": {1: list(PATHS[KEY])[:-2]}}, "went another way"),
        ({"children": 1}, "1 child tickets"),
        ({"uncured": 1}, "is not cured"),
    ],
)
def test_each_thing_that_is_wrong_is_found(well, changed, says):
    facts = replace(well, **{"steps": {1: list(PATHS[KEY]), 2: []}, **changed})
    assert any(says in found for found in wrong(facts))
