"""What is kept of a measurement: samples of known series, and the ends of outages; written with the batch."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import bindparam, select, update

from include.sla_logic.domain.network import Probe
from include.sla_logic.domain.notification import Metric
from include.sla_logic.domain.period import to_seconds
from include.sla_logic.gateways.network_questions import UnableToReadAnswer
from include.sla_logic.persistence.batch import Batch
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.together import ask_together
from include.sla_logic.persistence.upsert import upsert

UP, DOWN = Decimal(100), Decimal(0)  # how availability is measured, in percent


class MeasurementKeeper:
    """Keeps what the operator's network measured; series are opened by imports, never by a measurement."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._series: dict[str, dict[str, Any]] = {}
        self._outages: dict[str, list[Any]] = defaultdict(list)

    def keep(self, service: str, probes: Sequence[Probe]) -> None:
        """Add samples; a service that is measured as up has no open outage after that measurement."""
        self._look_up(service)
        for probe in probes:
            row = self._series[service].get(probe.metric)
            if row is not None:
                self._add_sample(row, probe)
            if probe.metric is Metric.AVAILABILITY and probe.value == UP:
                self._end_outages(service, probe)

    def flush(self) -> None:
        """Write the samples and the ends of outages."""
        write_fresh(self._batch)

    def _add_sample(self, row: Any, probe: Probe) -> None:
        """Keep the sample by the START of its step; finer values are rounded half up, once, as in imports."""
        if probe.unit != row.unit:
            msg = f"The network measured {row.metric} of {row.service} in {probe.unit}, its series is in {row.unit}."
            raise UnableToReadAnswer(msg)
        at = to_seconds(probe.taken_at) // row.step_seconds * row.step_seconds
        value = None
        if probe.value is not None:
            finest = Decimal(1).scaleb(-row.decimals)
            value = int(probe.value.quantize(finest, ROUND_HALF_UP).scaleb(row.decimals))
        self._batch.fresh.samples[row.service, row.metric][at] = value

    def _end_outages(self, service: str, probe: Probe) -> None:
        for outage in self._outages[service]:
            if outage.started_at <= probe.taken_at:
                self._batch.fresh.ended[service, outage.reference] = probe.taken_at

    def _look_up(self, service: str) -> None:
        """Read what is known of all services of the batch when the first is measured."""
        if service in self._series:
            return
        services, metrics, outages = {service, *self._batch.services} - set(self._series), t.measured_metrics, t.outages
        answers = ask_together(
            self._batch.connection,
            {
                "series": select(metrics).where(metrics.c.service.in_(services)),
                "outages": select(outages).where(outages.c.service.in_(services), outages.c.ended_at.is_(None)),
            },
        )
        self._series |= {one: {} for one in services}
        for row in answers["series"]:
            self._series[row.service][row.metric] = row
        for row in answers["outages"]:
            self._outages[row.service].append(row)


def write_fresh(batch: Batch) -> None:
    """Write the samples and the ends of outages of a batch, one statement for each table."""
    fresh = batch.fresh
    rows = [
        {"service": service, "metric": metric, "at": at, "value": value}
        for (service, metric), samples in fresh.samples.items()
        for at, value in samples.items()
    ]
    upsert(batch.connection, t.samples, rows)
    if fresh.ended:
        outage = t.outages.c
        one = (outage.service == bindparam("its_service")) & (outage.reference == bindparam("its_name"))
        ended = [
            {"its_service": service, "its_name": name, "ended_at": at} for (service, name), at in fresh.ended.items()
        ]
        batch.connection.execute(update(t.outages).where(one), ended)
    fresh.samples.clear()
    fresh.ended.clear()
