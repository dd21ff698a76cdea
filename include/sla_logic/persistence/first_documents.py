"""The first document of a kind in each case file, such as what the customer reported."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, select

from include.sla_logic.persistence.incident_records import StoredDocument
from include.sla_logic.persistence.schema.system_t import documents


def load_first_documents(connection: Connection, numbers: Sequence[int], kind: str) -> dict[int, StoredDocument]:
    """Return the first document of one kind of each incident that has one."""
    asked = {"numbers": numbers, "kind": kind}
    return {number: StoredDocument(*fields) for number, *fields in connection.execute(_FIRST_DOCUMENTS, asked)}


# Put together once: each page of the board asks for them.
_FIRST_DOCUMENTS = select(documents.c.ticket, *(documents.c[name] for name in StoredDocument._fields)).where(
    documents.c.ticket.in_(bindparam("numbers", expanding=True)),
    documents.c.kind == bindparam("kind"),
    documents.c.round == 1,
)
