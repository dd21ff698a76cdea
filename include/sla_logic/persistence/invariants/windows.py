"""No second of a customer's service is credited twice, under whatever agreement or account (I3)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from include.sla_logic.domain.netting import most_for, together
from include.sla_logic.domain.period import Period, of_span
from include.sla_logic.domain.spans import Span
from include.sla_logic.persistence.counted_credits import COUNTS, window_of
from include.sla_logic.persistence.credit_rows import owes_the_window
from include.sla_logic.persistence.invariants.violation import Violation
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema.columns import from_minor_units

Service = tuple[str, str, str]  # customer, service and currency


def check_windows(connection: Connection) -> Iterator[Violation]:
    """Compare what is booked for windows that share seconds with what they were judged to owe; see `most_for`."""
    kept = a.applied_billing_credits
    query = select(kept).order_by(kept.c.customer, kept.c.service, kept.c.recorded_at, kept.c.id)
    services: dict[Service, list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(query):
        services[row.customer, row.service, row.currency].append(row)
    for service, rows in services.items():
        yield from _paid_twice(service, rows)
        yield from _beside_another(service, rows)
        yield from _declined_and_booked(service, rows)


def owed_by_window(rows: Sequence[Row[Any]]) -> dict[Span, int]:
    """Return the most that each window was judged to owe, in minor units.

    Credits from before one amount per window have a row for each objective: together they are what it owed.
    """
    judged: dict[tuple[str, str, Span], int] = defaultdict(int)
    owed: dict[Span, int] = defaultdict(int)
    for row in rows:
        span = window_of(row).span
        if owes_the_window(row):
            owed[span] = max(owed[span], row.gross or 0)
        else:
            judged[row.ticket, row.agreement, span] += row.gross or 0
    for (_, _, span), gross in judged.items():
        owed[span] = max(owed[span], gross)
    return owed


def _paid_twice(service: Service, rows: Sequence[Row[Any]]) -> Iterator[Violation]:
    owed = owed_by_window(rows)
    for group in together(set(owed)):
        counted = [row for row in rows if row.state in COUNTS and window_of(row).span in group]
        booked, most = sum(row.amount for row in counted), most_for({span: owed[span] for span in group})
        if booked > most:
            names, currency = ", ".join(row.id for row in counted), service[2]
            said = f"was credited {from_minor_units(booked, currency)} for {_named(group)} ({names})"
            yield Violation("I3", _subject(service), f"{said}, which owe at most {from_minor_units(most, currency)}")


def _beside_another(service: Service, rows: Sequence[Row[Any]]) -> Iterator[Violation]:
    """Find what was booked without a person although an earlier window only overlaps it."""
    counted = [row for row in rows if row.state in COUNTS and row.amount > 0]
    for position, row in enumerate(counted):
        window = window_of(row)
        for earlier in counted[:position]:
            other = window_of(earlier)
            if row.decided_by is None and other.overlaps(window) and not _within(other, window):
                said = f"booked {row.id} for {window} beside {earlier.id} for {other}, and no person decided"
                yield Violation("I3", _subject(service), said)


def _declined_and_booked(service: Service, rows: Sequence[Row[Any]]) -> Iterator[Violation]:
    for declined in rows:
        if declined.state != "declined" or declined.facts is None:
            continue
        for row in rows:
            same = row.facts == declined.facts and row.state in COUNTS and row.decided_by is None and row.amount > 0
            if same and row.recorded_at > declined.decided_at:
                said = f"booked {row.id}, which {declined.decided_by} had declined on the same facts ({declined.id})"
                yield Violation("I3", _subject(service), said)


def _within(inner: Period, outer: Period) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _named(group: Sequence[Span]) -> str:
    return " and ".join(str(of_span(span)) for span in sorted(group))


def _subject(service: Service) -> str:
    return f"{service[0]} {service[1]}"
