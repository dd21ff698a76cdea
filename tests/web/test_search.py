"""Finding incidents by words: of the ticket, the reference, the customer, the service and the text."""

import re
from dataclasses import replace
from importlib import import_module

import pytest
from sqlalchemy import delete, func, select, text

from benchmarks.plans import asked, plan
from include.sla_logic.domain.search_text import words_of, words_to_keep
from include.sla_logic.persistence import search
from include.sla_logic.persistence.migrations import versions
from include.sla_logic.persistence.queries import board_filter
from include.sla_logic.persistence.schema.search import search_words
from include.sla_logic.services.board import BoardFilter
from tests.web.desk_sample import Sample

SAID = {
    "external_reference": "REF:2026-11+77_b",
    "description": "Störung: die Straße nach Žilina ist tot;\n ИНТЕРНЕТ ﬁel aus (seit 06:15).",
}


def found(sample, words):
    return {line.ticket for line in sample.use_cases.board.incidents(BoardFilter(shown="all", search=words)).rows}


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    sample = Sample(tmp_path_factory.mktemp("search"))
    return sample, sample.report("too_late", **SAID), sample.report("premium")


@pytest.mark.parametrize(
    "asked",
    [
        "störung",
        "STORUNG 2026",
        "77",
        "ref:2026-11+77_b",
        "strasse",
        "Straße Zilina",
        "žil",
        "интер",
        "fiel 06:15",
        "run 0 too late",
        "taunus",
        "exchange TAUNUS tot",
    ],
)
def test_a_word_is_found_by_its_beginning_whatever_its_case_accents_and_signs(two, asked):
    sample, ticket, _ = two
    assert found(sample, asked) == {ticket.id}


@pytest.mark.parametrize("asked", ["traße", "taunus hanse", "%", "=%", "_", "'", "tot xyz", "\\"])
def test_what_no_word_begins_with_finds_nothing(two, asked):
    assert found(two[0], asked) == set()


def test_a_ticket_is_found_by_its_name_and_by_its_number_alone(two):
    sample, ticket, other = two
    assert found(sample, ticket.id.lower()) == {ticket.id}
    assert ticket.id in found(sample, "1")
    assert found(sample, "tt") == {ticket.id, other.id}


def test_the_words_are_the_same_whether_kept_with_the_ticket_or_filled_in_by_the_migration(two):
    sample = two[0]
    query = select(search_words).order_by(search_words.c.ticket, search_words.c.word)
    with sample.use_cases.work.database.write() as connection:
        kept = connection.execute(query).all()
        connection.execute(delete(search_words))
        import_module(f"{versions.__name__}.0030_search_words").fill(connection)
        assert connection.execute(query).all() == kept
    assert len(kept) > 40


def test_words_are_few_and_short():
    assert words_of("A" * 100) == ["a" * 32]
    assert len(words_to_keep(f"w{n}" for n in range(1000))) == 200
    assert words_to_keep(["TT-000010", None, "tt"]) == ["tt", "000010", "10"]


@pytest.mark.parametrize("few", [500, 0])
def test_many_tickets_of_a_word_are_found_like_few(two, monkeypatch, few):
    sample, ticket, other = two
    monkeypatch.setattr(search, "FEW", few)
    monkeypatch.setattr(board_filter, "FEW", few)
    assert found(sample, "tt run") == {ticket.id, other.id}
    assert found(sample, "tt 06:15") == found(sample, "t fie") == {ticket.id}
    assert found(sample, "tt xyz") == set()
    board = sample.use_cases.board
    for shown, expected in (("open", 1), ("settled", 0), ("all", 1), ("escalated", 0), ("on_hold", 0)):
        wanted = BoardFilter(shown, customer=ticket.customer, service=ticket.service, search="strasse")
        assert board.incidents(wanted).total == expected, shown
        assert board.incidents(replace(wanted, customer="C-none")).total == 0
        assert board.incidents(replace(wanted, search="")).total == expected
    assert [len(board.incidents(BoardFilter(search="tt"), page=page, size=1).rows) for page in (1, 2, 3)] == [1, 1, 0]
    assert board.incidents(BoardFilter(search="tt"), page=3, size=1).total == 2


@pytest.mark.parametrize("wanted", ["tt 06:15", "strasse", "tt"])
def test_a_search_reads_no_whole_table(two, wanted):
    sample = two[0]
    with asked(sample.use_cases) as statements:
        sample.use_cases.board.overview(BoardFilter(search=wanted))
    with sample.use_cases.work.database.write() as connection:
        steps = [step for statement, given in statements.items() for step in plan(connection, statement, given)]
    large = re.compile(r"SCAN (queue|tickets|search_words|child|documents|restorations|timeline)\b(?! USING)")
    assert any("search_words" in step for step in steps)
    assert [step for step in steps if large.match(step)] == []


@pytest.mark.more
def test_postgresql_has_an_index_for_each_question_of_a_search(tmp_path, postgres_url):
    """So few rows are rightly read all at once: it must not need to."""
    sample = Sample(tmp_path, url=postgres_url)
    sample.report("too_late", **SAID)
    with asked(sample.use_cases) as statements:
        sample.use_cases.board.overview(BoardFilter(search="tt 06:15"))
    with sample.use_cases.work.database.write() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        for statement, given in statements.items():
            told = " ".join(connection.exec_driver_sql(f"EXPLAIN {statement}", given).scalars())
            assert not re.search(r"Seq Scan on (queue|tickets|search_words|documents|restorations)", told), told


@pytest.mark.more
def test_it_is_the_same_on_postgresql(tmp_path, postgres_url):
    sample = Sample(tmp_path, url=postgres_url)
    ticket = sample.report("too_late", **SAID)
    sample.report("premium")
    assert [found(sample, asked) for asked in ("STORUNG 2026", "žil", "интер", "fiel")] == [{ticket.id}] * 4
    assert [found(sample, asked) for asked in ("traße", "%")] == [set()] * 2
    with sample.use_cases.work.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(search_words)) > 40
