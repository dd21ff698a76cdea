"""Judge again what was credited, by the agreements and facts that are on record now."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from include.sla_logic.domain.netting import most_for, together
from include.sla_logic.domain.period import Period, of_span
from include.sla_logic.domain.sla import SlaComparison, compare
from include.sla_logic.domain.spans import Span
from include.sla_logic.persistence.contracts import ContractRegister
from include.sla_logic.persistence.counted_credits import COUNTS, Subscription, window_of
from include.sla_logic.persistence.invariants import Violation
from include.sla_logic.persistence.measurements import MeasurementRegister
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.persistence.schema.columns import from_minor_units, to_minor_units


def credited_beyond_owed(connection: Connection) -> Iterator[Violation]:
    """Name what is booked beyond what its windows owe, judged as of the last booking; a person's decision stands.

    Facts that were corrected after a booking are named too: the next judgement of the window holds the difference.
    """
    kept = applied_billing_credits
    query = select(kept).where(kept.c.state.in_(COUNTS)).order_by(kept.c.customer, kept.c.service, kept.c.id)
    services: dict[Subscription, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(query):
        services[row.customer, row.service].append(row)
    for (customer, service), rows in services.items():
        as_of = max(row.decided_at or row.recorded_at for row in rows)
        judged = _judged(connection, (customer, service), [window_of(row) for row in rows], as_of)
        for said in _beyond(rows, judged):
            yield Violation("I3", f"{customer} {service}", said)


def _judged(
    connection: Connection, subscription: Subscription, windows: Sequence[Period], as_of: datetime
) -> dict[Span, SlaComparison]:
    """Judge every window of every agreement that shares a second with what was credited."""
    register = ContractRegister(connection=connection, subscriptions=[subscription])
    measurements = MeasurementRegister(connection=connection, contracts=register)
    found: dict[Span, SlaComparison] = {}
    for agreement in register.agreements():
        contract = register.contract(agreement)
        for credited in windows:
            at = max(credited.start, agreement.begins or credited.start)
            while at < min(credited.end, agreement.over or credited.end):
                window = contract.window_at(at)
                if agreement.holds(at):
                    facts = measurements.facts(agreement, window, as_of=as_of)
                    comparison = compare(contract, facts, window=window, as_of=as_of)
                    found[comparison.window.span] = comparison
                at = window.end
    return found


def _beyond(rows: Sequence[Row[Any]], judged: dict[Span, SlaComparison]) -> Iterator[str]:
    for group in together({window_of(row).span for row in rows} | judged.keys()):
        mine = [row for row in rows if window_of(row).span in group]
        due = {span: one for span, one in judged.items() if span in group}
        currencies = {row.currency for row in mine} | {one.currency for one in due.values()}
        open_to_doubt = any(one.credit_due is None or one.undecided or one.claim.late for one in due.values())
        if not mine or not due or len(currencies) != 1 or open_to_doubt:
            continue  # no agreement on record, or a person must say what is owed
        [currency] = currencies
        owed = {span: to_minor_units(one.credit_due) for span, one in due.items() if one.credit_due is not None}
        for row in mine:  # what a person approved is owed
            if row.decided_by is not None and row.held_because is not None:
                span = window_of(row).span
                owed[span] = max(owed.get(span, 0), row.gross or 0)
        booked, most = sum(row.amount for row in mine), most_for(owed)
        if booked > most:
            names, windows = ", ".join(row.id for row in mine), " and ".join(str(of_span(span)) for span in sorted(due))
            yield (
                f"was credited {from_minor_units(booked, currency)} ({names}), "
                f"but {windows} owe {from_minor_units(most, currency)} on the facts and agreements of now"
            )
