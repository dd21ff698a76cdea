"""However many incidents are led together, each leaves the case file that it has always left."""

import pytest

from tests.cohorts.golden_case_files import SIZES, golden, leave


@pytest.mark.parametrize("size", [pytest.param(size, marks=() if size == 2 else pytest.mark.more) for size in SIZES])
def test_batches_leave_the_same_case_files_as_the_golden_ones(size):
    kept, left = golden(size), leave(size)
    assert {name for name in kept if kept[name] != left.get(name)} == set()
    assert kept == left
