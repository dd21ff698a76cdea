"""Credits of a window that is disputed: nobody decides them before the dispute is decided."""

from typing import Any

from sqlalchemy import Connection, Row

from include.sla_logic.domain.disputes import Dispute
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.persistence.counted_credits import window_of
from include.sla_logic.persistence.disputes import freezing
from include.sla_logic.services.typed_amounts import UnableToDecideCredit


def freezing_dispute(connection: Connection, row: Row[Any]) -> Dispute | None:
    """Return the open dispute about the time of a credit."""
    return freezing(connection, (row.customer, row.service), window_of(row))


def check_undisputed(connection: Connection, row: Row[Any]) -> None:
    """Raise `UnableToDecideCredit` where the window of a credit is disputed."""
    if (dispute := freezing_dispute(connection, row)) is not None:
        msg = "The window of the credit %(credit)s is disputed: decide %(dispute)s first."
        raise UnableToDecideCredit(Sentence(msg, credit=row.id, dispute=dispute.reference))
