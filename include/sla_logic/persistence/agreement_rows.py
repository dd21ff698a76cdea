"""The rows of agreements, with their history, as an import brings them together with new ones."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from include.sla_logic.domain.agreements import days_in_force
from include.sla_logic.domain.spans import Span
from include.sla_logic.persistence.contract_texts import find_contract
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.persistence.schema.agreements import agreement_terms
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.settlement import settlement_rounds
from include.sla_logic.persistence.schema.system_t import tickets

CHANGING = ("monthly_charge", "currency", "contract", "contract_version", "account", "customer")
_a, _terms = t.agreements.c, agreement_terms.c


@dataclass(frozen=True)
class AgreementRow:
    """One agreement: its days, its newest terms, and all of them by their first day where they ever changed."""

    id: str
    service: str
    starts: date
    ends: date | None
    newest: Mapping[str, Any]
    terms: Mapping[date, Mapping[str, Any]] = field(default_factory=dict)

    def in_force(self, day: date) -> Mapping[str, Any]:
        """Return the terms of that day."""
        earlier = [terms for first, terms in sorted(self.terms.items()) if first <= day]
        return earlier[-1] if earlier else next(iter(dict(sorted(self.terms.items())).values()), self.newest)

    def held(self) -> list[tuple[Span, Mapping[str, Any]]]:
        """Return the days of all terms that were ever in force."""
        first_days = sorted(self.terms) or [self.starts]
        spans = days_in_force(self.starts, self.ends, first_days)
        terms = [self.terms.get(first, self.newest) for first in first_days]
        return [(span, one) for span, one in zip(spans, terms, strict=True) if span[0] < span[1]]

    def days(self) -> list[tuple[str, str, Span]]:
        """Return customer, service and days of everything that was ever agreed here."""
        return [(terms["customer"], self.service, span) for span, terms in self.held()]

    def row(self) -> dict[str, Any]:
        """Return the row of `agreements`."""
        return {"id": self.id, "service": self.service, "starts": self.starts, "ends": self.ends, **self.newest}

    def term_rows(self) -> list[dict[str, Any]]:
        """Return the rows of `agreement_terms`."""
        return [{"agreement": self.id, "valid_from": first, **terms} for first, terms in self.terms.items()]


def read_rows(connection: Connection, where: ColumnElement[bool]) -> dict[str, AgreementRow]:
    """Return agreements by their names, with their history."""
    terms: dict[str, dict[date, dict[str, Any]]] = defaultdict(dict)
    history = select(agreement_terms).join(t.agreements, _a.id == _terms.agreement).where(where)
    for row in connection.execute(history.order_by(_terms.valid_from)):
        terms[row.agreement][row.valid_from] = _changing(row)
    return {
        row.id: AgreementRow(row.id, row.service, row.starts, row.ends, _changing(row), terms[row.id])
        for row in connection.execute(select(t.agreements).where(where))
    }


@dataclass
class AgreementRows:
    """What is known about the agreements, contracts and accounts that records name, and about what may overlap them."""

    agreements: dict[str, AgreementRow]
    judged: set[str]
    contract_currencies: dict[tuple[str, str], str]
    account_currencies: dict[str, str]

    @classmethod
    def about(cls, connection: Connection, records: Iterable[Any]) -> Self:
        """Read it, and keep others from changing the agreements of these services meanwhile."""
        named = list(records)
        services = sorted({one.service for one in named})
        connection.execute(select(t.services.c.id).where(t.services.c.id.in_(services)).with_for_update()).all()
        ids = {one.id for one in named}
        before = connection.scalars(select(_terms.customer).where(_terms.agreement.in_(ids)))
        customers = {one.customer for one in named} | set(before)  # also who had one of these, perhaps for longer now
        theirs = select(_terms.agreement).where(_terms.customer.in_(customers))
        same = and_(_a.service.in_(services), or_(_a.customer.in_(customers), _a.id.in_(theirs)))
        rows = read_rows(connection, or_(same, _a.id.in_(ids)))
        versions = {(one.contract, one.contract_version) for one in named}
        charged = {one.account or f"B-{one.customer}" for one in named} | {
            row.newest["account"] for row in rows.values()
        }
        accounts = select(t.billing_accounts).where(t.billing_accounts.c.id.in_(charged))
        return cls(
            rows,
            _judged(connection, ids),
            {version: find_contract(connection, *version).currency for version in versions},
            {row.id: row.currency for row in connection.execute(accounts)},
        )


def _changing(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in CHANGING}


def _judged(connection: Connection, agreements: set[str]) -> set[str]:
    """Return under which of these a window was judged: a credit or a round is on record, or an incident since."""
    credits_, rounds = applied_billing_credits.c.agreement, settlement_rounds.c.agreement
    credited = select(credits_).where(credits_.in_(agreements)).union(select(rounds).where(rounds.in_(agreements)))
    incidents = (
        select(_a.id, _a.starts, func.max(tickets.c.created_at))
        .join(tickets, (tickets.c.customer == _a.customer) & (tickets.c.service == _a.service))
        .where(
            _a.id.in_(agreements), exists().where(queue.c.ticket == tickets.c.number, queue.c.judged_at.is_not(None))
        )
        .group_by(_a.id, _a.starts)
    )
    found = set(connection.scalars(credited))
    return found | {row[0] for row in connection.execute(incidents) if row[2].date() >= row[1]}
