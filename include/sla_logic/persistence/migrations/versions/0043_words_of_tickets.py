"""Keep the words of a ticket beside each other too, and find the newest that are open: a search begins there."""

from alembic import op
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String

revision = "0043"
down_revision = "0042"

_Number = BigInteger().with_variant(Integer, "sqlite")
_Word = String(32).with_variant(String(32, collation="C"), "postgresql")


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.drop_constraint("pk_search_words", "search_words", type_="primary")
        op.create_primary_key("pk_search_words", "search_words", ["ticket", "word"])
    else:
        op.rename_table("search_words", "search_words_before")
        op.create_table(
            "search_words",
            Column("ticket", _Number, ForeignKey("tickets.number"), primary_key=True),
            Column("word", _Word, primary_key=True),
            sqlite_with_rowid=False,
        )
        op.execute(
            "INSERT INTO search_words (ticket, word) SELECT ticket, word FROM search_words_before ORDER BY ticket, word"
        )
        op.drop_table("search_words_before")
    op.create_index("ix_search_words_word", "search_words", ["word", "ticket"])
    op.create_index("ix_queue_open", "queue", ["open", "ticket"])
