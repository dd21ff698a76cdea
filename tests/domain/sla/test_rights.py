"""Claims and their deadlines, chronic rights, approval, and the explanation."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from include.sla_logic.domain import spans
from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.measurements import ClaimFiled, Outage, SampleSeries
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.sla import RULES_VERSION, SlaComparison
from tests.domain.sla.make import (
    APRIL,
    DURATION_TIERS,
    at,
    contract,
    euros,
    facts,
    judge,
    objective,
    outage,
)

DAY_DOWN = outage("2025-04-10", "2025-04-11")


def claimed(moment: str) -> ClaimFiled:
    return ClaimFiled(filed_at=at(moment))


@pytest.mark.parametrize(
    ("claim", "filed", "state"),
    [
        ({"automatic": True}, None, "automatic"),
        ({"within_days": 30}, None, "open"),
        ({"within_days": 30}, "2025-05-30 23:59:59", "in_time"),
        ({"within_days": 30}, "2025-05-31 00:00", "late"),
        ({"within_days": 30, "counted_from": "outage_end"}, "2025-05-11 12:00", "in_time"),
        ({"within_days": 30, "counted_from": "outage_end"}, "2025-05-12 00:00", "late"),
        ({"billing_cycles": 2}, "2025-06-30 23:59", "in_time"),
        ({"billing_cycles": 2}, "2025-07-01 00:00", "late"),
        ({}, None, "open"),
        ({}, "2030-01-01 00:00", "in_time"),
    ],
)
def test_a_claim_counts_until_the_end_of_its_last_local_day(
    claim: dict[str, Any], filed: str | None, state: str
) -> None:
    known = facts(DAY_DOWN, claim=None if filed is None else claimed(filed))
    found = judge(contract(claim=claim), known, as_of=at("2025-05-20"))
    assert found.claim.state == state
    assert found.credit_due == euros("0.00" if state == "late" else "25.00")


def test_the_deadline_runs_from_the_closing_of_the_ticket_in_the_zone_of_the_contract() -> None:
    closed = DAY_DOWN.model_copy(update={"ticket_closed_at": at("2025-04-12 05:30")})  # still the 11th in Denver
    terms = contract(claim={"within_days": 30, "counted_from": "ticket_closed"}, zone="America/Denver")
    found = judge(terms, facts(closed), as_of=at("2025-04-13"))
    assert found.claim.deadline == at("2025-05-12 06:00")


def test_a_claim_that_nobody_filed_is_late_after_its_deadline() -> None:
    found = judge(contract(claim={"within_days": 10}), facts(DAY_DOWN), as_of=at("2025-05-11"))
    assert found.claim.state == "late"
    assert "No claim was filed" in found.claim.reason


CHRONIC = {
    "count": 3,
    "outage": {"more_than": "30 min"},
    "within_days": 30,
    "total": {"more_than": "24 h"},
    "notice_days": 30,
}


def outages(*days: str, minutes: int = 31) -> list[Outage]:
    return [
        Outage(reference=f"O{i}", start=at(f"{day} 10:00"), end=at(f"{day} 10:00") + timedelta(minutes=minutes))
        for i, day in enumerate(days)
    ]


@pytest.mark.parametrize(
    ("days", "minutes", "state"),
    [
        (("2025-04-01", "2025-04-20", "2025-04-30"), 31, "reached"),
        (("2025-04-01", "2025-04-20", "2025-04-30"), 30, "none"),
        (("2025-03-31", "2025-04-20", "2025-04-30"), 31, "one_event_before"),  # 30 days are over at the same hour
        (("2025-04-20", "2025-04-30"), 31, "one_event_before"),
        (("2025-04-30",), 31, "none"),
        (("2025-04-10",), 24 * 60, "none"),
        (("2025-04-10",), 24 * 60 + 1, "reached"),
    ],
)
def test_a_chronic_right_is_found_and_announced_one_event_before(
    days: tuple[str, ...], minutes: int, state: str
) -> None:
    found = judge(contract(chronic=CHRONIC), facts(*outages(*days, minutes=minutes)), as_of=APRIL.end)
    assert found.chronic is not None
    assert found.chronic.state == state


def test_a_chronic_right_names_its_events_and_the_last_moment_of_notice() -> None:
    found = judge(contract(chronic=CHRONIC), facts(*outages("2025-04-01", "2025-04-20", "2025-04-30")))
    assert found.chronic is not None
    assert found.chronic.references == ("O0", "O1", "O2")
    assert found.chronic.notice_until == at("2025-05-31")


@pytest.mark.parametrize(
    ("day", "state"),
    [("2025-04-10", "reached"), ("2025-05-10", "reached"), ("2025-06-29", "reached"), ("2025-07-10", "none")],
)
def test_every_month_of_a_longer_window_is_looked_at_for_its_total(day: str, state: str) -> None:
    quarter = calendar_window("quarter", "UTC", at("2025-04-10"))
    terms = contract(chronic=CHRONIC, window="quarter")
    found = judge(terms, facts(*outages(day, minutes=24 * 60 + 1)), window=quarter, as_of=quarter.end)
    assert found.chronic is not None
    assert found.chronic.state == state


def test_touching_and_excluded_outages_are_not_events_of_their_own() -> None:
    split = [*outages("2025-04-01"), *outages("2025-04-20")]
    touching = Outage(reference="T", start=split[-1].end, end=split[-1].end + timedelta(minutes=40))
    theirs = outages("2025-04-25")[0].model_copy(update={"attribution": "customer"})
    found = judge(contract(chronic=CHRONIC), facts(*split, touching, theirs), as_of=APRIL.end)
    assert found.chronic is not None
    assert found.chronic.state == "one_event_before"


def test_a_right_of_long_ago_is_not_found_again_every_month() -> None:
    found = judge(contract(chronic=CHRONIC), facts(*outages("2025-01-01", "2025-01-10", "2025-01-20")))
    assert found.chronic is not None
    assert found.chronic.state == "none"


@pytest.mark.parametrize(
    ("minutes", "state"),
    [(23 * 60 + 29, "none"), (23 * 60 + 30, "one_event_before"), (24 * 60, "one_event_before"), (1441, "reached")],
)
def test_a_total_is_announced_when_one_more_event_would_complete_it(minutes: int, state: str) -> None:
    one = facts(*outages("2025-04-10", minutes=minutes))
    found = judge(contract(chronic=CHRONIC), one, as_of=at("2025-04-20")).chronic
    assert found is not None
    assert (found.state, found.references) == (state, () if state == "none" else ("O0",))


def test_a_total_that_was_reached_in_an_earlier_window_is_not_found_again() -> None:
    terms = contract(chronic=CHRONIC | {"total_over": "quarter"})
    may = calendar_window("month", "UTC", at("2025-05-10"))
    for known, state in ((facts(outage("2025-04-10", "2025-04-12")), "none"), (facts(), "none")):
        found = judge(terms, known, window=may, as_of=may.end).chronic
        assert found is not None
        assert found.state == state
    again = judge(terms, facts(outage("2025-04-10", "2025-04-12"), *outages("2025-05-05")), window=may).chronic
    assert again is not None
    assert again.state == "reached"


def test_outages_that_samples_show_count_towards_the_right_and_once_with_those_on_record() -> None:
    measure = {"kind": "unavailable_state", "series": "packet_loss", "bad": {"more_than": "50"}}
    down = {d: range(d * 24, d * 24 + 2) for d in (3, 6, 9)}
    hours = [100 if any(hour in hours for hours in down.values()) else 0 for hour in range(720)]
    samples = [(APRIL.start + timedelta(hours=i), Decimal(value)) for i, value in enumerate(hours)]
    series = SampleSeries.from_samples(samples, metric="packet_loss", unit="percent", step_seconds=3600)
    recorded = outage("2025-04-04 00:30", "2025-04-04 01:30")
    for count, state in ((3, "reached"), (4, "one_event_before")):
        terms = contract(objective(measure=measure), chronic=CHRONIC | {"count": count})
        found = judge(terms, facts(recorded, series=[series]), as_of=APRIL.end).chronic
        assert found is not None
        assert found.state == state
        assert found.references[0] == "O1, samples of packet_loss"


def test_a_contract_may_hold_a_chronic_clause_alone() -> None:
    from include.sla_logic.domain.contract import read_contract
    from tests.domain.sla.make import text_of

    text = text_of(chronic=CHRONIC).split("objectives:")[0]
    found = judge(read_contract(text, name="chronic"), facts(*outages("2025-04-01", "2025-04-20", "2025-04-30")))
    assert found.objectives == ()
    assert found.chronic is not None
    assert found.chronic.state == "reached"
    assert not found.breached


@pytest.mark.parametrize(
    ("limit", "length", "held"),
    [
        ("25.00", "2025-04-11", False),
        ("24.99", "2025-04-11", True),
        (None, "2025-04-11", False),
        (None, "2025-04-20", True),
    ],
)
def test_a_credit_above_the_limit_or_of_the_whole_charge_waits_for_a_second_person(
    limit: str | None, length: str, held: bool
) -> None:
    terms = contract() if limit is None else contract(approval_limit=limit)
    found = judge(terms, facts(outage("2025-04-10", length)))
    assert found.needs_approval == held
    assert bool(found.approval_reasons) == held


def test_the_explanation_lets_a_person_check_the_judgement_by_hand() -> None:
    terms = contract(objective(clause="4.2", target="99.9"), maintenance={"notice": "1 d"}, claim={"within_days": 30})
    known = facts(outage("2025-04-10 00:00", "2025-04-10 02:00", "INC-7"))
    text = judge(terms, known, as_of=at("2025-04-20")).explain()
    assert "more downtime, which costs nothing more" in judge(terms, known).explain()  # the window is over
    for part in (
        "contract K-1 version 7",
        f"rules of judgement version {RULES_VERSION}",
        "2592000 s",
        "7200 s counted",
        "[INC-7]",
        "clause 4.2",
        "100 x (1 - 7200/2592000) = 99.72222222 %",
        "at least 99.0, below 99.9: 10%",
        "10 % x 100 = 10 EUR",
        "next tier (at least 95.0, below 99.0): 5 h 12 min 1 s (18721 s) more downtime, which costs 15.00 EUR more",
        "due: 10.00 EUR",
        "must be claimed until 2025-05-30 (the last day, in UTC)",
    ):
        assert part in text


def test_the_explanation_shows_every_interval() -> None:
    many = [
        outage(f"2025-04-{day:02} {hour:02}:00", f"2025-04-{day:02} {hour:02}:01")
        for day in (1, 2, 3)
        for hour in range(24)
    ]
    text = judge(contract(), facts(*many)).explain()
    assert sum("counted 2025-04" in line for line in text.splitlines()) == 72


def test_the_explanation_says_how_much_of_the_window_is_known_whatever_is_measured() -> None:
    blind = Period(start=at("2025-04-01"), end=at("2025-04-11"))
    assert "coverage: 66.6667 % of the window is known" in judge(contract(), facts(unobserved=[blind])).explain()
    latency = {"id": "l", "metric": "latency", "rule": {"kind": "tiers", "tiers": [{"credit": "0%"}]}}
    ten_days = SampleSeries.from_samples([(at("2025-04-01"), 5)], metric="latency", unit="ms", step_seconds=864_000)
    text = judge(contract(latency), facts(series=[ten_days])).explain()
    assert "coverage: 33.3333 % of the window is known, 1 samples or intervals" in text
    assert "coverage: 0 % of the window is known" in judge(contract(latency), facts()).explain()


def test_the_judgement_is_the_same_document_after_it_was_stored() -> None:
    terms = contract(objective(), objective(DURATION_TIERS, id="minutes"), chronic=CHRONIC, cap={"share": "100%"})
    found = judge(terms, facts(DAY_DOWN))
    again = SlaComparison.model_validate_json(found.model_dump_json())
    assert again == found
    assert again.explain() == found.explain()
    assert json.loads(found.model_dump_json())["schema_version"] == 1


def test_the_same_facts_always_give_the_same_judgement() -> None:
    assert judge(contract(), facts(DAY_DOWN)) == judge(contract(), facts(DAY_DOWN))


def test_the_worst_objective_is_the_dearest_and_then_the_broken_one() -> None:
    calm = objective(id="calm", target="1.5")
    found = judge(contract(calm, objective(DURATION_TIERS, id="minutes"), stacking="sum"), facts(DAY_DOWN))
    assert found.worst.objective == "minutes"
    assert found.breached
    assert found.undecided == ()


def test_the_seconds_left_are_those_of_the_nearest_tier_of_all() -> None:
    found = judge(contract(objective(), objective(DURATION_TIERS, id="minutes")), facts())
    assert found.seconds_to_next_tier == 300


def test_a_window_that_is_not_over_is_provisional() -> None:
    assert judge(contract(), facts(), as_of=at("2025-04-10")).provisional
    assert not judge(contract(), facts(), as_of=APRIL.end).provisional


@pytest.mark.parametrize("until", range(-1, 14))
def test_seconds_up_to_a_moment_are_those_of_the_spans_before_it(until: int) -> None:
    merged = [(0, 2), (3, 4), (7, 12)]
    assert spans.Running(merged).total(until) == spans.total(spans.clip(merged, (-9, until)))
    assert spans.Running([]).total(until) == 0
