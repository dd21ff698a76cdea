"""Broken promises are kept with the judgement that calls them broken, and told to those who listen.

One promise in one window is one violation, whichever incident or round of settlement judges it; a judgement that says
the same again changes nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, func, select, tuple_, update

from include.sla_logic.domain.events import (
    SLA_VIOLATION,
    VIOLATION_CHANGED,
    VIOLATION_CREATED,
    VIOLATION_STATUS,
    Event,
)
from include.sla_logic.domain.numbers import number_in, written
from include.sla_logic.domain.open_apis.parts import Resource
from include.sla_logic.domain.open_apis.sla_violation import WITHDRAWN, Violation, sla_violation
from include.sla_logic.domain.period import Period
from include.sla_logic.persistence.database import insert_into
from include.sla_logic.persistence.events import is_heard, note_events
from include.sla_logic.persistence.keyset import Cut, Part, cut_part
from include.sla_logic.persistence.schema.sla_violations import sla_violations

ROOT = "/tmf-api"
_v = sla_violations.c
_HEARD = is_heard(SLA_VIOLATION)
_KEY = ("customer", "service", "contract", "objective", "window_start", "window_end")


@dataclass(frozen=True)
class KeptViolation:
    """A violation as it is kept; `told` is the document without its name."""

    id: str
    customer: str
    state: str
    told: Resource
    changed_at: datetime


@dataclass(frozen=True)
class ViolationFilter:
    """Which violations are asked for, each by alternatives; None where any will do."""

    customers: Collection[str] | None = None
    violations: Collection[str] | None = None
    services: Collection[str] | None = None
    contracts: Collection[str] | None = None
    objectives: Collection[str] | None = None
    states: Collection[str] | None = None


def violation_id(number: int) -> str:
    """Write the number of a violation as people read it: SV-000001."""
    return written("SV-", number)


def note_violations(
    connection: Connection, judged: Sequence[Violation], *, now: datetime, settled: bool = False
) -> None:
    """Keep what judgements say of promises, and tell what is new or has changed.

    Where settlement has `settled` a window, what was found of the same promise in another one that shares its time, as
    the agreement had it then, is withdrawn. New ones are added in the order of their keys, before known ones are held:
    so two judgements that find the same cannot block each other.
    """
    if not judged:
        return
    newest = {_key(one): one for one in sorted(judged, key=_key)}
    added = _add(connection, {key: one for key, one in newest.items() if one.broken}, now)
    held = hold_violations(connection, [key for key in newest if settled or key not in added])
    known = {key: row for key, row in held.items() if key in newest and key not in added}
    found = [(row, one) for key, one in newest.items() if (row := known.get(key)) is not None]
    changed = {row.number: VIOLATION_CREATED for row in added.values()}
    changes = list[dict[str, Any]]()
    for row, one in found:
        if not _is_same(row, one):
            told = one.told if one.broken else row.told
            changes.append({"of": row.number, "new_state": one.state, "new_told": told})
            changed[row.number] = VIOLATION_CHANGED if row.state == one.state else VIOLATION_STATUS
    for row in _in_other_windows(held, newest) if settled else ():
        changes.append({"of": row.number, "new_state": WITHDRAWN, "new_told": row.told})
        changed[row.number] = VIOLATION_STATUS
    if changes:
        values = {"state": bindparam("new_state"), "told": bindparam("new_told"), "changed_at": now}
        connection.execute(update(sla_violations).where(_v.number == bindparam("of")).values(values), changes)
    if changed and any(row.heard for rows in (held, added) for row in rows.values()):
        _tell(connection, changed, now)


def withdraw_violations(connection: Connection, customer: str, service: str, window: Period, *, now: datetime) -> None:
    """Withdraw what was found in a window that no agreement has any more, and tell it."""
    mine = (
        _v.customer == customer,
        _v.service == service,
        _v.window_start == window.start,
        _v.window_end == window.end,
    )
    query = select(_v.number, _HEARD).where(*mine, _v.state != WITHDRAWN).order_by(_v.number).with_for_update()
    rows = connection.execute(query).all()
    if rows:
        values = {"state": WITHDRAWN, "changed_at": now}
        connection.execute(update(sla_violations).where(_v.number.in_([row.number for row in rows])).values(values))
    if any(row.heard for row in rows):
        _tell(connection, {row.number: VIOLATION_STATUS for row in rows}, now)


def violated(connection: Connection, subscriptions: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return which of these customers' services have a violation that stands."""
    services = {service for _customer, service in subscriptions}
    query = select(_v.customer, _v.service).where(_v.state != WITHDRAWN, _v.service.in_(services)).distinct()
    return {(row.customer, row.service) for row in connection.execute(query)} & set(subscriptions)


def find_violations(connection: Connection, wanted: ViolationFilter, cut: Cut) -> tuple[Part[KeptViolation], int]:
    """Return a part of the violations, the newest first, and how many there are in all."""
    query = select(sla_violations).where(*_conditions(wanted))
    total = connection.scalar(select(func.count()).select_from(query.subquery())) or 0
    return cut_part(connection, query, [_v.number], _kept, cut, descending=True), int(total)


def _conditions(wanted: ViolationFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.violations is not None:
        yield _v.number.in_([number_in("SV-", one) or 0 for one in wanted.violations])
    names = {"customer": wanted.customers, "service": wanted.services, "contract": wanted.contracts}
    for column, among in (names | {"objective": wanted.objectives, "state": wanted.states}).items():
        if among is not None:
            yield _v[column].in_(list(among))


def _key(one: Violation) -> tuple[Any, ...]:
    return one.customer, one.service, one.contract, one.objective, one.window.start, one.window.end


def hold_violations(connection: Connection, keys: Collection[tuple[Any, ...]]) -> dict[tuple[Any, ...], Row[Any]]:
    """Hold and return what is kept of these customers' services from the first of these windows to the last."""
    if not keys:
        return {}
    whose = sorted({key[:2] for key in keys})
    shares = _v.window_start < max(key[5] for key in keys), _v.window_end > min(key[4] for key in keys)
    mine = tuple_(_v.customer, _v.service).in_(whose)
    query = select(sla_violations, _HEARD).where(mine, *shares).order_by(_v.number).with_for_update()
    return {tuple(getattr(row, name) for name in _KEY): row for row in connection.execute(query)}


def _in_other_windows(
    held: Mapping[tuple[Any, ...], Row[Any]], newest: Collection[tuple[Any, ...]]
) -> Iterator[Row[Any]]:
    """Yield what stands of the same promises in windows that share time with these and are none of them."""
    judged: dict[tuple[Any, ...], list[tuple[Any, ...]]] = defaultdict(list)
    for key in newest:
        judged[key[:4]].append(key[4:])
    for key, row in held.items():
        start, end = key[4:]
        shares = any(begins < end and start < ends for begins, ends in judged.get(key[:4], ()))
        if key not in newest and row.state != WITHDRAWN and shares:
            yield row


def _add(
    connection: Connection, new: Mapping[tuple[Any, ...], Violation], now: datetime
) -> dict[tuple[Any, ...], Row[Any]]:
    """Add violations and return their keys and numbers, without those that are there."""
    if not new:
        return {}
    rows = [
        dict(zip(_KEY, key, strict=True)) | {"state": one.state, "told": one.told, "found_at": now, "changed_at": now}
        for key, one in new.items()
    ]
    statement = insert_into(connection, sla_violations).on_conflict_do_nothing()
    found = connection.execute(statement.returning(_v.number, *(_v[name] for name in _KEY), _HEARD), rows)
    return {tuple(getattr(row, name) for name in _KEY): row for row in found}


def _is_same(row: Row[Any], one: Violation) -> bool:
    return bool(row.state == one.state) and (not one.broken or _said(row.told) == _said(one.told))


def _said(told: Resource) -> Resource:
    """Leave out who judged it: the same finding of another incident is no change."""
    return {name: value for name, value in told.items() if name != "judgedIn"}


def _tell(connection: Connection, changed: Mapping[int, str], now: datetime) -> None:
    """Tell the customer of each violation what kind of change it was."""
    events = []
    for row in connection.execute(select(sla_violations).where(_v.number.in_(changed)).order_by(_v.number)):
        name = violation_id(row.number)
        told = sla_violation(row.told, name, state=row.state, at=row.changed_at, root=ROOT)
        events.append(Event(SLA_VIOLATION, changed[row.number], name, (row.customer,), {"slaViolation": told}))
    note_events(connection, events, now=now)


def _kept(row: Row[Any]) -> KeptViolation:
    return KeptViolation(violation_id(row.number), row.customer, row.state, row.told, row.changed_at)
