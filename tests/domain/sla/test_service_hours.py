"""Where a contract has service hours, nothing outside them exists: no downtime, no whole, no repair, no sample."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from include.sla_logic.domain.calendars import BusinessCalendar, calendar_window
from include.sla_logic.domain.contract import UnableToReadContract, read_contract
from include.sla_logic.domain.measurements import Hold, MaintenanceWindow
from include.sla_logic.domain.period import from_seconds, to_seconds
from include.sla_logic.domain.service_hours import Opening, ServiceHours, after_service_time, service_time
from include.sla_logic.domain.sla.objective_judgement import RefusalCode
from tests.domain.sla.make import at, contract, euros, facts, judge, objective, outage, text_of
from tests.service_hours import DAYS, WORKING_HOURS, is_open
from tests.service_hours import minutes as minutes_of

BERLIN = calendar_window("month", "Europe/Berlin", at("2026-10-10"))  # 22 working days, summer time ends on the 25th


def in_working_hours(**fields):
    """Write a contract with working hours in Berlin and a table of tiers."""
    counting = {"service_hours": WORKING_HOURS, **fields.pop("counting", {})}
    return contract(objective(target=99.9), zone="Europe/Berlin", counting=counting, **fields)


def availability(terms, *outages, **more):
    [judged] = judge(terms, facts(*outages, **more), window=BERLIN).objectives
    return judged


def test_the_whole_is_the_service_hours_of_the_window_across_the_change_of_the_clocks():
    judged = availability(in_working_hours())
    assert judged.total_seconds == 22 * 8 * 3600


def test_a_night_between_two_days_does_not_count_and_does_not_split_the_outage():
    """Monday 16:30 to Tuesday 09:45 in Berlin is 30 and 45 minutes of service."""
    judged = availability(in_working_hours(), outage("2026-10-05 14:30", "2026-10-06 07:45"))
    assert judged.counted_seconds == 75 * 60
    assert judged.measured_exact == str(100 - Fraction(100 * 75 * 60, 22 * 8 * 3600))
    assert [(i.kind, i.seconds) for i in judged.intervals] == [
        ("counted", 1800),
        ("excluded", 16 * 3600),
        ("counted", 2700),
    ]
    assert judged.intervals[1].why == "outside the service hours"


@pytest.mark.parametrize(("rule", "credit"), [({}, "50.00"), ({"beyond": "target", "times": 2}, "99.80")])
def test_the_charge_of_a_time_is_its_share_of_the_service_hours(rule, credit):
    """Two of four Mondays, of which each has eight hours."""
    hours = [{"days": ["mon"], "opens": "09:00", "closes": "17:00"}]
    terms = contract(
        objective({"kind": "credit", "rate": "pro_rata", **rule}, target=99.9),
        zone="Europe/Berlin",
        counting={"service_hours": hours},
    )
    down = outage("2026-10-05 00:00", "2026-10-13 00:00")
    assert judge(terms, facts(down), window=BERLIN).credit_due == euros(credit)


@pytest.mark.parametrize(("shortest", "counted"), [("75 min", 75 * 60), ("76 min", 0)])
def test_the_shortest_outage_is_measured_in_service_hours(shortest, counted):
    terms = in_working_hours(counting={"shortest": {"at_least": shortest}})
    assert availability(terms, outage("2026-10-05 14:30", "2026-10-06 07:45")).counted_seconds == counted


def test_a_weekend_and_a_holiday_are_no_service_hours_unless_said():
    weekend = outage("2026-10-02 15:00", "2026-10-05 07:00")  # Friday 17:00 to Monday 09:00
    assert availability(in_working_hours(), weekend).counted_seconds == 0
    holiday = outage("2026-10-06 00:00", "2026-10-07 00:00")
    terms = in_working_hours(calendar={"holidays": [date(2026, 10, 6)]})
    assert availability(terms, holiday).counted_seconds == 0
    assert availability(terms, holiday).total_seconds == 21 * 8 * 3600
    always = contract(
        objective(),
        zone="Europe/Berlin",
        calendar={"holidays": [date(2026, 10, 6)]},
        counting={"service_hours": [WORKING_HOURS[0] | {"on_holidays": True}]},
    )
    assert availability(always, holiday).counted_seconds == 8 * 3600


def test_maintenance_in_service_hours_is_left_out_once():
    planned = MaintenanceWindow(reference="M", start=at("2026-10-05 08:00"), end=at("2026-10-05 09:00"))
    judged = availability(in_working_hours(), outage("2026-10-05 06:00", "2026-10-05 16:00"), maintenance=(planned,))
    assert judged.counted_seconds == 7 * 3600


def test_a_hold_takes_away_service_time_alone():
    """Down from 16:00 to 11:00, held from 16:30 to 09:30: half an hour and an hour and a half of service are left."""
    terms = in_working_hours(counting={"holds_stop_the_clock": True})
    held = Hold(start=at("2026-10-05 14:30"), end=at("2026-10-06 07:30"), reason="asked", owner="customer")
    judged = availability(terms, outage("2026-10-05 14:00", "2026-10-06 09:00"), holds=(held,))
    assert judged.counted_seconds == 30 * 60 + 90 * 60


def test_a_repair_takes_its_service_hours():
    terms = contract(
        objective({"kind": "share_when_missed", "credit": "5%"}, id="repair", metric="time_to_restore", target=4000),
        zone="Europe/Berlin",
        counting={"service_hours": WORKING_HOURS},
    )
    assert availability(terms, outage("2026-10-05 14:30", "2026-10-06 07:45")).measured == Decimal(75 * 60)


def test_an_objective_may_have_hours_of_its_own():
    own = objective(id="working", counting={"service_hours": WORKING_HOURS})
    terms = contract(objective(), own, zone="Europe/Berlin")
    night = facts(outage("2026-10-05 20:00", "2026-10-06 04:00"))
    both = {judged.objective: judged.counted_seconds for judged in judge(terms, night, window=BERLIN).objectives}
    assert both == {"availability": 8 * 3600, "working": 0}


def test_the_next_tier_is_reached_in_service_hours():
    """99.9 % of 176 hours leaves 633.6 s; at five minutes to five, it is reached next morning."""
    terms = in_working_hours()
    [judged] = judge(
        terms, facts(outage("2026-10-05 14:55", None)), window=BERLIN, as_of=at("2026-10-05 14:55")
    ).objectives
    assert judged.next_tier.seconds_left == 634
    assert judged.next_tier.reached_at == at("2026-10-06 07:00") + timedelta(seconds=334)


def test_a_window_without_service_hours_is_refused():
    terms = contract(objective(), zone="UTC", counting={"service_hours": [{"opens": "09:00", "closes": "10:00"}]})
    weekend = calendar_window("month", "UTC", at("2026-10-01")).model_copy(
        update={"start": at("2026-10-03 00:00"), "end": at("2026-10-05 00:00")}
    )
    [judged] = judge(terms, facts(), window=weekend).objectives
    assert judged.refusal is RefusalCode.EMPTY_WINDOW


@pytest.mark.parametrize(
    "hours",
    [
        {"opens": "24:00", "closes": "24:00"},
        {"opens": "9:00", "closes": "17:00"},
        {"opens": "09:00", "closes": "17:00", "days": []},
        {"opens": "09:00", "closes": "17:00", "days": ["monday"]},
    ],
)
def test_hours_that_mean_nothing_are_refused(hours):
    with pytest.raises(ValidationError):
        Opening.model_validate(hours)


@pytest.mark.parametrize(("opens", "closes"), [("17:00", "09:00"), ("09:00", "09:00")])
def test_hours_that_close_before_they_open_are_refused_with_their_line(opens, closes):
    with pytest.raises(UnableToReadContract, match=f"opens at {opens} and closes at {closes}"):
        contract(objective(), counting={"service_hours": [{"opens": opens, "closes": closes}]})


def test_times_need_no_quotes():
    text = text_of(counting={"service_hours": [{"opens": "10:00", "closes": "18:00"}]})
    for time in ("10:00", "18:00"):
        text = text.replace(f"'{time}'", time)
    assert read_contract(text, name="k").counting.service_hours[0] == Opening(opens="10:00", closes="18:00")


@st.composite
def opening(draw):
    opens = draw(st.integers(0, 22))
    return Opening(
        days=tuple(draw(st.sets(st.sampled_from(DAYS), min_size=1))),
        opens=f"{opens:02d}:{draw(st.sampled_from([0, 15, 30])):02d}",
        closes=f"{draw(st.integers(opens + 1, 24)):02d}:00",
        on_holidays=draw(st.booleans()),
    )


@settings(max_examples=60)
@given(
    openings=st.lists(opening(), min_size=1, max_size=3),
    zone=st.sampled_from(["UTC", "Asia/Kolkata", "America/St_Johns"]),
    hours=st.integers(0, 24 * 360),
    minutes=st.integers(1, 3 * 1440),
)
def test_service_time_is_what_is_counted_minute_by_minute(openings, zone, hours, minutes):
    """At hours that the clocks neither skip nor repeat; the next test looks at those."""
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
    holidays = (date(2026, 1, 6), date(2026, 6, 4))
    span = to_seconds(start), to_seconds(start + timedelta(minutes=minutes))
    if zone == "America/St_Johns":
        changes = [datetime(2026, 3, 8, 5, 31, tzinfo=UTC), datetime(2026, 11, 1, 4, 31, tzinfo=UTC)]
        if any(start - timedelta(days=1) < one < start + timedelta(days=4) for one in changes):
            return
    calendar = BusinessCalendar(holidays=holidays)
    found = service_time(tuple(openings), calendar, zone, span)
    written = [one.model_dump() for one in openings]
    counted = sum(
        is_open(one, written, holidays, zone) for one in minutes_of(start, start + timedelta(minutes=minutes))
    )
    assert sum(end - begin for begin, end in found) == counted * 60


@pytest.mark.parametrize(
    ("day", "seconds"),
    [("2026-03-29", 0), ("2026-10-25", 2 * 3600), ("2026-10-26", 3600)],
    ids=["an hour that is skipped", "an hour that comes twice", "another day"],
)
def test_the_hour_of_the_change_is_counted_as_the_clock_shows_it(day, seconds):
    night = (Opening(days=DAYS, opens="02:00", closes="03:00"),)
    span = to_seconds(at(f"{day} 00:00")) - 7200, to_seconds(at(f"{day} 00:00")) + 36_000
    found = service_time(night, BusinessCalendar(), "Europe/Berlin", span)
    assert sum(end - start for start, end in found) == seconds


@given(start=st.integers(0, 30 * 86_400), seconds=st.integers(1, 20 * 86_400))
def test_the_moment_after_some_service_time_has_that_much_before_it(start, seconds):
    hours, calendar = (Opening(opens="09:00", closes="17:00"),), BusinessCalendar()
    begin = to_seconds(at("2026-10-01 00:00")) + start
    end = after_service_time(hours, calendar, "Europe/Berlin", begin, seconds)
    passed = service_time(hours, calendar, "Europe/Berlin", (begin, end))
    assert sum(e - s for s, e in passed) == seconds
    assert passed[-1][1] == end, from_seconds(end)


@pytest.mark.parametrize(
    ("zone", "opened", "closes"),
    [
        ("Australia/Sydney", "2026-02-11 22:00", "2026-02-12 06:00"),
        ("Asia/Tokyo", "2026-02-12 00:00", "2026-02-12 08:00"),
    ],
)
def test_hours_end_when_they_close_also_across_the_four_weeks_that_are_looked_up_at_once(zone, opened, closes):
    """The grid has an edge at midnight UTC: 11:00 in Sydney, 09:00 in Tokyo."""
    assert to_seconds(at("2026-02-12 00:00")) % (28 * 86_400) == 0
    hours = ServiceHours(zone=zone, openings=(Opening(opens="09:00", closes="17:00"),))
    assert hours.closes_at(at(opened)) == hours.closes_at(at(closes) - timedelta(seconds=1)) == at(closes)
    assert (hours.closes_at(at(opened) - timedelta(seconds=1)), hours.closes_at(at(closes))) == (None, None)
    always = ServiceHours(zone=zone, openings=(Opening(days=DAYS, opens="00:00", closes="24:00", on_holidays=True),))
    assert always.closes_at(at(opened)) is None
