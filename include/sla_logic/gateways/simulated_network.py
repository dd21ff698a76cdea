"""The embedded network: resources, alarms and faults in the operations database.

An order takes effect exactly once per order key; what is measured afterwards is the healthy value of the
service plus the effects of the faults that are still there.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from include.sla_logic.domain.network import Action, ActionResult, Alarm, Probe, Resource, ResourceState
from include.sla_logic.gateways.simulated_probes import take_probes
from include.sla_logic.persistence.schema import reference as t

_DONE = {
    Action.RESTART_PORT: "port restarted",
    Action.FAIL_OVER_LINK: "traffic moved to the protection path",
    Action.REPROVISION_PROFILE: "profile provisioned again as ordered",
    Action.CLEAR_ALARM: "alarm acknowledged and cleared",
}


class SimulatedNetwork:
    """The network of a house without one: it behaves as its faults in the database say."""

    def __init__(self, *, connection: Connection, now: datetime, ticket: str | None = None) -> None:
        """Act and measure inside this transaction, at this moment."""
        self._connection = connection
        self._now = now
        self._ticket = ticket

    def resources(self, service: str) -> Sequence[Resource]:
        rows = self._connection.execute(
            select(t.resources)
            .join(t.topology, t.topology.c.resource == t.resources.c.id)
            .where(t.topology.c.service == service)
            .order_by(t.topology.c.position)
        )
        return [Resource.model_validate(row._asdict()) for row in rows]

    def alarms(self, service: str) -> Sequence[Alarm]:
        rows = self._connection.execute(
            select(t.alarms)
            .join(t.topology, t.topology.c.resource == t.alarms.c.resource)
            .where(t.topology.c.service == service, t.alarms.c.cleared_at.is_(None))
            .order_by(t.alarms.c.raised_at, t.alarms.c.id)
        )
        return [Alarm.model_validate(row._asdict()) for row in rows]

    def undertake(self, action: Action, resource: str, *, order: str) -> ActionResult:
        state = self._locked_state(resource)
        if known := self._answered(order):
            return known
        ran = state is not None
        answer = self._carry_out(action, resource) if ran else f"there is no resource {resource}"
        result = ActionResult(action=action, resource=resource, ran=ran, answer=answer, at=self._now)
        self._connection.execute(insert(t.network_orders).values(order_key=order, **result.model_dump()))
        return result

    def probe(self, service: str) -> Sequence[Probe]:
        return take_probes(self._connection, service, now=self._now)

    def _locked_state(self, resource: str) -> str | None:
        """Take the resource for this transaction, so that two orders on it follow each other."""
        return self._connection.scalar(
            select(t.resources.c.state).where(t.resources.c.id == resource).with_for_update()
        )

    def _answered(self, order: str) -> ActionResult | None:
        row = self._connection.execute(
            select(t.network_orders).where(t.network_orders.c.order_key == order)
        ).one_or_none()
        return None if row is None else ActionResult.model_validate(row._asdict())

    def _carry_out(self, action: Action, resource: str) -> str:
        faults = self._connection.execute(
            select(t.resource_faults).where(
                t.resource_faults.c.resource == resource, t.resource_faults.c.cured_at.is_(None)
            )
        ).all()
        cured = [fault for fault in faults if fault.cured_by == action]
        for fault in cured:
            self._cure(fault)
        left = [fault for fault in faults if fault not in cured]
        if action is Action.CLEAR_ALARM and left:
            return "alarm raised again at once: its cause is still there"
        if action is Action.CLEAR_ALARM:
            self._clear_alarms(resource)
        if not left:
            self._set_state(resource, ResourceState.IN_SERVICE)
        return _DONE[action] if not left else f"{_DONE[action]}, the fault is still there"

    def _cure(self, fault: Row[Any]) -> None:
        faults = t.resource_faults
        self._connection.execute(update(faults).where(faults.c.id == fault.id).values(cured_at=self._now))
        if fault.alarm is not None:
            self._connection.execute(update(t.alarms).where(t.alarms.c.id == fault.alarm).values(cleared_at=self._now))

    def _clear_alarms(self, resource: str) -> None:
        self._connection.execute(
            update(t.alarms)
            .where(t.alarms.c.resource == resource, t.alarms.c.cleared_at.is_(None))
            .values(cleared_at=self._now)
        )

    def _set_state(self, resource: str, state: ResourceState) -> None:
        self._connection.execute(update(t.resources).where(t.resources.c.id == resource).values(state=state))
