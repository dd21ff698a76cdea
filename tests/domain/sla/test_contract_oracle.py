"""Random contracts and facts, judged by the product and by a program that was written from the documentation alone.

A seed that fails is judged again by `same_result(*case(seed))`.
"""

from random import Random
from typing import Any

import pytest

from tests.domain.sla.drawn_contracts import MOMENTS, draw_contract
from tests.domain.sla.drawn_facts import draw_facts
from tests.domain.sla.make import at
from tests.domain.sla.oracle.against import same_result


def case(seed: int) -> tuple[dict[str, Any], dict[str, Any], int]:
    r = Random(seed)  # noqa: S311 - a seeded sample
    terms, moment = draw_contract(r), int(at(r.choice(MOMENTS)).timestamp())
    return terms, draw_facts(r, terms, moment), moment


@pytest.mark.parametrize("seed", range(0, 120, 10))
def test_random_contracts_pay_what_an_independent_reading_of_the_documentation_pays(seed: int) -> None:
    assert sum(same_result(*case(number)) for number in range(seed, seed + 10)) > 5


@pytest.mark.more
@pytest.mark.parametrize("seed", range(1000, 1500, 50))
def test_many_random_contracts_pay_what_an_independent_reading_of_the_documentation_pays(seed: int) -> None:
    assert sum(same_result(*case(number)) for number in range(seed, seed + 50)) > 40
