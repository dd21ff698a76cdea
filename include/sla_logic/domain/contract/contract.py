"""The contract: what was promised, how it is measured, and what a breach is worth."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, JsonValue, field_validator, model_validator

from include.sla_logic.domain.calendars import (
    BusinessCalendar,
    UnableToFindZone,
    WindowKind,
    calendar_window,
    find_zone,
)
from include.sla_logic.domain.contract.measures import ONE_BY_ONE, STATISTICS, FromMean, Measure
from include.sla_logic.domain.contract.metrics import HIGHER_IS_BETTER, MEASURES, UNITS, MetricName
from include.sla_logic.domain.contract.payment_terms import CreditUnits, LeastCredit
from include.sla_logic.domain.contract.quantities import Quantity, Share, Target, Term
from include.sla_logic.domain.contract.rules import Rule
from include.sla_logic.domain.contract.terms import Cap, Chronic, Claim, Counting, MaintenanceTerms
from include.sla_logic.domain.durations import parse_duration
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.money import Currency, Money
from include.sla_logic.domain.period import Period, from_seconds, to_seconds
from include.sla_logic.domain.sentence import Sentence, sentence_of
from include.sla_logic.domain.service_hours import ServiceHours, after_service_time, service_time
from include.sla_logic.domain.spans import Span
from include.sla_logic.domain.written import WRITTEN, Written, in_files


class ServiceClass(StrEnum):
    """The class of service that was bought."""

    GOLD = "gold"
    SILVER = "silver"
    STANDARD = "standard"


# A length of time is no percentage: only where seconds are measured may a target be written as one.
_NUMBER_TARGETS: dict[str, JsonValue] = {
    "if": {
        "properties": {"metric": {"enum": [str(metric) for metric in sorted(UNITS) if UNITS[metric] != "s"]}},
        "required": ["metric"],
    },
    "then": {"properties": {"target": {"anyOf": [{WRITTEN: "number"}, {"type": "null"}]}}},
}


class Objective(Term):
    """One service level objective with its consequence."""

    model_config = ConfigDict(json_schema_extra=in_files(allOf=[_NUMBER_TARGETS]))

    id: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$")]
    metric: MetricName
    title: str | None = None
    clause: str | None = None
    target: Target | None = None
    unit: str | None = None
    measure: Measure | None = None
    rule: Rule
    rolling_windows: Annotated[int, Field(ge=2, le=24)] | None = None
    counting: Counting | None = None
    maintenance: MaintenanceTerms | None = None

    @property
    def measured_by(self) -> Measure:
        """The stated way of measuring, or the usual one of the metric."""
        return self.measure or MEASURES.get(self.metric) or FromMean()

    @property
    def shown_unit(self) -> str:
        """The unit of target and measured value."""
        return self.unit or self.usual_unit

    @property
    def usual_unit(self) -> str:
        """The unit of the metric as it is measured here."""
        return "percent" if self.measured_by.kind == "share_beyond" else UNITS[self.metric]

    @property
    def higher_is_better(self) -> bool:
        """Tell in which direction the metric is good."""
        return self.metric in HIGHER_IS_BETTER and self.measured_by.kind != "share_beyond"

    def is_missed(self, value: Fraction) -> bool:
        """Tell whether a value is worse than the target; without a target, none is."""
        if self.target is None:
            return False
        target = Fraction(self.target)
        return value < target if self.higher_is_better else value > target

    @property
    def lengths(self) -> Measure | None:
        """How the single times are measured that the value is a statistic of: tickets or repairs; None for others."""
        usual = MEASURES.get(self.metric)
        of_times = isinstance(usual, ONE_BY_ONE) and isinstance(self.measured_by, (*ONE_BY_ONE, *STATISTICS))
        return (self.measured_by if isinstance(self.measured_by, ONE_BY_ONE) else usual) if of_times else None


_PROMISES: list[JsonValue] = [
    {"properties": {"objectives": {"minItems": 1}}, "required": ["objectives"]},
    {"properties": {"chronic": {"type": "object"}}, "required": ["chronic"]},
]


def _waiting(written: Any) -> Any:
    """Read `2 d` like every other length of time, besides the ISO 8601 that pydantic reads."""
    try:
        return timedelta(seconds=parse_duration(written)) if isinstance(written, str) else written
    except ValueError:
        return written


Waiting = Annotated[timedelta, BeforeValidator(_waiting), Written("duration")]


_LAST_DAY = 28  # every month has it


class UnableToFindWindow(ForeseenError):
    """Where a window begins depends on an agreement that is not known."""


class Contract(Term):
    """One version of one contract."""

    format: Annotated[int, Field(ge=1, le=2)] = 1
    id: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:+~-]+$")]
    version: str
    title: str
    provider: str | None = None
    source: str | None = None
    assumptions: tuple[str, ...] = ()
    premium: bool = False
    service_class: ServiceClass = ServiceClass.STANDARD
    protected: bool = False
    zone: Annotated[str, Written("zone")]
    currency: Annotated[Currency, Written("currency")]
    window: WindowKind = WindowKind.MONTH
    billing_day: Annotated[int, Field(ge=1, le=28)] = 1
    window_from: Literal["calendar", "agreement"] = "calendar"
    first_month: Annotated[int, Field(ge=1, le=12)] = 1
    charge_base: Literal["recurring", "usage", "greater_of_recurring_and_usage"]
    proration: Literal["by_time", "by_day", "none"] = "by_time"
    partial_window: Literal["cut", "whole", "excluded"] = "cut"
    on_agreement_change: Literal["apart", "together"] = "apart"
    stacking: Literal["highest_per_event", "highest", "sum"] = "highest_per_event"
    counting: Counting = Counting()
    maintenance: MaintenanceTerms = MaintenanceTerms()
    calendar: BusinessCalendar = BusinessCalendar()
    cap: Cap | None = None
    least_credit: LeastCredit | None = None
    credit_units: CreditUnits | None = None
    claim: Claim = Claim()
    approval_limit: Annotated[Quantity, Field(ge=0)] | None = None
    approval_share: Share = Fraction(1)
    restoration_window: Annotated[Waiting, Field(gt=timedelta(0))] = timedelta(days=2)
    settle_after: Annotated[Waiting, Field(ge=timedelta(0))] = timedelta(days=3)
    settle_latest: Annotated[Waiting, Field(ge=timedelta(0))] = timedelta(days=14)
    correct_until: Annotated[Waiting, Field(ge=timedelta(0))] | None = None
    chronic: Chronic | None = None
    objectives: tuple[Objective, ...] = ()

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, zone: str) -> str:
        try:
            find_zone(zone)
        except UnableToFindZone as error:
            raise ValueError(sentence_of(error)) from error
        return zone

    model_config = ConfigDict(json_schema_extra=in_files(anyOf=_PROMISES))

    @model_validator(mode="after")
    def _promises_something(self) -> Self:
        if not self.objectives and self.chronic is None:
            raise ValueError(Sentence("a contract promises something: give objectives, or a chronic clause"))
        return self

    def stretch(self, kind: str, instant: datetime) -> Period:
        """Return the month, quarter or year, as this contract counts them, in which the instant lies."""
        if self.window_from == "agreement":
            raise UnableToFindWindow(
                "The windows of the contract begin on the day of the agreement (window_from): give agreements[].start."
            )
        return calendar_window(kind, self.zone, instant, billing_day=self.billing_day, first_month=self.first_month)

    def begun_on(self, day: date) -> "Contract":
        """Return the contract as one that was agreed on that day, where its windows begin on the agreement's day."""
        if self.window_from == "calendar":
            return self
        begun = {"window_from": "calendar", "billing_day": min(day.day, _LAST_DAY), "first_month": day.month}
        return self.model_copy(update=begun)

    def window_at(self, instant: datetime) -> Period:
        """Return the contract's window in which the instant lies."""
        return self.stretch(self.window, instant)

    @property
    def service_hours(self) -> ServiceHours:
        """The zone, the calendar and the service hours of the contract as a whole."""
        return ServiceHours(zone=self.zone, calendar=self.calendar, openings=self.counting.service_hours or ())

    def service_time(self, span: Span) -> list[Span]:
        """Return the time inside a span that exists for this contract: its service hours, or all of it."""
        hours = self.counting.service_hours
        return [span] if hours is None else list(service_time(hours, self.calendar, self.zone, span))

    def after_service_time(self, at: datetime, seconds: int) -> datetime | None:
        """Return when these `seconds` of that time have passed since the moment; None where they never do."""
        hours = self.counting.service_hours
        if hours is None:
            return at + timedelta(seconds=seconds)
        found = after_service_time(hours, self.calendar, self.zone, to_seconds(at), seconds)
        return None if found is None else from_seconds(found)

    @property
    def wants_ticket(self) -> bool:
        """Tell whether only what was reported is paid; format 1 does not ask for it by default."""
        if self.claim.ticket is not None:
            return self.claim.ticket == "required"
        if self.format == 1:
            return False
        return self.claim.ticket_within is not None or self.counting.clock_start in ("reported", "ticket_opened")

    def counted_for(self, objective: Objective) -> "Contract":
        """Return the contract with what the objective counts in its own way."""
        own = {}
        for name in ("counting", "maintenance"):
            terms = getattr(objective, name)
            if terms is not None:
                written = {field: getattr(terms, field) for field in terms.model_fields_set}
                own[name] = getattr(self, name).model_copy(update=written)
        return self.model_copy(update=own) if own else self

    def objective(self, name: str) -> Objective:
        """Return the objective of this id."""
        return next(objective for objective in self.objectives if objective.id == name)

    def approval_above(self) -> Money | None:
        """Return the amount above which a credit needs a second person, where the contract names one."""
        return None if self.approval_limit is None else Money(amount=self.approval_limit, currency=self.currency)
