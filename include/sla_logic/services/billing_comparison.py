"""Compare what was sent to Billing & Collections with what its ledger holds, where it can be read."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from include.sla_logic.domain.outgoing_keys import name_in
from include.sla_logic.persistence.credit_rows import BILLING
from include.sla_logic.persistence.installation import installation_id
from include.sla_logic.persistence.schema.accounts import ledger_postings
from include.sla_logic.persistence.schema.columns import from_minor_units
from include.sla_logic.persistence.schema.system_t import outbox
from include.sla_logic.persistence.unit_of_work import UnitOfWork

Posting = tuple[str | None, str | None, Decimal | None, str | None]  # key, account, amount and currency


def against_billing(work: UnitOfWork) -> Sequence[str]:
    """Return each difference between both ledgers, or that theirs was not compared because it cannot be read.

    Their ledger is read first: what leaves meanwhile is known here and not missed there.
    """
    from include.sla_logic.gateways.billing.client import UnableToReadPostings

    try:
        theirs = None if work.settings.billing is None else _listed(work)
    except UnableToReadPostings as error:
        return [f"not compared: {error}"]
    with work.reading() as connection:
        if theirs is None:
            theirs = _simulated(connection)
        sent = {row.key: row for row in connection.execute(select(outbox).where(outbox.c.kind == BILLING))}
        return list(_differences(sent, theirs, installation_id(connection)))


def _listed(work: UnitOfWork) -> list[Posting]:
    """Read what the billing system holds on the accounts that something was sent to."""
    from include.sla_logic.gateways.billing.profiles import list_postings

    assert work.settings.billing is not None  # noqa: S101 - asked before
    with work.reading() as connection:
        payloads = connection.scalars(select(outbox.c.payload).where(outbox.c.kind == BILLING))
        accounts = {payload["account"] for payload in payloads}
    theirs = [one for one in list_postings(work.settings.billing, accounts) if not one.undone]
    return [(one.key, one.account, one.amount, one.currency) for one in theirs]


def _simulated(connection: Connection) -> list[Posting]:
    rows = connection.execute(select(ledger_postings).order_by(ledger_postings.c.key))
    return [(row.key, row.account, from_minor_units(row.amount, row.currency).amount, row.currency) for row in rows]


def _differences(sent: Mapping[str, Any], theirs: Sequence[Posting], installation: str) -> Iterator[str]:
    times = Counter(key for key, *_ in theirs)
    for key, account, amount, currency in theirs:
        if key is None or key not in sent:
            if key is not None and key.startswith(f"{installation}:{BILLING}:"):
                yield f"{key}: billing holds {amount} {currency} on {account}, which was never sent from here"
            continue
        message, wanted = sent[key], sent[key].payload
        if (account, amount, currency) != (wanted["account"], Decimal(wanted["amount"]), wanted["currency"]):
            ours = f"{wanted['amount']} {wanted['currency']} on {wanted['account']}"
            yield f"{key}: billing holds {amount} {currency} on {account}, sent were {ours}"
        if message.state != "sent":
            yield f"{key}: billing holds it, but here it is {message.state}: `sla outbox send` reads the answer"
    yield from (f"{key}: billing holds it {count} times" for key, count in times.items() if key in sent and count > 1)
    for key, message in sent.items():
        if message.state == "sent" and not times[key]:
            yield f"{key}: was acknowledged, but billing holds no posting for {name_in(key)}"
