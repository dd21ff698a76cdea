"""The terms of a contract that hold for all its objectives."""

from fractions import Fraction
from itertools import combinations
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from include.sla_logic.domain.calendars import Weekday, WindowKind
from include.sla_logic.domain.contract.conditions import at_most_one, given, needs
from include.sla_logic.domain.contract.quantities import Duration, DurationRange, Share, Term
from include.sla_logic.domain.measurements import Attribution
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.domain.service_hours import Closes, Opening, Opens
from include.sla_logic.domain.written import Written, in_files

PriorityName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,20}$")]
SOME = Field(json_schema_extra=in_files(minItems=1))
Days = Annotated[int, Field(ge=0), Written("days")]


class Counting(Term):
    """Which time counts against the provider.

    `clock_start` and `clock_stop` bound an outage; one without the moment that the clock needs is
    left out, and named. `shortest` is the shortest stretch that counts, after merging touching
    outages and taking out maintenance. `brackets` says which of two bounds money uses. `stops_for`
    names whose holds stop the clock, where holds do. `faults` and `priorities` (of tickets; None: all) are what counts
    at all. `service_hours` are the only time that exists for the objective: downtime, the whole that a share is a share
    of, and `shortest` are counted in them; None: all hours of all days.
    """

    clock_start: Literal["outage", "detected", "reported", "first_of_detected_and_reported", "ticket_opened"] = "outage"
    clock_stop: Literal["outage", "ticket_closed"] = "outage"
    holds_stop_the_clock: bool = False
    stops_for: tuple[Attribution, ...] = (Attribution.CUSTOMER, Attribution.THIRD_PARTY, Attribution.FORCE_MAJEURE)
    attributions: Annotated[tuple[Attribution, ...], SOME] = (Attribution.PROVIDER,)
    faults: Annotated[tuple[Literal["outage", "degradation"], ...], SOME] = ("outage", "degradation")
    shortest: DurationRange | None = None
    brackets: Literal["shortest", "longest"] = "shortest"
    least_coverage: Share | None = None
    partial_outages: Literal["whole", "by_share"] = "whole"
    degradations: Share = Fraction(1)
    priorities: Annotated[tuple[PriorityName, ...], Field(min_length=1, max_length=20)] | None = None
    service_hours: Annotated[tuple[Opening, ...], Field(min_length=1, max_length=50)] | None = None

    def stopped_by(self, owner: str) -> bool:
        """Tell whether the clock is stopped while this owner owes the next step; any other name is a third party."""
        if not self.holds_stop_the_clock:
            return False
        name = "_".join(owner.lower().split())
        who = Attribution(name) if name in set(Attribution) else Attribution.THIRD_PARTY
        return who in self.stops_for


class RecurringWork(Term):
    """A window of planned work on some weekdays, of all or some months; one that ends earlier ends the next day."""

    days: Annotated[tuple[Weekday, ...], Field(min_length=1)]
    starts: Opens
    ends: Closes
    months: tuple[Annotated[int, Field(ge=1, le=12)], ...] = ()

    def __str__(self) -> str:
        """Write `sun 02:00-06:00`."""
        months = f" of months {', '.join(map(str, self.months))}" if self.months else ""
        return f"{', '.join(self.days)} {self.starts}-{self.ends}{months}"


class MaintenanceTerms(Term):
    """When planned work is left out: only inside its window, and only if announced early enough.

    Working days are counted strictly between the day of announcement and the day of start. Of an announced window,
    only what lies `within` these hours is left out. `recurring` windows need no announcement; beyond the `allowance`,
    downtime in planned work counts.
    """

    excluded: bool = True
    notice: Duration | None = None
    notice_working_days: Days | None = None
    within: Annotated[tuple[RecurringWork, ...], Field(min_length=1, max_length=50)] | None = None
    recurring: Annotated[tuple[RecurringWork, ...], Field(json_schema_extra=in_files(maxItems=50))] = ()
    allowance: Annotated[Duration, Field(gt=0)] | None = None
    allowance_over: WindowKind = WindowKind.MONTH


class Cap(Term):
    """The most that is credited over a stretch of the calendar, as a share of the charge of that stretch."""

    share: Share
    over: WindowKind | Literal["window"] = "window"


_DEADLINES = ("within_days", "within_working_days", "within_months", "billing_cycles")


class Claim(Term):
    """How the customer gets the credit.

    The claim must be filed on or before the local day that lies `within_days`, `within_working_days` or
    `within_months` after `counted_from`; from anything but the end of the window, each incident has its own last day.
    `billing_cycles` counts whole windows after the one of the outage instead. `ticket_within` is how soon a ticket
    must follow the fault. `ticket` says whether the customer must have reported an outage at all; by default where
    `ticket_within` is given, or the clock starts with a report or ticket.
    """

    automatic: bool = False
    within_days: Annotated[int, Field(ge=0, le=36_500)] | None = None
    within_working_days: Annotated[int, Field(ge=0, le=10_000)] | None = None
    within_months: Annotated[int, Field(ge=0, le=1_200)] | None = None
    billing_cycles: Annotated[int, Field(ge=0, le=1_200)] | None = None
    counted_from: Literal["window_end", "outage_start", "outage_end", "ticket_closed"] = "window_end"
    ticket: Literal["required", "not_required"] | None = None
    ticket_from: Literal["customer", "anyone"] = "customer"
    ticket_within: Duration | None = None
    note: str | None = None

    model_config = ConfigDict(
        json_schema_extra=in_files(allOf=[at_most_one(*two) for two in combinations(_DEADLINES, 2)])
    )

    @property
    def has_days(self) -> bool:
        """Tell whether a number of days or months is counted from something."""
        return not (self.within_days is None and self.within_working_days is None and self.within_months is None)

    @model_validator(mode="after")
    def _has_one_deadline(self) -> Self:
        if sum(getattr(self, name) is not None for name in _DEADLINES) > 1:
            raise ValueError(Sentence("give one of %(fields)s", fields=", ".join(_DEADLINES)))
        return self


class MissedWindows(Term):
    """`windows` that miss the target of an objective (of any, where none is named), in a row or among `within`."""

    windows: Annotated[int, Field(ge=1, le=60)]
    within: Annotated[int, Field(ge=1, le=60)] | None = None
    objective: str | None = None

    @property
    def of_windows(self) -> int:
        """How many windows are looked at."""
        return self.within or self.windows


class Chronic(Term):
    """When many or long outages, or missed windows, give the customer a right to leave.

    The right is announced `warn_before` events ahead.
    """

    model_config = ConfigDict(
        json_schema_extra=in_files(
            allOf=[
                needs("count", "within_days"),
                needs("within_days", "count"),
                needs("total_within_days", "total"),
                {"anyOf": [given("count"), given("total"), given("missed")]},
            ]
        )
    )

    right: str = "termination without charge"
    count: Annotated[int, Field(ge=1)] | None = None
    outage: DurationRange = DurationRange()
    within_days: Annotated[int, Field(ge=1, le=3660)] | None = None
    total: DurationRange | None = None
    total_over: WindowKind = WindowKind.MONTH
    total_within_days: Annotated[int, Field(ge=1, le=3660)] | None = None
    missed: MissedWindows | None = None
    notice_days: Days | None = None
    warn_before: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if (self.count is None) != (self.within_days is None):
            raise ValueError(Sentence("count and within_days belong together"))
        if self.total is None and self.total_within_days is not None:
            raise ValueError(Sentence("total_within_days needs a total"))
        if self.count is None and self.total is None and self.missed is None:
            raise ValueError(Sentence("a right to leave needs count and within_days, a total, or missed windows"))
        return self
