"""The policy of significance: what it may say at its bounds, and what is refused one step beyond them."""

from typing import Any

import pytest
from pydantic import ValidationError

from include.sla_logic.domain.significance import SignificancePolicy
from tests.fakes import policies_in_force

POLICY: dict[str, Any] = policies_in_force().significance.model_dump(mode="json")
NOTHING = {"steps": [{"at_least": 1, "points": 0}]}
EMPTY = POLICY | {
    "service_class": {},
    **dict.fromkeys(("charge_percentile", "years_of_tenure", "violations_last_year", "other_open_incidents"), NOTHING),
    "one_event_from_chronic_right": 0,
    "agreement_ends_soon": 0,
}


def ladder(*steps: tuple[int, int]) -> dict[str, Any]:
    return {"steps": [{"at_least": at_least, "points": points} for at_least, points in steps]}


@pytest.mark.parametrize(
    ("fields", "taken"),
    [
        ({}, True),
        ({"years_of_tenure": ladder((5, 10), (4, 10))}, True),  # a higher step may give the same points
        ({"years_of_tenure": ladder((5, 9), (4, 10))}, False),
        ({"years_of_tenure": ladder((5, 10), (5, 9))}, False),
        ({"years_of_tenure": ladder((4, 10), (5, 9))}, False),
        ({"years_of_tenure": ladder((6, 3), (5, 2), (5, 1))}, False),
        ({"years_of_tenure": ladder()}, False),
        ({"service_class": {"gold": 100}}, True),
        ({"service_class": {"gold": 101}}, False),
        ({"service_class": {"gold": -1}}, False),
        ({"service_class": {"gold": 60, "silver": 60}, "years_of_tenure": ladder((5, 40), (1, 30))}, True),
        ({"service_class": {"gold": 60}, "years_of_tenure": ladder((5, 41))}, False),
        ({"charge_percentile": ladder((5, 50)), "violations_last_year": ladder((5, 51))}, False),
        ({"charge_percentile": ladder((5, 50)), "other_open_incidents": ladder((5, 50))}, True),
        ({"other_open_incidents": ladder((5, 51)), "one_event_from_chronic_right": 50}, False),
        ({"one_event_from_chronic_right": 50, "agreement_ends_soon": 50}, True),
        ({"one_event_from_chronic_right": 50, "agreement_ends_soon": 51}, False),
        ({"agreement_ends_within_days": 1}, True),
        ({"agreement_ends_within_days": 0}, False),
        ({"tie_break_from": 1, "significant_from": 2}, True),
        ({"tie_break_from": 0, "significant_from": 2}, False),
        ({"tie_break_from": 2, "significant_from": 2}, False),
        ({"tie_break_from": 99, "significant_from": 100}, True),
        ({"tie_break_from": 100, "significant_from": 101}, False),
    ],
)
def test_a_policy_is_taken_at_its_bounds_and_refused_beyond_them(fields: dict[str, Any], taken: bool) -> None:
    try:
        SignificancePolicy.model_validate(EMPTY | fields)
    except ValidationError:
        assert not taken
    else:
        assert taken
