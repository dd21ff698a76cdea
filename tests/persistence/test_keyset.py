"""Lists cut at a key: every row once, forwards and backwards, in either direction."""

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

    def asked(cut, *, descending=False):
        with database.read() as connection:
            columns = (table.c.name, table.c.number)
            return cut_part(connection, select(table), columns, tuple, cut, descending=descending)

    return asked


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("limit", [1, 3, 7, 20, 50])
def test_a_walk_meets_every_row_once_and_back_again(ask, limit, descending):
    wanted = sorted(ROWS, reverse=descending)
    part = ask(Cut(limit), descending=descending)
    there = [list(part.rows)]
    assert part.more_before is False
    while part.more_after:
        part = ask(Cut(limit, after=part.last), descending=descending)
        assert part.more_before
        there.append(list(part.rows))
    assert [row for rows in there for row in rows] == wanted
    back = [list(part.rows)]
    while part.more_before and part.first != wanted[0]:
        part = ask(Cut(limit, before=part.first), descending=descending)
        assert part.more_after
        back.append(list(part.rows))
    assert [row for rows in reversed(back) for row in rows] == wanted


def test_an_offset_leaves_out_rows_and_an_end_has_no_keys(ask):
    assert ask(Cut(2, offset=3)).rows == ROWS[3:5]
    end = ask(Cut(2, offset=30))
    assert (list(end.rows), end.first, end.last, end.more_after) == ([], None, None, False)
