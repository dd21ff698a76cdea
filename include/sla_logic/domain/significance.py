"""How significant a customer is, from the history of the contractual relationship (row 4).

The score is additive: every point has a reason, and what is not known gives no points.
"""

from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, model_validator

from include.sla_logic.domain.document import Document, Value
from include.sla_logic.domain.relationship import RelationshipHistory
from include.sla_logic.domain.tables import Table

FULL_SCORE = 100
Points = Annotated[int, Field(ge=0, le=FULL_SCORE)]


class Band(StrEnum):
    """What the score leads to; `protected` is a duty to a group of customers and outranks every score."""

    PROTECTED = "protected"
    SIGNIFICANT = "significant"
    TIE_BREAK = "tie_break"
    STANDARD = "standard"


class Step(Table):
    """Points from this value on."""

    at_least: int
    points: Points


class Steps(Table):
    """A ladder: the highest step reached counts; more of the quantity never gives fewer points."""

    steps: Annotated[tuple[Step, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _falls_from_step_to_step(self) -> Self:
        for higher, lower in pairwise(self.steps):
            if higher.at_least <= lower.at_least or higher.points < lower.points:
                msg = f"the step from {higher.at_least} must lie above {lower.at_least} and give no fewer points"
                raise ValueError(msg)
        return self

    @property
    def most(self) -> int:
        """The most points that this ladder gives."""
        return self.steps[0].points

    def step(self, value: int) -> Step | None:
        """Return the highest step reached, or None below the lowest."""
        return next((step for step in self.steps if value >= step.at_least), None)


class SignificancePolicy(Table):
    """The factors of the score and its bands; all points together cannot exceed 100."""

    version: str
    service_class: dict[str, Points]
    charge_percentile: Steps
    years_of_tenure: Steps
    violations_last_year: Steps
    other_open_incidents: Steps
    one_event_from_chronic_right: Points
    agreement_ends_within_days: Annotated[int, Field(gt=0)]
    agreement_ends_soon: Points
    significant_from: Points
    tie_break_from: Points

    @model_validator(mode="after")
    def _stays_within_100(self) -> Self:
        ladders = (
            self.charge_percentile, self.years_of_tenure, self.violations_last_year, self.other_open_incidents
        )  # fmt: skip
        most = max(self.service_class.values(), default=0) + sum(ladder.most for ladder in ladders)
        most += self.one_event_from_chronic_right + self.agreement_ends_soon
        if most > FULL_SCORE:
            msg = f"all points together come to {most}, more than {FULL_SCORE}"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _has_bands_in_order(self) -> Self:
        if not 0 < self.tie_break_from < self.significant_from:
            msg = "tie_break_from must lie above 0 and below significant_from"
            raise ValueError(msg)
        return self


class Reason(Value):
    """One line of the score: the code of its rule and the value that it `observed` (None: not known)."""

    factor: str
    code: str
    points: int
    observed: str | None


class CustomerSignificance(Document):
    """Premium or not (a property of the contract, never a score), and the score with its reasons."""

    customer: str
    premium: bool
    band: Band
    score: int
    reasons: tuple[Reason, ...]
    assessed_at: AwareDatetime
    policy_version: str

    @property
    def affects_priorities(self) -> bool:
        """Tell whether this customer's measures are re-prioritised."""
        return self.band in {Band.PROTECTED, Band.SIGNIFICANT}

    @property
    def explanation(self) -> str:
        """Say the score as a sum, such as `25 service_class:gold + 15 violations_last_year>=3 = 40`."""
        lines = [f"{reason.points} {reason.code}" for reason in self.reasons if reason.points]
        return f"{' + '.join(lines) or '0'} = {self.score} ({self.band})"


def _ladder(factor: str, value: int | None, steps: Steps) -> Reason:
    if value is None:
        return Reason(factor=factor, code=f"{factor}:unknown", points=0, observed=None)
    step = steps.step(value)
    code = f"{factor}>={step.at_least}" if step else f"{factor}<{steps.steps[-1].at_least}"
    return Reason(factor=factor, code=code, points=step.points if step else 0, observed=str(value))


def _service_class(known: str | None, policy: SignificancePolicy) -> Reason:
    if known is None or known not in policy.service_class:
        return Reason(factor="service_class", code="service_class:unknown", points=0, observed=known)
    points = policy.service_class[known]
    return Reason(factor="service_class", code=f"service_class:{known}", points=points, observed=known)


def _ends_soon(ends: date | None, *, today: date, policy: SignificancePolicy) -> Reason:
    """Treat an agreement without an end as one that does not end soon, not as missing history."""
    days = None if ends is None else (ends - today).days
    soon = days is not None and 0 <= days <= policy.agreement_ends_within_days
    return Reason(
        factor="agreement_ends",
        code="agreement_ends:soon" if soon else "agreement_ends:not_soon",
        points=policy.agreement_ends_soon if soon else 0,
        observed=None if days is None else f"{days} days",
    )


def _chronic(near: bool | None, policy: SignificancePolicy) -> Reason:  # noqa: FBT001 - one of seven factors
    code = "unknown" if near is None else "one_event_away_or_reached" if near else "not_near"
    points = policy.one_event_from_chronic_right if near else 0
    return Reason(factor="chronic_right", code=f"chronic_right:{code}", points=points, observed=None)


def full_years(since: date, until: date) -> int:
    """Count anniversaries; that of 29 February is 1 March. pendulum's `in_years` is sometimes a day early."""
    return until.year - since.year - ((until.month, until.day) < (since.month, since.day))


def work_out_significance(
    history: RelationshipHistory,
    *,
    premium: bool,
    near_chronic_right: bool | None,
    policy: SignificancePolicy,
    now: AwareDatetime,
) -> CustomerSignificance:
    """Add up the points; unknown history gives none, so it never lowers anyone below standard."""
    today = now.date()
    tenure = None if history.customer_since is None else full_years(history.customer_since, today)
    reasons = (
        _service_class(history.service_class, policy),
        _ladder("charge_percentile", history.charge_percentile, policy.charge_percentile),
        _ladder("years_of_tenure", tenure, policy.years_of_tenure),
        _ladder("violations_last_year", history.violations_last_year, policy.violations_last_year),
        _ladder("other_open_incidents", history.other_open_incidents, policy.other_open_incidents),
        _chronic(near_chronic_right, policy),
        _ends_soon(history.agreement_ends, today=today, policy=policy),
    )
    score = sum(reason.points for reason in reasons)
    return CustomerSignificance(
        customer=history.customer,
        premium=premium,
        band=Band.PROTECTED if history.protected else _band(score, policy),
        score=score,
        reasons=reasons,
        assessed_at=now,
        policy_version=policy.version,
    )


def _band(score: int, policy: SignificancePolicy) -> Band:
    if score >= policy.significant_from:
        return Band.SIGNIFICANT
    return Band.TIE_BREAK if score >= policy.tie_break_from else Band.STANDARD
