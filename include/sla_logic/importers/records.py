"""The records that can be imported, field by field; whatever does not fit is refused with its field."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from include.sla_logic.domain.instants import as_written, possible
from include.sla_logic.domain.measurements import Attribution
from include.sla_logic.domain.money import Currency
from include.sla_logic.domain.network import Layer, ResourceState, Severity
from include.sla_logic.domain.notification import Reference, Text
from include.sla_logic.domain.period import Day

Name = Annotated[Text, Field(min_length=1, max_length=200)]
Long = Annotated[Text, Field(max_length=2000)]
Key = Annotated[Text, Field(min_length=1, max_length=128)]
_FINEST, _COARSEST = -18, 12


def is_a_quantity(number: Decimal) -> bool:
    """Tell whether a finite number has a size that can be measured: exact arithmetic with 1e-999999 never ends."""
    return isinstance(size := number.as_tuple().exponent, int) and size >= _FINEST and number.adjusted() <= _COARSEST


def _measurable(number: Decimal) -> Decimal:
    if not is_a_quantity(number):
        msg = "is no number that can be measured"
        raise ValueError(msg)
    return number


Quantity = Annotated[Decimal, AfterValidator(_measurable), Field(ge=0, le=10**9, allow_inf_nan=False)]
Moment = Annotated[AwareDatetime, BeforeValidator(as_written), AfterValidator(possible)]


class Record(BaseModel):
    """One record as it is imported."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    in_the_past: ClassVar[tuple[str, ...]] = ()  # what cannot lie in the future; work may be planned, and agreed


class CustomerRecord(Record):
    """A customer; `since` is the first day of the relationship, `address` the lines below the name, of six at most."""

    id: Reference
    name: Name
    email: Annotated[Text, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")] | None = None
    locale: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}([_-][A-Za-z0-9]+)*$", max_length=16)] = "en"
    protected: bool = False
    since: Day | None = None
    address: Annotated[Text, Field(max_length=400, pattern=r"^[^;]{1,60}(;[^;]{1,60}){0,5}$")] | None = None


class ServiceRecord(Record):
    """A service that can be subscribed."""

    id: Reference
    name: Name
    kind: Name = "service"


class AgreementRecord(Record):
    """A subscribed service; service and account are opened where they are not known yet.

    With `valid_from` the row says what holds from that day on: charge, contract version, account or customer.
    """

    id: Reference
    customer: Reference
    service: Reference
    service_name: Name | None = None
    service_kind: Name = "service"
    contract: Reference
    contract_version: Annotated[str, Field(min_length=1, max_length=32)]
    starts: Day
    ends: Day | None = None
    monthly_charge: Quantity
    currency: Currency
    account: Reference | None = None
    valid_from: Day | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.ends is not None and self.ends < self.starts:
            msg = "ends lies before starts"
            raise ValueError(msg)
        return self


class OutageRecord(Record):
    """An interruption, by its end or by its length in seconds; without either it is still open.

    Where it was only observed now and then: it began after `started_after` and by `started_at`, and lasted
    at least until `ended_after`. One that was seen again after it had ended has no such bound.
    One that hit a part of the service says so by `affected_percent`, or by its `weight` between 0 and 1.
    """

    service: Reference
    reference: Key | None = None
    started_at: Moment
    ended_at: Moment | None = None
    seconds: Quantity | None = None
    started_after: Moment | None = None
    ended_after: Moment | None = None
    cause: Long | None = None
    attribution: Attribution = Attribution.PROVIDER
    affected_percent: Annotated[Quantity, Field(le=100)] | None = None
    weight: Annotated[Quantity, Field(le=1)] | None = None
    degraded: bool = False
    detected_at: Moment | None = None
    reported_at: Moment | None = None
    ticket_opened_at: Moment | None = None
    ticket_closed_at: Moment | None = None

    in_the_past = ("started_at", "detected_at", "reported_at", "ticket_opened_at")

    @model_validator(mode="before")
    @classmethod
    def _starts_before_its_end(cls, fields: Any) -> Any:
        """Reckon the start of an outage of which the end and the length are known."""
        end, length = fields.get("ended_at"), fields.get("seconds")
        if fields.get("started_at") is None and isinstance(end, datetime) and isinstance(length, Decimal):
            start = end - timedelta(seconds=float(length))
            return {name: value for name, value in fields.items() if name != "seconds"} | {"started_at": start}
        return fields

    @model_validator(mode="after")
    def _has_one_end(self) -> Self:
        if self.ended_at is not None and self.seconds is not None:
            msg = "give one of ended_at and seconds"
            raise ValueError(msg)
        if self.affected_percent is not None and self.weight is not None:
            msg = "give one of affected_percent and weight"
            raise ValueError(msg)
        if self.ended_at is not None and self.ended_at < self.started_at:
            msg = "ended_at lies before started_at"
            raise ValueError(msg)
        if self.started_after is not None and self.started_after > self.started_at:
            msg = "started_after lies after started_at"
            raise ValueError(msg)
        return self


class MaintenanceRecord(Record):
    """Planned work and when it was announced."""

    service: Reference
    reference: Key
    starts_at: Moment
    ends_at: Moment
    announced_at: Moment | None = None
    reason: Long | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.ends_at < self.starts_at:
            msg = "ends_at lies before starts_at"
            raise ValueError(msg)
        return self


class ResourceRecord(Record):
    """A thing on which services run."""

    id: Reference
    kind: Name
    name: Name
    site: Name
    layer: Layer = Layer.RESOURCE
    state: ResourceState = ResourceState.IN_SERVICE


class TopologyRecord(Record):
    """That a service runs on a resource; position 1 is the one next to the customer."""

    service: Reference
    position: Annotated[int, Field(ge=1, le=10_000)]
    resource: Reference


class AlarmRecord(Record):
    """An alarm of a resource."""

    id: Reference
    resource: Reference
    code: Reference
    severity: Severity
    text: Long
    raised_at: Moment
    cleared_at: Moment | None = None


class InvoiceRecord(Record):
    """An invoice of a billing account; credits are taken off the newest open one."""

    id: Reference
    account: Reference
    starts: Day
    ends: Day
    state: Literal["open", "settled"] = "open"

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.ends < self.starts:
            msg = "ends lies before starts"
            raise ValueError(msg)
        return self


class InvoiceLineRecord(Record):
    """What an invoice charges for one agreement."""

    invoice: Reference
    position: Annotated[int, Field(ge=1, le=10_000)]
    agreement: Reference
    text: Long
    amount: Quantity
    currency: Currency


class ViolationRecord(Record):
    """A broken promise of earlier times: part of the history of the relationship."""

    agreement: Reference
    objective: Annotated[Text, Field(min_length=1, max_length=64)]
    window_start: Moment
    window_end: Moment
    recorded_at: Moment

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.window_end <= self.window_start:
            msg = "window_end does not lie after window_start"
            raise ValueError(msg)
        return self


class SampleRecord(Record):
    """One value of one step; None was asked for and not answered."""

    in_the_past = ("at",)

    service: Reference
    at: Moment
    metric: Literal["latency", "packet_loss", "jitter", "delivery", "success_rate", "availability"]
    value: Annotated[Decimal, AfterValidator(_measurable)] | None
