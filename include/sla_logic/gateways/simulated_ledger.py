"""The simulated ledger of Billing & Collections: it posts each credit once per key."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, insert, select, update

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.money import Money
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema.columns import to_minor_units


class UnableToPost(ForeseenError):
    """The same key was posted before with another amount or on another account."""


def accept_posting(connection: Connection, *, key: str, payload: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Post one credit and acknowledge it; raise `UnableToPost`."""
    [answer] = accept_postings(connection, [(key, payload)], now=now)
    if isinstance(answer, UnableToPost):
        raise answer
    return answer


def accept_postings(
    connection: Connection, postings: Sequence[tuple[str, Mapping[str, Any]]], *, now: datetime
) -> list[dict[str, Any] | UnableToPost]:
    """Post credits and acknowledge each, or refuse it; a known key is acknowledged again and posted no more."""
    table = a.ledger_postings
    rows = connection.execute(select(table).where(table.c.key.in_([key for key, _ in postings])))
    known: dict[str, dict[str, Any]] = {row.key: row._asdict() for row in rows}
    new: list[dict[str, Any]] = []
    answers: list[dict[str, Any] | UnableToPost] = []
    for key, payload in postings:
        wanted = _posting(key, payload) | {"accepted_at": now}
        if key not in known:
            known[key] = wanted
            new.append(wanted)
        if any(known[key][name] != wanted[name] for name in ("account", "amount", "currency")):
            answers.append(UnableToPost(f"The posting {key} was accepted before with another amount or account."))
        else:
            answers.append({"posting": key, "accepted_at": known[key]["accepted_at"].isoformat()})
    if new:
        connection.execute(insert(table), new)
    accepted = zip(postings, answers, strict=True)
    mark_posted(connection, [payload["credit"] for (_, payload), said in accepted if isinstance(said, dict)], now)
    return answers


def mark_posted(connection: Connection, credit_ids: Sequence[str], now: datetime) -> None:
    """Note that Billing & Collections has acknowledged booked credits; the first acknowledgement counts."""
    kept = a.applied_billing_credits
    if credit_ids:
        booked = kept.c.id.in_(credit_ids) & (kept.c.state == "booked")
        connection.execute(update(kept).where(booked).values(state="posted", posted_at=now))


def _posting(key: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    money = Money(amount=Decimal(payload["amount"]), currency=payload["currency"])
    return {
        "key": key,
        "account": payload["account"],
        "amount": to_minor_units(money),
        "currency": money.currency,
    }
