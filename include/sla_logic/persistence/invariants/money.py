"""Every credit within its bounds, and posted exactly as booked (I4, I8)."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, select

from include.sla_logic.domain.outgoing_keys import name_in
from include.sla_logic.domain.people import may_be_one_person
from include.sla_logic.persistence.counted_credits import COUNTS
from include.sla_logic.persistence.credit_rows import BILLING
from include.sla_logic.persistence.invariants.violation import Violation
from include.sla_logic.persistence.policy_tables import policies_in_force
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.system_t import outbox

_POSTED = "posted"


def check_money(connection: Connection) -> Iterator[Violation]:
    """Check every credit against its agreement, its message and its posting."""
    messages = _messages(connection)
    postings = {name_in(row.key): row for row in connection.execute(select(a.ledger_postings))}
    for credit in connection.execute(_credits()):
        key = f"{BILLING}:{credit.id}"
        yield from (Violation("I8", credit.id, fault) for fault in _bounds(credit))
        yield from (Violation("I4", credit.id, fault) for fault in _postings(credit, messages.pop(key, None)))
        posting = postings.pop(key, None)
        if posting is not None and (posting.amount, posting.currency) != (credit.amount, credit.currency):
            yield Violation("I4", credit.id, f"was posted with {posting.amount} instead of {credit.amount}")
    for key in [*messages, *postings]:
        yield Violation("I4", key, "was told to Billing & Collections without a credit")


def _credits() -> Any:
    kept, accounts = a.applied_billing_credits, t.billing_accounts
    return (
        select(kept, accounts.c.currency.label("account_currency"))
        .outerjoin(accounts, accounts.c.id == kept.c.account)
        .order_by(kept.c.id)
    )


def _messages(connection: Connection) -> dict[str, str]:
    """Return the state of each message to Billing & Collections by its name inside the installation."""
    query = select(outbox.c.key, outbox.c.state).where(outbox.c.kind == BILLING)
    return {name_in(row.key): row.state for row in connection.execute(query)}


def _bounds(credit: Row[Any]) -> Iterator[str]:
    if credit.state in COUNTS and credit.amount < 0 and credit.decided_by is None:
        yield "is negative and was not approved by a person"
    if credit.amount is not None and credit.gross is not None and credit.amount > credit.gross:
        yield f"brings {credit.amount}, more than the {credit.gross} that were due"
    approved = credit.state in COUNTS and credit.held_because is not None and credit.decided_by is not None
    before = credit.entered_by, credit.claimed_by
    policy = policies_in_force().credits
    alone = approved and any(may_be_one_person(credit.decided_by, one, logins=policy.accounts) for one in before)
    if alone and policy.four_eyes:
        yield f"was approved by {credit.decided_by}, who had entered or claimed the amount"
    if credit.state in COUNTS and credit.currency != credit.account_currency:
        yield f"is in {credit.currency} on an account in {credit.account_currency}"


def _postings(credit: Row[Any], message: str | None) -> Iterator[str]:
    """Compare the credits that need a message with the messages, and the acknowledgements with what is posted."""
    told = credit.state in COUNTS and credit.amount != 0
    if told is (message is None):
        yield f"is {credit.state}, and {'nobody' if message is None else 'somebody'} is told"
    if message == "sent" and credit.state != _POSTED:
        yield f"was acknowledged, but is {credit.state}"
    if credit.state == _POSTED and message is None:
        yield "is posted, but was never told"
