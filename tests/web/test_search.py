"""Finding incidents by words: of the ticket, the reference, the customer, the service and the text."""

from importlib import import_module

import pytest
from sqlalchemy import delete, func, select

from include.sla_logic.domain.search_text import words_of, words_to_keep
from include.sla_logic.persistence.migrations import versions
from include.sla_logic.persistence.schema.search import search_words
from include.sla_logic.services.board import BoardFilter
from tests.web.desk_sample import Sample

SAID = {
    "external_reference": "REF:2026-11+77_b",
    "description": "Störung: die Straße nach Žilina ist tot;\n ИНТЕРНЕТ ﬁel aus (seit 06:15).",
}


def found(sample, text):
    return {line.ticket for line in sample.use_cases.board.incidents(BoardFilter(shown="all", search=text)).rows}


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


@pytest.mark.more
def test_it_is_the_same_on_postgresql(tmp_path, postgres_url):
    sample = Sample(tmp_path, url=postgres_url)
    ticket = sample.report("too_late", **SAID)
    sample.report("premium")
    assert [found(sample, asked) for asked in ("STORUNG 2026", "žil", "интер", "fiel")] == [{ticket.id}] * 4
    assert [found(sample, asked) for asked in ("traße", "%")] == [set()] * 2
    with sample.use_cases.work.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(search_words)) > 40
