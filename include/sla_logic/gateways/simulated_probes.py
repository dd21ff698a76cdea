"""Fresh measurements of the embedded network: healthy value, plus the faults on the way, plus a little noise."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, Protocol, cast

from sqlalchemy import Connection, Row, select, update

from include.sla_logic.domain.network import Probe
from include.sla_logic.domain.notification import Metric
from include.sla_logic.domain.period import from_seconds, to_seconds
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.upsert import upsert

UP, DOWN = Decimal(100), Decimal(0)
_NOISE_PERCENT = 3


@dataclass(frozen=True)
class Faults:
    """What the faults on a service's way do to it together."""

    down: bool
    added: dict[str, Decimal]


def take_probes(connection: Connection, service: str, *, now: datetime) -> Sequence[Probe]:
    """Measure every metric of the service, keep the samples, and end the outages whose fault is cured."""
    faults = _faults(connection, service)
    _end_outages(connection, service, now)
    down = faults.down or _is_recorded_down(connection, service)
    state = DOWN if down else UP if _is_known(connection, service) else None
    available = Probe(metric=Metric.AVAILABILITY, unit="percent", value=state, taken_at=now)
    metrics = connection.execute(
        select(t.measured_metrics).where(t.measured_metrics.c.service == service).order_by(t.measured_metrics.c.metric)
    ).all()
    return [available, *(_probe(connection, metric, faults, down=down, now=now) for metric in metrics)]


def _probe(connection: Connection, metric: Row[Any], faults: Faults, *, down: bool, now: datetime) -> Probe:
    name = Metric(metric.metric) if metric.metric in set(Metric) else Metric.OTHER
    if metric.baseline is None:
        return _newest_sample(connection, metric, name, now)
    at = to_seconds(now) // metric.step_seconds * metric.step_seconds
    stored = sample_value(cast("Measured", metric), faults.added.get(metric.metric, Decimal(0)), down=down, at=at)
    _keep_sample(connection, metric, at, stored)
    return Probe(metric=name, unit=metric.unit, value=_shown(metric, stored), taken_at=now)


class Measured(Protocol):
    """What a simulated measurement needs to know of its metric."""

    @property
    def service(self) -> str: ...

    @property
    def metric(self) -> str: ...

    @property
    def baseline(self) -> int: ...

    @property
    def decimals(self) -> int: ...

    @property
    def nothing_came_back(self) -> str | None: ...


def sample_value(metric: Measured, added: Decimal, *, down: bool, at: int) -> int | None:
    """Return what one measurement says, in units of 10^-decimals; the same moment gives the same value."""
    scale = 10**metric.decimals
    if down:
        silent = metric.nothing_came_back
        return None if silent is None else int(Decimal(silent) * scale)
    noise = int.from_bytes(sha256(f"{metric.service}:{metric.metric}:{at}".encode()).digest()[:4])
    spread = metric.baseline * _NOISE_PERCENT // 100
    return metric.baseline + int(added * scale) + noise % (2 * spread + 1) - spread


def _newest_sample(connection: Connection, metric: Row[Any], name: Metric, now: datetime) -> Probe:
    """Answer with the newest sample: where nothing is known of a healthy value, nothing may be made up."""
    table = t.samples.c
    row = connection.execute(
        select(table.at, table.value)
        .where(table.service == metric.service, table.metric == metric.metric, table.at <= to_seconds(now))
        .order_by(table.at.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return Probe(metric=name, unit=metric.unit, value=None, taken_at=now)
    return Probe(metric=name, unit=metric.unit, value=_shown(metric, row.value), taken_at=from_seconds(row.at))


def _shown(metric: Row[Any], stored: int | None) -> Decimal | None:
    return None if stored is None else Decimal(stored).scaleb(-metric.decimals)


def _keep_sample(connection: Connection, metric: Row[Any], at: int, value: int | None) -> None:
    """Keep one sample per step: a later measurement in the same step takes the place of the earlier."""
    upsert(connection, t.samples, [{"service": metric.service, "metric": metric.metric, "at": at, "value": value}])


def _faults(connection: Connection, service: str) -> Faults:
    rows = connection.execute(
        select(t.resource_faults.c.effects)
        .join(t.topology, t.topology.c.resource == t.resource_faults.c.resource)
        .where(t.topology.c.service == service, t.resource_faults.c.cured_at.is_(None))
    )
    added: dict[str, Decimal] = {}
    down = False
    for metric, effect in _effects(row.effects for row in rows):
        if metric == Metric.AVAILABILITY:
            down = True
        else:
            added[metric] = added.get(metric, Decimal(0)) + effect
    return Faults(down=down, added=added)


def _effects(all_effects: Iterator[dict[str, str]]) -> Iterator[tuple[str, Decimal]]:
    for effects in all_effects:
        for metric, effect in effects.items():
            yield metric, Decimal(effect)


def _end_outages(connection: Connection, service: str, now: datetime) -> None:
    """End each open outage whose fault is cured: the service is back as of this measurement."""
    cured = select(t.resource_faults.c.id).where(t.resource_faults.c.cured_at.is_not(None))
    connection.execute(
        update(t.outages)
        .where(t.outages.c.service == service, t.outages.c.ended_at.is_(None), t.outages.c.fault.in_(cured))
        .values(ended_at=now)
    )


def _is_known(connection: Connection, service: str) -> bool:
    """Tell whether any resource carries the service: of one without, nobody can say that it is up."""
    found = connection.execute(select(t.topology.c.resource).where(t.topology.c.service == service).limit(1))
    return found.first() is not None


def _is_recorded_down(connection: Connection, service: str) -> bool:
    """Tell whether an outage is open that no fault of the embedded network explains, such as an imported one."""
    found = connection.execute(
        select(t.outages.c.reference)
        .where(t.outages.c.service == service, t.outages.c.ended_at.is_(None), t.outages.c.fault.is_(None))
        .limit(1)
    )
    return found.first() is not None
