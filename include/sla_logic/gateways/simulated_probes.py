"""Fresh measurements of the simulated network: healthy value, plus the faults on the way, plus a little noise."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from hashlib import sha256
from typing import Any, Protocol, cast

from sqlalchemy import BindParameter, Select, bindparam, func, select

from include.sla_logic.domain.network import Probe
from include.sla_logic.domain.notification import Metric
from include.sla_logic.domain.period import from_seconds, to_seconds
from include.sla_logic.gateways.kept_measurements import DOWN, UP, write_fresh
from include.sla_logic.gateways.network_state import NetworkState
from include.sla_logic.persistence.batch import Batch
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.together import Questions

_NOISE_PERCENT = 3


@dataclass(frozen=True)
class Faults:
    """The joint effect of all faults on a service."""

    down: bool
    added: dict[str, Decimal]


class SimulatedProbes:
    """Measures the services of a batch; samples and ended outages count at once and are written by `flush`."""

    def __init__(self, batch: Batch, state: NetworkState) -> None:
        self._batch = batch
        self._state = state
        self._metrics: dict[str, list[Any]] = {}
        self._outages: dict[str, list[Any]] = {}
        self._newest: dict[tuple[str, str], Any] = {}

    def take(self, service: str) -> Sequence[Probe]:
        """Measure every metric of the service, keep the samples, and end the outages whose fault is cured."""
        self._look_up(service)
        now, faults = self._batch.now, _sum(fault.effects for fault in self._faults(service))
        self._end_outages(service)
        unexplained = any(outage.fault is None for outage in self._outages[service])
        down = faults.down or unexplained
        is_known = bool(self._state.paths[service])  # of a service without resources nothing says that it is up
        available = DOWN if down else UP if is_known else None
        probes = [Probe(metric=Metric.AVAILABILITY, unit="percent", value=available, taken_at=now)]
        return [*probes, *(self._probe(metric, faults, down=down) for metric in self._metrics[service])]

    def flush(self) -> None:
        """Write the samples and the ends of outages."""
        write_fresh(self._batch)

    def _faults(self, service: str) -> list[Any]:
        return [fault for resource in self._state.paths[service] for fault in self._state.faults[resource]]

    def _end_outages(self, service: str) -> None:
        """End each open outage whose fault is cured: the service is back as of this measurement."""
        over = [one for one in self._outages[service] if one.cured_at is not None or one.fault in self._state.cured]
        self._batch.fresh.ended.update({(service, one.reference): self._batch.now for one in over})
        self._outages[service] = [one for one in self._outages[service] if one not in over]

    def _probe(self, metric: Any, faults: Faults, *, down: bool) -> Probe:
        name = Metric(metric.metric) if metric.metric in set(Metric) else Metric.OTHER
        if metric.baseline is None:
            return self._newest_sample(metric, name)
        at = to_seconds(self._batch.now) // metric.step_seconds * metric.step_seconds
        added = faults.added.get(metric.metric, Decimal(0))
        stored = sample_value(cast("Measured", metric), added, down=down, at=at)
        self._batch.fresh.samples[metric.service, metric.metric][at] = stored
        return Probe(metric=name, unit=metric.unit, value=_shown(metric, stored), taken_at=self._batch.now)

    def _newest_sample(self, metric: Any, name: Metric) -> Probe:
        """Answer with the newest sample: where no healthy value is known, nothing may be made up."""
        row = self._newest.get((metric.service, metric.metric))
        if row is None:
            return Probe(metric=name, unit=metric.unit, value=None, taken_at=self._batch.now)
        return Probe(metric=name, unit=metric.unit, value=_shown(metric, row.value), taken_at=from_seconds(row.at))

    def _look_up(self, service: str) -> None:
        """Read what is known of all services of the batch when the first is measured."""
        if service in self._metrics:
            return
        services = {service, *self._batch.services} - set(self._metrics)
        answers = measured_questions().ask(
            self._batch.connection, services=list(services), newest_at=to_seconds(self._batch.now)
        )
        found: dict[str, dict[str, list[Any]]] = {name: defaultdict(list) for name in answers}
        for name, rows in answers.items():
            for row in rows:
                found[name][row.service].append(row)
        for one in services:
            self._metrics[one] = sorted(found["metrics"][one], key=lambda row: str(row.metric))
            self._outages[one] = found["outages"][one]
        self._newest |= {(row.service, row.metric): row for row in answers["newest"]}


@cache
def measured_questions() -> Questions:
    """Return what is asked about the metrics of `services`: samples no newer than the second `newest_at`."""
    return Questions(_questions())


def _questions() -> dict[str, Select[Any]]:
    metrics, outages, samples = t.measured_metrics, t.outages, t.samples
    services: BindParameter[str] = bindparam("services", expanding=True)
    older = samples.alias()
    now = older.c.at <= bindparam("newest_at", type_=older.c.at.type)
    newest = (
        select(func.max(older.c.at))
        .where(older.c.service == metrics.c.service, older.c.metric == metrics.c.metric, now)
        .correlate(metrics)
        .scalar_subquery()
    )
    same = (samples.c.service == metrics.c.service) & (samples.c.metric == metrics.c.metric) & (samples.c.at == newest)
    return {
        "metrics": select(metrics).where(metrics.c.service.in_(services)),
        "outages": select(outages.c.service, outages.c.reference, outages.c.fault, t.resource_faults.c.cured_at)
        .select_from(outages)
        .outerjoin(t.resource_faults, t.resource_faults.c.id == outages.c.fault)
        .where(outages.c.service.in_(services), outages.c.ended_at.is_(None)),
        "newest": select(samples)
        .select_from(metrics)
        .join(samples, same)
        .where(metrics.c.service.in_(services), metrics.c.baseline.is_(None)),
    }


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


def _shown(metric: Any, stored: int | None) -> Decimal | None:
    return None if stored is None else Decimal(stored).scaleb(-metric.decimals)


def _sum(all_effects: Iterable[dict[str, str]]) -> Faults:
    added: dict[str, Decimal] = {}
    down = False
    for metric, effect in (pair for effects in all_effects for pair in effects.items()):
        if metric == Metric.AVAILABILITY:
            down = True
        else:
            added[metric] = added.get(metric, Decimal(0)) + Decimal(effect)
    return Faults(down=down, added=added)
