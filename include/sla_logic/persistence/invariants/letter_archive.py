"""What each letter says stands in one place: in the outbox, or in the archive once it was moved there (I15)."""

from collections.abc import Iterator

from sqlalchemy import Connection, Text, and_, exists, or_, select, type_coerce

from include.sla_logic.persistence.invariants.violation import Violation
from include.sla_logic.persistence.letter_archive import MOVED
from include.sla_logic.persistence.schema.columns import json_text
from include.sla_logic.persistence.schema.letter_archive import archived_letters
from include.sla_logic.persistence.schema.system_t import outbox


def check_archive(connection: Connection) -> Iterator[Violation]:
    """Compare the messages that were moved with what the archive has; no letter is unpacked."""
    mine = archived_letters.c.message == outbox.c.id
    text = type_coerce(outbox.c.payload, Text)
    moved, kept = outbox.c.archived_at.is_not(None), exists().where(mine)
    letter = and_(outbox.c.kind == "mail", outbox.c.state == "sent")
    wrong = {
        "has left, and nobody knows any more what it said": (letter, ~moved, text == json_text(MOVED)),
        "was moved into the archive, which does not have it": (moved, ~kept),
        "stands in the archive and in the outbox": (kept, or_(~moved, text != json_text(MOVED))),
        "is in the archive, but is no letter that has left": (kept, ~letter),
    }
    for what, conditions in wrong.items():
        for key in connection.scalars(select(outbox.c.key).where(*conditions).order_by(outbox.c.id)):
            yield Violation("I15", key, what)
