"""The significance of a customer: additive, explained, monotone, and kind to missing history."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sla_logic.domain.relationship import RelationshipHistory
from include.sla_logic.domain.significance import Band, CustomerSignificance, full_years, work_out_significance
from tests.fakes import policies_in_force

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
POLICY = policies_in_force().significance
UNKNOWN = RelationshipHistory(
    customer="C-1",
    customer_since=None,
    service_class=None,
    monthly_charge=None,
    charge_percentile=None,
    violations_last_year=None,
    other_open_incidents=None,
    agreement_ends=None,
)
counts = st.none() | st.integers(min_value=0, max_value=200)
histories = st.builds(
    RelationshipHistory,
    customer=st.just("C-1"),
    customer_since=st.none() | st.dates(date(1990, 1, 1), NOW.date()),
    service_class=st.sampled_from([None, "gold", "silver", "standard", "platinum"]),
    monthly_charge=st.none(),
    charge_percentile=st.none() | st.integers(min_value=0, max_value=100),
    violations_last_year=counts,
    other_open_incidents=counts,
    agreement_ends=st.none() | st.dates(date(2026, 1, 1), date(2030, 1, 1)),
    protected=st.booleans(),
)


def significance(
    history: RelationshipHistory, *, near: bool | None = None, premium: bool = False
) -> CustomerSignificance:
    return work_out_significance(history, premium=premium, near_chronic_right=near, policy=POLICY, now=NOW)


@given(histories, st.none() | st.booleans())
def test_the_reasons_add_up_to_the_score_between_0_and_100(history, near):
    found = significance(history, near=near)
    assert found.score == sum(reason.points for reason in found.reasons)
    assert 0 <= found.score <= 100
    assert all(reason.points >= 0 and reason.code for reason in found.reasons)


@given(histories, st.none() | st.booleans())
def test_working_it_out_again_gives_the_same_answer(history, near):
    assert significance(history, near=near) == significance(history, near=near)


@given(
    histories,
    st.sampled_from(["charge_percentile", "violations_last_year", "other_open_incidents"]),
    st.integers(0, 50),
)
def test_more_of_a_factor_never_lowers_the_score(history, factor, more):
    before = getattr(history, factor) or 0
    richer = history.model_copy(update={factor: before + more})
    assert significance(richer).score >= significance(history.model_copy(update={factor: before})).score


@given(histories, st.integers(0, 4000))
def test_a_longer_relationship_never_lowers_the_score(history, days):
    since = history.customer_since or NOW.date()
    longer = history.model_copy(update={"customer_since": since - timedelta(days=days)})
    assert significance(longer).score >= significance(history.model_copy(update={"customer_since": since})).score


@given(histories, st.sampled_from(["customer_since", "service_class", "charge_percentile", "violations_last_year"]))
def test_knowing_less_never_gives_points(history, factor):
    less = history.model_copy(update={factor: None})
    assert significance(less).score <= significance(history).score
    assert any(
        reason.code == f"{factor.replace('customer_since', 'years_of_tenure')}:unknown"
        for reason in significance(less).reasons
    )


@given(histories)
def test_a_protected_customer_outranks_every_score(history):
    found = significance(history.model_copy(update={"protected": True}))
    assert (found.band, found.affects_priorities) == (Band.PROTECTED, True)


@given(histories, st.booleans())
def test_premium_is_never_a_matter_of_the_score(history, premium):
    with_and_without = significance(history, premium=premium), significance(history, premium=not premium)
    assert with_and_without[0].score == with_and_without[1].score
    assert with_and_without[0].premium is premium


def test_a_customer_of_whom_nothing_is_known_is_standard_with_every_reason_unknown():
    found = significance(UNKNOWN)
    assert (found.score, found.band, found.affects_priorities) == (0, Band.STANDARD, False)
    assert [reason.code for reason in found.reasons if reason.factor != "agreement_ends"] == [
        "service_class:unknown",
        "charge_percentile:unknown",
        "years_of_tenure:unknown",
        "violations_last_year:unknown",
        "other_open_incidents:unknown",
        "chronic_right:unknown",
    ]


def test_the_explanation_says_the_score_as_a_sum():
    history = UNKNOWN.model_copy(update={"service_class": "gold", "charge_percentile": 93, "violations_last_year": 4})
    found = significance(history)
    assert found.explanation == (
        "25 service_class:gold + 25 charge_percentile>=90 + 15 violations_last_year>=3 = 65 (significant)"
    )


def test_a_customer_one_event_away_from_leaving_gets_the_points_for_it():
    assert significance(UNKNOWN, near=True).score == POLICY.one_event_from_chronic_right


@pytest.mark.parametrize(
    ("score", "band"), [(60, Band.SIGNIFICANT), (59, Band.TIE_BREAK), (30, Band.TIE_BREAK), (29, Band.STANDARD)]
)
def test_the_bands_begin_at_their_bounds(score, band):
    assert score_band(score) is band


def score_band(score: int) -> Band:
    policy = POLICY.model_copy(update={"service_class": {"exact": score}})
    history = UNKNOWN.model_copy(update={"service_class": "exact"})
    return work_out_significance(history, premium=False, near_chronic_right=None, policy=policy, now=NOW).band


@pytest.mark.parametrize(("days", "points"), [(-1, 0), (0, 10), (90, 10), (91, 0)])
def test_an_agreement_ends_soon_up_to_and_including_the_last_day(days, points):
    ends = NOW.date() + timedelta(days=days)
    found = significance(UNKNOWN.model_copy(update={"agreement_ends": ends}))
    assert found.score == points
    assert found.reasons[-1].observed == f"{days} days"
    assert found.reasons[-1].code == f"agreement_ends:{'soon' if points else 'not_soon'}"


def test_what_was_observed_stands_beside_each_reason():
    known = {"service_class": "gold", "charge_percentile": 0, "violations_last_year": 4, "other_open_incidents": 0}
    found = significance(UNKNOWN.model_copy(update=known | {"customer_since": date(2021, 11, 20)}), near=False)
    assert [(one.code, one.observed) for one in found.reasons] == [
        ("service_class:gold", "gold"),
        (f"charge_percentile<{POLICY.charge_percentile.steps[-1].at_least}", "0"),
        ("years_of_tenure>=5", "5"),
        ("violations_last_year>=3", "4"),
        (f"other_open_incidents<{POLICY.other_open_incidents.steps[-1].at_least}", "0"),
        ("chronic_right:not_near", None),
        ("agreement_ends:not_soon", None),
    ]
    assert significance(UNKNOWN, near=True).reasons[-2].code == "chronic_right:one_event_away_or_reached"
    assert significance(UNKNOWN.model_copy(update={"service_class": "platinum"})).reasons[0].observed == "platinum"


@pytest.mark.parametrize(
    ("since", "until", "years"),
    [
        (date(2020, 2, 29), date(2025, 2, 28), 4),
        (date(2020, 2, 29), date(2025, 3, 1), 5),
        (date(2021, 11, 20), date(2026, 11, 20), 5),
        (date(2021, 11, 21), date(2026, 11, 20), 4),
    ],
)
def test_years_are_counted_full(since, until, years):
    assert full_years(since, until) == years
