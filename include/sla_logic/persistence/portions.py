"""Long lists are asked for and written in portions: a statement may have only so many values."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

AT_ONCE = 500  # values of one statement
T = TypeVar("T")


def portions(values: Iterable[T], size: int = AT_ONCE) -> Iterator[list[T]]:
    """Yield the values in their order, `size` at a time; the last portion may be shorter."""
    every = list(values)
    for start in range(0, len(every), size):
        yield every[start : start + size]
