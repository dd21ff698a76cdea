"""A short round of games on a real Airflow; `make faults` plays the long one, `docs/reliability.md` has its table."""

from pathlib import Path

import pytest

from tests.hands.games.rounds import open_airflow, play
from tests.hands.games.series import HELD, PATHS
from tests.spread import longest

EACH = range(1, len(PATHS) + len(HELD) + 1)  # each kind of incident once


@pytest.mark.faults
@pytest.mark.more
@pytest.mark.parametrize("seeds", [EACH[::2], longest(EACH)], ids=["every second kind", "each kind"])
def test_whatever_people_press_nothing_is_lost_doubled_or_skipped(tmp_path: Path, seeds: range) -> None:
    with open_airflow(tmp_path, operations="postgres") as opened:
        result = play(opened, seeds, at_once=len(seeds))
    assert len(result.games) == len(seeds)
    assert not result.findings
