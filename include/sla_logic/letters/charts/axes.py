"""Round steps for the axes of a picture."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil, floor, log10

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_STEPS = (*(HOUR * n for n in (1, 3, 6, 12)), *(DAY * n for n in (1, 2, 4, 7, 14, 28, 56, 91, 182, 365)))
_MOST_TIMES = 6
_OF_A_TIME = 62  # pixels


def round_steps(low: float, high: float, *, about: int = 5) -> list[float]:
    """Return about that many multiples of 1, 2 or 5 times a power of ten, from below `low` to above `high`."""
    if high <= low:
        low, high = min(low, 0.0), max(high, 0.0) or 1.0
    rough = (high - low) / about
    power = 10.0 ** floor(log10(rough))
    step = power * next(size for size in (1, 2, 5, 10) if rough <= size * power * 1.4)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def decimals_of(steps: Sequence[float]) -> int:
    """Return how many decimals tell these steps apart."""
    return max(0, -floor(log10(steps[1] - steps[0]) + 1e-9))


def most_times(width: float) -> int:
    """Return how many instants can be named below a field of this width, in pixels."""
    return max(2, min(_MOST_TIMES, int(width / _OF_A_TIME)))


def round_times(start: datetime, end: datetime, *, most: int = _MOST_TIMES) -> tuple[list[datetime], bool]:
    """Return up to `most` times at whole days, or at whole hours where less than two days are shown; whether hours."""
    span = end - start
    chosen = next((step for step in _STEPS if span / step < most), _STEPS[-1])
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    first = midnight + -(-(start - midnight) // chosen) * chosen
    count = max(0, (end - first) // chosen + 1)
    return [first + number * chosen for number in range(min(count, most))], chosen < DAY
