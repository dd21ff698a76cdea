"""A search that many incidents answer, against reading every text: the same on both databases."""

from random import Random
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from benchmarks.desk import place, status, ticket
from include.sla_logic.domain.search_text import words_of, words_to_keep
from include.sla_logic.persistence import search
from include.sla_logic.persistence.queries import board_filter
from include.sla_logic.persistence.queries import newest as newest_first
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.search import search_words
from include.sla_logic.persistence.schema.system_t import ticket_status_history, tickets
from include.sla_logic.services.board import BoardFilter
from tests.web.desk_sample import Sample, client_of

HAVE = ("alpha", "alphabet", "beta", "bet", "gamma")
ASKED = st.lists(st.sampled_from([*HAVE, "alp", "b", "gammas", "ÁLPHA", "be-ta"]), min_size=1, max_size=3)
FIRST, MANY, SIZE = 1000, 90, 4
LANES = ("Customer Service", "Service Management")
# What counts as few, how many of the newest are looked through, what counts as many.
LIMITS = [(500, 20, 50), (0, 20, 1000), (0, 20, 0), (0, 1000, 0), (0, 20, 40)]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def many(request, tmp_path_factory):
    """Return a desk with many incidents, every third of them settled, and what each of them says."""
    on_postgresql = request.param == "postgresql"
    url = request.getfixturevalue("postgres_server").create_database(f"many_{uuid4().hex}") if on_postgresql else None
    sample, chosen = Sample(tmp_path_factory.mktemp("many"), url=url), Random(17)  # noqa: S311 - no secret
    said = {number: " ".join(chosen.sample(HAVE, chosen.randint(1, 3))) for number in range(FIRST, FIRST + MANY)}
    filled(sample, said)
    return sample.use_cases.board, said


def filled(sample, said):
    """Open these incidents, which say this."""
    with sample.use_cases.work.database.write() as connection:
        for number, text in said.items():
            connection.execute(insert(tickets).values(ticket(number) | {"assigned_to": LANES[number % 2]}))
            connection.execute(insert(ticket_status_history).values(status(number)))
            connection.execute(insert(queue).values(place(number) | {"open": is_open(number)}))
            words = [{"ticket": number, "word": word} for word in words_to_keep([text])]
            connection.execute(insert(search_words), words)


def is_open(number):
    return number % 3 != 0


def shown_of(said, wanted):
    """Return all incidents that are shown, the newest first."""
    return [
        number
        for number in sorted(said, reverse=True)
        if wanted.shown in {"all", "open" if is_open(number) else "settled"}
    ]


def having(said, numbers, wanted):
    """Return by reading their texts which of them have a word that begins with each of those asked."""
    return [
        number
        for number in numbers
        if all(any(word.startswith(begin) for word in words_of(said[number])) for begin in words_of(wanted.search))
        and wanted.lane in {"", LANES[number % 2]}
    ]


@settings(max_examples=60, deadline=None)
@given(
    asked=ASKED,
    shown=st.sampled_from(["open", "settled", "all"]),
    lane=st.sampled_from(["", *LANES]),
    page=st.integers(1, 4),
    limits=st.sampled_from(LIMITS),
)
def test_many_are_found_the_newest_first_as_far_as_the_page_says(many, asked, shown, lane, page, limits):
    board, said = many
    wanted = BoardFilter(shown, lane=lane, search=" ".join(asked), newest=True)
    with pytest.MonkeyPatch.context() as patch:
        patched = (search, "FEW"), (board_filter, "FEW"), (newest_first, "LOOKED"), (search, "MANY")
        for (module, name), value in zip(patched, (limits[0], *limits), strict=True):
            patch.setattr(module, name, value)
        patch.setattr(newest_first, "NEAR", 5)
        told = board.incidents(wanted, page=page, size=SIZE)
    rows, start = [int(line.ticket.removeprefix("TT-")) for line in told.rows], (page - 1) * SIZE
    shown_ones = shown_of(said, wanted)
    found = having(said, shown_ones, wanted)
    if limits[0]:  # few: all are counted, in the order of the queue
        in_order = sorted(found, key=lambda number: (not is_open(number), place(number)["place"]))
        assert (rows, told.total, told.more, told.looked) == (in_order[start : start + SIZE], len(found), False, None)
    elif told.looked is None:
        assert rows == found[start : start + SIZE]
        assert told.more == (len(found) > start + SIZE)
    else:  # only the newest were looked through, and they say so
        among = having(said, shown_ones[: told.looked], wanted)
        assert (told.looked, told.more, rows) == (limits[1], False, among[start : start + SIZE])
        assert len(shown_ones) > told.looked


@pytest.mark.parametrize("sort", ["", "-ticket", "ticket"])
def test_a_search_that_is_not_of_the_newest_counts_all(many, monkeypatch, sort):
    board, said = many
    monkeypatch.setattr(search, "FEW", 0)
    monkeypatch.setattr(newest_first, "NEAR", 2)
    monkeypatch.setattr(newest_first, "LOOKED", 3)
    monkeypatch.setattr(search, "MANY", 0)
    wanted = BoardFilter("all", search="bet", sort=sort, newest=sort == "ticket")
    told = board.incidents(wanted, size=SIZE)
    assert (told.total, told.more, told.looked) == (len(having(said, said, wanted)), False, None)


def test_the_page_says_that_there_are_more_or_that_only_the_newest_were_looked_through(tmp_path, monkeypatch):
    sample = Sample(tmp_path)
    filled(sample, dict.fromkeys(range(FIRST, FIRST + 60), "alpha beta"))

    def read(address):
        with client_of(sample) as client:
            return client.get(address).text

    page = read("/?search=alpha")
    assert "40 incidents" in page  # of which two of three are open
    monkeypatch.setattr(search, "FEW", 3)
    monkeypatch.setattr(board_filter, "FEW", 3)
    page = read("/?search=alpha&shown=all")
    assert "more than 50 incidents, the newest first" in page
    assert 'rel="next"' in page
    page = read("/?search=alpha&shown=all&page=2")
    assert "60 incidents" in page
    assert "Page 2 of 2" in page
    for name, value in (("NEAR", 5), ("LOOKED", 10)):
        monkeypatch.setattr(newest_first, name, value)
    monkeypatch.setattr(search, "MANY", 3)
    page = read("/?search=alpha&shown=all")
    assert "only the newest 10 were looked through" in page
    assert ">TT-001059</a>" in page
    assert ">TT-001049</a>" not in page
