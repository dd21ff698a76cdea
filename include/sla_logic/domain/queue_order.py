"""The order in which open incidents are worked on (queue order of the incident desk)."""

from pydantic import AwareDatetime

from include.sla_logic.domain.priorities import Priority

_LAST = "9" * 15
_SCORES = 1000


def place_in_queue(
    number: int, *, protected: bool, priority: Priority | None, next_tier_at: AwareDatetime | None, score: int | None
) -> str:
    """Return a text that sorts as the queue does: protected, priority, next credit tier, score, age.

    `next_tier_at` is given only while the clock runs; what is not known sorts after what is.
    """
    rank = priority.rank if priority else 9
    due = f"{next_tier_at:%Y%m%dT%H%M%S}" if next_tier_at else _LAST
    missing = _SCORES - 1 - min(max(score or 0, 0), _SCORES - 1)
    return f"{0 if protected else 1}{rank}{due}{missing:03d}{number:012d}"
