"""What the adapter of the operator's network may answer (docs/network.md), read strictly; fields as in import files."""

from datetime import datetime, timedelta
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.fault_words import fault_in_words
from include.sla_logic.domain.network import Action, ActionResult, Alarm, Probe, Resource
from include.sla_logic.domain.notification import Metric, Reference
from include.sla_logic.gateways.kept_measurements import DOWN, UP
from include.sla_logic.gateways.network_questions import (
    MeasurementOf,
    Order,
    ServiceState,
    StateOf,
    UnableToReadAnswer,
)
from include.sla_logic.importers.records import AlarmRecord, Long, Moment, Quantity, ResourceRecord

UNITS = {
    Metric.AVAILABILITY: "percent",
    Metric.LATENCY: "ms",
    Metric.PACKET_LOSS: "percent",
    Metric.JITTER: "ms",
}
_FRESH = timedelta(minutes=15)
_CLOCKS_DIFFER = timedelta(minutes=5)


class UnableToUseMeasurement(ForeseenError):
    """The measurement is older than the order whose effect it is to show; a later one may be used."""

    passes = True
    concerns_one = True


class _Answer(BaseModel):
    """Unknown fields are ignored: an adapter may say more."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _ResourceAnswer(ResourceRecord):
    model_config = ConfigDict(extra="ignore")


class _AlarmAnswer(AlarmRecord):
    model_config = ConfigDict(extra="ignore")


class _StateAnswer(_Answer):
    resources: tuple[_ResourceAnswer, ...]
    alarms: tuple[_AlarmAnswer, ...]


class _Measurement(_Answer):
    metric: Metric
    unit: str
    value: Quantity | None
    taken_at: Moment


class _MeasurementsAnswer(_Answer):
    measurements: tuple[_Measurement, ...]


class _OrderAnswer(_Answer):
    key: Annotated[str, Field(max_length=256)]
    action: Action
    resource: Reference
    ran: bool
    answer: Long
    at: Moment


M = TypeVar("M", bound=BaseModel)


def read_state(question: StateOf, body: Any) -> ServiceState:
    """Return resources and open alarms; raise `UnableToReadAnswer` where an alarm belongs to no resource of these."""
    about = f"the state of {question.service}"
    said = _read(_StateAnswer, body, about)
    resources = tuple(Resource.model_validate(one.model_dump()) for one in said.resources)
    known = {one.id for one in resources}
    if len(known) < len(resources):
        raise _unreadable(about, "resources", "one resource comes twice")
    if strangers := [one for one in said.alarms if one.resource not in known]:
        raise _unreadable(about, "alarms", f"{strangers[0].id} is raised by {strangers[0].resource}, no such resource")
    raised = [Alarm.model_validate(one.model_dump()) for one in said.alarms if one.cleared_at is None]
    return ServiceState(resources, tuple(sorted(raised, key=lambda alarm: (alarm.raised_at, alarm.id))))


def read_measurements(question: MeasurementOf, body: Any, *, now: datetime) -> tuple[Probe, ...]:
    """Return the measurements; refuse what is in no unit of ours, or was not taken now, or not after the order."""
    about = f"the measurement of {question.service}"
    probes = _read(_MeasurementsAnswer, body, about).measurements
    for probe in probes:
        _check_measurement(probe, about, now)
        if question.since is not None and probe.taken_at < question.since:
            msg = (
                f"The network measured {question.service} at {probe.taken_at.isoformat()}, before it carried out "
                f"{question.after} at {question.since.isoformat()}: such a measurement proves nothing."
            )
            raise UnableToUseMeasurement(msg)
    return tuple(Probe.model_validate(probe.model_dump()) for probe in probes)


def read_result(order: Order, body: Any) -> ActionResult:
    """Return the answer to an order; raise `UnableToReadAnswer` where it is the answer to another one."""
    said = _read(_OrderAnswer, body, f"the order {order.key}")
    for name in ("key", "action", "resource"):
        if (told := getattr(said, name)) != (asked := getattr(order, name)):
            raise _unreadable(f"the order {order.key}", name, f"{told!s:.80} is answered where {asked} was ordered")
    return ActionResult(action=said.action, resource=said.resource, ran=said.ran, answer=said.answer, at=said.at)


def _check_measurement(probe: _Measurement, about: str, now: datetime) -> None:
    unit = UNITS.get(probe.metric)
    if unit is None:
        raise _unreadable(about, "metric", f"{probe.metric} cannot be measured; write one of {', '.join(UNITS)}")
    if probe.unit != unit:
        raise _unreadable(about, "unit", f"{probe.metric} is in {probe.unit!r:.40}, must be in {unit}")
    if probe.metric is Metric.AVAILABILITY and probe.value not in {UP, DOWN, None}:
        raise _unreadable(about, "value", f"availability is {probe.value}, must be 100 (up), 0 (down) or null")
    if not now - _FRESH <= probe.taken_at <= now + _CLOCKS_DIFFER:
        taken = f"{probe.metric} was taken at {probe.taken_at.isoformat()}, it is {now.isoformat()}"
        raise _unreadable(about, "taken_at", f"{taken}: measure now, and set the adapter's clock")


def _read(model: type[M], body: Any, about: str) -> M:
    try:
        return model.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the answer"
        raise _unreadable(about, where, fault_in_words(first)) from None


def _unreadable(about: str, field: str, reason: str) -> UnableToReadAnswer:
    return UnableToReadAnswer(f"The network's answer about {about} cannot be used: {field}: {reason}.")
