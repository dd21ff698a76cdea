"""The parts of a comparison: the judgement of one objective, the claim and the chronic right."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from include.sla_logic.domain.document import Value
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.paid import Exact, PaidCredit
from include.sla_logic.domain.period import Instant, to_seconds
from include.sla_logic.domain.service_hours import ServiceHours
from include.sla_logic.domain.spans import Span


class Verdict(StrEnum):
    """The result of the comparison of one objective."""

    MET = "met"
    BREACHED = "breached"
    NO_DATA = "no_data"
    REFUSED = "refused"
    NOT_PROMISED = "not_promised"


class DataState(StrEnum):
    """Whether there are data: "down" is measured, the other two are not."""

    MEASURED = "measured"
    NO_DATA = "no_data"
    NEVER_ANSWERED = "never_answered"


class RefusalCode(StrEnum):
    """Why the software refuses to name a credit."""

    TIER_GAP = "tier_gap"
    OUTAGE_END_BEFORE_START = "outage_end_before_start"
    MAINTENANCE_END_BEFORE_START = "maintenance_end_before_start"
    HOLD_END_BEFORE_START = "hold_end_before_start"
    DONE_BEFORE_DUE = "done_before_due"
    CHARGE_UNKNOWN = "charge_unknown"
    CURRENCY_MISMATCH = "currency_mismatch"
    EMPTY_WINDOW = "empty_window"
    TOO_MANY_INTERVALS = "too_many_intervals"
    UNIT_MISMATCH = "unit_mismatch"
    TARGET_UNKNOWN = "target_unknown"
    NOT_KEPT = "not_kept"
    CONTRADICTING_FACTS = "contradicting_facts"


IntervalKind = Literal["counted", "excluded", "no_data"]


class CountedInterval(Value):
    """One stretch of time and why it counts, does not count, or is not known.

    `weight` is the share of it that counts, where it is not the whole.
    """

    start: Instant
    end: Instant
    seconds: int
    kind: IntervalKind
    why: str
    reference: str | None = None
    weight: Exact | None = None

    @property
    def span(self) -> Span:
        """The two ends in seconds since 1970."""
        return to_seconds(self.start), to_seconds(self.end)


class NextTier(Value):
    """The distance to the next higher credit, and what it adds.

    `reached_at` is when the tier is reached if the outage goes on, said only where `service_hours` make it another
    moment than `seconds_left` from now.
    """

    seconds_left: int | None
    value_left: Decimal | None = None
    tier: str
    credit: Money | None
    costs_more: Money | None
    reached_at: Instant | None = None
    service_hours: ServiceHours | None = None


class TierBound(Value):
    """One tier of the table as cumulated downtime, for the picture: from here on it is worth this."""

    from_seconds: int
    credit_percent: Decimal


class ValueBound(Value):
    """One tier of the table as a bound of the measured value, for the picture: beyond it, it is worth this."""

    value: Decimal
    credit_percent: Decimal


class ObjectiveJudgement(Value):
    """One objective: promised, measured, counted, owed; with everything needed to check it by hand.

    `measured` and `margin` are shown half up with 8 decimals, `measured_exact` is the fraction that was
    compared. `credit` is before stacking, cap and netting. `counted_at_most` is the counted time
    if bracketed outages were as long as they can have been, `weighed_seconds` the counted time as outages count in
    part, where any does. `paid` is the arithmetic of the credit; None in documents of earlier releases.
    """

    objective: str
    title: str
    metric: str
    unit: str
    clause: str | None
    rule: str
    target: Decimal | None
    measured: Decimal | None
    measured_exact: str | None
    margin: Decimal | None
    breached: bool | None
    verdict: Verdict
    reason: str
    refusal: RefusalCode | None = None
    data_state: DataState = DataState.MEASURED
    total_seconds: int
    counted_seconds: int | None
    excluded_seconds: int = 0
    no_data_seconds: int = 0
    counted_at_most: int | None = None
    weighed_seconds: Exact | None = None
    intervals: tuple[CountedInterval, ...] = ()
    events: tuple[str, ...] = ()
    samples: int | None = None
    steps: tuple[str, ...] = ()
    tier: str | None = None
    credit_percent: Decimal | None = None
    credit_exact: str | None = None
    credit: Money | None = None
    charge_base: Money | None = None
    days: int | None = None
    waived_hours: int | None = None
    next_tier: NextTier | None = None
    tier_bounds: tuple[TierBound, ...] = ()
    value_bounds: tuple[ValueBound, ...] = ()
    coverage_percent: Decimal = Decimal(100)
    warnings: tuple[str, ...] = ()
    provisional: bool = False
    needs_approval: bool = False
    approval_reason: str | None = None
    paid: PaidCredit | None = None

    @property
    def seconds_to_next_tier(self) -> int | None:
        """How much more downtime the current tier bears; None where the rule is not about time."""
        return self.next_tier.seconds_left if self.next_tier else None

    @property
    def next_tier_costs(self) -> bool:
        """Tell whether the next tier costs anything, as far as that can be told."""
        return self.next_tier is not None and (self.next_tier.costs_more is None or bool(self.next_tier.costs_more))


class ChronicFinding(Value):
    """Whether many or long outages give the customer a right, or will with the next event.

    `events_left` is how many further outages give it; None in documents that were written before it was counted.
    """

    state: Literal["none", "one_event_before", "reached"]
    right: str
    reason: str
    references: tuple[str, ...] = ()
    notice_until: Instant | None = None
    events_left: int | None = None


class ClaimFinding(Value):
    """Whether the credit is paid by itself, or until when it must be claimed.

    `last_day` is the day to tell people, in the contract's zone; `deadline` is the midnight that ends it. `late` names
    the incidents that are lost while others can still be claimed, or were claimed in time.
    """

    state: Literal["automatic", "open", "in_time", "late"]
    reason: str
    deadline: Instant | None = None
    last_day: date | None = None
    late: tuple[str, ...] = ()
