"""What the desk shows of a clock in service hours: it counts down to their end, stands, and says until when."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, update

from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.system_t import ticket_status_history
from include.sla_logic.process.graph import WAIT
from tests.service_hours import OFFICE, use_tables
from tests.web.desk_sample import HELD, client_of

BERLIN = {"zone": "Europe/Berlin"}
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def due_by_priority(own_sample, monkeypatch):
    """Return a way to read the desk at a moment: one open ticket, which is due after eight hours of the office."""
    use_tables(monkeypatch, priorities=BERLIN | {"service_hours": dict.fromkeys(("P3", "P4", "P5"), OFFICE)})
    ticket = own_sample.walk(HELD, until=WAIT).id
    number = int(ticket.removeprefix("TT-"))
    with own_sample.use_cases.work.database.write() as connection:
        state = {"open": True, "priority": "P3", "budget_seconds": None, "next_tier_at": None}
        connection.execute(update(queue).where(queue.c.ticket == number).values(**state))
        table = ticket_status_history
        connection.execute(table.delete().where(table.c.ticket == number))
        opened = {"ticket": number, "sequence": 1, "status": "inProgress", "reason": "", "at": MONDAY}
        connection.execute(insert(table), [opened])

    def at(moment, address):
        own_sample.clock.now = moment
        with client_of(own_sample) as client:
            answer = client.get(address.format(ticket=ticket))
        assert answer.status_code == 200
        return answer

    return at


def places(at, moment):
    """Return what board and page of the incident show at this moment."""
    board = at(moment, "/?search={ticket}&shown=all").text
    page = at(moment, "/incidents/{ticket}").text
    yield board[board.index('data-label="Next breach or tier"') : board.index('data-label="At stake"')]
    yield page[page.index("<dt>Next breach or tier") : page.index("<dt>Significance")]


def test_it_counts_down_to_the_end_of_the_service_hours_at_most(due_by_priority):
    """Monday 16:00 in Berlin is seven hours after nine: one is left, and at 17:00 the clock would stand."""
    for shown in places(due_by_priority, MONDAY + 15 * HOUR):
        end = "2026-11-23T16:00:00+00:00"
        assert f'datetime="{end}" data-countdown="{end}" data-closes="{end}"' in shown
        assert "stands" not in shown


def test_it_stands_at_night_says_until_when_and_does_not_count_down(due_by_priority):
    for shown in places(due_by_priority, MONDAY + 5 * HOUR):
        assert "data-countdown" not in shown
        assert re.search(r"8 h left.*stands until <time [^>]*>Mon 09:00 Europe/Berlin</time>", shown, re.DOTALL)
        assert 'datetime="2026-11-23T08:00:00+00:00"' in shown


def test_it_has_passed_once_the_hours_are_used_up(due_by_priority):
    for shown in places(due_by_priority, MONDAY + 40 * HOUR):
        assert 'datetime="2026-11-23T16:00:00+00:00" data-countdown data-over="passed"' in shown.replace(
            re.search(r'="[^"]*" data-closes="[^"]*"', shown)[0], ""
        )
        assert '<span class="chip bad">passed</span>' in shown


def test_the_api_says_the_same_of_the_board_and_of_the_incident(due_by_priority):
    [line] = due_by_priority(MONDAY + 5 * HOUR, "/api/v1/incidents?search={ticket}").json()["incidents"]
    clock = due_by_priority(MONDAY + 5 * HOUR, "/api/v1/incidents/{ticket}").json()["clock"]
    for name in ("seconds_left", "until", "stopped_by", "stands_until", "stands", "runs_out_at", "net_seconds"):
        assert line[name] == clock[name]
    assert (line["seconds_left"], line["stands"]) == (8 * 3600, "Mon 09:00 Europe/Berlin")
    assert (line["stands_until"], clock["running"]) == ("2026-11-23T08:00:00Z", False)


def test_a_plan_says_in_which_hours_its_due_times_count(due_by_priority, own_sample):
    page = due_by_priority(MONDAY + 5 * HOUR, "/incidents/{ticket}").text
    case = own_sample.use_cases.lookups.incident(next(iter(own_sample.tickets.values())))
    [plan] = [one for one in case.documents if one.kind == "CounterMeasurePlan"][-1:]
    hours = [measure["due_in_hours"] for measure in plan.body["measures"]]
    assert ("counted in the service hours mon, tue" in page) is any(hours)
