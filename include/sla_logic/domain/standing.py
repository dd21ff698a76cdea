"""How a ticket's clock stands: what is left until what, whether it runs, and when it goes on."""

from datetime import datetime, timedelta
from typing import Self

from pydantic import AwareDatetime

from include.sla_logic.domain.calendars import find_zone
from include.sla_logic.domain.document import Value
from include.sla_logic.domain.durations import show_duration
from include.sla_logic.domain.service_hours import ServiceHours
from include.sla_logic.domain.sla_clock import Owner, SlaClock

NEXT_TIER = "next credit tier"
PRIORITY_DUE = "due by priority"
_LESS_THAN_A_WEEK = timedelta(days=6)


class Standing(Value):
    """The state of one clock: the seconds left until an event, below zero once it has passed; net is counted time.

    `running` says that the seconds run down now. Where a hold keeps them, `stopped_by` says who has to act; outside
    the service hours the clock stands until `stands_until`, in words `stands`. `runs_out_at` is when nothing is left,
    None while a hold stops the clock. While it runs in service hours they end at `closes_at`.
    """

    seconds_left: int | None
    until: str | None
    running: bool
    stopped_by: Owner | None
    runs_out_at: AwareDatetime | None = None
    stands_until: AwareDatetime | None = None
    stands: str | None = None
    closes_at: AwareDatetime | None = None
    as_of: AwareDatetime
    net_seconds: int

    @classmethod
    def of(
        cls, clock: SlaClock, left: timedelta | None, until: str | None, hours: ServiceHours, *, comes: bool
    ) -> Self:
        """Say how a clock stands that runs in these hours; `comes` says that the event comes if nothing is done."""
        hold = clock.holds[-1] if clock.holds and clock.holds[-1].end is None else None
        going_on = comes and clock.running
        stands_until = hours.stands_until(clock.as_of) if going_on else None
        return cls(
            seconds_left=None if left is None else int(left.total_seconds()),
            until=until,
            running=going_on and stands_until is None,
            stopped_by=hold.owner if hold and hold.stops_the_clock else None,
            runs_out_at=None if left is None or not going_on else _moved(clock.as_of, left, hours),
            stands_until=stands_until,
            stands=None if stands_until is None else _said(stands_until, hours.zone, clock.as_of),
            closes_at=hours.closes_at(clock.as_of) if going_on else None,
            as_of=clock.as_of,
            net_seconds=int(clock.net.total_seconds()),
        )

    def __str__(self) -> str:
        """Write `2 h left until due by priority, stands until Mon 09:00 Europe/Berlin`."""
        if self.seconds_left is None:
            return "no due time"
        passed = self.seconds_left < 0
        length = show_duration(abs(self.seconds_left))
        said = f"{self.until} passed by {length}" if passed else f"{length} left until {self.until}"
        if self.stopped_by:
            return f"{said}, on hold for {self.stopped_by.replace('_', ' ')}"
        return f"{said}, stands until {self.stands}" if self.stands else said

    @property
    def counts_to(self) -> datetime | None:
        """Return when nothing would be left if the hours did not end; where they never do, it is `runs_out_at`."""
        return None if self.seconds_left is None else self.as_of + timedelta(seconds=self.seconds_left)


def _moved(as_of: datetime, left: timedelta, hours: ServiceHours) -> datetime | None:
    return hours.moved(as_of, int(left.total_seconds())) if hours.openings else as_of + left


def _said(moment: datetime, zone: str, as_of: datetime) -> str:
    """Write `Mon 09:00 Europe/Berlin`, with the day of the month where another Monday could be meant."""
    local = find_zone(zone).convert(moment)
    return f"{local:%a %H:%M}{'' if moment - as_of < _LESS_THAN_A_WEEK else f', {local:%-d %b %Y}'} {zone}"
