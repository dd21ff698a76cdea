"""A clock that tests move by hand."""

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


class Clock:
    """Shows one moment until it is moved; with `tick` it advances at every look."""

    def __init__(self, now: datetime = NOON, *, tick: timedelta = timedelta()) -> None:
        self.now, self._tick = now, tick

    def __call__(self) -> datetime:
        self.now += self._tick
        return self.now

    def pass_by(self, **parts: int) -> None:
        self.now += timedelta(**parts)
