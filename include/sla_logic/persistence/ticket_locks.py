"""Hold incidents until the transaction ends."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from include.sla_logic.persistence.schema.system_t import tickets


def lock_tickets(connection: Connection, numbers: Sequence[int]) -> None:
    """Hold these incidents until the transaction ends; SQLite's write transaction holds everything anyway.

    A statement of its own: what is read after it sees what the former holder has written. The lock is
    FOR NO KEY UPDATE: a problem that refers to a ticket of another batch need not wait, since numbers never change.
    """
    if connection.dialect.name != "postgresql":
        return
    query = select(tickets.c.number).where(tickets.c.number.in_(numbers)).order_by(tickets.c.number)
    connection.execute(query.with_for_update(key_share=True)).all()
