"""Incidents that alarms open: one for each customer whose service is hit, all tied to one service problem."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, exists, func, insert, or_, select, tuple_, update

from include.sla_logic.domain.diagnosis_table import Finding, find_errors
from include.sla_logic.domain.network import Alarm, Resource, ResourceState, Severity
from include.sla_logic.domain.notification import ProblemNotification, Symptom
from include.sla_logic.domain.policies import Policies
from include.sla_logic.domain.service_problem import Sighting
from include.sla_logic.domain.trouble_ticket import OPEN, TroubleTicket
from include.sla_logic.persistence.agreements import perhaps_subscribers
from include.sla_logic.persistence.alarms import alarm_id, hold_alarms
from include.sla_logic.persistence.arrivals import note_arrival
from include.sla_logic.persistence.contracts import ContractRegister
from include.sla_logic.persistence.flush import flush
from include.sla_logic.persistence.incident_records import ticket_number
from include.sla_logic.persistence.policy_tables import policies_in_force
from include.sla_logic.persistence.portions import portions
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.alarms import alarm_hit_services, proactive_incidents, received_alarms
from include.sla_logic.persistence.schema.system_t import tickets
from include.sla_logic.persistence.service_problems import problem_number
from include.sla_logic.persistence.ticket_locks import lock_tickets
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.acceptance import accept_notification

_HOUR = timedelta(hours=1)
_p, _a, _hit = proactive_incidents.c, received_alarms.c, alarm_hit_services.c
ORIGIN = "alarm"


@dataclass(frozen=True)
class Opened:
    """What one round did: tickets that were opened, and customers' services that wait for the next hour."""

    tickets: tuple[str, ...]
    waiting: int


@dataclass(frozen=True)
class ProactiveIncidents:
    """Every round looks at all alarms that are raised; several rounds follow each other."""

    work: UnitOfWork

    def open(self, *, limit: int) -> Opened:
        """Note whom the raised alarms hit, and open incidents, at most `limit` in any hour."""
        with self.work.writing() as connection:
            hold_alarms(connection)
            now = self.work.database.now(connection)
            opening = _opening(connection, policies_in_force())
            _end(connection, opening, now)
            _note(connection, opening, now)
            _leave_to_open_incidents(connection)
            counted = select(func.count()).select_from(proactive_incidents).where(_p.opened_at > now - _HOUR)
            room = max(0, limit - (connection.scalar(counted) or 0))
            opened = list(self._open(connection, room, now)) if room else []
            waiting = connection.scalar(select(func.count()).select_from(proactive_incidents).where(*WAITING)) or 0
        return Opened(tuple(opened), waiting)

    def _open(self, connection: Connection, room: int, now: datetime) -> Iterator[str]:
        """Open incidents for those that wait, protected customers first, then by alarm."""
        query = (
            select(proactive_incidents, _a.raised_at, _a.code, _a.severity, _a.text)
            .join(received_alarms, _a.number == _p.alarm)
            .join(t.customers, t.customers.c.id == _p.customer)
            .where(*WAITING)
            .order_by(t.customers.c.protected.desc(), _a.raised_at, _p.number)
            .limit(room)
        )
        by_object: dict[str, list[tuple[Any, TroubleTicket]]] = {}
        opened_now: dict[tuple[str, str], int] = {}
        for row in connection.execute(query).all():
            before = opened_now.get((row.customer, row.service))  # by an alarm at another place
            ticket = _accept(connection, row, now) if before is None else None
            number = before if ticket is None else ticket_number(ticket.id)
            opened = {"ticket": number, "opened_at": now if before is None else None}
            opened_now |= {} if number is None else {(row.customer, row.service): number}
            connection.execute(update(proactive_incidents).where(_p.number == row.number).values(opened))
            if ticket is not None:
                note_arrival(connection, ticket, source=ORIGIN, now=now)
                by_object.setdefault(row.object, []).append((row, ticket))
                yield ticket.id
        for about, members in by_object.items():
            self._tie(connection, about, members, now)

    def _tie(
        self, connection: Connection, about: str, members: Sequence[tuple[Any, TroubleTicket]], now: datetime
    ) -> None:
        """Tie the new incidents to the service problem of this resource or trunk, and list under it who waits."""
        numbers = [ticket_number(ticket.id) or 0 for _row, ticket in members]
        lock_tickets(connection, numbers)
        files = self.work.open_files(connection, numbers, task="accept")
        raised = {ticket.id: row for row, ticket in members}
        findings = _findings(connection, about, members[0][0])
        problems = [problem for file in files for problem in file.problems.tie(findings, _seen(file, raised, now))]
        flush(connection, files)
        here = (_p.object == about, _p.over_at.is_(None))
        connection.execute(update(proactive_incidents).where(*here).values(problem=problem_number(problems[0].id)))


WAITING = (_p.ticket.is_(None), _p.opened_at.is_(None), _p.over_at.is_(None))


def _opening(connection: Connection, policies: Policies) -> list[tuple[str, str]]:
    """Return each code and severity that is raised and opens incidents."""
    kinds = select(_a.code, _a.severity).where(_a.ended_at.is_(None), _a.object.is_not(None)).distinct()
    found = [(row.code, row.severity) for row in connection.execute(kinds)]
    return [kind for kind in found if policies.alarms.rule(kind[0], Severity(kind[1])) is not None]


def _note(connection: Connection, opening: Sequence[tuple[str, str]], now: datetime) -> None:
    """Note every customer whose service such an alarm hits, once for each resource or trunk."""
    first: dict[tuple[str, str], Any] = {}
    for code, severity in opening:
        for row in connection.execute(_first_raised(code, severity)):
            known = first.get((row.object, row.service))
            if known is None or (row.raised_at, row.number) < (known.raised_at, known.number):
                first[row.object, row.service] = row
    there = select(_p.object, _p.service).where(_p.over_at.is_(None)).distinct()
    noted = {(row.object, row.service) for row in connection.execute(there)}
    new = [row for key, row in sorted(first.items()) if key not in noted]
    perhaps = [
        (row, customer) for row in new for customer in perhaps_subscribers(connection, row.service, at=row.raised_at)
    ]
    register = ContractRegister(
        connection=connection, subscriptions={(customer, row.service) for row, customer in perhaps}
    )
    rows = [
        {"object": row.object, "customer": customer, "service": row.service, "alarm": row.number, "noted_at": now}
        for row, customer in perhaps
        if register.has_agreement(customer, row.service, at=row.raised_at)
    ]
    for portion in portions(rows):
        connection.execute(insert(proactive_incidents), portion)


def _first_raised(code: str, severity: str) -> Select[Any]:
    """Ask for the services that such alarms hit, each with the one that was raised first: a storm has thousands."""
    raised = (_a.code == code, _a.severity == severity, _a.ended_at.is_(None))
    since = func.min(_a.raised_at).label("raised_at")
    early = select(_a.object, _a.hit, since).where(*raised).group_by(_a.object, _a.hit).subquery()
    same = (_a.object == early.c.object) & (_a.hit == early.c.hit) & (_a.raised_at == early.c.raised_at)
    number = func.min(_a.number).label("number")
    one = select(_a.object, _a.hit, _a.raised_at, number).join(early, same).where(*raised)
    found = one.group_by(_a.object, _a.hit, _a.raised_at).subquery()
    columns = (found.c.object, found.c.number, found.c.raised_at, _hit.service)
    return select(*columns).join(alarm_hit_services, _hit.hit == found.c.hit)


def _end(connection: Connection, opening: Sequence[tuple[str, str]], now: datetime) -> None:
    """End what no alarm that opens incidents shows any more, and whose incident is over."""
    opens = tuple_(_a.code, _a.severity).in_(opening)
    shown = exists().where(
        _a.object == _p.object, _a.ended_at.is_(None), opens, _a.hit == _hit.hit, _hit.service == _p.service
    )
    open_ticket = exists().where(tickets.c.number == _p.ticket, tickets.c.status.in_(OPEN))
    ended = update(proactive_incidents).where(_p.over_at.is_(None), ~shown, or_(_p.ticket.is_(None), ~open_ticket))
    connection.execute(ended.values(over_at=now))


def _leave_to_open_incidents(connection: Connection) -> None:
    """Open none for a customer who has an open incident of the service."""
    mine = (tickets.c.customer == _p.customer, tickets.c.service == _p.service, tickets.c.status.in_(OPEN))
    known = select(func.min(tickets.c.number)).where(*mine, tickets.c.parent.is_(None)).scalar_subquery()
    connection.execute(update(proactive_incidents).where(*WAITING).values(ticket=known))


def _accept(connection: Connection, row: Any, now: datetime) -> TroubleTicket | None:
    """Open the ticket; None where the notification is refused, which is then in quarantine."""
    rule = policies_in_force().alarms.rule(row.code, Severity(row.severity))
    conf = {
        "customer": row.customer,
        "service": row.service,
        "symptom": (rule.symptom if rule else Symptom.OTHER).value,
        "description": f"{row.code} at {row.object}: {row.text}",
        "observed_from": min(row.raised_at, now).isoformat(),
        **({"impact": int(rule.impact), "urgency": int(rule.urgency)} if rule else {}),
    }
    run_id = f"proactive.{row.customer}.{row.service}.{min(row.raised_at, now):%Y%m%dT%H%M%SZ}"
    answer = accept_notification(connection, conf, run_id=run_id, origin=ORIGIN, now=now, proactive=True)
    return answer if isinstance(answer, TroubleTicket) else None


def _seen(file: Any, raised: Mapping[str, Any], now: datetime) -> Sighting:
    notification = file.read(ProblemNotification)
    priority = policies_in_force().priorities.priority(notification.impact, notification.urgency)
    return Sighting(
        ticket=file.ticket.id,
        observed_from=raised[file.ticket.id].raised_at,
        observed_to=None,
        seen_at=now,
        priority=2 * priority.rank - 1,
    )


def _findings(connection: Connection, about: str, row: Any) -> Sequence[Finding]:
    """Return what is wrong there as the check of the process finds it, or what the alarm says."""
    policy = policies_in_force().diagnosis
    found = connection.execute(select(t.resources).where(t.resources.c.id == about)).one_or_none()
    if found is not None:
        open_alarms = select(t.alarms).where(t.alarms.c.resource == about, t.alarms.c.cleared_at.is_(None))
        alarms = [Alarm.model_validate(one._asdict()) for one in connection.execute(open_alarms)]
        if findings := find_errors([Resource.model_validate(found._asdict())], alarms, policy):
            return findings
    rule = policy.alarm_rule(row.code)
    name = connection.scalar(select(t.services.c.name).where(t.services.c.id == about))
    return [
        Finding(
            resource=about,
            resource_name=name or about,
            resource_kind="service" if found is None else found.kind,
            state=ResourceState.DEGRADED if found is None else ResourceState(found.state),
            alarm=alarm_id(row.alarm),
            alarm_code=row.code,
            type_of_problem=rule.type if rule else policy.unexplained,
            explained=rule is not None,
            raised_at=row.raised_at,
        )
    ]
