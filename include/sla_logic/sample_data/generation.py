"""Generating the small TELECO: everything follows from a seed and the anchor, the moment of loading."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.period import whole_second
from include.sla_logic.sample_data import network_rows as network
from include.sla_logic.sample_data import register_rows as register
from include.sla_logic.sample_data.anchoring import Anchored, anchor_contract
from include.sla_logic.sample_data.catalogue import Customer, Incident, Others, Service, read_catalogue
from include.sla_logic.sample_data.expectations import Expectation, expect, reference
from include.sla_logic.sample_data.identity import Numbers, draw

DEFAULT_SEED = 2026
HISTORY_DAYS = 60
_REPORTED_AFTER = timedelta(minutes=5)
_YEARS = (1, 12)

Rows = Iterator[tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class Sample:
    """A generated TELECO: rows by table, and for each incident its notification and its expected result."""

    seed: int
    anchor: datetime
    rows: Mapping[str, list[dict[str, Any]]]
    notifications: Mapping[str, ProblemNotification]
    expectations: Mapping[str, Expectation]


def make_sample(seed: int, anchor: datetime, *, history_days: int = HISTORY_DAYS) -> Sample:
    """Generate the small TELECO; the same arguments give the same rows, to the last sample."""
    catalogue, anchor = read_catalogue(), whole_second(anchor)
    contracts = {name: anchor_contract(name, anchor) for name in _contract_names()}
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for table, row in _all_rows(seed, contracts, history_days):
        rows[table].append(row)
    notifications, expectations = {}, {}
    for index, incident in enumerate(catalogue.incidents):
        numbers, contract = Numbers(index), contracts[incident.contract]
        charge = register.charge_of(incident.monthly_charge, contract)
        notifications[incident.key] = _notification(numbers, incident, contract)
        expectations[incident.key] = expect(incident, contract, charge, rows, service=numbers.service)
    return Sample(seed, anchor, dict(rows), notifications, expectations)


def _contract_names() -> list[str]:
    catalogue = read_catalogue()
    return sorted({incident.contract for incident in catalogue.incidents} | {catalogue.others.contract})


def _all_rows(seed: int, contracts: Mapping[str, Anchored], history_days: int) -> Rows:
    catalogue = read_catalogue()
    for contract in contracts.values():
        yield from register.contract_rows(contract)
    yield from network.shared_rows()
    for index, incident in enumerate(catalogue.incidents):
        yield from _incident_rows(Numbers(index), incident, contracts[incident.contract], history_days)
    others = catalogue.others
    for index in range(len(others.names)):
        yield from _other_rows(seed, Numbers(len(catalogue.incidents) + index), index, others, contracts)


def _incident_rows(numbers: Numbers, incident: Incident, contract: Anchored, history_days: int) -> Rows:
    charge = register.charge_of(incident.monthly_charge, contract)
    yield from register.subscription_rows(numbers, incident.customer, incident.service, charge, contract)
    yield from register.invoice_rows(numbers, incident.service, charge, contract)
    yield from register.violation_rows(numbers, incident, contract.anchor)
    fault = incident.fault
    began = None if fault is None else contract.beginning(fault.lasts)
    yield from network.resource_rows(numbers, incident.service, fault)
    if fault is not None and began is not None:
        yield from network.fault_rows(numbers, fault, began)
    yield from network.past_rows(numbers, incident, contract)
    for metric in network.metrics_of(numbers, incident.service):
        yield "measured_metrics", asdict(metric)
        yield from network.sample_rows(metric, fault, began, contract, days=history_days)


def _other_rows(seed: int, numbers: Numbers, index: int, others: Others, contracts: Mapping[str, Anchored]) -> Rows:
    name, contract = others.names[index], contracts[others.contract]
    years = draw(seed, name, "years", low=_YEARS[0], high=_YEARS[1])
    customer = Customer(name=name, since_years=years, email=f"office@{name.lower().replace(' ', '-')}.example")
    low, high = others.charge_between
    cents = draw(seed, name, "charge", low=low, high=high)
    charge = register.charge_of(Decimal(cents).scaleb(-2), contract)
    service = Service(name=f"Office access {name.split()[0]}", kind="access")
    yield from register.subscription_rows(numbers, customer, service, charge, contract)
    yield from register.invoice_rows(numbers, service, charge, contract)
    yield from network.resource_rows(numbers, service, None)


def _notification(numbers: Numbers, incident: Incident, contract: Anchored) -> ProblemNotification:
    observed_to = None
    if incident.fault is not None:
        observed_from = contract.beginning(incident.fault.lasts)
    else:
        spans = [network.past_span(outage, contract) for outage in incident.outages]
        observed_from, observed_to = min(start for start, _ in spans), max(end for _, end in spans)
    return ProblemNotification(
        customer=numbers.customer,
        service=numbers.service,
        symptom=incident.symptom,
        description=incident.description,
        observed_from=observed_from,
        observed_to=observed_to,
        reported_at=contract.before(minutes=0) - _REPORTED_AFTER if observed_to else observed_from + _REPORTED_AFTER,
        impact=incident.impact,
        urgency=incident.urgency,
        parameters=incident.parameters,
        external_reference=reference(incident),
    )
