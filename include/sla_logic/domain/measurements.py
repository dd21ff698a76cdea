"""What was measured and recorded of one service: the facts that a contract is judged on."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from include.sla_logic.domain.agreed_time import AgreedTime, Charge, belong_to_one_each
from include.sla_logic.domain.document import Value
from include.sla_logic.domain.netting import EarlierCredit
from include.sla_logic.domain.period import Day, Instant, Period
from include.sla_logic.domain.samples import SampleSeries

__all__ = [
    "AgreedTime",
    "Attribution",
    "Charges",
    "ClaimFiled",
    "Delay",
    "ErrorIntervals",
    "EventCredit",
    "Hold",
    "LineState",
    "MaintenanceWindow",
    "Outage",
    "Reading",
    "Restoration",
    "SampleSeries",
    "ServiceFacts",
    "StateChange",
    "Ticket",
    "from_state_changes",
]


class Attribution(StrEnum):
    """Who is responsible for an outage."""

    PROVIDER = "provider"
    CUSTOMER = "customer"
    THIRD_PARTY = "third_party"
    FORCE_MAJEURE = "force_majeure"


class Outage(Value):
    """One stretch of time without service; `end` is None while it lasts.

    An end before the start is stored as recorded; the judgement refuses it with the reason.
    Bounds say between which instants a start or end must lie, where it was only observed now and then;
    an end whose later bound is None was never seen: the outage lasted at least until the earlier one.
    `affected_percent` is the share of the service that was hit (None: all of it); `degraded` was worse, not down.
    """

    reference: str
    start: Instant
    end: Instant | None = None
    cause: str | None = None
    attribution: Attribution = Attribution.PROVIDER
    affected_percent: Annotated[Decimal, Field(ge=0, le=100)] | None = None
    degraded: bool = False
    detected_at: Instant | None = None
    reported_at: Instant | None = None
    ticket_opened_at: Instant | None = None
    ticket_closed_at: Instant | None = None
    start_bounds: tuple[Instant, Instant] | None = None
    end_bounds: tuple[Instant, Instant | None] | None = None


class MaintenanceWindow(Value):
    """Planned work, with the moment of its announcement (None: never announced)."""

    reference: str
    start: Instant
    end: Instant
    announced_at: Instant | None = None


class Hold(Value):
    """Time in which somebody else owes the next step; `owner` is who that is."""

    start: Instant
    end: Instant | None = None
    reason: str
    owner: str = "customer"


class Reading(Value):
    """One value that was measured or aggregated elsewhere, e.g. a monthly mean."""

    metric: str
    value: Decimal
    unit: str


class ErrorIntervals(Value):
    """A number of measuring intervals with the same error rate in percent; all others had none."""

    count: Annotated[int, Field(ge=0)]
    error_percent: Annotated[Decimal, Field(ge=0, le=100)]


class Restoration(Value):
    """How long one repair took, where only its length is known; seconds, may be a fraction."""

    reference: str
    seconds: Annotated[Decimal, Field(ge=0)]


class Delay(Value):
    """A promised day and the day on which it was kept (None: not yet).

    For a repair `due` is the day of the fault report. `days_late` states the days outright.
    """

    kind: str
    due: Day | None = None
    done: Day | None = None
    days_late: Annotated[int, Field(ge=0, le=36_500)] | None = None


class Ticket(Value):
    """A ticket about the service, also where no outage is on record for it; `provider` opened one by itself.

    `responded_at` and `resolved_at` are None until that has happened; in `holds` others had to act.
    """

    reference: str
    priority: str | None = None
    opened_at: Instant
    opened_by: Literal["customer", "provider"] = "customer"
    observed_from: Instant | None = None
    observed_to: Instant | None = None
    responded_at: Instant | None = None
    resolved_at: Instant | None = None
    holds: tuple[Hold, ...] = ()


class EventCredit(Value):
    """A credit in percent of the charge that another service level owes for one event; `at` is when it happened."""

    event: str
    objective: str
    percent: Annotated[Decimal, Field(ge=0)]
    at: Instant | None = None


class ClaimFiled(Value):
    """When the customer claimed the credit in writing."""

    filed_at: Instant
    reference: str | None = None


class Charges(Value):
    """What the customer pays for the service.

    `recurring` is the charge of one `per` (month, quarter or year); `usage` that of the window;
    `hourly` the charge of one clock hour; `days` overrides the number of days of the charge's period.
    """

    recurring: Charge | None = None
    per: Annotated[str, Field(pattern=r"^(month|quarter|year)$")] = "month"
    usage: Charge | None = None
    hourly: Charge | None = None
    days: Annotated[int, Field(gt=0)] | None = None


class ServiceFacts(Value):
    """Everything known about one service that a judgement may use.

    `unobserved` is time without observation: it is neither up nor down. `not_kept` names the fields
    of which the source keeps no record at all: that nothing is there says nothing. `agreements` bound what is judged.
    `credited` is what was booked before for the customer's service: it changes only what a next tier costs.
    """

    service: str
    as_of: Instant | None = None
    outages: tuple[Outage, ...] = ()
    maintenance: tuple[MaintenanceWindow, ...] = ()
    holds: tuple[Hold, ...] = ()
    unobserved: tuple[Period, ...] = ()
    series: tuple[SampleSeries, ...] = ()
    readings: tuple[Reading, ...] = ()
    error_intervals: tuple[ErrorIntervals, ...] | None = None
    restorations: tuple[Restoration, ...] = ()
    delays: tuple[Delay, ...] = ()
    event_credits: tuple[EventCredit, ...] = ()
    charges: Charges = Charges()
    agreements: Annotated[tuple[AgreedTime, ...], AfterValidator(belong_to_one_each)] = ()
    tickets: tuple[Ticket, ...] = ()
    claim: ClaimFiled | None = None
    claims: tuple[ClaimFiled, ...] = ()
    credited: tuple[EarlierCredit, ...] = ()
    not_kept: tuple[Literal["delays", "event_credits", "usage", "affected_percent", "degraded"], ...] = ()

    @property
    def claims_filed(self) -> tuple[ClaimFiled, ...]:
        """The one claim, or all of them: each covers what had begun when it was filed."""
        return self.claims if self.claim is None else (self.claim, *self.claims)


class LineState(StrEnum):
    """What a monitor reports of a line; `unknown` is neither up nor down."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


class StateChange(Value):
    """From this moment on the line was in this state."""

    at: Instant
    state: LineState


def from_state_changes(
    changes: Iterable[StateChange], *, source: str, attribution: Mapping[str, Attribution] | None = None
) -> tuple[tuple[Outage, ...], tuple[Period, ...]]:
    """Turn up/down events, in any order, into outages and unobserved time.

    Repeated states are one stretch. A line that is down at the last event has an open outage;
    of two changes at the same moment the later one in the list holds.
    """
    by_moment = {change.at: change.state for change in changes}
    outages: list[Outage] = []
    unknown: list[Period] = []
    state, since = None, None
    for moment in [*sorted(by_moment), None]:
        new = by_moment[moment] if moment is not None else None
        if new == state:
            continue
        if state is LineState.DOWN and since is not None:
            reference = f"{source}:{since:%Y%m%dT%H%M%SZ}"
            who = (attribution or {}).get(reference, Attribution.PROVIDER)
            outages.append(Outage(reference=reference, start=since, end=moment, attribution=who))
        if state is LineState.UNKNOWN and since is not None and moment is not None:
            unknown.append(Period(start=since, end=moment))
        state, since = new, moment
    return tuple(outages), tuple(unknown)
