"""Alarms are on record once, raised and cleared, in whatever order and however often they come."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from include.sla_logic.domain.alarms import SentAlarm, ends, told
from include.sla_logic.domain.network import Severity
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.alarms import received_alarms
from include.sla_logic.services import UseCases
from include.sla_logic.services.alarm_views import UnableToFindAlarm
from include.sla_logic.services.alarms import ALERTMANAGER, OURS, Receipt, UnableToReadAlarms
from tests.alarms.alerts import NODE, TRUNK, alert, at, lay_out, on_record, posted
from tests.clock import NOON


@pytest.fixture
def provider(any_use_cases: UseCases) -> UseCases:
    with any_use_cases.work.writing() as connection:
        lay_out(connection, 3)
    return any_use_cases


def receive(use_cases: UseCases, *alerts: dict[str, Any], **other: Any) -> Receipt:
    return use_cases.alarms.receive(posted(alerts, **other), source=ALERTMANAGER)


def network_alarms(use_cases: UseCases) -> list[tuple[str, str, bool]]:
    with use_cases.work.reading() as connection:
        rows = connection.execute(select(t.alarms).order_by(t.alarms.c.raised_at))
        return [(row.resource, row.code, row.cleared_at is None) for row in rows]


def test_an_alarm_is_raised_and_cleared_and_known_by_what_it_hits(provider):
    assert receive(provider, alert(since=at(10))) == Receipt(received=1, unknown=0, refused=0, left_out=0)
    [raised] = provider.alarm_views.listed().rows
    assert (raised.object, raised.code, raised.services) == (NODE, "LINK_DOWN", ("S-0001", "S-0002", "S-0003", TRUNK))
    assert network_alarms(provider) == [(NODE, "LINK_DOWN", True)]
    receive(provider, alert(since=at(10), until=at(11)))
    assert on_record(provider) == [("LINK_DOWN", at(10), at(11))]
    assert network_alarms(provider) == [(NODE, "LINK_DOWN", False)]
    assert provider.alarm_views.listed().rows == []
    assert provider.alarm_views.listed(raised_only=False).total == 1


def test_a_trunk_reaches_what_runs_on_it_and_a_named_service_is_hit_alone(provider):
    receive(provider, alert(TRUNK), alert(NODE, service="S-0002", name="PortDown"), alert(None, service="S-0003"))
    found = {one.names: one.services for one in provider.alarm_views.listed().rows}
    assert found == {
        TRUNK: ("S-0001", "S-0002", "S-0003", TRUNK),
        f"{NODE} and S-0002": ("S-0002",),
        "S-0003": ("S-0003",),
    }


def test_an_alarm_raised_again_is_another_one(provider):
    first, second = alert(since=at(8), until=at(9)), alert(since=at(10))
    receive(provider, first, second)
    receive(provider, second, first)
    assert on_record(provider) == [("LINK_DOWN", at(8), at(9)), ("LINK_DOWN", at(10), None)]
    assert network_alarms(provider) == [(NODE, "LINK_DOWN", True)]


def test_what_names_nothing_on_record_is_kept_and_recognised_once_it_is(provider):
    receive(provider, alert("R-NEW"), alert(NODE, service="S-NEW"), alert(None))
    assert [one.object for one in provider.alarm_views.listed(unknown_only=True).rows] == [None] * 3
    [new, both, none] = sorted(
        provider.alarm_views.troubles(), key=lambda line: ("R-NEW" not in line, "neither" in line)
    )
    assert new.startswith("1 raised alarm names R-NEW, which is not on record")
    assert "R-NODE and S-NEW" in both
    assert none == "1 raised alarm names neither resource nor service: correct the labels (AL-000003)"
    with provider.work.writing() as connection:
        row = {"id": "R-NEW", "kind": "link", "name": "N", "site": "N", "layer": "resource", "state": "in_service"}
        connection.execute(insert(t.resources), [row])
        connection.execute(insert(t.topology), [{"service": "S-0001", "position": 2, "resource": "R-NEW"}])
    assert provider.alarms.recognise() == 1
    assert provider.alarms.recognise() == 0
    known = {one.names: one.services for one in provider.alarm_views.listed().rows}
    assert known["R-NEW"] == ("S-0001",)
    assert ("R-NEW", "LINK_DOWN", True) in network_alarms(provider)


BAD = [
    ({"startsAt": "yesterday"}, ".raised_at"),
    ({"startsAt": "1970-01-01T00:00:00Z"}, ".raised_at"),
    ({"startsAt": (NOON + timedelta(hours=1)).isoformat()}, ".raised_at"),
    ({"status": "resolved", "endsAt": "0001-01-01T00:00:00Z"}, ".cleared_at"),
    ({"status": "resolved", "endsAt": at(1).isoformat()}, "."),
    ({"status": "suppressed"}, ".status"),
    ({"labels": {"resource": NODE}}, ".labels"),
    ({"labels": [1]}, ".labels"),
    ({"labels": {"alertname": "x" * 200}}, ".code"),
    ({"fingerprint": 7}, ".id"),
]


@pytest.mark.parametrize(("wrong", "field"), BAD)
def test_one_bad_alarm_is_in_quarantine_and_stops_no_other(provider, wrong, field):
    bad = {**alert(name="PortDown"), **wrong}
    assert receive(provider, alert(), bad, alert(name="Other")).refused == 1
    receive(provider, bad)
    assert [code for code, _raised, _ended in on_record(provider)] == ["LINK_DOWN", "Other"]
    [kept] = provider.quarantine.entries(imports=True)
    assert kept.field == field
    assert kept.origin == "import of alarms from alertmanager"
    assert json.loads(kept.body)


def test_alarms_that_alertmanager_has_left_out_are_named(provider):
    assert receive(provider, alert(), truncatedAlerts=12).left_out == 12
    [kept] = provider.quarantine.entries(imports=True)
    assert "12 alerts were not sent" in kept.reason


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b"{",
        b"[" * 100_000,
        posted([], version="3"),
        posted([], alerts={}),
        posted([], truncatedAlerts="x"),
    ],
)
def test_what_is_no_request_of_alertmanagers_is_refused_whole(provider, body):
    with pytest.raises(UnableToReadAlarms):
        provider.alarms.receive(body, source=ALERTMANAGER)
    assert on_record(provider) == []


def test_the_generic_format_has_our_words_and_refuses_others(provider):
    mine = {"id": "A-1", "code": "PORT_DOWN", "severity": "Major", "resource": NODE, "raised_at": at(9).isoformat()}
    sent = {"alarms": [mine, mine | {"id": "A-2", "serverity": "x"}, 7, mine | {"cleared_at": at(10).isoformat()}]}
    receipt = provider.alarms.receive(json.dumps(sent).encode(), source=OURS)
    assert receipt == Receipt(received=2, unknown=0, refused=2, left_out=0)
    assert on_record(provider) == [("PORT_DOWN", at(9), at(10))]
    [one] = provider.alarm_views.listed(raised_only=False).rows
    assert (one.severity, one.id, one.source_id) == ("major", "AL-000001", "A-1")
    assert provider.alarm_views.find("AL-000001") == one
    for wrong in ("AL-9", "A-1", "AL-x"):
        with pytest.raises(UnableToFindAlarm):
            provider.alarm_views.find(wrong)
    with pytest.raises(UnableToReadAlarms):
        provider.alarms.receive(b'{"alarms": [], "alarm": 1}', source=OURS)


def test_hostile_texts_are_kept_as_text_that_every_table_can_hold(provider):
    name = "<script>\x00\u202e\ud800'; DROP TABLE--"
    receive(provider, alert(name, name=name, summary="{{7*7}}"))
    [one] = provider.alarm_views.listed().rows
    assert one.named_resource == "<script>   '; DROP TABLE--"
    assert one.object is None


def test_alarms_that_last_too_long_or_are_in_doubt_are_named(provider, clock):
    receive(provider, alert(since=NOON - timedelta(hours=25)), alert(name="Other", since=at(9), until=at(10)))
    receive(provider, alert(name="Other", since=at(9)))
    long, doubtful = provider.alarm_views.troubles()
    assert "AL-000001 (LINK_DOWN, R-NODE) is raised since" in long
    assert "called the alarm AL-000002 (Other, R-NODE) raised after it had cleared it" in doubtful
    assert provider.alarm_views.find("AL-000002").doubtful
    assert on_record(provider)[1][2] == at(10)


Message = tuple[int, int | None]  # minutes: raised, cleared
MESSAGES = st.lists(
    st.tuples(st.integers(0, 6), st.none() | st.integers(0, 4)).map(
        lambda m: (m[0], None if m[1] is None else m[0] + m[1])
    ),
    min_size=1,
    max_size=8,
)


def model(messages: list[Message]) -> dict[int, int | None]:
    """Say when each alarm ended, by looking at every minute: as last said, or once it was clear or raised again."""
    said = {}
    for raised, cleared in messages:
        said[raised] = max([one for one in (said.get(raised), cleared) if one is not None], default=None)
    found = dict(said)
    for start in (raised for raised, end in said.items() if end is None):
        for minute in range(start + 1, 20):
            if minute in said or minute in said.values():
                found[start] = minute
                break
    return found


def minute(number: int) -> datetime:
    return at(8) + timedelta(minutes=number)


@given(MESSAGES, st.data())
def test_whatever_the_order_and_repetition_the_same_is_known(messages, data):
    shuffled = data.draw(st.permutations(messages + data.draw(st.lists(st.sampled_from(messages), max_size=4))))
    known: dict[datetime, datetime | None] = {}
    while shuffled:
        size = data.draw(st.integers(1, len(shuffled)))
        batch, shuffled = shuffled[:size], shuffled[size:]
        known = told(known, [sent(one) for one in batch])
    expected = {minute(raised): None if end is None else minute(end) for raised, end in model(messages).items()}
    assert ends(known) == expected


def sent(message: Message) -> SentAlarm:
    raised, cleared = message
    end = None if cleared is None else minute(cleared)
    return SentAlarm(id="a", code="X", severity=Severity.MAJOR, raised_at=minute(raised), cleared_at=end)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(MESSAGES, min_size=1, max_size=3), st.data())
def test_the_register_knows_what_the_messages_tell(use_cases, messages, data):
    """Two systems' alarms, in any order: each alarm of the record is as the model has it."""
    every = [(name, one) for name, each in enumerate(messages) for one in each]
    shuffled = data.draw(st.permutations(every))
    with use_cases.work.writing() as connection:
        connection.execute(received_alarms.delete())
    while shuffled:
        size = data.draw(st.integers(1, len(shuffled)))
        batch, shuffled = shuffled[:size], shuffled[size:]
        receive(
            use_cases,
            *(
                alert(None, name=f"A{name}", since=minute(raised), until=None if cleared is None else minute(cleared))
                for name, (raised, cleared) in batch
            ),
        )
    expected = [
        (f"A{name}", minute(raised), None if end is None else minute(end))
        for name, each in enumerate(messages)
        for raised, end in model(each).items()
    ]
    assert sorted(on_record(use_cases), key=str) == sorted(expected, key=str)
