"""A short round of games on a real Airflow; `make faults` plays the long one, `docs/reliability.md` has its table."""

from pathlib import Path

import pytest

from tests.hands.games.rounds import open_airflow, play
from tests.hands.games.series import HELD, PATHS

SHORT = range(1, len(PATHS) + len(HELD) + 1)  # each kind of incident once


@pytest.mark.faults
@pytest.mark.more
def test_whatever_people_press_nothing_is_lost_doubled_or_skipped(tmp_path: Path) -> None:
    with open_airflow(tmp_path, operations="postgres") as opened:
        result = play(opened, SHORT, at_once=len(SHORT))
    assert len(result.games) == len(SHORT)
    assert not result.findings
