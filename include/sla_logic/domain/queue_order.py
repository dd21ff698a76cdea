"""The order in which open incidents are worked on (queue order of the incident desk)."""

from datetime import UTC

from pydantic import AwareDatetime

from include.sla_logic.domain.priorities import Priority

_LAST = "9" * 15
_SCORES = 1000


def place_in_queue(
    number: int,
    *,
    protected: bool,
    priority: Priority | None,
    runs_out_at: AwareDatetime | None,
    score: int | None,
    opened_at: AwareDatetime,
) -> str:
    """Return a text that sorts as the queue does: protected, priority, next breach or tier, significance, age.

    `runs_out_at` is when the next breach or credit tier comes, given only while the clock runs. Unknown values sort
    last.
    """
    rank = priority.rank if priority else 9
    due = f"{runs_out_at.astimezone(UTC):%Y%m%dT%H%M%S}" if runs_out_at else _LAST
    missing = _SCORES - 1 - min(max(score or 0, 0), _SCORES - 1)
    age = f"{opened_at.astimezone(UTC):%Y%m%d%H%M%S}"
    return f"{0 if protected else 1}{rank}{due}{missing:03d}{age}{number:012d}"
