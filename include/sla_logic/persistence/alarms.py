"""Received alarms: what is known of each, when it ended, and the alarms of the network that follow."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, text, update

from include.sla_logic.domain.alarms import SentAlarm, ends, told
from include.sla_logic.domain.numbers import written
from include.sla_logic.persistence.database import insert_once
from include.sla_logic.persistence.portions import portions
from include.sla_logic.persistence.schema.alarms import alarm_hit_services, alarm_hits, received_alarms
from include.sla_logic.persistence.schema.reference import alarms, resources

_LOCK = 7_253_623  # any number, the same in every process: PostgreSQL's advisory lock for alarms
_LONGEST_CODE = 64  # as the network knows them
_a = received_alarms.c


def alarm_id(number: int) -> str:
    """Write the number of an alarm as people read it: AL-000001."""
    return written("AL-", number)


def hold_alarms(connection: Connection) -> None:
    """Let no other transaction work on alarms until this one ends; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


@dataclass(frozen=True)
class Hit:
    """What an alarm is about, and the services that it hits, as they are kept under a number."""

    object: str
    number: int


Hits = Mapping[tuple[str | None, str | None], Hit | None]  # of a resource or trunk, and a service that are named


def keep_hit(connection: Connection, about: str, services: Sequence[str]) -> Hit:
    """Keep which services are hit, once as long as they are the same."""
    digest = sha256(" ".join(services).encode()).hexdigest()
    added = insert_once(connection, alarm_hits, "number", {"object": about, "digest": digest})
    mine = select(alarm_hits.c.number).where(alarm_hits.c.object == about, alarm_hits.c.digest == digest)
    number = int(connection.execute(mine).scalar_one())
    for portion in portions(services if added else ()):
        connection.execute(insert(alarm_hit_services), [{"hit": number, "service": one} for one in portion])
    return Hit(about, number)


def keep_alarms(connection: Connection, source: str, sent: Sequence[SentAlarm], hits: Hits, *, now: datetime) -> None:
    """Write what these messages tell, in whatever order they come; what is known already stays as it is."""
    by_id: dict[str, list[SentAlarm]] = defaultdict(list)
    for alarm in sent:
        by_id[alarm.id].append(alarm)
    known = _known(connection, source, by_id)
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for name, messages in by_id.items():
        rows, last = known[name], {message.raised_at: message for message in messages}
        cleared = told({at: row.cleared_at for at, row in rows.items()}, messages)
        for at, end in ends(cleared).items():
            values = {"cleared_at": cleared[at], "ended_at": end}
            if at not in rows:
                new.append(values | _row(source, last[at], hits[last[at].resource, last[at].service], now))
            elif at in last or rows[at].ended_at != end:
                changed.append(values | _heard(rows[at], last.get(at), now))
    if changed:
        connection.execute(update(received_alarms).where(_a.number == bindparam("its_number")), changed)
    for portion in portions(new):
        connection.execute(insert(received_alarms), portion)


def _known(connection: Connection, source: str, names: Collection[str]) -> dict[str, dict[datetime, Any]]:
    """Return what is known of these alarms, by the times at which they were raised."""
    known: dict[str, dict[datetime, Any]] = defaultdict(dict)
    for portion in portions(names):
        for row in connection.execute(select(received_alarms).where(_a.source == source, _a.id.in_(portion))):
            known[row.id][row.raised_at] = row
    return known


def _heard(row: Any, last: SentAlarm | None, now: datetime) -> dict[str, Any]:
    """Return what its source said of it last, and when."""
    said, at = (row.last_said, row.last_received_at) if last is None else (_said(last), now)
    return {"its_number": row.number, "last_said": said, "last_received_at": at}


def _row(source: str, alarm: SentAlarm, hit: Hit | None, now: datetime) -> dict[str, Any]:
    return {
        "source": source,
        **alarm.model_dump(include={"id", "raised_at", "code"}),
        "text": alarm.text or alarm.code,
        "severity": alarm.severity.value,
        "named_resource": alarm.resource,
        "named_service": alarm.service,
        "object": hit and hit.object,
        "hit": hit and hit.number,
        "last_said": _said(alarm),
        "received_at": now,
        "last_received_at": now,
    }


def _said(alarm: SentAlarm) -> str:
    return "raised" if alarm.cleared_at is None else "cleared"


def recognise(connection: Connection, numbers: Collection[int], hit: Hit) -> None:
    """Write what alarms are about that named something that was not on record when they came."""
    for portion in portions(numbers):
        known = update(received_alarms).where(_a.number.in_(portion)).values(object=hit.object, hit=hit.number)
        connection.execute(known)


def show_in_network(connection: Connection, names: Collection[str]) -> None:
    """Let the network's alarms at these resources follow: one of each code, raised while one received is raised."""
    for portion in portions(sorted(names)):
        held = select(resources.c.id).where(resources.c.id.in_(portion)).order_by(resources.c.id)
        connection.execute(held.with_for_update()).all()  # before their alarms, as the steps of incidents do
        raised = _raised_at(connection, portion)
        ours = select(alarms, _a.object, _a.code.label("its_code")).join(received_alarms, _a.shown_as == alarms.c.id)
        there = {}
        for row in connection.execute(ours.where(_a.object.in_(portion), alarms.c.cleared_at.is_(None))):
            there[row.object, row.its_code] = row.id
        for key, name in there.items():
            if key not in raised:
                last = select(func.max(_a.ended_at)).where(_a.object == key[0], _a.code == key[1]).scalar_subquery()
                connection.execute(update(alarms).where(alarms.c.id == name).values(cleared_at=last))
        for key, row in raised.items():
            if key not in there:
                _show(connection, row)


def _raised_at(connection: Connection, names: Collection[str]) -> dict[tuple[str, str], Any]:
    """Return of each resource and code the alarm that was raised first, of those that are raised."""
    query = select(received_alarms).where(_a.object.in_(names), _a.ended_at.is_(None))
    latest_first = query.order_by(_a.raised_at.desc(), _a.number.desc())
    return {(row.object, row.code): row for row in connection.execute(latest_first)}


def _show(connection: Connection, row: Any) -> None:
    """Raise the network's alarm, once more where somebody has cleared it and its source has not."""
    name = f"{row.source}.{row.number}"
    new = {"id": name, "resource": row.object, "code": row.code[:_LONGEST_CODE], "severity": row.severity}
    added = insert_once(connection, alarms, "id", new | {"text": row.text, "raised_at": row.raised_at})
    if added:
        connection.execute(update(received_alarms).where(_a.number == row.number).values(shown_as=name))
    elif row.shown_as == name:
        connection.execute(update(alarms).where(alarms.c.id == name).values(cleared_at=None))
