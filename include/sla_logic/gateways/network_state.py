"""The simulated network around the incidents of a batch, in memory: what is broken, what shows, what was done."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Select, bindparam, insert, select, update

from include.sla_logic.domain.network import Alarm, Resource, ResourceState
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.together import Questions


@dataclass
class NetworkState:
    """What the database says of some resources, and what was changed since; `flush` writes the changes."""

    connection: Connection
    now: datetime
    resources: dict[str, Resource] = field(default_factory=dict)
    paths: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    alarms: dict[str, list[Alarm]] = field(default_factory=lambda: defaultdict(list))
    faults: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    in_use: Sequence[Any] = ()
    cured: list[str] = field(default_factory=list)
    cleared: list[str] = field(default_factory=list)
    changed: dict[str, ResourceState] = field(default_factory=dict)

    def load_services(self, services: Collection[str]) -> None:
        """Read topology, resources, open alarms and faults of these services, in one statement."""
        answers = _about_services().ask(self.connection, services=list(services))
        self._keep(answers)
        self.in_use = answers["in_use"]
        for row in sorted(answers["paths"], key=lambda row: row.position):
            self.paths[row.service].append(row.resource)

    def load_resource(self, resource: str) -> None:
        """Read a resource on which none of the services runs."""
        self._keep(_about_resource().ask(self.connection, resource=resource))

    def alarms_of(self, service: str) -> Sequence[Alarm]:
        """Return the alarms of a service's resources that are not cleared, oldest first."""
        found = [alarm for resource in self.paths[service] for alarm in self.alarms[resource]]
        return sorted(found, key=lambda alarm: (alarm.raised_at, alarm.id))

    def cure(self, fault: Any) -> None:
        """End a fault, and the alarm that it raised."""
        self.faults[fault.resource].remove(fault)
        self.cured.append(fault.id)
        if fault.alarm is not None:
            self.cleared.append(fault.alarm)
            for alarms in self.alarms.values():
                alarms[:] = [alarm for alarm in alarms if alarm.id != fault.alarm]

    def clear_alarms(self, resource: str) -> None:
        """Clear all alarms of a resource."""
        self.cleared += [alarm.id for alarm in self.alarms.pop(resource, [])]

    def set_state(self, resource: str, state: ResourceState) -> None:
        """Change the state of a resource."""
        self.resources[resource] = self.resources[resource].model_copy(update={"state": state})
        self.changed[resource] = state

    def flush(self) -> None:
        """Write the changes, one statement for each table."""
        faults, alarms, resources = t.resource_faults, t.alarms, t.resources
        if self.cured:
            ended = update(faults).where(faults.c.id.in_(self.cured)).values(cured_at=self.now)
            self.connection.execute(ended)
        if self.cleared:
            ended = update(alarms).where(alarms.c.id.in_(self.cleared)).values(cleared_at=self.now)
            self.connection.execute(ended)
        if self.changed:
            rows = [{"its_id": name, "state": state} for name, state in self.changed.items()]
            self.connection.execute(update(resources).where(resources.c.id == bindparam("its_id")), rows)
        self.cured, self.cleared, self.changed = [], [], {}

    def _keep(self, answers: Mapping[str, Sequence[Any]]) -> None:
        known = set(self.resources)  # on which another service runs too
        for row in answers["resources"]:
            self.resources[row.id] = Resource.model_validate(row._asdict())
        for row in (row for row in answers["alarms"] if row.resource not in known):
            self.alarms[row.resource].append(Alarm.model_validate(row._asdict()))
        for row in (row for row in answers["faults"] if row.resource not in known):
            self.faults[row.resource].append(row)


@cache
def _about_services() -> Questions:
    services: BindParameter[str] = bindparam("services", expanding=True)
    path = select(t.topology).where(t.topology.c.service.in_(services))
    of_services = select(t.topology.c.resource).where(t.topology.c.service.in_(services))
    more = {"paths": path, "in_use": select(t.network_in_use)}
    return Questions(_questions(t.resources.c.id.in_(of_services)) | more)


@cache
def _about_resource() -> Questions:
    return Questions(_questions(t.resources.c.id == bindparam("resource")))


def _questions(wanted: ColumnElement[bool]) -> dict[str, Select[Any]]:
    alarms, faults = t.alarms, t.resource_faults
    of_wanted = select(t.resources.c.id).where(wanted)
    return {
        "resources": select(t.resources).where(wanted),
        "alarms": select(alarms).where(alarms.c.resource.in_(of_wanted), alarms.c.cleared_at.is_(None)),
        "faults": select(faults).where(faults.c.resource.in_(of_wanted), faults.c.cured_at.is_(None)),
    }


def add_orders(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write what was ordered and answered."""
    if rows:
        connection.execute(insert(t.network_orders), list(rows))
