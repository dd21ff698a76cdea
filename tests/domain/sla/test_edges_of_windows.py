"""What lies at the edge of a window, to the second: rights that are reached there, and what was reported there."""

from datetime import timedelta
from typing import Any

import pytest

from include.sla_logic.domain.measurements import Outage, Reading, Ticket
from tests.domain.sla.make import APRIL, contract, euros, facts, judge, objective

START, END = APRIL.start, APRIL.end
DAY, HOUR = 86_400, 3600


def down(begins: int, ends: int | None, reference: str = "O", **fields: Any) -> Outage:
    """Return an outage by the seconds after the window's start at which it begins and ends."""
    end = None if ends is None else START + timedelta(seconds=ends)
    return Outage(reference=reference, start=START + timedelta(seconds=begins), end=end, **fields)


COUNT = {"count": 2, "within_days": 3}
ROLLING = {"total": {"at_least": "2 h"}, "total_within_days": 3}
QUARTER = {"total": {"at_least": "2 h"}, "total_over": "year"}
BEFORE = down(-2 * HOUR, -HOUR, "BEFORE")
MONTH = int((END - START).total_seconds())


@pytest.mark.parametrize(
    ("clause", "outages", "reached"),
    [
        (ROLLING, [down(-2 * HOUR, 0)], False),  # reached with the last second of the window before
        (ROLLING, [down(-2 * HOUR + 1, 1)], True),
        (ROLLING, [down(-2 * HOUR + 2, 1)], False),
        (ROLLING, [BEFORE, down(3 * DAY - 3 * HOUR, 3 * DAY - 2 * HOUR)], True),  # the first second is just inside
        (ROLLING, [BEFORE, down(3 * DAY - 3 * HOUR + 1, 3 * DAY - 2 * HOUR + 1)], False),
        (ROLLING, [down(MONTH - 2 * HOUR, MONTH)], True),
        (ROLLING, [down(MONTH - 2 * HOUR + 1, MONTH + 1)], False),
        (QUARTER, [down(-2 * HOUR, 0)], False),
        (QUARTER, [down(-2 * HOUR + 1, 1)], True),
        (QUARTER, [down(-2 * HOUR + 2, 1)], False),
        (QUARTER, [down(MONTH - 2 * HOUR, MONTH)], True),
        (QUARTER, [down(MONTH - 2 * HOUR + 1, MONTH + 1)], False),
        (COUNT, [BEFORE, down(-1, HOUR, "B")], False),  # begun in the window before
        (COUNT, [BEFORE, down(0, 1, "B")], True),
        (COUNT, [BEFORE, down(3 * DAY - 2 * HOUR - 1, 3 * DAY, "B")], True),
        (COUNT, [BEFORE, down(3 * DAY - 2 * HOUR, 3 * DAY, "B")], False),
        (COUNT, [down(MONTH - DAY, MONTH - HOUR), down(MONTH - 1, MONTH, "B")], True),
        (COUNT, [down(MONTH - DAY, MONTH - HOUR), down(MONTH, MONTH + 1, "B")], False),
    ],
)
def test_a_right_is_one_of_the_window_in_which_it_is_reached(
    clause: dict[str, Any], outages: list[Outage], *, reached: bool
) -> None:
    found = judge(contract(chronic=clause), facts(*outages)).chronic
    assert found is not None
    assert (found.state == "reached") == reached


def told(opened: int, **fields: Any) -> dict[str, Any]:
    at: dict[str, Any] = {
        name: START + timedelta(seconds=second) for name, second in ({"opened_at": opened} | fields).items()
    }
    return {"tickets": [Ticket(reference="T", **at)]}


def recorded(begins: int, ends: int | None, *names: str) -> dict[str, Any]:
    moments: dict[str, Any] = {name: START + timedelta(seconds=begins) for name in names}
    return {"outages": [down(begins, ends, "O", **moments)]}


MEAN = {"id": "l", "metric": "latency", "target": 50, "rule": {"kind": "credit", "when": "target_missed", "rate": "9%"}}
ASKED = contract(MEAN, format=2, claim={"ticket": "required"})


@pytest.mark.parametrize(
    ("known", "paid"),
    [
        ({}, False),
        (recorded(5, 9), False),  # nobody told of it
        (recorded(5, 9, "ticket_opened_at"), True),
        (recorded(5, 9, "reported_at"), True),
        (recorded(5, 9, "ticket_opened_at", "reported_at"), True),
        (recorded(-9, 0, "reported_at"), False),
        (recorded(-9, 1, "reported_at"), True),
        (recorded(-1, -1, "reported_at"), False),
        (recorded(0, 0, "reported_at"), True),  # an outage that is over at once has its second
        (recorded(-9, None, "reported_at"), True),
        (recorded(MONTH - 1, MONTH, "reported_at"), True),
        (recorded(MONTH, MONTH + 1, "reported_at"), False),
        (told(-1), False),
        (told(0), True),
        (told(MONTH - 1), True),
        (told(MONTH), False),
        (told(MONTH, observed_from=5, observed_to=9), True),
        (told(5, observed_from=-9, observed_to=-1), False),
        (told(5, observed_from=-9, observed_to=0), True),
        (told(5, observed_from=-9), True),  # until it was reported
        (told(-5, observed_to=9), True),
        (told(MONTH + 9, observed_from=MONTH - 1), True),
        (told(MONTH - 9, observed_from=MONTH), False),
    ],
)
def test_a_mean_is_paid_where_a_report_is_about_a_second_of_the_window(known: dict[str, Any], *, paid: bool) -> None:
    outages = known.get("outages", ())
    rest = {name: part for name, part in known.items() if name != "outages"}
    found = judge(ASKED, facts(*outages, readings=[Reading(metric="latency", value=60, unit="ms")], **rest))
    assert found.credit_due == euros("9.00" if paid else "0.00")


def test_of_outages_alone_an_objective_asks_no_other_report() -> None:
    assert judge(contract(objective(), format=1), facts(down(0, 2 * DAY))).credit_due == euros("100.00")


NUMBERED = [{"rate": "1%"}, {"from_event": 2, "rate": "2%"}, {"from_event": 3, "rate": "4%"}]


@pytest.mark.parametrize(
    ("event_in", "over", "credit"),
    [
        ("window_of_end", "window", "7.00"),  # the first, second and third
        ("window_of_end", "quarter", "7.00"),
        ("window_of_end", "year", "10.00"),  # the second to fourth
        ("cut", "window", "7.00"),
        ("cut", "quarter", "7.00"),
        ("cut", "year", "10.00"),
        ("window_of_start", "window", "3.00"),  # the one that crosses the edge is of March
        ("window_of_start", "quarter", "3.00"),
        ("window_of_start", "year", "8.00"),
    ],
)
def test_an_event_across_the_edge_has_its_number_in_the_window_that_pays_it(
    event_in: str, over: str, credit: str
) -> None:
    rule = {"kind": "credit", "for_each": "event", "event_in": event_in, "events_over": over, "tiers": NUMBERED}
    events = [down(-9 * DAY, -8 * DAY, "MARCH"), down(-HOUR, HOUR, "EDGE"), down(5 * DAY, 6 * DAY, "A")]
    events += [down(15 * DAY, 16 * DAY, "B")]
    assert judge(contract(objective(rule | {"at_most": "50%"})), facts(*events)).credit_due == euros(credit)
