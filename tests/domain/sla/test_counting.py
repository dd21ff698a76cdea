"""Which time counts: clocks, holds, maintenance, attribution, brackets, what is open and what nobody saw."""

from datetime import timedelta
from typing import Any

import pytest

from include.sla_logic.domain.measurements import (
    Attribution,
    Hold,
    LineState,
    MaintenanceWindow,
    StateChange,
    from_state_changes,
)
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.sla import DataState, RefusalCode, Verdict
from tests.domain.sla.make import DURATION_TIERS, at, contract, euros, facts, first, judge, objective, outage


def test_touching_outages_are_one_outage() -> None:
    terms = contract(counting={"shortest": {"at_least": "5 min"}})
    touching = facts(
        outage("2025-04-10 10:00", "2025-04-10 10:03"), outage("2025-04-10 10:03", "2025-04-10 10:06", "O2")
    )
    found = first(terms, touching)
    assert found.counted_seconds == 360
    assert [interval.reference for interval in found.intervals] == ["O1, O2"]


def test_an_outage_too_short_to_count_is_named() -> None:
    terms = contract(counting={"shortest": {"at_least": "5 min"}})
    found = first(terms, facts(outage("2025-04-10 10:00:00", "2025-04-10 10:04:59")))
    assert found.counted_seconds == 0
    assert found.excluded_seconds == 299
    assert "too short to count (at least 5 min)" in found.intervals[0].why


def test_an_outage_over_the_edge_of_the_month_keeps_its_length_and_pays_its_part() -> None:
    terms = contract(counting={"shortest": {"at_least": "5 min"}})
    found = first(terms, facts(outage("2025-04-30 23:57", "2025-05-01 00:03")))
    assert found.counted_seconds == 180


@pytest.mark.parametrize(
    ("start", "fields", "seconds"),
    [
        ("outage", {}, 7200),
        ("detected", {"detected_at": at("2025-04-10 10:10")}, 6600),
        ("reported", {"reported_at": at("2025-04-10 10:30")}, 5400),
        (
            "first_of_detected_and_reported",
            {"detected_at": at("2025-04-10 10:40"), "reported_at": at("2025-04-10 10:30")},
            5400,
        ),
        ("first_of_detected_and_reported", {"reported_at": at("2025-04-10 10:45")}, 4500),
        ("ticket_opened", {"ticket_opened_at": at("2025-04-10 11:00")}, 3600),
    ],
)
def test_the_clock_starts_where_the_contract_says(start: str, fields: dict[str, Any], seconds: int) -> None:
    terms = contract(counting={"clock_start": start})
    assert first(terms, facts(outage("2025-04-10 10:00", "2025-04-10 12:00", **fields))).counted_seconds == seconds


@pytest.mark.parametrize(
    ("start", "why"),
    [("detected", "not detected"), ("reported", "not reported"), ("ticket_opened", "no ticket was opened")],
)
def test_an_outage_whose_clock_never_started_earns_nothing_and_is_named(start: str, why: str) -> None:
    found = first(contract(counting={"clock_start": start}), facts(outage("2025-04-10 10:00", "2025-04-10 12:00")))
    assert found.counted_seconds == 0
    assert why in found.intervals[0].why


def test_a_clock_that_started_after_the_end_earns_nothing_and_is_named() -> None:
    late = outage("2025-04-10 10:00", "2025-04-10 12:00", ticket_opened_at=at("2025-04-10 13:00"))
    found = first(contract(counting={"clock_start": "ticket_opened"}), facts(late))
    assert found.counted_seconds == 0
    assert found.excluded_seconds == 7200
    assert "only after it had ended" in found.intervals[0].why
    assert found.warnings == ()


@pytest.mark.parametrize("attribution", ["provider", "customer"])
def test_what_happens_after_the_moment_of_judgement_is_not_known_yet(attribution: str) -> None:
    later = outage("2025-04-20 10:00", "2025-04-20 12:00", attribution=attribution)
    begun = outage("2025-04-09 23:00", "2025-04-10 12:00", "O2", attribution=attribution)
    found = first(contract(), facts(later, begun), as_of=at("2025-04-10 00:00"))
    assert [(i.reference, i.seconds) for i in found.intervals] == [("O2", 3600)]
    assert found.warnings == ()


def test_the_clock_may_run_until_the_ticket_is_closed() -> None:
    terms = contract(counting={"clock_start": "ticket_opened", "clock_stop": "ticket_closed"})
    opened, closed = at("2025-04-10 10:05"), at("2025-04-10 13:00")
    one = outage("2025-04-10 10:00", "2025-04-10 12:00", ticket_opened_at=opened, ticket_closed_at=closed)
    assert first(terms, facts(one)).counted_seconds == 175 * 60
    still = first(terms, facts(one.model_copy(update={"ticket_closed_at": None})), as_of=at("2025-04-10 12:05"))
    assert still.counted_seconds == 7200
    assert still.provisional


def hold(start: str, end: str | None) -> Hold:
    return Hold(start=at(start), end=None if end is None else at(end), reason="office closed", owner="customer")


def test_holds_stop_the_clock_only_where_the_contract_says_so_and_are_named() -> None:
    known = facts(
        outage("2025-04-10 10:00", "2025-04-10 13:00"),
        holds=[hold("2025-04-10 10:30", "2025-04-10 11:00"), hold("2025-04-10 10:45", "2025-04-10 11:30")],
    )
    stopped = first(contract(counting={"holds_stop_the_clock": True}), known)
    assert stopped.counted_seconds == 2 * 3600
    assert stopped.excluded_seconds == 3600
    assert any("office closed (owed by customer)" in interval.why for interval in stopped.intervals)
    assert first(contract(), known).counted_seconds == 3 * 3600


@pytest.mark.parametrize(
    ("owner", "stops_for", "seconds"),
    [
        ("provider", None, 36_000),
        ("Provider", None, 36_000),
        ("customer", None, 0),
        ("the landlord", None, 0),
        ("third_party", ["customer"], 36_000),
        ("the landlord", ["third_party"], 0),
        ("provider", ["provider", "customer"], 0),
    ],
)
def test_a_hold_stops_the_clock_only_for_the_owners_that_the_contract_names(
    owner: str, stops_for: list[str] | None, seconds: int
) -> None:
    counting = {"holds_stop_the_clock": True} | ({} if stops_for is None else {"stops_for": stops_for})
    waiting = Hold(start=at("2025-04-10 00:00"), end=at("2025-04-10 10:00"), reason="a spare part", owner=owner)
    found = first(contract(counting=counting), facts(outage("2025-04-10 00:00", "2025-04-10 10:00"), holds=[waiting]))
    assert found.counted_seconds == seconds
    assert found.warnings == ((f"the clock is not stopped: a spare part (owed by {owner})",) if seconds else ())


def test_an_open_hold_stops_the_clock_until_now_and_is_provisional() -> None:
    known = facts(outage("2025-04-10 10:00", None), holds=[hold("2025-04-10 10:30", None)])
    found = first(contract(counting={"holds_stop_the_clock": True}), known, as_of=at("2025-04-10 15:00"))
    assert found.counted_seconds == 1800
    assert found.provisional


def planned(start: str, end: str, announced: str | None) -> MaintenanceWindow:
    announced_at = None if announced is None else at(announced)
    return MaintenanceWindow(reference="CHG-1", start=at(start), end=at(end), announced_at=announced_at)


@pytest.mark.parametrize(
    ("announced", "seconds"),
    [("2025-04-03 22:00", 0), ("2025-04-03 22:00:01", 3600), (None, 3600)],
)
def test_maintenance_is_left_out_only_if_announced_early_enough(announced: str | None, seconds: int) -> None:
    work = planned("2025-04-10 22:00", "2025-04-10 23:00", announced)
    known = facts(outage("2025-04-10 22:00", "2025-04-10 23:00"), maintenance=[work])
    found = first(contract(maintenance={"notice": "7 d"}), known)
    assert found.counted_seconds == seconds
    assert bool(found.warnings) == bool(seconds)


@pytest.mark.parametrize(("announced", "seconds"), [("2025-04-14 08:00", 0), ("2025-04-15 08:00", 3600)])
def test_notice_in_working_days_knows_the_holidays(announced: str, seconds: int) -> None:
    work = planned("2025-04-24 22:00", "2025-04-24 23:00", announced)  # between them Easter in Sweden
    known = facts(outage("2025-04-24 22:00", "2025-04-24 23:00"), maintenance=[work])
    terms = contract(maintenance={"notice_working_days": 5}, calendar={"country": "SE"})
    assert first(terms, known).counted_seconds == seconds


def test_the_overrun_of_maintenance_counts() -> None:
    work = planned("2025-04-10 22:00", "2025-04-10 23:00", "2025-03-01 00:00")
    known = facts(outage("2025-04-10 21:50", "2025-04-10 23:20"), maintenance=[work, work])
    found = first(contract(maintenance={"notice": "7 d"}), known)
    assert found.counted_seconds == 30 * 60
    assert found.excluded_seconds == 3600


def test_a_contract_may_count_maintenance() -> None:
    work = planned("2025-04-10 22:00", "2025-04-10 23:00", "2025-03-01 00:00")
    known = facts(outage("2025-04-10 22:00", "2025-04-10 23:00"), maintenance=[work])
    found = first(contract(maintenance={"excluded": False}), known)
    assert found.counted_seconds == 3600
    assert "counts maintenance" in found.warnings[0]


@pytest.mark.parametrize("who", [Attribution.CUSTOMER, Attribution.THIRD_PARTY, Attribution.FORCE_MAJEURE])
def test_what_somebody_else_answers_for_does_not_count_but_is_shown(who: Attribution) -> None:
    known = facts(outage("2025-04-10 10:00", "2025-04-10 12:00", attribution=who))
    found = first(contract(), known)
    assert found.counted_seconds == 0
    assert who.replace("_", " ") in found.intervals[0].why
    both = contract(counting={"attributions": ["provider", who.value]})
    assert first(both, known).counted_seconds == 7200


def test_an_open_outage_is_counted_until_now_and_provisional() -> None:
    found = judge(
        contract(objective(DURATION_TIERS)), facts(outage("2025-04-30 23:00", None)), as_of=at("2025-04-30 23:45")
    )
    assert found.objectives[0].counted_seconds == 2700
    assert found.provisional
    assert "still open" in " ".join(found.provisional_reasons)


def test_an_outage_that_has_not_happened_yet_does_not_count() -> None:
    found = first(contract(), facts(outage("2025-04-20 10:00", "2025-04-20 12:00")), as_of=at("2025-04-10 00:00"))
    assert found.counted_seconds == 0


@pytest.mark.parametrize(
    ("field", "named", "code"),
    [
        ("outages", "outage O1", RefusalCode.OUTAGE_END_BEFORE_START),
        ("maintenance", "maintenance window CHG-1", RefusalCode.MAINTENANCE_END_BEFORE_START),
        ("holds", "hold office closed", RefusalCode.HOLD_END_BEFORE_START),
    ],
)
def test_an_end_before_its_start_is_refused_and_never_turned_round(field: str, named: str, code: RefusalCode) -> None:
    wrong: dict[str, Any] = {
        "outages": [outage("2025-04-10 10:00", "2025-04-10 09:00")],
        "maintenance": [planned("2025-04-10 10:00", "2025-04-10 09:00", None)],
        "holds": [hold("2025-04-10 10:00", "2025-04-10 09:00")],
    }
    found = judge(contract(), facts().model_copy(update={field: tuple(wrong[field])}))
    assert found.objectives[0].verdict is Verdict.REFUSED
    assert found.objectives[0].refusal is code
    assert f"The {named} ends at 2025-04-10 09:00:00, before its start" in " ".join(found.objectives[0].steps)
    assert found.credit_due is None


def test_an_outage_of_no_length_is_kept_and_costs_nothing() -> None:
    found = judge(contract(), facts(outage("2025-04-10 10:00", "2025-04-10 10:00")))
    assert found.credit_due == euros("0.00")
    assert not found.breached


@pytest.mark.parametrize(("brackets", "minutes"), [("shortest", 60), ("longest", 150)])
def test_bracketed_times_keep_both_lengths_and_say_which_one_money_uses(brackets: str, minutes: int) -> None:
    bounds = {
        "start_bounds": (at("2025-04-10 10:00"), at("2025-04-10 11:00")),
        "end_bounds": (at("2025-04-10 12:00"), at("2025-04-10 12:30")),
    }
    known = facts(outage("2025-04-10 11:00", "2025-04-10 12:30", **bounds))
    found = judge(contract(objective(DURATION_TIERS), counting={"brackets": brackets}), known)
    assert found.objectives[0].counted_seconds == minutes * 60
    assert found.objectives[0].counted_at_most == 150 * 60
    assert f"money uses the {brackets}" in found.objectives[0].warnings[0]
    assert found.needs_approval == (brackets == "shortest")


@pytest.mark.parametrize("minutes", [0, 1])
def test_what_was_first_missed_at_the_moment_of_the_judgement_or_later_is_not_known_to_it(minutes: int) -> None:
    now = at("2025-04-10 12:00")
    early, late = now + timedelta(minutes=minutes), now + timedelta(minutes=30)
    bounded = outage("2025-04-10 12:30", None, start_bounds=(early, late))
    found = first(contract(objective(DURATION_TIERS)), facts(bounded), as_of=now)
    assert (found.counted_seconds, found.counted_at_most or 0, found.warnings) == (0, 0, ())


def test_brackets_that_cross_count_nothing_for_sure() -> None:
    bounds = {
        "start_bounds": (at("2025-04-10 10:00"), at("2025-04-10 11:00")),
        "end_bounds": (at("2025-04-10 10:30"), at("2025-04-10 11:30")),
    }
    found = first(contract(), facts(outage("2025-04-10 11:00", "2025-04-10 11:30", **bounds)))
    assert found.counted_seconds == 0
    assert found.counted_at_most == 90 * 60


def test_unobserved_time_is_neither_up_nor_down() -> None:
    blind = Period(start=at("2025-04-01"), end=at("2025-04-11"))
    known = facts(outage("2025-04-10 10:00", "2025-04-10 12:00"), unobserved=[blind])
    found = first(contract(), known)
    assert found.counted_seconds == 7200
    assert found.no_data_seconds == 10 * 86_400 - 7200
    assert str(found.coverage_percent) == "66.9444"


def test_too_little_coverage_is_no_judgement() -> None:
    blind = Period(start=at("2025-04-01"), end=at("2025-04-11"))
    found = judge(contract(counting={"least_coverage": "90%"}), facts(unobserved=[blind]))
    assert found.objectives[0].verdict is Verdict.NO_DATA
    assert "Only 66.67 % of the window was measured" in found.objectives[0].reason
    assert found.credit_due is None
    assert found.needs_approval


def test_nothing_observed_at_all_is_no_data_and_not_perfect() -> None:
    blind = Period(start=at("2025-03-01"), end=at("2025-06-01"))
    found = first(contract(), facts(unobserved=[blind]))
    assert found.verdict is Verdict.NO_DATA
    assert found.data_state is DataState.NO_DATA
    assert found.breached is None


def test_up_and_down_events_become_outages_whatever_their_order() -> None:
    states = [("10:00", "down"), ("10:05", "down"), ("10:20", "up"), ("11:00", "unknown"), ("12:00", "down")]
    changes = [StateChange(at=at(f"2025-04-10 {when}"), state=LineState(state)) for when, state in states]
    outages, blind = from_state_changes(reversed(changes), source="line 1")
    assert [(o.start, o.end) for o in outages] == [
        (at("2025-04-10 10:00"), at("2025-04-10 10:20")),
        (at("2025-04-10 12:00"), None),
    ]
    assert [period.seconds for period in blind] == [3600]
    assert len({o.reference for o in outages}) == 2


@pytest.mark.parametrize(("late", "credit"), [(0, "10.00"), (1, "0.00")])
def test_a_ticket_opened_too_late_costs_the_credit_of_its_outage_and_hides_no_downtime(late: int, credit: str) -> None:
    terms = contract(objective(target="99.9"), claim={"ticket_within": "72 h"})
    opened = at("2025-04-10 10:00") + timedelta(hours=72, seconds=late)
    found = judge(terms, facts(outage("2025-04-10 10:00", "2025-04-10 12:00", ticket_opened_at=opened)))
    assert found.objectives[0].counted_seconds == 7200
    assert found.breached
    assert found.credit_due == euros(credit)
    assert ("not paid: O1, the ticket was opened 1 s too late" in found.objectives[0].steps) == bool(late)


def test_only_the_outage_whose_ticket_came_too_late_earns_nothing() -> None:
    terms = contract(objective({"kind": "day_per_block", "block": "1 h"}), claim={"ticket_within": "72 h"})
    late = outage("2025-04-10 10:00", "2025-04-10 12:00", ticket_opened_at=at("2025-04-20 10:00"))
    in_time = outage("2025-04-12 10:00", "2025-04-12 13:00", "O2", ticket_opened_at=at("2025-04-12 10:05"))
    found = first(terms, facts(late, in_time, charge="300.00"))
    assert (found.counted_seconds, found.days, found.credit) == (5 * 3600, 3, euros("30.00"))
    assert found.next_tier is not None
    assert found.next_tier.seconds_left == 1  # beyond the three hours that are paid for


def test_a_late_ticket_leaves_a_repair_out_of_the_paid_mean_and_in_the_measured_one() -> None:
    rule = {"kind": "share_when_missed", "credit": "35%"}
    terms = contract(
        {"id": "mttr", "metric": "time_to_restore", "target": "4 h", "rule": rule}, claim={"ticket_within": "72 h"}
    )
    found = first(terms, facts(outage("2025-04-10 10:00", "2025-04-10 15:00", ticket_opened_at=at("2025-04-20 10:00"))))
    assert (found.measured, found.breached, found.credit) == (18_000, True, euros("0.00"))


@pytest.mark.parametrize(("brackets", "hours"), [("shortest", 2), ("longest", 38)])
def test_an_outage_that_was_never_seen_to_end_lasted_at_least_as_long_as_it_was_seen(brackets: str, hours: int) -> None:
    vanished = outage("2025-04-10 10:00", None, end_bounds=(at("2025-04-10 12:00"), None))
    found = judge(contract(counting={"brackets": brackets}), facts(vanished), as_of=at("2025-04-12 00:00"))
    assert found.objectives[0].counted_seconds == hours * 3600
    assert found.objectives[0].counted_at_most == 38 * 3600
    assert found.provisional
