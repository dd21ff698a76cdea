"""Finding tickets by the words of their numbers, names, references and texts; a word is found by its beginning."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    String,
    Text,
    and_,
    bindparam,
    cast,
    column,
    exists,
    false,
    func,
    insert,
    intersect,
    literal,
    or_,
    select,
)

from include.sla_logic.domain.search_text import words_of, words_to_keep
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.schema.reference import customers, services
from include.sla_logic.persistence.schema.search import search_words
from include.sla_logic.persistence.schema.system_t import tickets

_LAST = "\U0010ffff"
_WORDS = 8  # of a question
FEW = 500  # tickets that are read before anything else is asked
MANY = 30_000  # places of a word that are listed


def keep_words(connection: Connection, described: Mapping[int, str]) -> None:
    """Keep the words of these tickets with the texts that describe them, in the transaction that opens them.

    Names are those of that moment.
    """
    named = (tickets.c.number, tickets.c.external_reference, tickets.c.run_id, tickets.c.customer, tickets.c.service)
    query = (
        select(*named, customers.c.name, services.c.name)
        .outerjoin(customers, customers.c.id == tickets.c.customer)
        .outerjoin(services, services.c.id == tickets.c.service)
        .where(tickets.c.number.in_(described))
    )
    rows = [
        (word, number)
        for number, *names in connection.execute(query)
        for word in words_to_keep((ticket_id(number), *names, described[number]))
    ]
    if rows:
        connection.execute(insert(search_words).from_select(["word", "ticket"], _in_one_value(connection, rows)))


def _in_one_value(connection: Connection, rows: Sequence[tuple[str, int]]) -> Select[Any]:
    """Return a query that selects these rows: they are sent as one value, so that no row costs a step in Python."""
    if connection.dialect.name == "postgresql":
        words, numbers = zip(*rows, strict=True)
        sent: Any = func.unnest(cast(list(words), ARRAY(Text)), cast(list(numbers), ARRAY(BigInteger)))
        sent = sent.table_valued(column("word", Text), column("ticket", BigInteger)).render_derived()
        return select(sent.c.word, sent.c.ticket)
    sent = func.json_each(json.dumps(rows)).table_valued("value")
    return select(func.json_extract(sent.c.value, "$[0]"), func.json_extract(sent.c.value, "$[1]"))


def tickets_with(connection: Connection, text: str) -> list[int] | None:
    """Return the tickets that have every word of the text, or one that begins with it; None where they may be many.

    The rarest word leads: only what it finds is asked for the others.
    """
    words = _asked(text)
    if not words:
        return []
    ranges = _ranges(words)
    count, rarest = min(zip(connection.execute(_few_of(len(words), FEW), ranges).one(), words, strict=True))
    if not 0 < count <= FEW:
        return None if count else []
    in_turn = [rarest, *(word for word in words if word != rarest)]
    return list(connection.scalars(_with_words(len(words)), _ranges(in_turn)))


def newest_with(connection: Connection, text: str) -> Select[Any] | None:
    """Return the query for the tickets that match, the newest first; None where each word has more than MANY places.

    The tickets of the other words are intersected, and each ticket that is left is asked for the words with more.
    """
    words = _asked(text)
    counts = connection.execute(_few_of(len(words), MANY), _ranges(words)).one()
    listed = [word for count, word in sorted(zip(counts, words, strict=True)) if count <= MANY]
    if not listed:
        return None
    lists = [_begins_with(literal(word), literal(word + _LAST)) for word in listed]
    together = intersect(*lists) if len(lists) > 1 else lists[0].distinct()
    found = together.order_by(together.selected_columns.ticket.desc()).subquery()
    others = (_probe(found.c.ticket, literal(word), literal(word + _LAST)) for word in words if word not in listed)
    return select(found.c.ticket).where(*others).order_by(found.c.ticket.desc())


def each_matches(number: ColumnElement[int], text: str) -> ColumnElement[bool]:
    """Return the same condition as `matches`, to be asked of one ticket after the other until enough are found."""
    words = _asked(text)
    return and_(*(_probe(number, literal(word), literal(word + _LAST)) for word in words)) if words else false()


def bound_probes(number: ColumnElement[int], words: int) -> ColumnElement[bool]:
    """Return the same condition with parameters for this number of words; `bounds` gives their values."""
    return and_(*(_probe(number, *_bound(place)) for place in range(words)))


def bounds(text: str) -> tuple[int, dict[str, str]]:
    """Return how many words the text asks for, at least one, and the values of their `bound_probes`."""
    words = _asked(text)
    return len(words), _ranges(words)


def matches(number: ColumnElement[int], text: str) -> ColumnElement[bool]:
    """Return the condition that a ticket has every word of the text, or one that begins with it."""
    words = _asked(text)
    return and_(*(_has(number, literal(word), literal(word + _LAST)) for word in words)) if words else false()


def _asked(text: str) -> list[str]:
    return list(dict.fromkeys(words_of(text)))[:_WORDS]


def _ranges(words: Sequence[str]) -> dict[str, str]:
    begins = {f"word{place}": word for place, word in enumerate(words)}
    return begins | {f"end{place}": word + _LAST for place, word in enumerate(words)}


def _bound(place: int) -> tuple[ColumnElement[str], ColumnElement[str]]:
    return bindparam(f"word{place}", type_=String), bindparam(f"end{place}", type_=String)


def _begins_with(word: ColumnElement[str], end: ColumnElement[str]) -> Select[Any]:
    return select(search_words.c.ticket).where(search_words.c.word >= word, search_words.c.word < end)


def _has(number: ColumnElement[int], word: ColumnElement[str], end: ColumnElement[str]) -> ColumnElement[bool]:
    """Look for the word itself first, then in the list of all that begin with it: many tickets are asked."""
    itself = exists().where(search_words.c.word == word, search_words.c.ticket == number)
    return or_(itself, number.in_(_begins_with(word, end)))


@cache
def _few_of(words: int, at_most: int) -> Select[Any]:
    """Return the query that counts, for each of `words` words, the places that have it, up to one more than that."""
    places = (_begins_with(*_bound(place)).limit(at_most + 1).subquery() for place in range(words))
    return select(*(select(func.count()).select_from(each).scalar_subquery() for each in places))


@cache
def _with_words(words: int) -> Select[Any]:
    """Return the query for the tickets that have the first word and also each of the others."""
    few = _begins_with(*_bound(0)).distinct().subquery()
    return select(few.c.ticket).where(*(_probe(few.c.ticket, *_bound(place)) for place in range(1, words)))


def _probe(number: ColumnElement[int], word: ColumnElement[str], end: ColumnElement[str]) -> ColumnElement[bool]:
    """Look for the next of the ticket's own words from `word` on: one step in their index, as its order says.

    Asked whether one exists, PostgreSQL would read all words that begin so, of all tickets.
    """
    own = search_words.alias()
    next_one = select(own.c.word).where(own.c.ticket == number, own.c.word >= word).order_by(own.c.ticket, own.c.word)
    return next_one.limit(1).correlate_except(own).scalar_subquery() < end
