"""Alarms as a monitoring system tells them, raised and cleared, in whatever order and how often it does."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field, model_validator

from include.sla_logic.domain.document import Value
from include.sla_logic.domain.instants import as_written
from include.sla_logic.domain.network import Severity

_LONGEST = 1000  # characters of a text; names are refused where they are longer than theirs
AHEAD = timedelta(minutes=5)  # the clock of a monitoring system may be as fast as that
Instant = Annotated[AwareDatetime, BeforeValidator(as_written)]


def _shown(said: object) -> object:
    """Leave out what neither a table nor a page can show; what is empty is absent."""
    if not isinstance(said, str):
        return said
    return "".join(letter if letter.isprintable() else " " for letter in said[:_LONGEST]).strip() or None


Name = Annotated[str, BeforeValidator(_shown), Field(max_length=128)]
Named = Annotated[Annotated[str, Field(max_length=128)] | None, BeforeValidator(_shown)]
Sentence = Annotated[str | None, BeforeValidator(_shown)]


class SentAlarm(Value):
    """One alarm as it was sent; `id` is what its source calls it, whenever it is raised (TMF642).

    `resource` and `service` are what it names; `cleared_at` is when it ended, None while it is raised.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Name
    code: Name
    severity: Severity
    resource: Named = None
    service: Named = None
    text: Sentence = None
    raised_at: Instant
    cleared_at: Instant | None = None

    @model_validator(mode="after")
    def _ends_after_it_began(self) -> Self:
        if self.cleared_at is not None and self.cleared_at < self.raised_at:
            msg = f"cleared_at lies before raised_at, which is {self.raised_at:%Y-%m-%dT%H:%M:%SZ}"
            raise ValueError(msg)
        return self

    def ahead_of(self, now: datetime) -> str | None:
        """Return which of its times lies in the future, by more than a clock may be fast."""
        times = {"raised_at": self.raised_at, "cleared_at": self.cleared_at}
        return next((name for name, at in times.items() if at is not None and at > now + AHEAD), None)


Cleared = dict[datetime, datetime | None]  # of one alarm: when it was raised → when it was said to be cleared


def told(known: Mapping[datetime, datetime | None], messages: Iterable[SentAlarm]) -> Cleared:
    """Return what is known after these messages: the same whatever their order, and however often each comes."""
    found = dict(known)
    for message in messages:
        before, said = found.get(message.raised_at), message.cleared_at
        found[message.raised_at] = max((one for one in (before, said) if one is not None), default=None)
    return found


def ends(known: Mapping[datetime, datetime | None]) -> Cleared:
    """Return when each ended; None while it is raised.

    One that was not said to be cleared is over when its source says that it was clear, or when it is raised again:
    the message was lost, or its source has corrected since when it is raised.
    """
    found: Cleared = {}
    later: datetime | None = None  # the earliest moment at which it was over, of those that come after
    said = sorted(end for end in known.values() if end is not None)
    for raised in sorted(known, reverse=True):
        clear = next((end for end in said if end > raised), None)
        over = [moment for moment in (later, clear) if moment is not None]
        found[raised] = known[raised] or min(over, default=None)
        later = raised
    return found
