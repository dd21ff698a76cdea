"""The network of the small TELECO, its faults and its measurements."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from include.sla_logic.domain.network import Layer, ResourceState
from include.sla_logic.domain.notification import Metric
from include.sla_logic.domain.period import to_seconds
from include.sla_logic.gateways.simulated_probes import sample_value
from include.sla_logic.sample_data.anchoring import Anchored
from include.sla_logic.sample_data.catalogue import Fault, Incident, PastOutage, Service
from include.sla_logic.sample_data.identity import Numbers

Rows = Iterator[tuple[str, dict[str, Any]]]
STEP = 300
DECIMALS = 3
_UNITS = {Metric.LATENCY: "ms", Metric.JITTER: "ms", Metric.PACKET_LOSS: "percent"}
_PARTS = ("profile", "port", "link", "card")
_SHARED = ("R-AGG-NORTH", "R-AGG-SOUTH")


@dataclass(frozen=True)
class SampledMetric:
    """One metric of one service, as measured while nothing is broken."""

    service: str
    metric: str
    unit: str
    step_seconds: int
    decimals: int
    nothing_came_back: str | None
    baseline: int


def shared_rows() -> Rows:
    """Return the aggregation nodes on which all services run."""
    for identity in _SHARED:
        place = identity.rpartition("-")[2].title()
        name = f"Aggregation node {place}"
        state = ResourceState.IN_SERVICE
        row = {"id": identity, "kind": "node", "name": name, "site": place, "layer": Layer.RESOURCE, "state": state}
        yield "resources", row


def resource_rows(numbers: Numbers, service: Service, fault: Fault | None) -> Rows:
    """Return the resources of one service from the customer inwards; a broken part is in its broken state."""
    site = service.name.rpartition(" ")[2]
    for position, part in enumerate(_PARTS, start=1):
        broken = fault is not None and fault.at == part
        yield (
            "resources",
            {
                "id": numbers.resource(part),
                "kind": part,
                "name": f"{part.title()} of {service.name}",
                "site": site,
                "layer": Layer.SERVICE if part == "profile" else Layer.RESOURCE,
                "state": fault.state if fault and broken else ResourceState.IN_SERVICE,
            },
        )
        yield "topology", {"service": numbers.service, "position": position, "resource": numbers.resource(part)}
    shared = _SHARED[numbers.index % len(_SHARED)]
    yield "topology", {"service": numbers.service, "position": len(_PARTS) + 1, "resource": shared}


def fault_rows(numbers: Numbers, fault: Fault, began: datetime) -> Rows:
    """Return the fault with the alarm that it raised and the outage that it caused."""
    resource = numbers.resource(fault.at)
    yield (
        "alarms",
        {
            "id": numbers.alarm(),
            "resource": resource,
            "code": fault.alarm,
            "severity": fault.severity,
            "text": fault.text,
            "raised_at": began,
            "cleared_at": None,
        },
    )
    yield (
        "resource_faults",
        {
            "id": numbers.fault(),
            "resource": resource,
            "alarm": numbers.alarm(),
            "effects": {metric.value: str(effect) for metric, effect in fault.effects.items()},
            "cured_by": fault.cured_by,
            "began_at": began,
            "cured_at": None,
        },
    )
    if fault.takes_down:
        yield _outage(numbers, 0, began, None, fault.text, fault=numbers.fault())


def _outage(
    numbers: Numbers, number: int, start: datetime, end: datetime | None, cause: str, *, fault: str | None = None
) -> tuple[str, dict[str, Any]]:
    row = {
        "service": numbers.service,
        "reference": numbers.outage(number),
        "started_at": start,
        "ended_at": end,
        "cause": cause,
        "attribution": "provider",
        "degraded": False,
        "detected_at": start + timedelta(minutes=1),
        "reported_at": None,
        "ticket_opened_at": None,
        "ticket_closed_at": None,
        "fault": fault,
    }
    return "outages", row


def past_rows(numbers: Numbers, incident: Incident, contract: Anchored) -> Rows:
    """Return the interruptions and the planned work that are over."""
    for number, outage in enumerate((*incident.outages, *incident.earlier_outages), start=1):
        start, end = past_span(outage, contract)
        yield _outage(numbers, number, start, end, "Interruption that ended by itself")
    for number, work in enumerate(incident.maintenance, start=1):
        start = contract.before(minutes=work.minutes_before)
        yield (
            "maintenance_windows",
            {
                "service": numbers.service,
                "reference": f"MW-{numbers.service}-{number}",
                "starts_at": start,
                "ends_at": start + timedelta(minutes=work.minutes),
                "announced_at": contract.before(minutes=work.minutes_before, days=work.announced_days_before),
                "reason": work.reason,
            },
        )


def past_span(outage: PastOutage, contract: Anchored) -> tuple[datetime, datetime]:
    """Return beginning and end of an interruption that is over."""
    start = contract.before(minutes=outage.minutes_before or 0, days=outage.days_before or 0)
    return start, start + timedelta(minutes=outage.minutes)


def metrics_of(numbers: Numbers, service: Service) -> list[SampledMetric]:
    """Return the sampled metrics of a service."""
    return [
        SampledMetric(
            service=numbers.service,
            metric=metric.value,
            unit=_UNITS[metric],
            step_seconds=STEP,
            decimals=DECIMALS,
            nothing_came_back="100" if metric is Metric.PACKET_LOSS else None,
            baseline=int(healthy * 10**DECIMALS),
        )
        for metric, healthy in service.metrics.items()
    ]


def sample_rows(
    metric: SampledMetric, fault: Fault | None, began: datetime | None, contract: Anchored, days: int
) -> Rows:
    """Return one sample for each full step of that many days before the anchor."""
    last = to_seconds(contract.anchor) // STEP * STEP - STEP
    since = None if began is None else to_seconds(began)
    effect = Decimal(0) if fault is None else fault.effects.get(Metric(metric.metric), Decimal(0))
    for at in range(last - days * 86_400, last + STEP, STEP):
        added = effect if since is not None and at >= since else Decimal(0)
        value = sample_value(metric, added, down=False, at=at)
        yield "samples", {"service": metric.service, "metric": metric.metric, "at": at, "value": value}
