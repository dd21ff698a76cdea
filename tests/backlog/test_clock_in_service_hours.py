"""A clock stands at 17:00 and goes on at 09:00 of the next working day: counted, and as people read it."""

import json
import random
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import islice

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.domain.service_hours import ServiceHours
from include.sla_logic.domain.sla_clock import Owner, StatusEvent, read_clock
from include.sla_logic.domain.standing import NEXT_TIER, PRIORITY_DUE, Standing
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.persistence.contracts import load_contract
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.process import customer_service as cs
from tests.backlog.logs import event, open_tickets, take_in, write_csv
from tests.backlog.test_open_list import TIERS, board, down, go_on, hold, line_of
from tests.service_hours import DAYS, WORKING_HOURS, is_open, minutes, use_tables, with_tables

HOUR = 3600
S = TicketStatus
LATE = [{"days": list(DAYS), "opens": "05:30", "closes": "24:00", "on_holidays": True}]
TWO_SHIFTS = [{"days": ["mon", "wed", "fri"], "opens": "06:00", "closes": "10:15"}, *WORKING_HOURS]


def history_of(chance: random.Random, opened: datetime):
    """Invent a life of some weeks: work, holds of two owners, a resolution and a reopening."""
    statuses = [S.IN_PROGRESS, S.PENDING, S.HELD, S.RESOLVED]
    at, events = opened, [StatusEvent(status=S.ACKNOWLEDGED, at=opened)]
    for _ in range(chance.randint(2, 8)):
        at += timedelta(minutes=chance.randint(1, 6000))
        owner = chance.choice([None, *Owner]) if events else None
        events.append(StatusEvent(status=chance.choice(statuses), at=at, owner=owner))
    return [*events, StatusEvent(status=S.IN_PROGRESS, at=at + timedelta(minutes=chance.randint(1, 3000)))]


def goes(events, minute):
    """Tell whether the ticket is worked on in this minute: the provider owes the next step."""
    now = [event for event in events if event.at <= minute][-1]
    if now.status in (S.PENDING, S.HELD):
        return (now.owner or ("customer" if now.status is S.PENDING else "provider")) == "provider"
    return now.status is not S.RESOLVED


@pytest.mark.parametrize(
    ("zone", "begins", "hours"),
    [
        ("Europe/Berlin", datetime(2026, 3, 20, 4, tzinfo=UTC), WORKING_HOURS),
        ("Europe/Berlin", datetime(2026, 10, 14, 21, tzinfo=UTC), LATE),
        ("America/St_Johns", datetime(2026, 10, 25, 3, tzinfo=UTC), TWO_SHIFTS),
        ("Australia/Lord_Howe", datetime(2026, 3, 27, 9, tzinfo=UTC), WORKING_HOURS),
        ("Asia/Kolkata", datetime(2026, 12, 21, 6, tzinfo=UTC), TWO_SHIFTS),
        ("America/Santiago", datetime(2026, 8, 28, 22, tzinfo=UTC), LATE),
    ],
)
def test_the_clock_shows_what_is_counted_minute_by_minute(zone, begins, hours):
    """Over weeks with changes of the clocks and holidays, and on until the event comes."""
    chance = random.Random(f"{zone} {begins}")  # noqa: S311 - seeded, no secret
    holidays = [(begins + timedelta(days=days)).date() for days in (3, 8, 12, 13)]
    tables = with_tables(
        sla_clock={"service_hours": hours, "zone": zone, "calendar": {"holidays": list(map(str, holidays))}}
    )
    policy = tables.sla_clock
    resolved = policy.hours_for(policy.service_hours, None)
    for _ in range(2):
        events = history_of(chance, begins + timedelta(minutes=chance.randint(0, 2000)))
        as_of = events[-1].at + timedelta(minutes=chance.randint(0, 4000))
        counted = sum(goes(events, one) and is_open(one, hours, holidays, zone) for one in minutes(events[0].at, as_of))
        clock = read_clock(events, as_of=as_of, policy=policy, hours=resolved)
        assert clock.net == timedelta(minutes=counted)
        assert clock.gross == as_of - events[0].at
        within = counted + chance.randint(1, 1500)
        stands = Standing.of(clock, timedelta(minutes=within) - clock.net, PRIORITY_DUE, resolved, comes=True)
        assert stands.seconds_left == (within - counted) * 60
        ahead = (one for one in minutes(as_of, as_of + timedelta(days=60)) if is_open(one, hours, holidays, zone))
        coming = list(islice(ahead, within - counted))
        assert stands.runs_out_at == coming[-1] + timedelta(minutes=1)
        assert stands.stands_until == (None if coming[0] == as_of else coming[0])
        assert stands.running is (coming[0] == as_of)


@pytest.mark.parametrize(
    ("second", "left", "stands"),
    [
        ("2026-11-02 07:59:59", 8 * HOUR, "Mon 09:00 Europe/Berlin"),
        ("2026-11-02 08:00:00", 8 * HOUR, None),
        ("2026-11-02 08:00:01", 8 * HOUR - 1, None),
        ("2026-11-02 15:59:59", 1, None),
        ("2026-11-02 16:00:00", 0, "Tue 09:00 Europe/Berlin"),
        ("2026-11-02 16:00:01", 0, "Tue 09:00 Europe/Berlin"),
    ],
)
def test_one_second_around_nine_and_five(second, left, stands):
    as_of = datetime.fromisoformat(f"{second}+00:00")
    hours = ServiceHours(
        zone="Europe/Berlin",
        openings=with_tables(sla_clock={"service_hours": WORKING_HOURS}).sla_clock.service_hours,
    )
    opened = StatusEvent(status=S.IN_PROGRESS, at=datetime(2026, 11, 1, tzinfo=UTC))
    clock = read_clock([opened], as_of=as_of, policy=with_tables().sla_clock, hours=hours)
    standing = Standing.of(clock, timedelta(hours=8) - clock.net, PRIORITY_DUE, hours, comes=True)
    assert (standing.seconds_left, standing.stands, standing.running) == (left, stands, stands is None)
    assert standing.runs_out_at == datetime(2026, 11, 2, 16, tzinfo=UTC)


def test_an_event_that_passed_keeps_the_moment_at_which_it_came():
    """Half an hour overdue on Sunday is Friday 16:30 and stays so."""
    opened = StatusEvent(status=S.IN_PROGRESS, at=datetime(2026, 10, 26, tzinfo=UTC))
    tables = with_tables(sla_clock={"service_hours": WORKING_HOURS, "zone": "UTC"})
    hours = tables.sla_clock.hours_for(tables.sla_clock.service_hours, None)
    for as_of in (datetime(2026, 10, 31, 17, tzinfo=UTC), datetime(2026, 10, 30, 17, tzinfo=UTC)):
        clock = read_clock([opened], as_of=as_of, policy=tables.sla_clock, hours=hours)
        standing = Standing.of(clock, timedelta(hours=39.5) - clock.net, PRIORITY_DUE, hours, comes=True)
        assert (standing.seconds_left, standing.runs_out_at) == (-HOUR // 2, datetime(2026, 10, 30, 16, 30, tzinfo=UTC))
        whole_days = Standing.of(clock, timedelta(hours=24) - clock.net, PRIORITY_DUE, hours, comes=True)
        assert whole_days.runs_out_at == datetime(2026, 10, 28, 17, tzinfo=UTC)


IN_HOURS = TIERS.replace("zone: UTC", "zone: Europe/Berlin").replace(
    "objectives:",
    "calendar: {holidays: [2026-11-04]}\n"
    "counting: {service_hours: [{opens: 09:00, closes: 17:00}]}\n"
    "restoration_window: 2 d\nobjectives:",
)
RUN = "incident.W-0"


def under(use_cases, text):
    with use_cases.work.database.write() as connection:
        contract, _ = load_contract(connection, text, name="city-line", now=datetime(2026, 11, 1, tzinfo=UTC))
        connection.execute(update(t.agreements).values(contract="city-line"))
    return contract


LATENCY = """
objectives:
  - {id: latency, metric: latency, target: 50, rule: {kind: share_when_missed, credit: 5%}}
"""
LOWER = dict.fromkeys(("P3", "P4", "P5"), "as_contract")


def test_a_waiting_ticket_is_due_in_the_hours_of_its_contract(use_cases, tmp_path, clock, monkeypatch):
    """Opened on Sunday; eight hours of Monday pass at 17:00 in Berlin."""
    use_tables(monkeypatch, priorities={"service_hours": LOWER})
    under(use_cases, IN_HOURS)
    open_tickets(use_cases, tmp_path, 1)
    clock.now = datetime(2026, 11, 2, 10, tzinfo=UTC)
    line = line_of(use_cases)
    assert (line.priority, line.until, line.seconds_left, line.running) == ("P3", PRIORITY_DUE, 6 * HOUR, True)
    [shown] = board(use_cases)
    assert (shown.runs_out_at, shown.closes_at) == (datetime(2026, 11, 2, 16, tzinfo=UTC),) * 2
    assert shown.counts_to == shown.runs_out_at


def test_from_the_ticket_to_the_board(use_cases, tmp_path, clock, monkeypatch):
    """The plan's due time, the standing clock, the hold, and what command line and JSON say of it."""
    use_tables(monkeypatch, priorities={"service_hours": LOWER}, sla_clock={"service_hours": "as_contract"})
    under(use_cases, IN_HOURS[: IN_HOURS.index("objectives:")] + LATENCY)
    open_tickets(use_cases, tmp_path, 1)
    clock.now = datetime(2026, 11, 2, 15, tzinfo=UTC)  # Monday, 16:00 in Berlin
    for task in (cs.enter_problem_report, cs.compare_with_sla, cs.determine_counter_measures):
        use_cases.incidents.perform(task, run_id=RUN)
    plan = next(one for one in use_cases.lookups.incident(RUN).documents if one.kind == "CounterMeasurePlan")
    due = {measure["measure"]: measure["due_at"] for measure in plan.body["measures"]}
    # four hours: one on Monday, three on Tuesday; Wednesday is a holiday
    assert due["inform_customer"] == "2026-11-03T11:00:00Z"
    clock.now = datetime(2026, 11, 2, 18, tzinfo=UTC)
    [stands] = board(use_cases)
    assert (stands.until, stands.seconds_left) == (PRIORITY_DUE, 0)
    assert (stands.stands, stands.stands_until) == ("Tue 09:00 Europe/Berlin", datetime(2026, 11, 3, 8, tzinfo=UTC))
    assert stands.net_seconds == 8 * HOUR
    clock.now = datetime(2026, 11, 3, 18, tzinfo=UTC)
    [over_the_holiday] = board(use_cases)
    assert over_the_holiday.stands == "Thu 09:00 Europe/Berlin"
    hold(use_cases)
    clock.now = datetime(2026, 11, 5, 9, tzinfo=UTC)
    go_on(use_cases)  # the hold took an hour of service, of 39 hours
    clock.now = datetime(2026, 11, 5, 10, tzinfo=UTC)
    [line] = board(use_cases)
    assert (line.seconds_left, line.net_seconds) == (-9 * HOUR, 17 * HOUR)


def test_the_next_tier_is_counted_in_the_hours_of_the_contract_and_its_clock_stands_at_night(
    any_use_cases, tmp_path, clock
):
    """Half a per cent of November's 20 working days is 48 minutes."""
    use_cases = any_use_cases
    contract = under(use_cases, IN_HOURS)
    assert contract.restoration_window == timedelta(days=2)
    open_tickets(use_cases, tmp_path, 1)
    clock.now = datetime(2026, 11, 2, 15, 45, tzinfo=UTC)
    down(use_cases, datetime(2026, 11, 2, 15, 30, tzinfo=UTC))
    for task in (cs.enter_problem_report, cs.compare_with_sla):
        use_cases.incidents.perform(task, run_id=RUN)
    allowed = int(Fraction(5, 1000) * 20 * 8 * HOUR)
    first = line_of(use_cases)
    assert (first.until, first.running, first.seconds_left) == (NEXT_TIER, True, allowed - HOUR // 4 + 1)
    clock.now = datetime(2026, 11, 2, 22, tzinfo=UTC)
    [stands] = board(use_cases)
    assert (stands.seconds_left, stands.stands) == (allowed - HOUR // 2 + 1, "Tue 09:00 Europe/Berlin")
    nine = datetime(2026, 11, 3, 8, tzinfo=UTC)
    assert stands.runs_out_at == nine + timedelta(seconds=stands.seconds_left)
    assert use_cases.monitoring.rejudge(limit=10) == 0
    clock.now = stands.runs_out_at
    [gone] = board(use_cases)
    assert (gone.seconds_left, gone.stands, gone.runs_out_at) == (0, None, clock.now)
    clock.pass_by(seconds=1)
    assert use_cases.monitoring.rejudge(limit=10) == 1
    assert line_of(use_cases).seconds_left > HOUR


def test_a_contract_of_all_hours_and_tables_of_working_hours_are_told_apart(use_cases, tmp_path, clock, monkeypatch):
    """The tier of a contract without service hours comes at night, whatever hours the clock of tickets has."""
    use_tables(monkeypatch, sla_clock={"service_hours": WORKING_HOURS, "zone": "Europe/Berlin"})
    under(use_cases, TIERS)
    open_tickets(use_cases, tmp_path, 1)
    clock.now = datetime(2026, 11, 2, 20, tzinfo=UTC)
    down(use_cases, clock.now - timedelta(hours=1))
    for task in (cs.enter_problem_report, cs.compare_with_sla):
        use_cases.incidents.perform(task, run_id=RUN)
    before = line_of(use_cases)
    clock.pass_by(hours=1)
    after = line_of(use_cases)
    assert (after.running, after.stands, before.seconds_left - after.seconds_left) == (True, None, HOUR)
    assert after.clock.stands_until == datetime(2026, 11, 3, 8, tzinfo=UTC)
    assert after.clock.net == timedelta(hours=8)


def test_the_place_in_the_queue_goes_by_when_the_event_comes(use_cases, tmp_path, clock, monkeypatch):
    """Four hours that run through the night are over sooner than one that goes on in the morning."""
    use_tables(monkeypatch, priorities={"service_hours": LOWER})
    under(use_cases, IN_HOURS)
    clock.now = datetime(2026, 11, 2, 20, tzinfo=UTC)
    without_contract = {"customer": "C-9", "service": "S-9"}
    rows = [event("W-0", "acknowledged", "2 09:00"), event("W-1", "acknowledged", "2 16:00", **without_contract)]
    take_in(use_cases, write_csv(tmp_path / "two.csv", rows))
    assert [(line.reference, line.seconds_left) for line in board(use_cases)] == [("W-1", 4 * HOUR), ("W-0", HOUR)]


def test_the_command_line_says_that_the_clock_stands(use_cases, tmp_path, clock, monkeypatch):
    use_tables(monkeypatch, priorities={"service_hours": LOWER})
    under(use_cases, IN_HOURS)
    open_tickets(use_cases, tmp_path, 1)
    clock.now = datetime(2026, 11, 1, 12, tzinfo=UTC)
    monkeypatch.setenv("TELECO_DB_URL", use_cases.work.settings.database_url)
    monkeypatch.setattr("include.sla_logic.services.UseCases", lambda _settings: use_cases)

    def say(*arguments):
        ran = CliRunner().invoke(app, arguments, env={"COLUMNS": "250"})
        assert ran.exit_code == 0, ran.output
        return ran.output

    said = "8 h left until due by priority, stands until Mon 09:00 Europe/Berlin"
    assert said in say("incident", "show", "W-0")
    assert said in say("incident", "list")
    assert "stands until Mon 09:00 Europe/Berlin" in say("backlog", "list")
    [listed] = json.loads(say("incident", "list", "--json"))
    shown = json.loads(say("incident", "show", "W-0", "--json"))
    assert listed["clock"] == shown["clock"]
    assert (listed["clock"]["stands_until"], listed["clock"]["running"]) == ("2026-11-02T08:00:00Z", False)


def test_a_holiday_of_the_contract_is_no_working_day(use_cases, tmp_path, clock, monkeypatch):
    use_tables(monkeypatch, sla_clock={"service_hours": WORKING_HOURS})
    contract = under(use_cases, IN_HOURS)
    assert date(2026, 11, 4) in contract.calendar.holidays
    open_tickets(use_cases, tmp_path, 1)
    clock.now = datetime(2026, 11, 4, 12, tzinfo=UTC)
    [line] = board(use_cases)
    assert (line.net_seconds, line.stands) == (16 * HOUR, "Thu 09:00 Europe/Berlin")
