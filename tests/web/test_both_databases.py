"""The board on PostgreSQL is the board on SQLite."""

import pytest

from include.sla_logic.persistence.queries.attention import count_figures
from include.sla_logic.persistence.queries.board import BoardFilter, read_board
from include.sla_logic.persistence.queries.reports import month_of, report_month
from tests.web.desk_sample import HELD, WAIT, Sample

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
        if key in sample.house.notifications:
            sample.walk(key, until=WAIT if key == HELD else None)
    with sample.use_cases.work.reading() as connection:
        now = sample.use_cases.work.database.now(connection)
        boards = [[line.ticket for line in read_board(connection, wanted, now=now, size=10).lines] for wanted in ASKED]
        month = report_month(connection, month_of("2026-11"))
        return boards, count_figures(connection, now=now), month.total.incidents, month.total.credits


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_postgresql_shows_the_same_board_as_sqlite(tmp_path, postgres_url):
    here = seen(Sample(tmp_path))
    assert any(here[0])
    assert seen(Sample(tmp_path, url=postgres_url)) == here
