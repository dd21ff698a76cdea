"""Lists cut at a key: every row once, forwards and backwards, in either direction."""

from functools import partial

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, insert, select

from include.sla_logic.persistence.keyset import Cut, cut_part

ROWS = [(f"name {number // 3}", number) for number in range(20)]
table = Table("listed", MetaData(), Column("name", String(20)), Column("number", Integer))


@pytest.fixture
def ask(database):
    with database.write() as connection:
        table.create(connection)
        connection.execute(insert(table), [{"name": name, "number": number} for name, number in ROWS])

    def asked(cut, **how):
        with database.read() as connection:
            return cut_part(connection, select(table), (table.c.name, table.c.number), tuple, cut, **how)

    return asked


KINDS = [table.c.number % 4 == 3, table.c.number % 4 == 1, table.c.number % 40 == 0, table.c.number > 1_000]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("limit", [1, 3, 7, 20, 50])
@pytest.mark.parametrize("kinds", [(), KINDS])
def test_a_walk_meets_every_row_once_and_back_again(ask, limit, descending, kinds):
    wanted = sorted([row for row in ROWS if not kinds or row[1] % 2 or not row[1]], reverse=descending)
    ask = partial(ask, descending=descending, kinds=kinds)
    part = ask(Cut(limit))
    there = [list(part.rows)]
    assert part.more_before is False
    while part.more_after:
        part = ask(Cut(limit, after=part.last))
        assert part.more_before
        there.append(list(part.rows))
    assert [row for rows in there for row in rows] == wanted
    back = [list(part.rows)]
    while part.more_before and part.first != wanted[0]:
        part = ask(Cut(limit, before=part.first))
        assert part.more_after
        back.append(list(part.rows))
    assert [row for rows in reversed(back) for row in rows] == wanted


def test_an_offset_leaves_out_rows_and_an_end_has_no_keys(ask):
    assert ask(Cut(2, offset=3)).rows == ROWS[3:5]
    assert [row[1] for row in ask(Cut(2, offset=3), kinds=KINDS).rows] == [5, 7]
    end = ask(Cut(2, offset=30))
    assert (list(end.rows), end.first, end.last, end.more_after) == ([], None, None, False)
