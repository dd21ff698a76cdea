"""However many incidents are led together, and by however many tasks, each leaves the case file that it always left."""

import pytest

from tests.cohorts.golden_case_files import SIZES, golden, leave


@pytest.mark.parametrize("size", [pytest.param(size, marks=() if size == 2 else pytest.mark.more) for size in SIZES])
def test_batches_leave_the_same_case_files_as_the_golden_ones(size):
    _same(golden(size), leave(size))


@pytest.mark.more
@pytest.mark.parametrize("size", [2, 200])
def test_a_task_that_does_the_steps_of_its_stage_leaves_the_same_case_files(size):
    _same(golden(size), leave(size, in_one_go=True))


def _same(kept, left):
    assert {name for name in kept if kept[name] != left.get(name)} == set()
    assert kept == left
