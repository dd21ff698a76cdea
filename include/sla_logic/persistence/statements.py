"""The letters about settled windows, and what letters about incidents have said of them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, or_, select

from include.sla_logic.domain.customer_report import CustomerReport
from include.sla_logic.domain.errors import NotFoundError
from include.sla_logic.domain.statement import SettlementStatement
from include.sla_logic.persistence.counted_credits import Subscription
from include.sla_logic.persistence.letter_archive import payload_of
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.persistence.schema.disputes import disputes
from include.sla_logic.persistence.schema.settlement import settlement_rounds, settlement_statements
from include.sla_logic.persistence.schema.system_t import documents, outbox, tickets

_statements, _rounds, _credits = settlement_statements.c, settlement_rounds.c, applied_billing_credits.c


class UnableToFindStatement(NotFoundError):
    """Nothing was written to the customer about this round."""


def statements_of(connection: Connection, subscription: Subscription) -> list[SettlementStatement]:
    """Return what was written about settled windows of a customer's service, oldest first."""
    mine = (_statements.customer == subscription[0]) & (_statements.service == subscription[1])
    query = select(_statements.document).where(mine).order_by(_statements.number)
    return [SettlementStatement.model_validate_json(text) for text in connection.scalars(query)]


def add_statement(connection: Connection, statement: SettlementStatement, *, round_: int, key: str) -> None:
    """Keep what is written, with the key of its mail."""
    window = statement.performance.window
    row = {
        "round": round_,
        "customer": statement.customer,
        "service": statement.service,
        "window_start": window.start,
        "window_end": window.end,
        "kind": statement.kind.value,
        "document": statement.model_dump_json(),
        "key": key,
        "recorded_at": statement.created_at,
    }
    connection.execute(insert(settlement_statements).values(row))


def letter_of_round(connection: Connection, round_: int) -> dict[str, Any]:
    """Return the payload of the newest letter about a round; raise `UnableToFindStatement`."""
    query = select(outbox.c.id, outbox.c.payload, outbox.c.archived_at)
    query = query.join(settlement_statements, _statements.key == outbox.c.key).where(_statements.round == round_)
    row = connection.execute(query.order_by(_statements.number.desc()).limit(1)).one_or_none()
    if row is None:
        raise UnableToFindStatement(f"Nothing was written to the customer about the round SR-{round_}.")
    return dict(payload_of(connection, row))


def reports_of(connection: Connection, subscription: Subscription) -> list[CustomerReport]:
    """Return the newest report of each incident about a customer's service that a letter was made of."""
    mine = (tickets.c.customer == subscription[0]) & (tickets.c.service == subscription[1])
    query = select(documents.c.body).join(tickets, tickets.c.number == documents.c.ticket)
    written = connection.scalars(query.where(mine, documents.c.kind == CustomerReport.kind()).order_by(documents.c.id))
    sent = [one for body in written if (one := CustomerReport.model_validate_json(body)).credit is not None]
    return list({one.ticket: one for one in sent}.values())


def all_credits(connection: Connection, subscription: Subscription) -> Sequence[Any]:
    """Return all credits of a customer's service, whatever became of them, oldest first."""
    mine = (_credits.customer == subscription[0]) & (_credits.service == subscription[1])
    return connection.execute(select(applied_billing_credits).where(mine).order_by(_credits.recorded_at)).all()


def perhaps_told(connection: Connection, run: int) -> list[Subscription]:
    """Return whose windows a run has settled and of which there is a credit, an incident or a dispute."""
    credited = select(_credits.id).where(_credits.customer == _rounds.customer, _credits.service == _rounds.service)
    reported = select(tickets.c.number).where(
        tickets.c.customer == _rounds.customer, tickets.c.service == _rounds.service
    )
    contested = select(disputes.c.number).where(
        disputes.c.customer == _rounds.customer, disputes.c.service == _rounds.service
    )
    query = select(_rounds.customer, _rounds.service).distinct()
    query = query.where(_rounds.run == run, or_(credited.exists(), reported.exists(), contested.exists()))
    return sorted((row.customer, row.service) for row in connection.execute(query))
