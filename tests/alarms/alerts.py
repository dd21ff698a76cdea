"""Alerts as Alertmanager posts them, and a provider whose services run over one node."""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, insert, select

from include.sla_logic.persistence.contracts import load_contract
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.alarms import received_alarms
from include.sla_logic.services import UseCases
from tests.clock import NOON

ZERO = "0001-01-01T00:00:00Z"
NODE, TRUNK = "R-NODE", "S-TRUNK"
CONTRACT = """
id: by-detection
version: "1"
title: Line
provider: Small TELECO
service_class: silver
zone: UTC
currency: EUR
window: month
billing_day: 1
charge_base: recurring
stacking: highest
counting: {clock_start: detected}
claim: {automatic: true, ticket: not_required}
objectives:
  - id: up
    metric: availability
    title: Availability of the month
    clause: "1"
    target: 99.9
    rule: {kind: tiers, tiers: [{below: 99.9, at_least: 99, credit: 10%}, {below: 99, credit: 25%}]}
"""


def alert(
    place: str | None = NODE,
    *,
    service: str | None = None,
    name: str = "LinkDown",
    since: datetime = NOON - timedelta(hours=1),
    until: datetime | None = None,
    **other: Any,
) -> dict[str, Any]:
    """Return one alert, firing or resolved; Alertmanager's fingerprint is a hash of the labels."""
    named = {"alertname": name, "resource": place, "service": service, "severity": "critical"} | other
    labels = {key: value for key, value in named.items() if value is not None}
    return {
        "status": "firing" if until is None else "resolved",
        "labels": labels,
        "annotations": {"summary": "no light"},
        "startsAt": since.isoformat(),
        "endsAt": ZERO if until is None else until.isoformat(),
        "generatorURL": "http://prometheus/graph",
        "fingerprint": sha256(repr(sorted(labels.items())).encode()).hexdigest()[:16],
    }


def posted(sent: Iterable[dict[str, Any]], **other: Any) -> bytes:
    """Return the body of one request."""
    group = {"version": "4", "groupKey": "{}:{}", "truncatedAlerts": 0, "status": "firing", "receiver": "teleco"}
    common = {"groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://alertmanager"}
    return json.dumps(group | common | {"alerts": list(sent)} | other).encode()


def lay_out(connection: Connection, services: int) -> list[str]:
    """Register customers with one service each, all over one node, and one trunk over it; return the services."""
    load_contract(connection, CONTRACT, name="by-detection", now=NOON)
    names = [f"S-{number:04d}" for number in range(1, services + 1)]
    customers = [name.replace("S", "C") for name in names]
    every = [
        {"id": one, "name": one, "email": f"{one}@example.net", "locale": "en", "protected": False} for one in customers
    ]
    connection.execute(insert(t.customers), every)
    accounts = [{"id": f"A-{one}", "customer": one, "currency": "EUR"} for one in customers]
    connection.execute(insert(t.billing_accounts), accounts)
    kinds = [{"id": name, "name": f"Line {name}", "kind": "line"} for name in [*names, TRUNK]]
    connection.execute(insert(t.services), kinds)
    node = {"id": NODE, "kind": "link", "name": "Node", "site": "North", "layer": "resource", "state": "in_service"}
    connection.execute(insert(t.resources), [node])
    paths = [{"service": name, "position": 1, "resource": NODE} for name in [*names, TRUNK]]
    connection.execute(insert(t.topology), paths)
    agreed = {
        "contract": "by-detection",
        "contract_version": "1",
        "starts": date(2020, 1, 1),
        "monthly_charge": 10_000,
        "currency": "EUR",
    }
    rows = [
        {"id": f"AG-{customer}", "customer": customer, "service": name, "account": f"A-{customer}"} | agreed
        for name, customer in zip(names, customers, strict=True)
    ]
    connection.execute(insert(t.agreements), rows)
    return names


def on_record(use_cases: UseCases) -> list[tuple[str, datetime, datetime | None]]:
    """Return code, beginning and end of every alarm, the oldest first."""
    with use_cases.work.reading() as connection:
        query = select(received_alarms).order_by(received_alarms.c.raised_at, received_alarms.c.number)
        return [(row.code, row.raised_at, row.ended_at) for row in connection.execute(query)]


def at(hour: int, minute: int = 0) -> datetime:
    """Return a time of the day that NOON is on."""
    return datetime(NOON.year, NOON.month, NOON.day, hour, minute, tzinfo=UTC)
