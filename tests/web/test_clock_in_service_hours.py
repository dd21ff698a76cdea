"""What the desk shows of a clock in service hours: it counts down to their end, stands, and says until when."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.process.graph import WAIT
from tests.service_hours import WORKING_HOURS, use_tables
from tests.web.desk_sample import HELD, client_of

TUESDAY = datetime(2026, 11, 24, tzinfo=UTC)
HOUR = timedelta(hours=1)
LOWER = dict.fromkeys(("P2", "P3", "P4", "P5"), WORKING_HOURS)
HOURS = {"zone": "Europe/Berlin", "service_hours": {"P1": WORKING_HOURS, **LOWER}}


@pytest.fixture(scope="module")
def desk_at(loaded_sample, tmp_path_factory):
    """Return a way to read the desk at a moment: one ticket of Tuesday night, due after eight hours of work."""
    sample = loaded_sample.again(tmp_path_factory.mktemp("hours"))
    with pytest.MonkeyPatch.context() as patch:
        use_tables(patch, priorities=HOURS)
        ticket = sample.walk(HELD, until=WAIT).id
        with sample.use_cases.work.database.write() as connection:
            state = {"open": True, "priority": "P3", "budget_seconds": None, "next_tier_at": None}
            connection.execute(update(queue).values(**state))

        def at(moment, address):
            sample.clock.now = moment
            with client_of(sample) as client:
                answer = client.get(address.format(ticket=ticket))
            assert answer.status_code == 200
            return answer

        yield at


def places(at, moment):
    """Return what board and page of the incident show at this moment."""
    board = at(moment, "/?search={ticket}&shown=all").text
    page = at(moment, "/incidents/{ticket}").text
    yield board[board.index('data-label="Next breach or tier"') : board.index('data-label="At stake"')]
    yield page[page.index('data-live="strip"') : page.index("<dt>Significance")]


def test_it_counts_down_to_the_end_of_the_service_hours_at_most(desk_at):
    """Tuesday 16:00 in Berlin is seven hours after nine: one is left, and at 17:00 the clock would stand."""
    for shown in places(desk_at, TUESDAY + 15 * HOUR):
        end = "2026-11-24T16:00:00+00:00"
        assert f'datetime="{end}" data-countdown="{end}" data-closes="{end}"' in shown
        assert "stands" not in shown


def test_it_stands_at_night_says_until_when_and_does_not_count_down(desk_at):
    for shown in places(desk_at, TUESDAY + 5 * HOUR):
        assert "data-countdown" not in shown
        assert re.search(r"8 h left.*stands until <time [^>]*>Tue 09:00 Europe/Berlin</time>", shown, re.DOTALL)
        assert 'datetime="2026-11-24T08:00:00+00:00"' in shown


def test_it_has_passed_once_the_hours_are_used_up(desk_at):
    for shown in places(desk_at, TUESDAY + 40 * HOUR):
        assert 'datetime="2026-11-24T16:00:00+00:00" data-countdown data-over="passed"' in shown
        assert '<span class="chip bad">passed</span>' in shown


def test_the_api_says_the_same_of_the_board_and_of_the_incident(desk_at):
    [line] = desk_at(TUESDAY + 5 * HOUR, "/api/v1/incidents?search={ticket}").json()["incidents"]
    clock = desk_at(TUESDAY + 5 * HOUR, "/api/v1/incidents/{ticket}").json()["clock"]
    for name in ("seconds_left", "until", "stopped_by", "stands_until", "stands", "runs_out_at", "net_seconds"):
        assert line[name] == clock[name]
    assert (line["seconds_left"], line["stands"]) == (8 * 3600, "Tue 09:00 Europe/Berlin")
    assert (line["stands_until"], clock["running"]) == ("2026-11-24T08:00:00Z", False)


def test_the_plan_says_in_which_hours_its_due_times_count(desk_at):
    page = desk_at(TUESDAY + 5 * HOUR, "/incidents/{ticket}").text
    assert "counted in the service hours mon, tue, wed, thu, fri 09:00-17:00 in Europe/Berlin." in page
