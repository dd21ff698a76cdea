"""Families of tests that look alike, and tests of more than one size: how much of them each make target runs."""

from collections.abc import Iterable
from itertools import product
from typing import Any

import pytest


def spread(*axes: Iterable[Any], every: int) -> list[Any]:
    """Return all combinations of the axes; but for each `every`th, from the first on, they carry the mark `more`.

    AssertionError where the sample would keep only one value of one of several axes.
    """
    cases = list(product(*axes))
    sizes = [len({repr(case[place]) for case in cases[::every]}) for place in range(len(axes))]
    assert len(axes) == 1 or min(sizes) > 1
    return [
        pytest.param(*case, marks=[pytest.mark.more] if number % every else []) for number, case in enumerate(cases)
    ]


def longest(*case: Any) -> Any:
    """Return a case that `make test-longest` alone runs: a smaller one of the same test is in `make test-more`."""
    return pytest.param(*case, marks=[pytest.mark.more, pytest.mark.longest])
