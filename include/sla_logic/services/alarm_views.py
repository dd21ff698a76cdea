"""Alarms as people see them: what they hit, what is wrong with them, and whose incidents they have opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from include.sla_logic.domain.errors import NotFoundError
from include.sla_logic.domain.numbers import number_in
from include.sla_logic.persistence.alarms import alarm_id
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.paging import Page, cut_page
from include.sla_logic.persistence.policy_tables import policies_in_force
from include.sla_logic.persistence.portions import portions
from include.sla_logic.persistence.schema.alarms import alarm_hit_services, proactive_incidents, received_alarms
from include.sla_logic.persistence.service_problems import problem_id, problem_number
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.proactive_incidents import WAITING

_a, _hit, _p = received_alarms.c, alarm_hit_services.c, proactive_incidents.c
_NAMED = 10
_SHOWN = 50
NAMELESS = "neither resource nor service"


class UnableToFindAlarm(NotFoundError):
    """No alarm has this number."""


@dataclass(frozen=True)
class ReceivedAlarm:
    """One alarm, from when it was raised until it ended; `object` is what it is about, None where not on record.

    `doubtful`: its source has cleared it, and afterwards called it raised with the same beginning.
    """

    id: str
    source: str
    source_id: str
    code: str
    severity: str
    text: str
    named_resource: str | None
    named_service: str | None
    object: str | None
    raised_at: datetime
    ended_at: datetime | None
    received_at: datetime
    last_received_at: datetime
    doubtful: bool
    services: tuple[str, ...]

    @property
    def names(self) -> str:
        """What it names, in one text."""
        named = [name for name in (self.named_resource, self.named_service) if name]
        return " and ".join(named) or NAMELESS


@dataclass(frozen=True)
class HitService:
    """A customer's service that an alarm hits.

    `state`: `opened` has an incident of the alarm, `known` an earlier one of the customer; `waiting` has none, as the
    limit of an hour is reached, and `ended` will get none; of `refused` the notification is in quarantine.
    """

    object: str
    alarm: str
    customer: str
    service: str
    problem: str | None
    ticket: str | None
    state: str
    noted_at: datetime
    over_at: datetime | None


@dataclass(frozen=True)
class WaitingServices:
    """Services that an alarm at `object` hits and that wait for an incident: how many, and the first of them."""

    object: str
    problem: str | None
    count: int
    first: tuple[HitService, ...]


@dataclass(frozen=True)
class AlarmViews:
    """Reads alarms and what came of them."""

    work: UnitOfWork

    def listed(
        self, *, raised_only: bool = True, unknown_only: bool = False, page: int = 1, size: int = 50
    ) -> Page[ReceivedAlarm]:
        """Return one page of alarms, the last raised first."""
        conditions = [
            *([_a.ended_at.is_(None)] if raised_only else []),
            *([_a.object.is_(None)] if unknown_only else []),
        ]
        with self.work.reading() as connection:
            total = connection.scalar(select(func.count()).select_from(received_alarms).where(*conditions)) or 0
            query = select(received_alarms).where(*conditions).order_by(_a.raised_at.desc(), _a.number.desc())
            rows = connection.execute(query.limit(size).offset((page - 1) * size)).all()
            return Page(_views(connection, rows), int(total), page, size)

    def find(self, alarm: str) -> ReceivedAlarm:
        """Return one alarm; raise `UnableToFindAlarm`."""
        number = number_in("AL-", alarm)
        with self.work.reading() as connection:
            rows = connection.execute(select(received_alarms).where(_a.number == (number or 0))).all()
            if not rows:
                raise UnableToFindAlarm(f"There is no alarm {alarm[:63]!r}; write it as AL-000001.")
            return _views(connection, rows)[0]

    def troubles(self) -> list[str]:
        """Name raised alarms that name nothing on record, those raised for too long, and those in doubt."""
        longest = policies_in_force().alarms.raised_too_long
        with self.work.reading() as connection:
            now = self.work.database.now(connection)
            raised = _a.ended_at.is_(None)
            unknown = connection.execute(select(received_alarms).where(raised, _a.object.is_(None)).order_by(_a.number))
            lines = _unknown(_views(connection, unknown.all()))
            old = select(received_alarms).where(raised, _a.raised_at < now - longest).order_by(_a.raised_at)
            for one in _views(connection, connection.execute(old).all()):
                since = f"{one.raised_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
                lines.append(f"the alarm {one.id} ({one.code}, {one.names}) is raised since {since}: is its end lost?")
            doubt = select(received_alarms).where(~raised, _a.cleared_at.is_not(None), _a.last_said == "raised")
            for one in _views(connection, connection.execute(doubt.order_by(_a.number)).all()):
                says = f"its source {one.source} called the alarm {one.id} ({one.code}, {one.names}) raised"
                lines.append(f"{says} after it had cleared it, with the same beginning: look at the source")
        return lines

    def hit(
        self, *, problem: str | None = None, waiting_only: bool = False, page: int = 1, size: int = 50
    ) -> Page[HitService]:
        """Return one page of services that alarms hit, those that wait first."""
        conditions = [
            *([_p.problem == (problem_number(problem) or 0)] if problem else []),
            *(WAITING if waiting_only else []),
        ]
        query = select(proactive_incidents).where(*conditions)
        order = (_p.ticket.is_not(None), _p.over_at.is_not(None), _p.number)
        with self.work.reading() as connection:
            return cut_page(connection, query.order_by(*order), _hit_service, number=page, size=size)

    def waiting(self) -> list[WaitingServices]:
        """Return what waits for an incident, by the place of the alarm and its service problem."""
        with self.work.reading() as connection:
            query = select(proactive_incidents).where(*WAITING).order_by(_p.object, _p.number)
            return _waiting(connection.execute(query).all())


def _waiting(rows: Sequence[Any]) -> list[WaitingServices]:
    by_place: dict[tuple[str, int | None], list[HitService]] = {}
    for row in rows:
        by_place.setdefault((row.object, row.problem), []).append(_hit_service(row))
    return [
        WaitingServices(place, None if number is None else problem_id(number), len(found), tuple(found[:_SHOWN]))
        for (place, number), found in by_place.items()
    ]


def _views(connection: Connection, rows: Sequence[Any]) -> list[ReceivedAlarm]:
    reached: dict[int, list[str]] = {row.hit: [] for row in rows if row.hit is not None}
    for numbers in portions(reached):
        query = select(alarm_hit_services).where(_hit.hit.in_(numbers)).order_by(_hit.service)
        for row in connection.execute(query):
            reached[row.hit].append(row.service)
    return [_view(row, tuple(reached.get(row.hit, ()))) for row in rows]


def _view(row: Any, reached: tuple[str, ...]) -> ReceivedAlarm:
    values = row._asdict()
    same = {name: values[name] for name in ReceivedAlarm.__dataclass_fields__ if name in values}
    doubtful = row.cleared_at is not None and row.last_said == "raised"
    mine = {"id": alarm_id(row.number), "source_id": row.id, "doubtful": doubtful, "services": reached}
    return ReceivedAlarm(**(same | mine))


def _unknown(alarms: Sequence[ReceivedAlarm]) -> list[str]:
    """Say once of each name how many alarms have it."""
    by_name: dict[str, list[str]] = {}
    for one in alarms:
        by_name.setdefault(one.names, []).append(one.id)
    return [_say(name, ids) for name, ids in by_name.items()]


def _say(name: str, ids: Sequence[str]) -> str:
    shown = ", ".join(ids[:_NAMED]) + (" …" if len(ids) > _NAMED else "")
    alarms = "1 raised alarm names" if len(ids) == 1 else f"{len(ids)} raised alarms name"
    if name == NAMELESS:
        return f"{alarms} {name}: correct the labels ({shown})"
    return f"{alarms} {name}, which is not on record: import it, or correct the labels ({shown})"


def _hit_service(row: Any) -> HitService:
    number = row.ticket
    state = "opened" if number and row.opened_at else "known" if number else "refused" if row.opened_at else "waiting"
    return HitService(
        object=row.object,
        alarm=alarm_id(row.alarm),
        customer=row.customer,
        service=row.service,
        problem=None if row.problem is None else problem_id(row.problem),
        ticket=None if number is None else ticket_id(number),
        state="ended" if state == "waiting" and row.over_at else state,
        noted_at=row.noted_at,
        over_at=row.over_at,
    )
