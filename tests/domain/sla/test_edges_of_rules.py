"""What stands at the edge of a rule: the first and last day, the very target, a moment of its own, nothing at all."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from include.sla_logic.domain.calendars import calendar_window, clock_hour
from include.sla_logic.domain.measurements import AgreedTime, Charges, Delay, EventCredit, MaintenanceWindow, Outage
from include.sla_logic.domain.sla import RefusalCode
from tests.domain.sla.make import APRIL, at, contract, euros, facts, first, judge, objective, outage

EVENTS = {"id": "events", "metric": "events", "rule": {"kind": "event_credits"}}
DEARER = [
    AgreedTime(start=at("2025-04-01 00:00"), end=at("2025-04-16 00:00"), charge=euros("3000.00")),
    AgreedTime(start=at("2025-04-16 00:00"), charge=euros("6000.00")),
]


def stated(event: str, percent: int, day: str | None, name: str = "a") -> EventCredit:
    moment = None if day is None else at(f"2025-04-{day}")
    return EventCredit(event=event, objective=name, percent=Decimal(percent), at=moment)


def of_events(stacking: str, *known: EventCredit, **fields: Any) -> Any:
    terms = contract(EVENTS, stacking=stacking, on_agreement_change="together")
    return first(terms, facts(event_credits=known, charge="3000.00", **fields))


@pytest.mark.parametrize("stacking", ["sum", "highest", "highest_per_event"])
def test_without_an_event_nothing_is_owed(stacking: str) -> None:
    assert of_events(stacking).credit == euros("0.00")


@pytest.mark.parametrize(
    ("days", "stacking", "credit"),
    [
        (("10 12:00", "20 12:00"), "sum", "900.00"),  # 10 % of 3,000 and 10 % of 6,000
        (("10 12:00", "20 12:00"), "highest", "600.00"),
        (("20 12:00", "20 12:00"), "highest_per_event", "1200.00"),
        (("15 23:59:59", "16 00:00"), "sum", "900.00"),
    ],
)
def test_each_event_takes_the_charge_of_its_own_moment(days: tuple[str, str], stacking: str, credit: str) -> None:
    events = [stated(f"E{number}", 10, day) for number, day in enumerate(days)]
    for known in (events, events[::-1]):
        found = of_events(stacking, *known, agreements=DEARER)
        assert found.credit == euros(credit)
        units = [] if found.paid is None else [unit.products for unit in found.paid.units]
        assert bool(units) == (stacking != "highest")


def test_an_event_is_of_its_first_moment_and_needs_one_where_the_charge_changes() -> None:
    twice = stated("E", 10, "20 12:00", "a"), stated("E", 5, "10 12:00", "b"), stated("E", 1, None, "c")
    assert of_events("highest_per_event", *twice, agreements=DEARER).credit == euros("300.00")
    untold = stated("E", 10, None), stated("other", 10, "10 12:00")
    assert of_events("sum", *untold, agreements=DEARER).refusal is RefusalCode.CHARGE_UNKNOWN
    assert of_events("sum", *untold).credit == euros("600.00")


LATE: dict[str, Any] = {"id": "late", "metric": "delay"}
FROM_THE_THIRD = [{"from_day": 3, "rate": "5 EUR"}, {"from_day": 5, "rate": "10 EUR"}]


@pytest.mark.parametrize(("days", "credit"), [(0, 0), (1, 0), (2, 0), (3, 5), (4, 10), (5, 20), (6, 30)])
def test_days_that_are_stated_outright_are_numbered_from_the_first(days: int, credit: int) -> None:
    rule = {"kind": "credit", "for_each": "day", "tiers": FROM_THE_THIRD}
    found = first(contract(LATE | {"rule": rule}), facts(delays=[Delay(kind="line", days_late=days)]))
    assert found.credit == euros(f"{credit}.00")


@pytest.mark.parametrize(
    ("repair", "due", "done", "days", "said"),
    [
        ("paid", 3, 3, 1, "(paid itself): 1 day(s)"),
        ("paid", 3, 4, 2, "(paid itself): 2 day(s)"),
        ("paid", 3, 6, 4, "(paid itself): 4 day(s)"),
        ("not_paid", 3, 3, 0, "(not paid itself): 0 day(s)"),
        ("not_paid", 3, 4, 1, "(not paid itself): 1 day(s)"),
        ("not_paid", 3, 6, 3, "(not paid itself): 3 day(s)"),
        (None, 3, 6, 3, "(not paid itself): 3 day(s)"),
        ("paid", 3, None, 17, "day 1 is 2025-04-03, done 2025-04-20"),  # not over: the day is not paid yet
        ("not_paid", 3, None, 17, "day 1 is 2025-04-03, done 2025-04-20"),
    ],
)
def test_the_day_of_the_repair_is_paid_where_the_contract_says_so(
    repair: str | None, due: int, done: int | None, days: int, said: str
) -> None:
    rule = {"kind": "credit", "for_each": "day", "rate": "5 EUR"} | (
        {} if repair is None else {"day_of_repair": repair}
    )
    kept = None if done is None else date(2025, 4, done)
    known = facts(delays=[Delay(kind="line", due=date(2025, 4, due), done=kept)])
    found = first(contract(LATE | {"rule": rule}), known, as_of=at("2025-04-20 12:00"))
    assert (found.credit, found.days) == (euros(f"{5 * days}.00"), days)
    assert any(said in step for step in found.steps), found.steps


@pytest.mark.parametrize("kind", [None, "line"])
@pytest.mark.parametrize("paid", ["credit", "sum_per_day"])
def test_where_nothing_was_late_it_is_said_what_would_have_been(kind: str | None, paid: str) -> None:
    if paid == "credit":
        rule = {"kind": "credit", "for_each": "day", "rate": "5 EUR"} | ({} if kind is None else {"promise": kind})
    else:
        kind = kind or "line"
        rule = {"kind": "sum_per_day", "sum": 5, "applies_to": kind}
    found = first(contract(LATE | {"rule": rule}), facts(delays=[Delay(kind="other", days_late=2)] if kind else []))
    assert f"no {kind or 'delay'} is on record" in f"{found.steps} {found.reason}"


@pytest.mark.parametrize("counts", ["started", "full"])
@pytest.mark.parametrize("target", ["99.9", "99.99", "100"])
@pytest.mark.parametrize("excess", [-2, -1, 0, 1, 599, 600, 601])
def test_a_block_beyond_the_target_begins_a_second_after_it(counts: str, target: str, excess: int) -> None:
    """A month of 2,592,000 seconds: 2,592, 259.2 and 0 of them are allowed."""
    allowed = {"99.9": Decimal(2592), "99.99": Decimal("259.2"), "100": Decimal(0)}[target]
    seconds = int(allowed) + excess
    if seconds < 0:
        return
    beyond = max(Decimal(0), seconds - allowed)
    blocks = int(beyond // 600) + (counts == "started" and beyond % 600 > 0)
    rule = {"kind": "day_per_excess_block", "block": "10 min", "counts": counts}
    end = at("2025-04-10 00:00") + timedelta(seconds=seconds)
    one = Outage(reference="O", start=at("2025-04-10 00:00"), end=end)
    found = first(contract(objective(rule, target=target)), facts(one, charge="3000.00"))
    assert (found.days, found.credit) == (blocks, euros(f"{100 * blocks}.00"))


@pytest.mark.parametrize(
    ("start", "end", "least", "hours"),
    [
        ("10:00", "11:00", "0 s", 1),  # the hour that begins as the outage ends is none of it
        ("10:00:00", "11:00:01", "0 s", 2),
        ("10:30", "11:30", "30 min", 2),
        ("10:30:01", "11:30", "30 min", 1),
    ],
)
def test_an_hour_of_which_no_second_was_down_is_not_waived(start: str, end: str, least: str, hours: int) -> None:
    waiver = {"id": "h", "metric": "availability", "rule": {"kind": "hour_waiver", "downtime": {"at_least": least}}}
    charges = Charges(recurring=euros("100.00"), hourly=euros("2.50"))
    known = facts(outage(f"2025-04-10 {start}", f"2025-04-10 {end}"), charges=charges)
    found = first(contract(waiver), known)
    assert found.waived_hours == hours
    assert any(f"{hours} x 2.50 EUR per hour = {hours * Decimal('2.50')} EUR" in step for step in found.steps)


@pytest.mark.parametrize(
    ("zone", "second", "start"),
    [
        ("UTC", "10:00:00", "10:00"),
        ("UTC", "10:59:59", "10:00"),
        ("UTC", "11:00:00", "11:00"),
        ("Asia/Kathmandu", "10:14:59", "09:15"),
        ("Asia/Kathmandu", "10:15:00", "10:15"),
        ("America/St_Johns", "10:29:59", "09:30"),
        ("America/St_Johns", "10:30:00", "10:30"),
    ],
)
def test_the_hour_of_a_clock_begins_when_its_minutes_are_nothing(zone: str, second: str, start: str) -> None:
    begin, end = clock_hour(int(at(f"2025-04-10 {second}").timestamp()), zone)
    assert (begin, end - begin) == (int(at(f"2025-04-10 {start}").timestamp()), 3600)


CHRONIC = {"count": 2, "outage": {"at_least": "1 h"}, "within_days": 10}


@pytest.mark.parametrize(
    ("as_of", "left"),
    [("2025-04-05 08:59:59", 2), ("2025-04-05 09:00:00", 1), ("2025-04-15 07:59:59", 1), ("2025-04-15 08:00:00", 2)],
)
def test_an_outage_counts_towards_the_right_from_the_hour_that_makes_it_one_to_the_end_of_its_days(
    as_of: str, left: int
) -> None:
    known = facts(outage("2025-04-05 08:00", None))
    closed = facts(outage("2025-04-05 08:00", "2025-04-05 09:00"))
    terms = contract(objective(), chronic=CHRONIC)
    for one in (known, closed)[as_of > "2025-04-06" :]:
        found = judge(terms, one, as_of=at(as_of)).chronic
        assert found is not None
        assert found.events_left == left


@pytest.mark.parametrize(("length", "left"), [(0, 2), (1, 1)])
def test_an_outage_of_any_length_counts_from_its_first_second(length: int, left: int) -> None:
    clause = {"count": 2, "within_days": 10}
    now = at("2025-04-05 08:00") + timedelta(seconds=length)
    found = judge(contract(objective(), chronic=clause), facts(outage("2025-04-05 08:00", None)), as_of=now).chronic
    assert found is not None
    assert found.events_left == left


@pytest.mark.parametrize(
    ("zone", "day", "starts", "ends", "began", "ended"),
    [
        ("Europe/Berlin", "2025-03-30", "01:00", "04:00", "2025-03-30 00:00", "2025-03-30 02:00"),
        ("Europe/Berlin", "2025-03-30", "04:00", "24:00", "2025-03-30 02:00", "2025-03-30 22:00"),
        ("Europe/Berlin", "2025-10-26", "01:00", "04:00", "2025-10-25 23:00", "2025-10-26 03:00"),
        ("Europe/Berlin", "2025-10-26", "04:00", "24:00", "2025-10-26 03:00", "2025-10-26 23:00"),
        ("Europe/Berlin", "2025-10-19", "04:00", "24:00", "2025-10-19 02:00", "2025-10-19 22:00"),
        ("Europe/Berlin", "2025-10-26", "22:00", "02:00", "2025-10-26 21:00", "2025-10-27 01:00"),
        ("Europe/Berlin", "2025-10-25", "22:00", "04:00", "2025-10-25 20:00", "2025-10-26 03:00"),
        ("Europe/Berlin", "2025-03-30", "22:00", "22:00", "2025-03-30 20:00", "2025-03-31 20:00"),
        ("America/New_York", "2025-11-02", "00:00", "24:00", "2025-11-02 04:00", "2025-11-03 05:00"),
    ],
)
def test_recurring_work_follows_the_clock_on_days_on_which_the_clocks_change(
    zone: str, day: str, starts: str, ends: str, began: str, ended: str
) -> None:
    name = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[date.fromisoformat(day).weekday()]
    work = {"recurring": [{"days": [name], "starts": starts, "ends": ends}]}
    terms = contract(objective(target="99.9"), maintenance=work, zone=zone)
    window = calendar_window("year", zone, at(f"{day} 12:00"))
    for begin, end, counted in (
        (at(began), at(ended), 0),
        (at(began) - timedelta(seconds=1), at(ended) + timedelta(seconds=1), 2),
    ):
        known = facts(Outage(reference="O", start=begin, end=end))
        assert first(terms, known, window=window, as_of=window.end).counted_seconds == counted
    assert APRIL.seconds == 30 * 86_400


def test_work_of_no_length_is_neither_left_out_nor_refused() -> None:
    moment = at("2025-04-10 12:00")
    work = MaintenanceWindow(reference="M", announced_at=at("2025-04-01 00:00"), start=moment, end=moment)
    hours = [{"days": ["thu"], "starts": "01:00", "ends": "05:00"}]
    terms = contract(objective(target="99.9"), maintenance={"within": hours})
    known = facts(outage("2025-04-10 11:00", "2025-04-10 13:00"), maintenance=(work,))
    found = judge(terms, known)
    assert (found.objectives[0].counted_seconds, found.objectives[0].warnings) == (7200, ())
    assert found.refused_maintenance == ()


@pytest.mark.parametrize(
    ("rule", "steps"),
    [
        ({"kind": "day_per_block", "block": "1 h"}, ["7200 s = 2 started block(s) of 1 h", "2 day(s) x 100/30"]),
        (
            {"kind": "day_per_excess_block", "block": "1 h"},
            ["allowed (100 - 99.9) %", "excess 7200 - 2592", "2 started"],
        ),
        ({"kind": "credit", "rate": "1%", "when": "target_missed", "in_a_row": 2}, ["1 window(s) in a row missed"]),
        ({"kind": "credit", "rate": "1%", "block": "1 h"}, ["window: 7200 s (2 h); 2 started block(s) of 3600 s"]),
    ],
)
def test_a_sum_is_told_in_the_order_in_which_it_is_worked_out(rule: dict[str, Any], steps: list[str]) -> None:
    known = facts(outage("2025-04-10 11:00", "2025-04-10 13:00"))
    found = first(contract(objective(rule, target="99.9"), format=2 if rule["kind"] == "credit" else 1), known)
    begins = next(place for place, step in enumerate(found.steps) if step.startswith(steps[0]))
    assert not any(step.startswith(steps[0].split()[0]) for step in found.steps[:begins])
    told = found.steps[begins : begins + len(steps)]
    assert all(step.startswith(start) for step, start in zip(told, steps, strict=True)), found.steps


@pytest.mark.parametrize(
    ("minutes", "told"),
    [
        ((), "downtime 0 s"),
        ((60,), "downtime 3600 s in 1 counted interval(s)"),
        ((60, 30), "downtime 3600 + 1800 = 5400 s in 2 counted interval(s)"),
        ((1,) * 20, f"downtime {' + '.join(['60'] * 20)} = 1200 s in 20 counted interval(s)"),
        ((1,) * 21, "downtime 1260 s in 21 counted interval(s)"),
    ],
)
def test_the_lengths_of_up_to_twenty_stretches_are_summed_in_sight(minutes: tuple[int, ...], told: str) -> None:
    starts = [at(f"2025-04-{number + 1:02} 08:00") for number in range(len(minutes))]
    down = [
        Outage(reference=f"O{number}", start=start, end=start + timedelta(minutes=length))
        for number, (start, length) in enumerate(zip(starts, minutes, strict=True))
    ]
    assert told in first(contract(objective(target="99.9")), facts(*down)).steps
