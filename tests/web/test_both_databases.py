"""The board on PostgreSQL is the board on SQLite."""

import pytest

from include.sla_logic.process.graph import WAIT
from include.sla_logic.services.board import BoardFilter
from tests.web.desk_sample import HELD, Sample

ASKED = [
    BoardFilter(),
    BoardFilter(shown="all"),
    BoardFilter(shown="waiting"),
    BoardFilter(shown="on_hold"),
    BoardFilter(shown="escalated", lane="Customer Service"),
    BoardFilter(shown="all", search="demo-"),
    BoardFilter(shown="all", search="100%_"),
    BoardFilter(shown="all", priority="P3"),
]


def seen(sample):
    for key in ("premium", HELD, "too_late"):
        if key in sample.data.notifications:
            sample.walk(key, until=WAIT if key == HELD else None)
    board, month = sample.use_cases.board, sample.use_cases.reports.month("2026-11")
    boards = [[line.ticket for line in board.incidents(wanted, size=10).rows] for wanted in ASKED]
    return boards, board.overview(BoardFilter()).counts, month.total.incidents, month.total.credits


@pytest.mark.more
def test_postgresql_shows_the_same_board_as_sqlite(tmp_path, postgres_url):
    here = seen(Sample(tmp_path))
    assert any(here[0])
    assert seen(Sample(tmp_path, url=postgres_url)) == here
