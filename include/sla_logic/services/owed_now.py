"""Judge again what was credited, by the agreements and facts that are on record now."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, or_, select

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.disputes import Dispute, frozen_by
from include.sla_logic.domain.netting import most_for, together
from include.sla_logic.domain.period import Period, of_span
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.domain.sla import SlaComparison, compare
from include.sla_logic.domain.spans import Span
from include.sla_logic.persistence.contracts import ContractRegister
from include.sla_logic.persistence.counted_credits import COUNTS, Subscription, window_of
from include.sla_logic.persistence.disputes import disputes_of
from include.sla_logic.persistence.invariants import Violation
from include.sla_logic.persistence.measurements import MeasurementRegister
from include.sla_logic.persistence.portions import portions
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.persistence.schema.columns import from_minor_units, to_minor_units


def credited_beyond_owed(connection: Connection) -> Iterator[Violation]:
    """Name what is booked beyond what its windows owe, judged as of the last booking; a person's decision stands.

    Facts that were corrected after a booking are named too: the next judgement of the window holds the difference.
    """
    kept = applied_billing_credits
    waived = and_(kept.c.state == "declined", kept.c.amount < 0)
    query = select(kept).where(or_(kept.c.state.in_(COUNTS), waived))
    services: dict[Subscription, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(query.order_by(kept.c.customer, kept.c.service, kept.c.id)):
        services[row.customer, row.service].append(row)
    for some in portions(services):
        yield from _of_these(connection, {one: services[one] for one in some})


def _of_these(connection: Connection, services: Mapping[Subscription, Sequence[Row[Any]]]) -> Iterator[Violation]:
    known = {one: max(row.decided_at or row.recorded_at for row in rows) for one, rows in services.items()}
    register = ContractRegister(connection=connection, subscriptions=services)
    measurements = MeasurementRegister(
        connection=connection, contracts=register, subscriptions=services, until=max(known.values())
    )
    contested = disputes_of(connection, list(services))
    for one, rows in services.items():
        judged: dict[Span, SlaComparison] = {}
        for agreement in register.agreements(one):
            contract = register.contract(agreement)
            for window in _credited(contract, agreement, [window_of(row) for row in rows]):
                facts = measurements.facts(agreement, window, as_of=known[one])
                comparison = compare(contract, facts, window=window, as_of=known[one])
                judged[comparison.window.span] = comparison
        for said in _beyond(rows, judged, contested[one]):
            yield Violation("I3", " ".join(one), said)


def _credited(contract: Contract, agreement: Agreement, credited: Iterable[Period]) -> list[Period]:
    """Return every window of an agreement that shares a second with what was credited."""
    found: dict[Span, Period] = {}
    for one in credited:
        at = max(one.start, agreement.begins or one.start)
        while at < min(one.end, agreement.over or one.end):
            window = contract.window_at(at)
            if agreement.holds(at):
                found[window.span] = window
            at = window.end
    return list(found.values())


def _beyond(rows: Sequence[Row[Any]], judged: dict[Span, SlaComparison], contested: Sequence[Dispute]) -> Iterator[str]:
    for group in together({window_of(row).span for row in rows} | judged.keys()):
        if any(frozen_by(contested, of_span(span)) for span in group):
            continue  # its decision judges it again
        mine = [row for row in rows if window_of(row).span in group]
        due = {span: one for span, one in judged.items() if span in group}
        if any(one.credit_due is None or one.undecided or one.claim.late for one in due.values()):
            continue  # a person must say what is owed
        for currency in sorted({row.currency for row in mine}):
            yield from _beyond_in(currency, [row for row in mine if row.currency == currency], due)


def _beyond_in(currency: str, rows: Sequence[Row[Any]], due: Mapping[Span, SlaComparison]) -> Iterator[str]:
    amounts = {span: one.credit_due for span, one in due.items()}
    owed = {span: to_minor_units(one) for span, one in amounts.items() if one is not None and one.currency == currency}
    for row in rows:  # what a person approved is owed, and what they would not take back
        if row.decided_by is not None and row.held_because is not None:
            span, left = window_of(row).span, -row.amount if row.state == "declined" else 0
            owed[span] = max(owed.get(span, 0), (row.gross or 0) + left)
    counted = [row for row in rows if row.state in COUNTS]
    booked, most = sum(row.amount for row in counted), most_for(owed)
    if booked > most:
        names = ", ".join(row.id for row in counted)
        owe = f"owe {from_minor_units(most, currency)} on the facts and agreements of now"
        windows = sorted(due) or sorted({window_of(row).span for row in rows})
        why = owe if due else "are held by no agreement of now"
        shown = " and ".join(str(of_span(span)) for span in windows)
        yield f"was credited {from_minor_units(booked, currency)} ({names}), but {shown} {why}"
