"""One customer with one service, and the ways in which it can degrade."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.measurements import Charges, Outage, ServiceFacts
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.network import Action, Layer, ResourceState
from include.sla_logic.domain.notification import Metric, ProblemNotification
from include.sla_logic.domain.relationship import Agreement, Customer, RelationshipHistory
from tests.fakes import MemoryUseCases, World, resource

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BEGAN = NOW - timedelta(hours=5)
RUN = "run-1"
CHARGE = Money(amount=Decimal(1000), currency="EUR")

# 10 % of the charge below 99.9 %, 30 % below 99 %: three hours in November are 99.583 %.
TERMS: dict[str, Any] = {
    "id": "K-1",
    "version": "1",
    "title": "Leased line",
    "zone": "UTC",
    "currency": "EUR",
    "charge_base": "recurring",
    "claim": {"automatic": True},
    "objectives": [
        {
            "id": "availability",
            "metric": "availability",
            "target": "99.9",
            "rule": {
                "kind": "tiers",
                "tiers": [
                    {"at_least": "99.9", "credit": 0},
                    {"at_least": "99", "below": "99.9", "credit": "10%"},
                    {"below": "99", "credit": "30%"},
                ],
            },
        }
    ],
}
MEMBER = RelationshipHistory(
    customer="C-1",
    customer_since=date(2025, 6, 1),
    service_class="standard",
    monthly_charge=CHARGE,
    charge_percentile=50,
    violations_last_year=0,
    other_open_incidents=0,
    agreement_ends=None,
)
SIGNIFICANT = MEMBER.model_copy(
    update={
        "service_class": "gold",
        "charge_percentile": 95,
        "customer_since": date(2012, 1, 1),
        "violations_last_year": 4,
    }
)
HEALTHY = {
    Metric.AVAILABILITY: ("percent", Decimal(100)),
    Metric.LATENCY: ("ms", Decimal(12)),
    Metric.PACKET_LOSS: ("percent", Decimal(0)),
}
DOWN: Mapping[Metric, Decimal | None] = {Metric.AVAILABILITY: Decimal(0)}
TOPOLOGY = [
    resource("profile-1", layer=Layer.SERVICE),
    resource("port-1"),
    resource("link-1"),
]


def small_world(
    *, history: RelationshipHistory = MEMBER, outage: timedelta | None = timedelta(hours=3), **terms: Any
) -> World:
    """Make a world in which everything is in service, after an outage of that length this month."""
    world = World(NOW)
    contract = Contract.model_validate(TERMS | terms)
    world.contracts.customers["C-1"] = Customer(id="C-1", name="Bakery", email="bakery@example.org", locale="de")
    world.contracts.agreements.append(
        Agreement(
            id="A-1",
            customer="C-1",
            service="S-1",
            service_name="Line to the bakery",
            contract=contract.id,
            contract_version=contract.version,
            starts=date(2025, 6, 1),
            ends=None,
            monthly_charge=CHARGE,
            account="ACC-1",
        )
    )
    world.contracts.versions.append(contract)
    world.contracts.histories["C-1"] = history
    outages = () if outage is None else (Outage(reference="O-1", start=BEGAN, end=BEGAN + outage),)
    world.measurements.by_service["S-1"] = ServiceFacts(
        service="S-1", outages=outages, charges=Charges(recurring=CHARGE)
    )
    world.network.topology = list(TOPOLOGY)
    world.network.healthy = dict(HEALTHY)
    world.network.now = NOW
    return world


def notification(**said: Any) -> ProblemNotification:
    """Make the list of problem parameters that the customer sends."""
    usual = {
        "customer": "C-1",
        "service": "S-1",
        "symptom": "service_down",
        "description": "The till cannot reach the bank.",
        "observed_from": BEGAN,
        "impact": 2,
        "urgency": 2,
        "external_reference": "WEB-1",
    }
    return ProblemNotification.model_validate(usual | said)


def reported(world: World, **said: Any) -> MemoryUseCases:
    """Open use cases in that world in which the incident is already accepted."""
    use_cases = MemoryUseCases(world)
    use_cases.accept(notification(**said), run_id=RUN)
    return use_cases


def stale_session(world: World) -> World:
    """Break the session on the service layer: Service Management can analyse and correct it."""
    world.network.break_down("profile-1", "SESSION_STALE", cured_by=Action.REPROVISION_PROFILE, spoils=DOWN)
    return world


def faulty_port(world: World) -> World:
    """Let a port pass on faulty frames: found by Resource Provisioning, a minor correction."""
    world.network.break_down("port-1", "PORT_ERRORS", cured_by=Action.RESTART_PORT, spoils=DOWN)
    return world


def cut_link(world: World, *, cured_by: Action | None = Action.FAIL_OVER_LINK) -> World:
    """Take a link out of service: automatic restoration, safe to automate."""
    state = ResourceState.OUT_OF_SERVICE
    world.network.break_down("link-1", "LINK_DOWN", cured_by=cured_by, spoils=DOWN, state=state)
    return world


def damaged_fibre(world: World) -> World:
    """Damage the fibre: automatic restoration, but held for an operator's release."""
    state = ResourceState.DEGRADED
    spoils = {Metric.AVAILABILITY: Decimal(0)}
    world.network.break_down("link-1", "OPTICAL_POWER_LOW", cured_by=Action.FAIL_OVER_LINK, spoils=spoils, state=state)
    return world
