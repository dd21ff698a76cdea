"""Finding tickets by the words of their numbers, names, references and texts; a word is found by its beginning."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, false, insert, select

from include.sla_logic.domain.search_text import words_of, words_to_keep
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.schema.reference import customers, services
from include.sla_logic.persistence.schema.search import search_words
from include.sla_logic.persistence.schema.system_t import tickets

_LAST = "\U0010ffff"
_WORDS = 8  # of a question


def keep_words(connection: Connection, described: Mapping[int, str]) -> None:
    """Keep the words of these tickets with the texts that describe them, in the transaction that opens them.

    Names are those of that moment.
    """
    query = (
        select(tickets, customers.c.name.label("customer_name"), services.c.name.label("service_name"))
        .outerjoin(customers, customers.c.id == tickets.c.customer)
        .outerjoin(services, services.c.id == tickets.c.service)
        .where(tickets.c.number.in_(described))
    )
    rows = [
        {"word": word, "ticket": row.number}
        for row in connection.execute(query)
        for word in words_to_keep(_texts(row, described[row.number]))
    ]
    if rows:
        connection.execute(insert(search_words), rows)


def _texts(row: Row[Any], text: str) -> Iterable[str | None]:
    named = (row.external_reference, row.run_id, row.customer, row.service, row.customer_name, row.service_name)
    return ticket_id(row.number), *named, text


def matches(number: ColumnElement[int], text: str) -> ColumnElement[bool]:
    """Return the condition that a ticket has every word of the text, or one that begins with it."""
    words = list(dict.fromkeys(words_of(text)))[:_WORDS]
    if not words:
        return false()
    column = search_words.c.word
    return and_(
        *(number.in_(select(search_words.c.ticket).where(column >= word, column < word + _LAST)) for word in words)
    )
