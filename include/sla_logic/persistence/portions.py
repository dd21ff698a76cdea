"""Long lists are split into portions: the number of values in one statement is limited."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

AT_ONCE = 500  # values of one statement
T = TypeVar("T")


def portions(values: Iterable[T], size: int = AT_ONCE) -> Iterator[list[T]]:
    """Yield the values in their order, `size` at a time; the last portion may be shorter."""
    every = list(values)
    for start in range(0, len(every), size):
        yield every[start : start + size]
