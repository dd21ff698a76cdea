"""The network of an installation without one: it behaves as the faults in its database say.

An action cures the faults that it is made for and no others; an alarm comes back while its cause is still there.
"""

from collections.abc import Callable, Sequence

from sqlalchemy import select

from include.sla_logic.domain.corrective_actions import order_key
from include.sla_logic.domain.network import Action, ActionResult, Alarm, Probe, Resource, ResourceState
from include.sla_logic.domain.outgoing_keys import name_in
from include.sla_logic.domain.service_problem import ProblemTie
from include.sla_logic.gateways.network_state import NetworkState, add_orders
from include.sla_logic.gateways.order_journal import refuse_to_simulate
from include.sla_logic.gateways.simulated_probes import SimulatedProbes
from include.sla_logic.persistence.batch import Batch
from include.sla_logic.persistence.schema import reference as t

_DONE = {
    Action.RESTART_PORT: "port restarted",
    Action.FAIL_OVER_LINK: "traffic moved to the protection path",
    Action.REPROVISION_PROFILE: "profile provisioned again as ordered",
    Action.CLEAR_ALARM: "alarm acknowledged and cleared",
}


class SimulatedNetwork:
    """Acts and measures for the incidents of a batch, in memory; `flush` writes what was done."""

    def __init__(
        self, batch: Batch, tied_resources: Callable[[], Sequence[tuple[str, str]]], *, on_purpose: bool = True
    ) -> None:
        """Take id and resource of each problem to which an incident is tied as a question: few batches need them.

        Not chosen `on_purpose`, it raises `UnableToChooseNetwork` where the database has worked with a real network.
        """
        self._batch = batch
        self._on_purpose = on_purpose
        self._tied_resources = tied_resources
        self._orders: dict[str, ActionResult | None] = {}
        self._ordered: dict[str, ActionResult] = {}
        self._acts = False
        self._state: NetworkState | None = None
        self._probes: SimulatedProbes | None = None

    def resources(self, service: str) -> Sequence[Resource]:
        state = self._look(service)
        return [state.resources[resource] for resource in state.paths[service]]

    def alarms(self, service: str) -> Sequence[Alarm]:
        return self._look(service).alarms_of(service)

    def undertake(self, action: Action, resource: str, *, order: str) -> ActionResult:
        self._begin_to_act()
        known = self._answered(order)
        if known is not None:
            return known
        state = self._look()
        if resource not in state.resources:
            state.load_resource(resource)
        ran = resource in state.resources
        answer = self._carry_out(state, action, resource) if ran else f"there is no resource {resource}"
        result = ActionResult(action=action, resource=resource, ran=ran, answer=answer, at=self._batch.now)
        self._orders[order] = self._ordered[order] = result
        return result

    def probe(self, service: str) -> Sequence[Probe]:
        self._begin_to_act()
        state = self._look(service)
        if self._probes is None:
            self._probes = SimulatedProbes(self._batch, state)
        return self._probes.take(service)

    def flush(self) -> None:
        """Write what was done and measured."""
        if self._state is not None:
            self._state.flush()
        if self._probes is not None:
            self._probes.flush()
        rows = [{"order_key": key, **result.model_dump()} for key, result in self._ordered.items()]
        add_orders(self._batch.connection, rows)
        self._ordered = {}

    def _begin_to_act(self) -> None:
        """Hold the resources, so that two who act on one follow each other, and look at them only then."""
        if not self._acts:
            self._batch.hold_resources()
            self._state, self._acts = None, True

    def _look(self, service: str | None = None) -> NetworkState:
        if self._state is None:
            self._state = NetworkState(self._batch.connection, self._batch.now)
            self._state.load_services(self._batch.services)
            if not self._on_purpose:
                refuse_to_simulate(self._state.in_use)
        if service is not None and service not in self._batch.services and service not in self._state.paths:
            self._state.load_services([service])
        return self._state

    def _answered(self, order: str) -> ActionResult | None:
        """Return the answer to an order that was given before.

        An order of one incident's own is written with the step that gives it, and that step is done once: only
        orders against problems, which are given for several incidents, can have been given before.
        """
        if not self._orders:
            self._orders |= self._load_orders(self._shared_orders())
        if order not in self._orders and name_in(order).partition(":")[0] not in self._batch.tickets:
            self._orders |= self._load_orders([order])
        return self._orders.get(order)

    def _shared_orders(self) -> list[str]:
        ties = [ProblemTie(id=name, resource=where, analysed_as="") for name, where in self._tied_resources()]
        here = self._batch.installation
        return [order_key(here, "", "", action, tie.resource, ties=[tie]) for tie in ties for action in Action]

    def _load_orders(self, keys: Sequence[str]) -> dict[str, ActionResult | None]:
        """Read the answers to these orders; an order of an earlier release has its key without the installation."""
        orders: dict[str, ActionResult | None] = dict.fromkeys(keys)
        if keys:
            as_now = {name_in(key): key for key in keys}
            query = select(t.network_orders).where(t.network_orders.c.order_key.in_([*keys, *as_now]))
            for row in self._batch.connection.execute(query):
                orders[as_now[name_in(row.order_key)]] = ActionResult.model_validate(row._asdict())
        return orders

    def _carry_out(self, state: NetworkState, action: Action, resource: str) -> str:
        for fault in [fault for fault in state.faults[resource] if fault.cured_by == action]:
            state.cure(fault)
        left = state.faults[resource]
        if action is Action.CLEAR_ALARM and left:
            return "alarm raised again at once: its cause is still there"
        if action is Action.CLEAR_ALARM:
            state.clear_alarms(resource)
        if not left:
            state.set_state(resource, ResourceState.IN_SERVICE)
        return _DONE[action] if not left else f"{_DONE[action]}, the fault is still there"
