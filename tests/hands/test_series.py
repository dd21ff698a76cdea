"""A seed gives the same hands again, and the seeds of the long round press every button on every kind of incident."""

from tests.hands.games.buttons import _PRESSED
from tests.hands.games.series import PATHS, Button, Series

LONG = range(1, 301)


def test_the_same_seed_gives_the_same_hands():
    assert [Series.of(seed) for seed in LONG] == [Series.of(seed) for seed in LONG]
    assert len({Series.of(seed).hands for seed in LONG}) > len(LONG) * 0.9


def test_the_long_round_presses_every_button_on_every_kind_of_incident():
    games = [Series.of(seed) for seed in LONG]
    pressed = {(game.key, hand.button) for game in games for hand in game.hands}
    assert {button for _, button in pressed} == set(Button) == set(_PRESSED)
    assert {key for key, _ in pressed} == set(PATHS)
    assert {(game.answer.how, game.key) for game in games} >= {("rejected", "held_and_released"), (None, "too_late")}
