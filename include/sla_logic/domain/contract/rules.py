"""The shapes in which contracts turn a measurement into a credit; one model per shape."""

from typing import Annotated, Literal

from pydantic import Field

from include.sla_logic.domain.contract.credit_rule import Credit
from include.sla_logic.domain.contract.quantities import (
    Duration,
    DurationRange,
    DurationTier,
    Quantity,
    Share,
    Term,
    Tiered,
    ValueTier,
)

Sum = Annotated[Quantity, Field(ge=0)]


class Tiers(Tiered, Term):
    """A share of the charge by the band in which the measured value lies.

    With `round_decimals` the value is rounded half up before it is looked up; only then.
    """

    kind: Literal["tiers"] = "tiers"
    round_decimals: Annotated[int, Field(ge=0, le=8)] | None = None
    tiers: Annotated[tuple[ValueTier, ...], Field(min_length=1)]


class DurationTiers(Tiered, Term):
    """A share of the charge by the cumulated downtime of the window.

    `percent_column` is a second column of the same table: it is compared, never used for money.
    """

    kind: Literal["duration_tiers"] = "duration_tiers"
    tiers: Annotated[tuple[DurationTier, ...], Field(min_length=1)]
    percent_column: tuple[ValueTier, ...] = ()


class _DayPerBlock(Term):
    block: Annotated[Duration, Field(gt=0)]
    counts: Literal["started", "full"] = "started"
    days: Annotated[int, Field(gt=0)] | Literal["in_period"] = "in_period"


class DayPerBlock(_DayPerBlock):
    """One day's charge per started (or full) block of cumulated downtime.

    A day's charge is the charge divided by the `days` of its period.
    """

    kind: Literal["day_per_block"] = "day_per_block"


class DayPerExcessBlock(_DayPerBlock):
    """One day's charge per block of downtime beyond what the target allows.

    The excess is first rounded half up to the nearest `nearest`, where that is given.
    """

    kind: Literal["day_per_excess_block"] = "day_per_excess_block"
    nearest: Annotated[Duration, Field(gt=0)] | None = None


class SharePerDay(Term):
    """A share of the charge per local calendar day with an outage of the given length in that day."""

    kind: Literal["share_per_day"] = "share_per_day"
    share: Share
    outage: DurationRange


class ShareWhenMissed(Term):
    """A fixed share of the charge when the measured value is worse than the target."""

    kind: Literal["share_when_missed"] = "share_when_missed"
    credit: Share


class SharePerStep(Term):
    """A share of the charge per started (or full) step by which the target is missed."""

    kind: Literal["share_per_step"] = "share_per_step"
    step: Annotated[Quantity, Field(gt=0)]
    credit: Share
    counts: Literal["started", "full"] = "started"
    most_steps: Annotated[int, Field(gt=0)] | None = None


class Threshold(Term):
    """From this overrun on, in percent of the target, the credit is due."""

    overrun: Annotated[Quantity, Field(gt=0)]
    credit: Share


class OverrunTiers(Term):
    """A share of the charge by the highest threshold that the relative overrun reaches; none below all."""

    kind: Literal["overrun_tiers"] = "overrun_tiers"
    thresholds: Annotated[tuple[Threshold, ...], Field(min_length=1)]


class SumPerDay(Term):
    """A fixed sum per calendar day without the promised service.

    `first_day: promised` pays from the promised day on; `after_grace` from the day after the
    grace in working days. The day on which the promise is kept is not paid.
    """

    kind: Literal["sum_per_day"] = "sum_per_day"
    sum: Sum
    applies_to: str
    grace_working_days: Annotated[int, Field(ge=0)] = 0


class DailyRate(Term):
    """The charge's daily rate per day late: charge x periods per year / days per year x days."""

    kind: Literal["daily_rate"] = "daily_rate"
    periods_per_year: Annotated[int, Field(gt=0)]
    days_per_year: Annotated[int, Field(gt=0)] = 365


class HourWaiver(Term):
    """A clock hour with that much downtime is not charged at all; no claim is needed."""

    kind: Literal["hour_waiver"] = "hour_waiver"
    downtime: DurationRange


class EventCredits(Term):
    """Credits in percent that other service levels owe, event by event; the contract's stacking joins them."""

    kind: Literal["event_credits"] = "event_credits"


REPLACED_KINDS = (
    "tiers",
    "duration_tiers",
    "day_per_block",
    "day_per_excess_block",
    "share_per_day",
    "share_when_missed",
    "share_per_step",
    "overrun_tiers",
    "sum_per_day",
    "daily_rate",
)  # format 1 has them, format 2 says the same with `credit`

Rule = Annotated[
    Credit
    | Tiers
    | DurationTiers
    | DayPerBlock
    | DayPerExcessBlock
    | SharePerDay
    | ShareWhenMissed
    | SharePerStep
    | OverrunTiers
    | SumPerDay
    | DailyRate
    | HourWaiver
    | EventCredits,
    Field(discriminator="kind"),
]
