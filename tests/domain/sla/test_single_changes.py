"""Single changes of the judgement that nothing else noticed: one case on each side of the place."""

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.contract.quantities import ValueRange
from include.sla_logic.domain.measurements import Charges, EventCredit, Outage
from include.sla_logic.domain.samples import SampleSeries
from include.sla_logic.domain.sla.sampled import Steps, in_range, percentile
from include.sla_logic.domain.sla_clock import StatusEvent, read_clock
from include.sla_logic.domain.trouble_ticket import TicketStatus
from tests.domain.sla.make import APRIL, at, contract, euros, facts, first, judge, objective, outage
from tests.fakes import policies_in_force


def series(*values: int, metric: str = "latency", unit: str = "ms", **fields: object) -> SampleSeries:
    samples = [(at("2025-04-10 00:00") + timedelta(minutes=5 * i), value) for i, value in enumerate(values)]
    return SampleSeries.from_samples(samples, metric=metric, unit=unit, step_seconds=300, decimals=0, **fields)


@pytest.mark.parametrize(("rank", "value"), [(100, 200), (99, 198), (50, 100), (1, 2), ("0.5", 1), ("0.4", 1)])
def test_a_percentile_is_the_nearest_rank_of_a_hundred(rank: int | str, value: int) -> None:
    steps = Steps.inside(series(*range(1, 201)), APRIL.span)
    assert percentile(steps, Fraction(rank)) == value


def test_a_value_on_the_edge_of_a_range_lies_inside_only_where_the_edge_does() -> None:
    steps = Steps.inside(series(4, 5, 6, 7), APRIL.span)
    inside = {
        "at_least": [False, True, True, True],
        "more_than": [False, False, True, True],
        "at_most": [True, True, False, False],
        "below": [True, False, False, False],
    }
    for name, expected in inside.items():
        assert in_range(steps, ValueRange.model_validate({name: 5})).tolist() == expected


def test_credits_of_events_are_summed_from_nothing() -> None:
    events = {"id": "events", "metric": "events", "rule": {"kind": "event_credits"}}
    stated = (
        EventCredit(event="E1", objective="a", percent=Decimal(5)),
        EventCredit(event="E1", objective="b", percent=Decimal(10)),
        EventCredit(event="E2", objective="a", percent=Decimal(7)),
    )
    for stacking, percent in (("sum", 22), ("highest", 10), ("highest_per_event", 17)):
        found = judge(contract(events, stacking=stacking), facts(event_credits=stated))
        assert (found.credit_percent, found.credit_due) == (percent, euros(f"{percent}.00"))


def test_a_share_is_shown_in_percent() -> None:
    found = judge(contract(objective()), facts(outage("2025-04-10 08:00", "2025-04-10 12:00")))
    assert (found.credit_percent, found.objectives[0].credit_percent) == (10, 10)


@pytest.mark.parametrize(
    ("credit", "shown", "drawn"),
    [
        ("1/3", "33.33333333", "33.3333"),
        ("2/3", "66.66666667", "66.6667"),
        ("10%", "10", "10"),
        ("1/30000", "0.00333333", "0.0033"),
    ],
)
def test_endless_figures_are_told_in_eight_digits_and_drawn_in_four(credit: str, shown: str, drawn: str) -> None:
    """A second of April is 100 / 2,592,000 = 0.0000385802... percent of it."""
    pays = {"kind": "tiers", "tiers": [{"at_least": 100, "credit": 0}, {"below": 100, "credit": credit}]}
    terms = contract(objective(pays, target="99.9999"))
    compared = judge(terms, facts(outage("2025-04-10 08:00:00", "2025-04-10 08:00:01")))
    [found] = compared.objectives
    assert (str(found.measured), str(found.margin)) == ("99.99996142", "0.00006142")
    assert (str(found.credit_percent), str(compared.credit_percent)) == (shown, shown)
    assert [bound.credit_percent for bound in found.tier_bounds] == [0, Decimal(drawn)]


def test_an_endless_mean_is_told_in_eight_digits_and_how_much_was_measured_in_four() -> None:
    rows = [{"at_most": 3, "credit": 0}, {"more_than": 3, "credit": "1/3"}]
    terms = contract({"id": "l", "metric": "latency", "target": 2, "rule": {"kind": "tiers", "tiers": rows}})
    found = first(terms, facts(series=(series(1, 2, 2),)), as_of=at("2025-04-20 00:00"))
    assert (str(found.measured), str(found.margin)) == ("1.66666667", "0.33333333")
    assert (found.measured_exact, found.coverage_percent) == ("5/3", Decimal("0.0347"))  # 3 of 8,640 samples
    assert found.next_tier is not None
    assert found.next_tier.value_left == Decimal("1.33333333")
    assert [(bound.value, bound.credit_percent) for bound in found.value_bounds] == [(3, Decimal("33.3333"))]


def flat(name: str, target: str, credit: str = "0%") -> dict[str, object]:
    return objective({"kind": "tiers", "tiers": [{"credit": credit}]}, id=name, target=target)


SILENT_BETWEEN = [{"more_than": "99.9", "credit": 0}, {"at_most": "99.5", "credit": "10%"}]
BY_WEIGHT = [
    flat("dearest", "99.9", "2%"),
    flat("dear", "99.9", "0.01%"),
    flat("missed, and nothing is owed", "99.9"),
    objective({"kind": "tiers", "tiers": SILENT_BETWEEN}, id="refused"),
    {"id": "unmeasured", "metric": "jitter", "target": 2, "rule": {"kind": "share_when_missed", "credit": "5%"}},
    flat("met", "99"),
]


@given(st.lists(st.sampled_from(range(len(BY_WEIGHT))), min_size=1, unique=True))
def test_the_objective_that_matters_most_is_the_dearest_then_the_missed_then_the_undecided(places: list[int]) -> None:
    two_hours = outage("2025-04-10 08:00", "2025-04-10 10:00")  # 99.72 %
    terms = contract(*(BY_WEIGHT[place] | {"id": f"o{place}"} for place in places))
    found = judge(terms, facts(two_hours))
    assert found.worst.objective == f"o{min(places)}"
    assert {one.objective for one in found.undecided} == {f"o{place}" for place in places if place in (3, 4)}
    assert found.needs_decision == (3 in places or places == [4])  # beside others, what nobody measured is left out


@pytest.mark.parametrize(("usage", "named"), [("99.99", "recurring"), ("100.00", "recurring"), ("100.01", "usage")])
def test_the_greater_of_two_charges_is_named_and_of_equal_ones_the_recurring(usage: str, named: str) -> None:
    charges = Charges(recurring=euros("100.00"), usage=euros(usage))
    terms = contract(objective(), charge_base="greater_of_recurring_and_usage")
    found = first(terms, facts(outage("2025-04-10 08:00", "2025-04-10 12:00"), charges=charges))
    assert any(step.startswith(f"{named} charge") for step in found.steps)


@pytest.mark.parametrize(
    ("value", "left", "tier"),
    [
        (21, "0.1", "overrun from 10 % on"),
        (22, "0.8", "overrun from 50 % on"),  # 10 % beyond the target, exactly
        (29, "0.1", "overrun from 50 % on"),
        (30, None, None),
    ],
)
def test_the_next_threshold_of_an_overrun_lies_at_its_percentage_of_the_target(
    value: int, left: str | None, tier: str | None
) -> None:
    rule = {"kind": "overrun_tiers", "thresholds": [{"overrun": 10, "credit": "5%"}, {"overrun": 50, "credit": "9%"}]}
    jitter = {"id": "jitter", "metric": "jitter", "target": 2, "rule": rule}
    known = facts(series=(series(value, metric="jitter").model_copy(update={"decimals": 1}),))
    found = first(contract(jitter), known, as_of=at("2025-04-20 00:00")).next_tier
    assert (found and found.value_left, found and found.tier) == (left and Decimal(left), tier)


CHRONIC = {"count": 2, "outage": {"at_least": "1 h"}, "within_days": 10}


@pytest.mark.parametrize(
    ("one", "two", "state"),
    [
        ("2025-03-25 08:00", "2025-04-02 08:00", "reached"),
        ("2025-03-10 08:00", "2025-03-12 08:00", "none"),
        ("2025-04-02 08:00:01", "2025-04-12 08:00:00", "reached"),
        ("2025-04-02 08:00:00", "2025-04-12 08:00:00", "one_event_before"),
        ("2025-03-30 08:00", "2025-04-01 00:00", "reached"),
        ("2025-03-25 08:00", "2025-03-31 23:00", "none"),
    ],
)
def test_a_chronic_right_needs_its_outages_close_enough_and_the_last_in_the_window(
    one: str, two: str, state: str
) -> None:
    def two_hours(start: str, name: str) -> object:
        return outage(start, (at(start) + timedelta(hours=2)).strftime("%Y-%m-%d %H:%M:%S"), name)

    known = facts(two_hours(one, "A"), two_hours(two, "B"))  # type: ignore[arg-type]
    found = judge(contract(objective(), chronic=CHRONIC), known, as_of=at("2025-04-15 00:00"))
    assert found.chronic is not None
    assert found.chronic.state == state


def test_an_event_older_than_the_last_one_counts_from_the_last_one_on() -> None:
    def event(status: TicketStatus, when: datetime) -> StatusEvent:
        return StatusEvent(status=status, at=when)

    nine, ten, eleven = (at(f"2025-04-10 {hour:02}:00") for hour in (9, 10, 11))
    events = [
        event(TicketStatus.ACKNOWLEDGED, ten),
        event(TicketStatus.IN_PROGRESS, nine),
        event(TicketStatus.PENDING, eleven),
    ]
    found = read_clock(events, as_of=at("2025-04-10 12:00"), policy=policies_in_force().sla_clock)
    assert [hold.start for hold in found.holds] == [eleven]
    assert found.net == timedelta(hours=1)
    assert all(span.start >= ten for span in found.counted)


def down_from(start: str, seconds: int, name: str = "A") -> Outage:
    return outage(start, (at(start) + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S"), name)


def right_of(clause: dict[str, object], *outages: Outage, as_of: str = "2025-04-15 00:00") -> tuple[str, int | None]:
    found = judge(contract(objective(), chronic=clause), facts(*outages), as_of=at(as_of)).chronic
    assert found is not None
    return found.state, found.events_left


@pytest.mark.parametrize(
    ("count", "ahead", "events", "state"),
    [
        (3, 1, 0, ("none", 3)),
        (3, 1, 1, ("none", 2)),
        (3, 1, 2, ("one_event_before", 1)),
        (3, 2, 0, ("none", 3)),
        (3, 2, 1, ("one_event_before", 2)),
        (2, 2, 0, ("none", 2)),
        (2, 2, 1, ("one_event_before", 1)),
    ],
)
def test_a_right_is_announced_so_many_events_ahead_but_not_before_the_first(
    count: int, ahead: int, events: int, state: tuple[str, int]
) -> None:
    known = [down_from(f"2025-04-1{number} 08:00", 3600, f"O{number}") for number in range(events)]
    assert right_of(CHRONIC | {"count": count, "warn_before": ahead}, *known) == state


@pytest.mark.parametrize(
    ("as_of", "state"),
    [("2025-04-15 07:59:59", ("one_event_before", 1)), ("2025-04-15 08:00:00", ("none", 2))],
)
def test_an_outage_is_too_old_when_the_days_are_over(as_of: str, state: tuple[str, int]) -> None:
    assert right_of(CHRONIC, down_from("2025-04-05 08:00", 7200), as_of=as_of) == state


@pytest.mark.parametrize(
    ("shortest", "ahead", "seconds", "state"),
    [
        ({"at_least": "1 h"}, 1, 82_800, "none"),
        ({"at_least": "1 h"}, 1, 82_801, "one_event_before"),
        ({"at_least": "1 h"}, 2, 79_200, "none"),
        ({"at_least": "1 h"}, 2, 79_201, "one_event_before"),
        ({}, 1, 86_399, "none"),
        ({}, 1, 86_400, "one_event_before"),
        ({}, 1, 86_401, "reached"),
    ],
)
def test_a_total_is_announced_where_the_shortest_outages_would_complete_it(
    shortest: dict[str, str], ahead: int, seconds: int, state: str
) -> None:
    clause = {"total": {"more_than": "24 h"}, "outage": shortest, "warn_before": ahead}
    left = {"none": None, "one_event_before": ahead, "reached": 0}[state]
    assert right_of(clause, down_from("2025-04-05 00:00", seconds)) == (state, left)
    assert right_of(clause, down_from("2025-04-05 00:00", seconds), as_of="2025-05-01 00:00")[0] in ("none", state)


@pytest.mark.parametrize(("more", "state"), [(0, "none"), (1, "reached")])
def test_a_total_that_was_complete_before_the_window_is_not_found_again(more: int, state: str) -> None:
    clause = {"total": {"at_least": "24 h"}, "total_over": "quarter"}
    may = calendar_window("month", "UTC", at("2025-05-10"))
    known = facts(down_from("2025-04-30 00:00", 86_400 + more))
    found = judge(contract(objective(), chronic=clause), known, window=may).chronic
    assert found is not None
    assert found.state == state
