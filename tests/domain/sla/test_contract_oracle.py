"""Random contracts and facts, judged by the product and by a program that was written from the documentation alone.

A seed that fails is judged again by `same_result(*case(seed))`, or `same_result(*wider_case(seed))`.
"""

from fractions import Fraction
from random import Random
from typing import Any

import pytest

from tests.domain.sla.drawn_contracts import MOMENTS, draw_contract
from tests.domain.sla.drawn_facts import draw_facts
from tests.domain.sla.drawn_wider import widen, wider_facts
from tests.domain.sla.make import at
from tests.domain.sla.oracle.against import same_result
from tests.domain.sla.oracle.judge import judge
from tests.spread import spread


def case(seed: int) -> tuple[dict[str, Any], dict[str, Any], int]:
    r = Random(seed)  # noqa: S311 - a seeded sample
    terms, moment = draw_contract(r), int(at(r.choice(MOMENTS)).timestamp())
    return terms, draw_facts(r, terms, moment), moment


def wider_case(seed: int) -> tuple[dict[str, Any], dict[str, Any], int]:
    """Return a contract that looks beyond its window, or at what is stated outright."""
    r = Random(seed)  # noqa: S311 - a seeded sample
    terms, moment = widen(r, draw_contract(r)), int(at(r.choice(MOMENTS)).timestamp())

    def value_of(own: dict[str, Any], facts: dict[str, Any], name: str) -> Fraction | None:
        return judge(own, facts, moment, facts["now"]).owed[name].value

    return terms, wider_facts(r, terms, moment, value_of), moment


@pytest.mark.parametrize("seed", spread(range(0, 60, 10), every=2))
def test_random_contracts_pay_what_an_independent_reading_of_the_documentation_pays(seed: int) -> None:
    assert sum(same_result(*case(number)) for number in range(seed, seed + 10)) > 5


@pytest.mark.more
@pytest.mark.parametrize("seed", range(1000, 1300, 50))
def test_many_random_contracts_pay_what_an_independent_reading_of_the_documentation_pays(seed: int) -> None:
    assert sum(same_result(*case(number)) for number in range(seed, seed + 50)) > 40


@pytest.mark.parametrize("seed", range(0, 16, 4))
def test_what_looks_beyond_a_window_is_judged_as_an_independent_reading_does(seed: int) -> None:
    assert sum(same_result(*wider_case(number)) for number in range(seed, seed + 4)) > 1


@pytest.mark.more
@pytest.mark.parametrize("seed", range(1000, 1100, 20))
def test_much_that_looks_beyond_a_window_is_judged_as_an_independent_reading_does(seed: int) -> None:
    assert sum(same_result(*wider_case(number)) for number in range(seed, seed + 20)) > 14
