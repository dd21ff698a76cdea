"""Credits as they stood at the end of a month."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select

from include.sla_logic.domain.finance import FinanceEntry, Payment, Standing, held_codes
from include.sla_logic.domain.period import Period
from include.sla_logic.persistence.counted_credits import COUNTS, window_of
from include.sla_logic.persistence.incident_records import ticket_number
from include.sla_logic.persistence.portions import portions
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.persistence.schema.columns import from_minor_units
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.reference import agreements, outages
from include.sla_logic.persistence.schema.settlement import settlement_rounds

UNKNOWN = "unknown"
_credits, _rounds = applied_billing_credits.c, settlement_rounds.c
_UNDECIDED = ("held", "unclaimed")


def finance_entries(connection: Connection, month: Period, at: datetime) -> list[FinanceEntry]:
    """Return each credit that stood undecided, provisional or unpaid at that moment, or was decided in the month."""
    rows = connection.execute(_touched(month, at)).all()
    causes = _causes(connection, rows)
    found = (_entry(row, causes[row.id], at) for row in rows)
    return [one for one, row in zip(found, rows, strict=True) if one is not None and _belongs(one, row, month)]


def _touched(month: Period, at: datetime) -> Select[Any]:
    same = [_rounds[name] == _credits[name] for name in ("customer", "service", "window_start", "window_end")]
    done = select(func.min(_rounds.recorded_at)).where(*same, _rounds.state == "done", _rounds.recorded_at <= at)
    settled = done.scalar_subquery()
    booked = _credits.state.in_(COUNTS)
    touched: ColumnElement[bool] = or_(
        _credits.state.in_(_UNDECIDED),
        _credits.decided_at >= month.start,
        _credits.recorded_at >= month.start,
        and_(booked, _credits.invoice.is_(None), or_(_credits.paid_out_at.is_(None), _credits.paid_out_at > at)),
        and_(booked, or_(settled.is_(None), settled >= month.start)),
    )
    return (
        select(applied_billing_credits, agreements.c.contract, settled.label("settled_at"))
        .outerjoin(agreements, agreements.c.id == _credits.agreement)
        .where(_credits.recorded_at <= at, touched)
        .order_by(_credits.window_start, _credits.id)
    )


def _entry(row: Row[Any], cause: str, at: datetime) -> FinanceEntry | None:
    standing = _standing(row, at)
    if standing is None:
        return None
    booked = standing in (Standing.PROVISIONAL, Standing.FINAL)
    amount = None if row.amount is None else from_minor_units(row.amount, row.currency).amount
    return FinanceEntry(
        reference=row.id,
        customer=row.customer,
        service=row.service,
        contract=row.contract or UNKNOWN,
        cause=cause,
        standing=standing,
        payment=_payment(row, at) if booked else Payment.NONE,
        reasons=_reasons(row, standing),
        window=window_of(row),
        currency=row.currency,
        amount=amount,
        booked_at=_decided_at(row) if booked else None,
        invoice=row.invoice if booked else None,
    )


def _decided_at(row: Row[Any]) -> datetime:
    return row.decided_at or row.recorded_at  # type: ignore[no-any-return]  # a column's value


def _standing(row: Row[Any], at: datetime) -> Standing | None:
    """Tell how it stood then: what was decided later was held, or waited for the claim; replaced ones are nothing."""
    if _decided_at(row) > at or row.state in _UNDECIDED:
        was_held = row.state == "held" or (row.state != "unclaimed" and row.held_because is not None)
        return Standing.HELD if was_held else Standing.UNCLAIMED
    if row.state in COUNTS:
        return Standing.PROVISIONAL if row.settled_at is None else Standing.FINAL
    return {"lapsed": Standing.LAPSED, "declined": Standing.DECLINED}.get(row.state)


def _payment(row: Row[Any], at: datetime) -> Payment:
    if row.invoice is not None or not row.amount:
        return Payment.INVOICE if row.invoice is not None else Payment.NONE
    if row.paid_out_at is not None and row.paid_out_at <= at:
        return Payment.PAID_OUT
    return Payment.TO_BE_PAID_OUT if row.amount > 0 else Payment.TO_BE_CHARGED


def _reasons(row: Row[Any], standing: Standing) -> tuple[str, ...]:
    if standing is Standing.HELD:
        return held_codes(row.held_because or "")
    if standing is Standing.UNCLAIMED:
        return ("waits_for_claim",)
    if standing is Standing.LAPSED:
        return ("not_claimed_in_time",)
    if standing is Standing.DECLINED:
        return ("waived" if (row.amount or 0) < 0 else "declined_by_person",)
    how = (
        "charged"
        if row.amount < 0
        else "approved"
        if row.held_because
        else "claimed"
        if row.claimed_at
        else "automatic"
    )
    return (how, *(["window_not_settled"] if standing is Standing.PROVISIONAL else []))


def _belongs(one: FinanceEntry, row: Row[Any], month: Period) -> bool:
    """Tell whether it stood so at the end of the month, or became so in it."""
    if one.standing in (Standing.PROVISIONAL, Standing.HELD, Standing.UNCLAIMED):
        return True
    if one.payment in (Payment.TO_BE_PAID_OUT, Payment.TO_BE_CHARGED):
        return True
    since = _decided_at(row)
    if one.standing is Standing.FINAL and row.settled_at is not None:
        since = max(since, row.settled_at)
    return bool(since >= month.start)


def _causes(connection: Connection, rows: Sequence[Row[Any]]) -> dict[str, str]:
    """Name the cause that an incident found; for a credit of settlement those of the outages in its window."""
    numbers = {row.id: ticket_number(row.ticket) for row in rows}
    found: dict[int, str] = {}
    for some in portions(sorted({number for number in numbers.values() if number is not None})):
        query = select(queue.c.ticket, queue.c.cause).where(queue.c.ticket.in_(some), queue.c.cause.is_not(None))
        found |= {row.ticket: row.cause for row in connection.execute(query)}
    recorded = _recorded_causes(connection, [row for row in rows if numbers[row.id] is None])
    return {row.id: found.get(numbers[row.id] or 0) or recorded.get(row.id) or UNKNOWN for row in rows}


def _recorded_causes(connection: Connection, rows: Sequence[Row[Any]]) -> Mapping[str, str]:
    happened: dict[str, list[Any]] = defaultdict(list)
    for some in portions(sorted({row.service for row in rows})):
        columns = outages.c.service, outages.c.started_at, outages.c.ended_at, outages.c.cause
        query = select(*columns).where(outages.c.service.in_(some), outages.c.cause.is_not(None))
        for one in connection.execute(query):
            happened[one.service].append(one)
    found = {}
    for row in rows:
        hit = {
            one.cause
            for one in happened[row.service]
            if one.started_at < row.window_end and (one.ended_at is None or one.ended_at > row.window_start)
        }
        found[row.id] = ", ".join(sorted(hit))
    return found
