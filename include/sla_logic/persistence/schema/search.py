"""The words under which tickets are found."""

from sqlalchemy import Column, ForeignKey, Index, String, Table

from include.sla_logic.domain.search_text import LENGTH
from include.sla_logic.persistence.schema.columns import Number, metadata

# In the order of the code points, as SQLite has it: a prefix is a range.
_Word = String(LENGTH).with_variant(String(LENGTH, collation="C"), "postgresql")

# By ticket, a ticket is asked whether it has a word; by word, a word is asked for its tickets.
search_words = Table(
    "search_words",
    metadata,
    Column("ticket", Number, ForeignKey("tickets.number"), primary_key=True),
    Column("word", _Word, primary_key=True),
    Index("ix_search_words_word", "word", "ticket"),
    sqlite_with_rowid=False,
)
