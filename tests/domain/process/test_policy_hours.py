"""Priorities and the clock in service hours: how the tables write them, and when a measure is due."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from include.sla_logic.domain.calendars import BusinessCalendar
from include.sla_logic.domain.counter_measures import UnableToSetDueTime, determine, reprioritise
from include.sla_logic.domain.policies import UnableToReadPolicies, read_policies
from include.sla_logic.domain.priorities import Priority
from include.sla_logic.domain.service_hours import Opening, ServiceHours
from tests.domain.process.given import objective, performance, report
from tests.fakes import policies_in_force, policy_texts
from tests.service_hours import WORKING_HOURS, with_tables

P1, P2, P3, P4, P5 = Priority
BERLIN = ServiceHours(zone="Europe/Berlin", openings=(Opening(opens="08:00", closes="20:00"),))
LOWER = {"P3": WORKING_HOURS, "P4": WORKING_HOURS, "P5": WORKING_HOURS}
FRIDAY = datetime(2026, 10, 23, 14, tzinfo=UTC)  # 16:00 in Berlin; summer time ends on the Sunday after it


def due(tables, agreed=BERLIN, *, since=FRIDAY, impact=2, urgency=2):
    """Return when the repair is due, and the hours in which that was counted."""
    plan = planned(tables, agreed, since=since, impact=impact, urgency=urgency)
    [measure] = [one for one in plan.measures if one.measure == "restore_connectivity"]
    return measure.due_at, measure.due_in_hours


def planned(tables, agreed=BERLIN, *, since=FRIDAY, **said):
    return determine(
        report(entered_at=since, **said),
        performance(objective()),
        catalogue=tables.counter_measures,
        priorities=tables.priorities,
        now=since,
        hours=lambda priority: tables.hours_of(priority, agreed),
    )


def test_the_tables_in_force_count_all_hours():
    tables = policies_in_force()
    assert {tables.hours_of(priority, BERLIN) for priority in Priority} == {ServiceHours()}
    assert due(tables) == (FRIDAY + timedelta(hours=8), None)


def test_eight_working_hours_go_on_on_monday_after_the_end_of_summer_time():
    """Friday 16:00 to 17:00 is one of the eight; Monday 09:00 to 16:00 are the other seven."""
    at, said = due(with_tables(priorities={"service_hours": LOWER}))
    assert at == datetime(2026, 10, 26, 15, tzinfo=UTC)
    assert said == "mon, tue, wed, thu, fri 09:00-17:00 in Europe/Berlin"


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (datetime(2026, 10, 20, 6, 59, 59, tzinfo=UTC), datetime(2026, 10, 20, 15, tzinfo=UTC)),  # 08:59:59
        (datetime(2026, 10, 20, 7, tzinfo=UTC), datetime(2026, 10, 20, 15, tzinfo=UTC)),
        (datetime(2026, 10, 20, 7, 0, 1, tzinfo=UTC), datetime(2026, 10, 21, 7, 0, 1, tzinfo=UTC)),
        (datetime(2026, 10, 20, 14, 59, 59, tzinfo=UTC), datetime(2026, 10, 21, 14, 59, 59, tzinfo=UTC)),
        (datetime(2026, 10, 20, 15, tzinfo=UTC), datetime(2026, 10, 21, 15, tzinfo=UTC)),
        (datetime(2026, 10, 20, 15, 0, 1, tzinfo=UTC), datetime(2026, 10, 21, 15, tzinfo=UTC)),  # 17:00:01
    ],
)
def test_one_second_around_nine_and_five(second, expected):
    assert due(with_tables(priorities={"service_hours": LOWER}), since=second)[0] == expected


def test_a_holiday_of_the_table_or_of_the_contract_does_not_count():
    tuesday = datetime(2026, 10, 20, 8, tzinfo=UTC)
    wednesday = {"holidays": ["2026-10-21"]}
    own = with_tables(priorities={"service_hours": LOWER, "calendar": wednesday})
    assert due(own, since=tuesday)[0] == datetime(2026, 10, 22, 8, tzinfo=UTC)
    of_the_contract = BERLIN.model_copy(update={"calendar": BusinessCalendar.model_validate(wednesday)})
    plain = with_tables(priorities={"service_hours": LOWER})
    assert due(plain, of_the_contract, since=tuesday)[0] == datetime(2026, 10, 22, 8, tzinfo=UTC)
    assert due(plain, since=tuesday)[0] == datetime(2026, 10, 21, 8, tzinfo=UTC)


def test_hours_are_those_of_the_contracts_zone_unless_the_table_names_one():
    since = datetime(2026, 10, 20, 7, tzinfo=UTC)
    tables = with_tables(priorities={"service_hours": LOWER})
    tokyo = BERLIN.model_copy(update={"zone": "Asia/Tokyo"})
    assert due(tables, tokyo, since=since)[0] == datetime(2026, 10, 21, 7, tzinfo=UTC)  # 16:00 there
    named = with_tables(priorities={"service_hours": LOWER, "zone": "Europe/Berlin"})
    assert (
        due(named, tokyo, since=since)[0] == due(named, None, since=since)[0] == datetime(2026, 10, 20, 15, tzinfo=UTC)
    )


def test_without_a_contract_and_a_zone_all_hours_count():
    tables = with_tables(priorities={"service_hours": LOWER})
    assert due(tables, None) == (FRIDAY + timedelta(hours=8), None)


def test_as_the_contract_means_its_own_hours_and_always_none():
    words = {"P1": "always", "P2": "always", "P3": "as_contract", "P4": "as_contract", "P5": "as_contract"}
    tables = with_tables(priorities={"service_hours": words}, sla_clock={"service_hours": WORKING_HOURS})
    assert tables.hours_of(P3, BERLIN) == BERLIN
    assert tables.hours_of(P1, BERLIN) == ServiceHours()
    whole_day = ServiceHours(zone="Europe/Berlin")
    assert due(tables, whole_day) == (FRIDAY + timedelta(hours=8), None)


def test_a_priority_without_hours_has_those_of_the_clock():
    tables = with_tables(priorities={"service_hours": {"P1": "always"}}, sla_clock={"service_hours": WORKING_HOURS})
    assert [tables.hours_of(one, BERLIN).openings != () for one in Priority] == [False, True, True, True, True]


def test_a_measure_with_due_times_of_its_own_counts_them_in_the_hours_of_its_priority():
    plan = planned(with_tables(priorities={"service_hours": LOWER}))
    [told] = [one for one in plan.measures if one.measure == "inform_customer"]
    assert told.due_at == datetime(2026, 10, 26, 11, tzinfo=UTC)  # four hours: one on Friday, three on Monday


def test_a_raise_counts_from_the_same_start_in_the_hours_of_the_higher_priority():
    tables = with_tables(priorities={"service_hours": LOWER})
    raised = reprioritise(
        planned(tables),
        reason="gold",
        catalogue=tables.counter_measures,
        priorities=tables.priorities,
        now=FRIDAY + timedelta(hours=1),
        since=FRIDAY,
        hours=lambda priority: tables.hours_of(priority, BERLIN),
    )
    [measure] = [one for one in raised.measures if one.measure == "restore_connectivity"]
    assert (measure.due_at, measure.due_in_hours) == (FRIDAY + timedelta(hours=4), None)


def test_hours_that_never_suffice_are_refused_where_a_due_time_is_asked_for():
    rare = {priority: [{"days": ["mon"], "opens": "09:00", "closes": "09:01"}] for priority in ("P3", "P4", "P5")}
    tables = with_tables(priorities={"service_hours": rare})
    with pytest.raises(UnableToSetDueTime, match="mon 09:00-09:01 in Europe/Berlin"):
        planned(tables, impact=3, urgency=3)


PRIORITIES = [
    ("service_hours: {P3: daytime}", "service_hours.P3", "write always, as_contract, or a list"),
    ("service_hours: {P3: daytime}", "service_hours.P3", "given: daytime"),
    ("service_hours: {P6: always}", "service_hours.P6", "given: P6"),
    ("service_hours: {P5: []}", "service_hours.P5", "write at least 1"),
    ("service_hours:\n  P5:\n    - {opens: 9 Uhr, closes: 17:00}", "service_hours.P5.0.opens", "9 Uhr"),
    ("service_hours: {P5: [{opens: 09:00}]}", "service_hours.P5.0.closes", "is missing"),
    ("service_hours: {P5: [{opens: 17:00, closes: 09:00}]}", "service_hours.P5", "opens at 17:00"),
    ("service_hours: {P5: [{opens: 09:00, closes: 17:00, zone: UTC}]}", "service_hours.P5.0.zone", "UTC"),
    ("zone: Mars/Olympus", "zone", "Mars/Olympus"),
    ("calendar: {country: XX}", "calendar", "XX"),
]
SLA_CLOCK = [
    ("service_hours: sometimes", "service_hours", "given: sometimes"),
    ("service_hours: [{days: [monday], opens: 09:00, closes: 17:00}]", "service_hours.0.days.0", "monday"),
    ("stops_fore: customer", "stops_fore", "given: customer"),
]


@pytest.mark.parametrize(
    ("table", "written", "field", "says"),
    [*(("priorities", *row) for row in PRIORITIES), *(("sla_clock", *row) for row in SLA_CLOCK)],
)
def test_what_is_wrong_is_refused_with_line_field_and_value(table, written, field, says):
    text = policy_texts()[table]
    line = text.count("\n") + 1
    with pytest.raises(UnableToReadPolicies) as refused:
        read_policies({**policy_texts(), table: text + written + "\n"})
    assert f"{table}.yaml, line " in str(refused.value)
    assert int(str(refused.value).partition("line ")[2].partition(",")[0]) >= line
    assert f", {field}" in str(refused.value)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    "hours",
    [
        {"P3": WORKING_HOURS},  # P4 then counts at night too
        {"P3": WORKING_HOURS, "P4": [{"opens": "08:00", "closes": "17:00"}], "P5": WORKING_HOURS},
        {"P3": WORKING_HOURS, "P4": [{**WORKING_HOURS[0], "on_holidays": True}], "P5": WORKING_HOURS},
        {"P3": WORKING_HOURS, "P4": [{**WORKING_HOURS[0], "days": ["sat"]}], "P5": WORKING_HOURS},
        {"P4": "as_contract", "P5": WORKING_HOURS},
        {"P4": WORKING_HOURS, "P5": "as_contract"},
    ],
)
def test_hours_by_which_a_lower_priority_could_be_due_sooner_are_refused(hours):
    with pytest.raises(UnableToReadPolicies, match="could be due sooner than P"):
        with_tables(priorities={"service_hours": hours})


@pytest.mark.parametrize(
    "hours",
    [
        {"P5": WORKING_HOURS},
        {"P4": WORKING_HOURS, "P5": [{"opens": "10:00", "closes": "12:00"}, {"opens": "12:00", "closes": "17:00"}]},
        {"P4": [{**WORKING_HOURS[0], "on_holidays": True}], "P5": WORKING_HOURS},
        {"P1": "always", "P5": "as_contract"},
    ],
)
def test_hours_within_those_of_the_higher_priority_are_taken(hours):
    assert with_tables(priorities={"service_hours": hours}).priorities.service_hours


def test_files_of_before_service_hours_are_read_as_they_were():
    for name in ("priorities", "sla_clock"):
        assert not {"zone", "calendar", "service_hours"} & set(yaml.safe_load(policy_texts()[name]))


def test_the_tables_of_the_documentation_are_in_force_as_they_stand():
    text = (Path(__file__).parents[3] / "docs" / "intake.md").read_text("utf-8")
    text = text[text.index("### Service hours") :]
    block = text[text.index("```yaml") + 8 :].partition("```")[0]
    first, second = block.split("# sla_clock.yaml")
    texts = policy_texts()
    matrix, kept = texts["priorities"].partition("due:")[0], texts["priorities"].partition("# While an outage")[2]
    tables = read_policies(
        {
            **texts,
            "priorities": f"{matrix}{first}# While an outage{kept}",
            "sla_clock": texts["sla_clock"] + second,
        }
    )
    assert tables.hours_of(P4, BERLIN) == ServiceHours(
        zone="Europe/Vienna",
        calendar=BusinessCalendar(country="AT"),
        openings=(Opening(opens="09:00", closes="17:00"),),
    )
    assert tables.sla_clock.hours_for(tables.sla_clock.service_hours, BERLIN) == BERLIN
