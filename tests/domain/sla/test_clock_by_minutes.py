"""The SLA clock of a ticket, read a second time: minute by minute, by what its history says of that minute."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.sla_logic.domain.service_hours import ServiceHours
from include.sla_logic.domain.sla_clock import ClockPolicy, Owner, SlaClock, StatusEvent, UnableToReadClock, read_clock
from include.sla_logic.domain.trouble_ticket import TicketStatus
from tests.fakes import policies_in_force

START = datetime(2025, 4, 10, 8, tzinfo=UTC)
SETTLED = {TicketStatus.RESOLVED, TicketStatus.CLOSED, TicketStatus.CANCELLED, TicketStatus.REJECTED}
HOLDING = {TicketStatus.PENDING: Owner.CUSTOMER, TicketStatus.HELD: Owner.PROVIDER}
POLICY = policies_in_force().sla_clock
MINUTE = timedelta(minutes=1)

moments = st.tuples(st.integers(0, 12), st.sampled_from(list(TicketStatus)), st.none() | st.sampled_from(list(Owner)))


def policy(stops: set[Owner], *, reopened: bool) -> ClockPolicy:
    return POLICY.model_copy(update={"stops_for": frozenset(stops), "counts_until_reopened": reopened})


def read(history: list[tuple[int, TicketStatus, Owner | None]], until: int, terms: ClockPolicy) -> SlaClock:
    events = [StatusEvent(status=status, at=START + at * MINUTE, owner=owner) for at, status, owner in history]
    return read_clock(events, as_of=START + until * MINUTE, policy=terms)


def holder(status: TicketStatus, owner: Owner | None) -> Owner | None:
    return (owner or HOLDING[status]) if status in HOLDING else None


@settings(max_examples=150)
@given(
    st.lists(moments, min_size=1, max_size=7), st.integers(0, 16), st.sets(st.sampled_from(list(Owner))), st.booleans()
)
def test_the_clock_agrees_with_a_count_of_minutes(
    history: list[tuple[int, TicketStatus, Owner | None]], until: int, stops: set[Owner], reopens: bool
) -> None:
    """An event that is dated before the one that it follows counts from that one on."""
    past = [one for one in history if one[0] <= until]
    terms = policy(stops, reopened=reopens)
    if not past:
        with pytest.raises(UnableToReadClock):
            read(history, until, terms)
        return
    found, latest = read(history, until, terms), 0
    placed = []
    for at, status, owner in past:
        latest = max(latest, at)
        placed.append((latest, status, owner))
    states = [status in SETTLED for _at, status, _owner in placed]
    counted = []
    for minute in range(placed[0][0], until):
        number = max(number for number, (at, _s, _o) in enumerate(placed) if at <= minute)
        _at, status, owner = placed[number]
        if (reopens and not all(states[number:])) if status in SETTLED else holder(status, owner) not in stops:
            counted.append(minute)
    assert found.net == len(counted) * MINUTE
    assert [
        minute
        for span in found.counted
        for minute in range((span.start - START) // MINUTE, (span.end - START) // MINUTE)
    ] == counted
    settled = next((placed[n][0] for n in range(len(placed)) if all(states[n:])), None)
    assert found.settled_at == (None if settled is None else START + settled * MINUTE)
    assert found.gross == ((until if settled is None else settled) - placed[0][0]) * MINUTE
    assert found.reopened == sum(one and not two for one, two in pairwise(states))
    last = placed[-1]
    assert found.running == (last[1] not in SETTLED and holder(last[1], last[2]) not in stops)
    held = [(at, holder(status, owner)) for at, status, owner in placed if status in HOLDING]
    assert [((hold.start - START) // MINUTE, hold.owner) for hold in found.holds] == held
    assert [hold.stops_the_clock for hold in found.holds] == [owner in stops for _at, owner in held]


def test_what_counts_since_a_moment_is_what_lies_behind_it() -> None:
    clock = read(
        [(0, TicketStatus.ACKNOWLEDGED, None), (4, TicketStatus.PENDING, None)],
        9,
        policy({Owner.CUSTOMER}, reopened=True),
    )
    for minute, left in ((-1, 4), (0, 4), (1, 3), (4, 0), (8, 0)):
        assert clock.counted_since(START + minute * MINUTE) == left * MINUTE
        assert clock.counted_since(START + minute * MINUTE, ServiceHours()) == left * MINUTE
