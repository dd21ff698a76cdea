"""Half-open periods of whole UTC seconds."""

from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, model_validator

from include.sla_logic.domain.instants import as_written, day_as_written

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_seconds(instant: datetime) -> int:
    """Return whole seconds since 1970 UTC; parts of a second are cut off, never rounded up."""
    delta = instant - _EPOCH
    return delta.days * 86_400 + delta.seconds


def from_seconds(seconds: int) -> datetime:
    """Return the UTC instant that many seconds after 1970."""
    return _EPOCH + timedelta(seconds=seconds)


def whole_second(instant: datetime) -> datetime:
    """Return the instant in UTC with parts of a second cut off."""
    return instant.astimezone(UTC).replace(microsecond=0)


Day = Annotated[date, BeforeValidator(day_as_written)]
Instant = Annotated[AwareDatetime, BeforeValidator(as_written), AfterValidator(whole_second)]


class Period(BaseModel):
    """Half-open `[start, end)` in UTC.

    Parts of a second are cut off at both ends, so splitting a period never changes a sum.
    An empty period (start = end) is allowed, an end before the start is not.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    start: Instant
    end: Instant

    @model_validator(mode="after")
    def _does_not_end_before_it_starts(self) -> Self:
        if self.end < self.start:
            msg = f"the end {self.end.isoformat()} lies before the start {self.start.isoformat()}; write a later end"
            raise ValueError(msg)
        return self

    @property
    def span(self) -> tuple[int, int]:
        """The two ends in seconds since 1970, as the interval algebra wants them."""
        return to_seconds(self.start), to_seconds(self.end)

    @property
    def seconds(self) -> int:
        """The exact length; a month with a change to summer time is an hour shorter."""
        start, end = self.span
        return end - start

    def contains(self, instant: datetime) -> bool:
        """Tell whether the instant lies inside; the end does not belong to the period."""
        return self.start <= instant < self.end

    def overlaps(self, other: "Period") -> bool:
        """Tell whether the two share at least one second; touching is not overlapping."""
        return max(self.start, other.start) < min(self.end, other.end)

    def __str__(self) -> str:
        """Show both ends in UTC."""
        return f"{self.start:%Y-%m-%d %H:%M:%S} to {self.end:%Y-%m-%d %H:%M:%S} UTC"


def of_span(span: tuple[int, int]) -> Period:
    """Turn two ends in seconds since 1970 into a period."""
    return Period(start=from_seconds(span[0]), end=from_seconds(span[1]))


def spanning(one: Period, other: Period | None) -> Period:
    """Return the shortest period that holds both."""
    if other is None:
        return one
    return Period(start=min(one.start, other.start), end=max(one.end, other.end))
