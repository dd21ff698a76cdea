"""Everything that `sla assess` prints of the contracts of the gallery: values, intervals, steps, next tiers, claims."""

import pytest

from tests.domain.contract.assessed import KEPT, MOMENTS, NAMES, OLDER, assessed, assessed_older


@pytest.mark.parametrize("name", NAMES)
def test_a_judgement_is_printed_whole_as_it_was_read_and_kept(name: str) -> None:
    assert assessed(name) == (KEPT / f"{name}.txt").read_text("utf-8")


def test_nothing_is_kept_of_what_the_gallery_no_longer_has() -> None:
    assert [file.stem for file in sorted(KEPT.iterdir())] == NAMES


@pytest.mark.parametrize("number", range(len(MOMENTS)))
def test_every_older_kind_of_rule_is_printed_as_it_was_read_and_kept(number: int) -> None:
    assert assessed_older(MOMENTS[number]) == (OLDER / f"{number}.txt").read_text("utf-8")
