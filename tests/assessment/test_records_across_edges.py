"""What lies across the edge of a window is one outage in the database too: read as a whole, from both sides."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from include.sla_logic.domain.measurements import ServiceFacts
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.rebate import facts_of
from include.sla_logic.domain.sla import compare
from include.sla_logic.persistence.contracts import ContractRegister
from include.sla_logic.persistence.measurements import MeasurementRegister
from tests.assessment.provider import Provider
from tests.assessment.test_settlement import booked, close, complete
from tests.domain.sla.make import contract, objective, text_of
from tests.state_machine.test_agreements_that_change import empty_database

AS_OF = datetime(2027, 1, 15, tzinfo=UTC)
SEPTEMBER, OCTOBER, NOVEMBER, DECEMBER = (datetime(2026, month, 1, tzinfo=UTC) for month in (9, 10, 11, 12))
BY_EVENT = {"kind": "credit", "for_each": "event", "block": "1 h", "rate": "5 EUR"}
PER_MINUTE = {"kind": "credit", "block": "1 min", "rate": "1 EUR"}
OUTAGES = "service,reference,started_at,ended_at,ticket_opened_at,ticket_closed_at\n"
WORK = "service,reference,starts_at,ends_at,announced_at\n"
LONG = "S-1,O-1,2026-10-31T22:00:00Z,2026-11-01T06:00:00Z,,"


def settled(folder, rule, *, outages=(), work=(), **terms) -> Provider:
    """Settle what is on record of a service under a contract of one rule."""
    provider = Provider(folder, empty_database())
    stated = text_of(objective(rule), id="K-9", version="1", format=2, claim={"automatic": True}, **terms)
    provider.use_cases.imports.contracts([("own.yaml", stated)])
    assert provider.agree("A-1,K-1,S-1,K-9,1,2026-09-01,,1000,EUR,B-1,") == []
    assert provider.bring("outages", OUTAGES + "\n".join(outages) + "\n") == []
    told = [f"S-1,W-{place},{span},2026-09-01T00:00:00Z" for place, span in enumerate(work)]
    assert provider.bring("maintenance", WORK + "\n".join(told) + "\n") == []
    complete(provider)
    close(provider)
    return provider


@pytest.mark.parametrize(
    ("event_in", "work", "paid"),
    [
        ("window_of_end", "2026-11-01T00:00:00Z,2026-11-01T06:00:00Z", {"2026-10": Decimal("10.00")}),
        ("window_of_end", "2026-11-01T02:00:00Z,2026-11-01T06:00:00Z", {"2026-11": Decimal("20.00")}),
        ("window_of_start", "2026-11-01T02:00:00Z,2026-11-01T06:00:00Z", {"2026-10": Decimal("20.00")}),
    ],
)
def test_planned_work_beyond_the_edge_says_how_long_an_event_is_and_where_it_ends(tmp_path, event_in, work, paid):
    terms = {"maintenance": {"notice": "3 d"}}
    provider = settled(tmp_path, BY_EVENT | {"event_in": event_in}, outages=[LONG], work=[work], **terms)
    assert booked(provider) == paid


def test_two_records_that_are_cut_at_midnight_are_one_outage_that_is_long_enough(tmp_path):
    rows = [
        "S-1,O-1,2026-10-31T23:50:00Z,2026-11-01T00:00:00Z,,",
        "S-1,O-2,2026-11-01T00:00:00Z,2026-11-01T00:10:00Z,,",
    ]
    provider = settled(tmp_path, PER_MINUTE, outages=rows, counting={"shortest": {"at_least": "15 min"}})
    assert booked(provider) == {"2026-10": Decimal("10.00"), "2026-11": Decimal("10.00")}


def test_an_outage_counts_until_its_ticket_is_closed_also_in_the_window_after_its_end(tmp_path):
    row = "S-1,O-1,2026-10-31T20:00:00Z,2026-10-31T22:00:00Z,2026-10-31T20:05:00Z,2026-11-01T10:00:00Z"
    provider = settled(tmp_path, PER_MINUTE, outages=[row], counting={"clock_stop": "ticket_closed"})
    assert booked(provider) == {"2026-10": Decimal("240.00"), "2026-11": Decimal("600.00")}


def test_a_record_from_beyond_the_edge_that_arrives_later_corrects_both_windows(tmp_path):
    first = "S-1,O-1,2026-10-31T23:50:00Z,2026-11-01T00:00:00Z,,"
    provider = settled(tmp_path, PER_MINUTE, outages=[first], counting={"shortest": {"at_least": "15 min"}})
    assert booked(provider) == {}
    second = "S-1,O-2,2026-11-01T00:00:00Z,2026-11-01T00:10:00Z,,"
    assert provider.bring("outages", OUTAGES + second + "\n") == []
    close(provider)
    assert booked(provider) == {"2026-10": Decimal("10.00"), "2026-11": Decimal("10.00")}


def test_records_that_touch_nothing_across_the_edge_are_none_of_the_window(tmp_path):
    rows = [
        "S-1,O-1,2026-10-20T08:00:00Z,2026-10-20T09:00:00Z,,",
        "S-1,O-2,2026-11-01T00:00:00Z,2026-11-01T08:00:00Z,,",
        "S-1,O-3,2026-11-03T08:00:00Z,2026-11-03T09:00:00Z,,",
    ]
    provider = settled(tmp_path, BY_EVENT, outages=rows, work=["2026-11-02T08:00:00Z,2026-11-02T09:00:00Z"])
    with provider.use_cases.work.reading() as connection:
        known = facts_of_window(connection, Period(start=OCTOBER, end=NOVEMBER))
    assert [one.reference for one in known.outages] == ["O-1"]
    assert known.maintenance == ()


def facts_of_window(connection, window) -> ServiceFacts:
    register = ContractRegister(connection=connection)
    agreement = register.agreement("K-1", "S-1", at=window.start)
    return MeasurementRegister(connection=connection, contracts=register).facts(agreement, window, as_of=AS_OF)


CASES = [
    (BY_EVENT, {}),
    (BY_EVENT | {"event_in": "window_of_start"}, {"maintenance": {"notice": "1 d"}}),
    (BY_EVENT | {"event_in": "cut"}, {"counting": {"shortest": {"at_least": "2 h"}}}),
    ({"kind": "credit", "for_each": "day", "rate": "5 EUR", "outage": {"more_than": "1 h"}}, {}),
    (PER_MINUTE, {"counting": {"shortest": {"more_than": "9 h"}}}),
    (PER_MINUTE, {"counting": {"clock_stop": "ticket_closed", "shortest": {"at_least": "12 h"}}}),
    (PER_MINUTE, {"counting": {"clock_stop": "ticket_closed", "clock_start": "ticket_opened"}}),
    (PER_MINUTE, {"counting": {"shortest": {"at_least": "6 h"}}, "maintenance": {"allowance": "4 h"}}),
]


def some_records(chance: random.Random) -> tuple[list[str], list[str]]:
    """Return outages and planned work that crowd about the edges of three months."""
    outages, work = [], []
    for number in range(16):
        edge = chance.choice((OCTOBER, NOVEMBER, DECEMBER))
        start = edge + timedelta(hours=chance.randrange(-30, 30))
        end = start + timedelta(hours=chance.choice((1, 2, 6, 14)))
        closed = end + timedelta(hours=chance.choice((0, 1, 20)))
        row = (start, end, start, closed)
        outages.append(f"S-1,O-{number}," + ",".join(f"{one:%Y-%m-%dT%H:%M:%SZ}" for one in row))
        if number % 3 == 0:
            start = edge + timedelta(hours=chance.randrange(-30, 30))
            work.append(f"{start:%Y-%m-%dT%H:%M:%SZ},{start + timedelta(hours=5):%Y-%m-%dT%H:%M:%SZ}")
    return outages, work


def months() -> Iterator[Period]:
    edges = [SEPTEMBER, OCTOBER, NOVEMBER, DECEMBER]
    for start, end in pairwise(edges):
        yield Period(start=start, end=end)


@pytest.mark.parametrize("seed", [0, 2])
@pytest.mark.parametrize(("rule", "terms"), CASES)
def test_a_window_comes_out_as_it_does_from_a_file_of_all_facts(tmp_path, rule, terms, seed):
    chance = random.Random(seed)  # noqa: S311 - seeded
    outages, work = some_records(chance)
    provider = settled(tmp_path, rule, outages=outages, work=work, **terms)
    judged = contract(objective(rule), format=2, **terms)
    with provider.use_cases.work.reading() as connection:
        everything = facts_of_window(connection, Period(start=SEPTEMBER, end=AS_OF))
        for window in months():
            read = compare(judged, facts_of_window(connection, window), window=window, as_of=AS_OF)
            whole = compare(judged, everything, window=window, as_of=AS_OF)
            assert (facts_of(read), read.provisional) == (facts_of(whole), whole.provisional)
