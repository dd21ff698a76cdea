"""The embedded ledger of Billing & Collections: what the outbox tells it is posted once per key."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, insert, select, update

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.money import Money
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema.columns import from_minor_units, to_minor_units


class UnableToPost(ForeseenError):
    """The same key was posted before with another amount or on another account."""


def accept_posting(connection: Connection, *, key: str, payload: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Post one credit and acknowledge it; the same key again is acknowledged again and posted no more."""
    money = Money(amount=Decimal(payload["amount"]), currency=payload["currency"])
    known = connection.execute(select(a.ledger_postings).where(a.ledger_postings.c.key == key)).one_or_none()
    if known is None:
        connection.execute(
            insert(a.ledger_postings).values(
                key=key,
                account=payload["account"],
                amount=to_minor_units(money),
                currency=money.currency,
                accepted_at=now,
            )
        )
    elif (known.account, from_minor_units(known.amount, known.currency)) != (payload["account"], money):
        msg = f"The posting {key} was accepted before with another amount or account."
        raise UnableToPost(msg)
    mark_posted(connection, payload["credit"], now)
    accepted_at = known.accepted_at if known is not None else now
    return {"posting": key, "accepted_at": accepted_at.isoformat()}


def mark_posted(connection: Connection, credit: str, now: datetime) -> None:
    """Note that Billing & Collections has acknowledged a booked credit; the first acknowledgement counts."""
    kept = a.applied_billing_credits
    connection.execute(
        update(kept).where(kept.c.id == credit, kept.c.state == "booked").values(state="posted", posted_at=now)
    )
