"""When failed deliveries are tried again, and when that ends (policies/delivery.yaml)."""

from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from include.sla_logic.domain.errors import ForeseenError

Seconds = Annotated[int, Field(gt=0, le=7 * 86_400)]


class UnableToReadSchedule(ForeseenError):
    """policies/delivery.yaml cannot be used."""


class Schedule(BaseModel):
    """Exponential waits with a ceiling, a last attempt, and the length of a claim; seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first_wait: Seconds
    factor: Annotated[int, Field(ge=1, le=10)]
    longest_wait: Seconds
    attempts: Annotated[int, Field(ge=1, le=1000)]
    lease: Seconds

    def wait_after(self, attempt: int) -> timedelta | None:
        """Return how long to wait after this failed attempt (1, 2, …), or None where it was the last."""
        if attempt >= self.attempts:
            return None
        doubled = self.first_wait * self.factor ** min(attempt - 1, 64)
        return timedelta(seconds=min(doubled, self.longest_wait))


class Schedules(BaseModel):
    """One schedule for each kind of message, and how long a listener may fail before it is suspended; seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    kinds: dict[str, Schedule]
    listener_suspended_after: Seconds


@cache
def schedules_in_force() -> Schedules:
    """Return the schedules; raise `UnableToReadSchedule`."""
    import yaml

    text = (files("include.sla_logic") / "policies" / "delivery.yaml").read_text("utf-8")
    try:
        return Schedules.model_validate(yaml.safe_load(text))
    except (yaml.YAMLError, ValidationError) as error:
        raise UnableToReadSchedule(f"policies/delivery.yaml cannot be used: {error}") from error
