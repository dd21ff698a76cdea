"""Alarms that monitoring systems send: kept once, whatever their order, and shown with what they hit."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest
from typing import Any

from sqlalchemy import Connection, select

from include.sla_logic.domain.notification_check import BODY_CAP, Rejection
from include.sla_logic.domain.raw_payload import write_raw_payload
from include.sla_logic.importers.alarms import (
    ALERTMANAGER,
    OURS,
    Refused,
    SentAlarms,
    UnableToReadAlarms,
    read_alertmanager,
    read_ours,
)
from include.sla_logic.importers.trunks import services_on
from include.sla_logic.persistence.alarms import (
    Hit,
    Hits,
    hold_alarms,
    keep_alarms,
    keep_hit,
    recognise,
    show_in_network,
)
from include.sla_logic.persistence.policy_tables import policies_in_force
from include.sla_logic.persistence.portions import portions
from include.sla_logic.persistence.quarantine import IMPORTED, quarantine_notification
from include.sla_logic.persistence.schema.alarms import received_alarms
from include.sla_logic.persistence.schema.reference import resources, services, topology
from include.sla_logic.persistence.unit_of_work import UnitOfWork

__all__ = ["ALERTMANAGER", "OURS", "Alarms", "Receipt", "UnableToReadAlarms"]

_a = received_alarms.c
Named = tuple[str | None, str | None]  # a resource or trunk, and a service


@dataclass(frozen=True)
class Receipt:
    """What became of a request: `unknown` alarms name what is not on record, `refused` ones are in quarantine."""

    received: int
    unknown: int
    refused: int
    left_out: int


@dataclass(frozen=True)
class Alarms:
    """The alarms on record; several senders may bring the same ones at once."""

    work: UnitOfWork

    def admits(self, token: str) -> bool:
        """Tell whether this is our token; without one of ours none is. The time tells nothing of a wrong token."""
        own, file = self.work.settings.alarms_token, self.work.settings.alarms_token_file
        if own is None and file is not None:
            own = file.read_text("utf-8").strip()
        return compare_digest(_digest(own or ""), _digest(token)) and bool(own)

    def receive(self, body: bytes, *, source: str) -> Receipt:
        """Keep what a webhook brought, all of it in one transaction; raise `UnableToReadAlarms` for no such request."""
        read = read_alertmanager if source == ALERTMANAGER else read_ours
        sent = read(body, policies_in_force().alarms)
        with self.work.writing() as connection:
            hold_alarms(connection)
            now = self.work.database.now(connection)
            ahead = [(one, name) for one in sent.alarms if (name := one.ahead_of(now))]
            good = [one for one in sent.alarms if not one.ahead_of(now)]
            hits = hits_of(connection, {(one.resource, one.service): None for one in good})
            keep_alarms(connection, sent.source, good, hits, now=now)
            _show(connection, hits)
            refused = [*sent.refused, *(Refused(one.model_dump(mode="json"), _future(name)) for one, name in ahead)]
            _quarantine(connection, sent, refused, now)
        unknown = sum(hits[one.resource, one.service] is None for one in good)
        return Receipt(len(good), unknown, len(refused), sent.left_out)

    def recognise(self) -> int:
        """Look again for what raised alarms name, where it was not on record; return how many are known now."""
        with self.work.writing() as connection:
            hold_alarms(connection)
            query = select(_a.number, _a.named_resource, _a.named_service).where(
                _a.object.is_(None), _a.ended_at.is_(None)
            )
            waiting: dict[Named, list[int]] = {}
            for row in connection.execute(query):
                waiting.setdefault((row.named_resource, row.named_service), []).append(row.number)
            hits = hits_of(connection, waiting)
            for named, hit in hits.items():
                if hit is not None:
                    recognise(connection, waiting[named], hit)
            _show(connection, hits)
        return sum(len(waiting[named]) for named, hit in hits.items() if hit is not None)


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def hits_of(connection: Connection, named: Collection[Named]) -> dict[Named, Hit | None]:
    """Keep what alarms hit that name this resource or trunk, and this service; None where not all is on record."""
    places = {place for place, _service in named if place}
    wanted = places | {service for _place, service in named if service}
    known = {one for part in portions(wanted) for one in _ids(connection, services, part)}
    devices = set(known_resources(connection, places))
    found: dict[Named, Hit | None] = {}
    for place, service in named:
        there = (place is None or place in devices or place in known) and (service is None or service in known)
        about = place or service
        if about is None or not there:
            found[place, service] = None
        elif service is not None:
            found[place, service] = keep_hit(connection, about, [service])
        else:
            found[place, service] = keep_hit(connection, about, _running_on(connection, about, devices))
    return found


def known_resources(connection: Connection, names: Collection[str]) -> list[str]:
    """Return which of these are resources on record."""
    return [one for part in portions(names) for one in _ids(connection, resources, part)]


def _show(connection: Connection, hits: Hits) -> None:
    about = {hit.object for hit in hits.values() if hit is not None}
    show_in_network(connection, known_resources(connection, about))


def _running_on(connection: Connection, place: str, devices: Collection[str]) -> Sequence[str]:
    if place not in devices:
        return services_on(connection, place)
    query = select(topology.c.service).where(topology.c.resource == place).order_by(topology.c.service)
    return list(connection.scalars(query))


def _ids(connection: Connection, table: Any, names: Sequence[str]) -> Sequence[str]:
    return connection.scalars(select(table.c.id).where(table.c.id.in_(names))).all()


def _future(name: str) -> Rejection:
    return Rejection(f".{name}", "lies in the future: set the clock of its source")


def _quarantine(connection: Connection, sent: SentAlarms, refused: Sequence[Refused], now: datetime) -> None:
    """Keep what could not be read, each as it was sent, and that the sender has left some out."""
    origin = f"{IMPORTED}alarms from {sent.source}"
    for one in refused:
        body = write_raw_payload(one.sent, cap=BODY_CAP)
        quarantine_notification(connection, body, one.why, run_id=f"alarms.{sent.source}", origin=origin, now=now)
    if sent.left_out:
        body = write_raw_payload({"truncatedAlerts": sent.left_out, "day": f"{now:%Y-%m-%d}"}, cap=BODY_CAP)
        why = Rejection(".truncatedAlerts", f"{sent.left_out} alerts were not sent: set max_alerts to 0")
        quarantine_notification(connection, body, why, run_id=f"alarms.{sent.source}", origin=origin, now=now)
