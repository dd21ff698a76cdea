"""The clock of a ticket is worked out from its history alone: holds stop it, reopenings go on, nothing is lost."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sla_logic.domain.sla_clock import (
    ClockPolicy,
    Owner,
    StatusEvent,
    UnableToReadClock,
    read_clock,
)
from include.sla_logic.domain.trouble_ticket import TicketStatus
from tests.fakes import policies_in_force

NINE = datetime(2026, 11, 2, 9, tzinfo=UTC)
POLICY = policies_in_force().sla_clock
S = TicketStatus


def at(minutes: int) -> datetime:
    return NINE + timedelta(minutes=minutes)


def history(*changes):
    """Each change is (minutes after nine, status) and perhaps the owner of a hold."""
    return [StatusEvent(status=c[1], at=at(c[0]), owner=c[2] if len(c) > 2 else None) for c in changes]


def minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)


def read(*changes, until: int, policy: ClockPolicy = POLICY):
    return read_clock(history(*changes), as_of=at(until), policy=policy)


def test_an_open_ticket_runs_from_its_opening():
    clock = read((0, S.ACKNOWLEDGED), (10, S.IN_PROGRESS), until=30)
    assert (minutes(clock.gross), minutes(clock.net), clock.running) == (30, 30, True)


@pytest.mark.parametrize(
    ("status", "owner", "counts"),
    [
        (S.PENDING, None, 20),
        (S.HELD, Owner.THIRD_PARTY, 20),
        (S.HELD, None, 30),
        (S.HELD, Owner.PROVIDER, 30),
        (S.PENDING, Owner.PROVIDER, 30),
    ],
)
def test_a_hold_stops_the_clock_where_somebody_else_has_to_act(status, owner, counts):
    clock = read((0, S.ACKNOWLEDGED), (5, S.IN_PROGRESS), (10, status, owner), (20, S.IN_PROGRESS), until=30)
    assert minutes(clock.net) == counts
    [hold] = clock.holds
    assert (hold.start, hold.end, hold.stops_the_clock) == (at(10), at(20), counts == 20)


def test_a_hold_that_lasts_has_no_end_and_the_clock_stands():
    clock = read((0, S.ACKNOWLEDGED), (5, S.IN_PROGRESS), (10, S.PENDING), until=600)
    assert (minutes(clock.net), clock.running, clock.holds[0].end) == (10, False, None)


def test_two_holds_with_different_owners_are_told_apart():
    clock = read(
        *((0, S.ACKNOWLEDGED), (1, S.IN_PROGRESS), (10, S.PENDING), (20, S.IN_PROGRESS)),
        *((20, S.HELD, Owner.PROVIDER), (40, S.IN_PROGRESS)),
        until=50,
    )
    assert [hold.owner for hold in clock.holds] == [Owner.CUSTOMER, Owner.PROVIDER]
    assert minutes(clock.net) == 40


def test_the_time_from_a_resolution_to_its_reopening_counts_only_where_the_policy_says_so():
    changes = [(0, S.ACKNOWLEDGED), (1, S.IN_PROGRESS), (10, S.RESOLVED), (40, S.IN_PROGRESS), (45, S.RESOLVED)]
    assert minutes(read(*changes, until=90).net) == 15
    counting = POLICY.model_copy(update={"counts_until_reopened": True})
    clock = read(*changes, until=90, policy=counting)
    assert (minutes(clock.net), minutes(clock.gross), clock.reopened) == (45, 45, 1)


def test_a_settled_ticket_stands_still_and_closing_it_moves_nothing():
    changes = [(0, S.ACKNOWLEDGED), (1, S.IN_PROGRESS), (10, S.RESOLVED)]
    resolved, closed = read(*changes, until=60), read(*changes, (50, S.CLOSED), until=600)
    assert minutes(resolved.net) == minutes(closed.net) == minutes(closed.gross) == 10
    assert resolved.settled_at == closed.settled_at == at(10)
    assert not closed.running


def test_only_what_comes_after_a_moment_counts_since_that_moment():
    clock = read((0, S.ACKNOWLEDGED), (5, S.IN_PROGRESS), (10, S.PENDING), (30, S.IN_PROGRESS), until=50)
    assert [minutes(clock.counted_since(at(m))) for m in (0, 8, 10, 20, 40, 60)] == [30, 22, 20, 20, 10, 0]


def test_what_happened_later_does_not_count_yet():
    changes = [(0, S.ACKNOWLEDGED), (10, S.IN_PROGRESS), (20, S.RESOLVED)]
    assert read(*changes, until=15).settled_at is None
    with pytest.raises(UnableToReadClock):
        read(*changes, until=-1)


def test_a_change_that_is_dated_before_the_one_it_follows_takes_no_time_away():
    clock = read((0, S.ACKNOWLEDGED), (10, S.IN_PROGRESS), (8, S.PENDING), until=20)
    assert minutes(clock.net) == 10


OPEN = [S.IN_PROGRESS, S.PENDING, S.HELD]
LIVES = st.lists(
    st.tuples(st.integers(0, 500), st.sampled_from([*OPEN, S.RESOLVED]), st.sampled_from([None, *Owner])), max_size=12
).map(lambda found: [(0, S.ACKNOWLEDGED, None), *sorted(found, key=lambda change: change[0])])


@given(LIVES, st.integers(0, 600), st.booleans())
def test_gross_is_what_counts_and_what_is_held_and_what_was_settled_in_between(changes, until, counting):
    policy = POLICY.model_copy(update={"counts_until_reopened": counting})
    clock = read(*changes, until=until, policy=policy)
    end = clock.settled_at or clock.as_of
    held = sum(
        ((min(h.end or end, end) - h.start) for h in clock.holds if h.stops_the_clock and h.start < end), timedelta(0)
    )
    assert timedelta(0) <= clock.net <= clock.gross
    assert clock.net + held <= clock.gross
    if counting or clock.reopened == 0:
        assert clock.net + held == clock.gross


@given(LIVES, st.integers(0, 600), st.integers(0, 600))
def test_saying_again_what_a_ticket_is_changes_nothing_of_its_time(changes, until, when):
    """As when it is re-prioritised or handed over: an entry more in the log, and no change of status."""
    before = [change for change in changes if change[0] <= when]
    said_again = sorted([*changes, (when, *before[-1][1:])], key=lambda change: change[0])
    first, second = read(*changes, until=until), read(*said_again, until=until)
    assert (first.net, first.gross, first.reopened) == (second.net, second.gross, second.reopened)


@given(LIVES, st.integers(0, 600), st.integers(0, 100))
def test_the_clock_never_runs_faster_than_time_nor_backward_while_open(changes, until, more):
    now = read(*changes, until=until)
    later = read_clock(
        [event for event in history(*changes) if event.at <= at(until)], as_of=at(until + more), policy=POLICY
    )
    assert timedelta(0) <= later.net - now.net <= timedelta(minutes=more)
    assert (later.net == now.net) or now.running
