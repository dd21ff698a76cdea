"""Windows settled in columns come out as the exact judgement finds them, from either database."""

from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import BigInteger, literal, select

from include.sla_logic.persistence import columns
from include.sla_logic.persistence.batch import Batch
from include.sla_logic.persistence.columns import placed, read_columns
from include.sla_logic.persistence.feeds import change_feed, keep_feed
from include.sla_logic.persistence.settlement import subscriptions
from include.sla_logic.services import many_windows
from include.sla_logic.services.screening import Screening
from include.sla_logic.services.settling import Settling
from tests.assessment.provider import Provider
from tests.assessment.registers import COUNTED, OCTOBER, some_register
from tests.assessment.test_settlement import close, complete
from tests.state_machine.test_agreements_that_change import empty_database


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def provider(request, tmp_path) -> Provider:
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    notice = {"maintenance": {"notice": "1 d"}, "claim": {"within_days": 60}, "counting": COUNTED}
    return Provider(tmp_path, empty_database(), url=url, **notice)


def exactly(provider: Provider, at: datetime):
    """Return what the exact judgement finds of every window that is due, by customer, service and window."""
    found = {}
    with provider.use_cases.work.reading() as connection:
        batch = Batch(connection, [], now=at, gateways=provider.use_cases.work.gateways, looks=True)
        for name in subscriptions(connection):
            work = Settling(batch, name, at, 0)
            judge = work._judge

            def kept(ended, newest=None, *, name=name, judge=judge):
                one = judge(ended, newest)
                found[name, ended.window.span] = one
                return one

            work._judge = kept
            list(work.settle())
    return found


@pytest.mark.parametrize(
    ("known", "fed_since"),
    [
        (datetime(2027, 1, 5, tzinfo=UTC), None),
        (datetime(2026, 11, 10, tzinfo=UTC), None),
        (datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 20, tzinfo=UTC)),
    ],
)
def test_a_register_comes_out_alike_in_columns_and_one_by_one(provider, known, fed_since):
    some_register(provider)
    complete(provider, known)
    at = datetime(2027, 1, 4, 6, tzinfo=UTC)
    if fed_since is not None:
        feed(provider, fed_since, at)
    exact = exactly(provider, at)
    states = Counter(one.state.value for (_name, (start, _end)), one in exact.items() if start == OCTOBER.timestamp())
    assert (states["waiting"] == states.total()) is (fed_since is not None)
    with provider.use_cases.work.reading() as connection:
        screened = Screening(connection, subscriptions(connection), at).screen({"run": 1, "recorded_at": at})
    left = {(name, span) for name, spans in screened.left.items() for span in spans}
    assert left | {((r["customer"], r["service"]), _span(r)) for r in screened.rounds} == exact.keys()
    for row in screened.rounds:
        one = exact[(row["customer"], row["service"]), _span(row)]
        assert (one.state, one.facts, one.rebate is None or not one.rebate.total) == (row["state"], row["facts"], True)
        assert (one.ended.agreement.id, one.ended.contract.version) == (row["agreement"], row["contract_version"])
        assert row["owed"] == (None if one.owed is None else 0)
        assert one.reason == row["reason"] or "No claim was filed" in one.reason
    assert len(screened.rounds) > 20
    assert any(exact[key].owed for key in left)


def feed(provider: Provider, starts: datetime, until: datetime) -> None:
    """Say that outages are collected since then, without a hole until then."""
    with provider.use_cases.work.writing() as connection:
        told = {"kind": "outages", "services": None, "by_time": True, "starts": starts, "definition": "x"}
        keep_feed(connection, "monitor", now=until, **told)
        change_feed(connection, "monitor", read_until=until)


def _span(row) -> tuple[int, int]:
    return int(row["window_start"].timestamp()), int(row["window_end"].timestamp())


@pytest.mark.more
def test_a_second_run_finds_nothing_new_and_one_that_reads_part_by_part_the_same(provider, monkeypatch):
    some_register(provider)
    complete(provider)
    before = provider.use_cases.settlement.preview()
    monkeypatch.setattr(many_windows, "AT_ONCE", 3)
    assert provider.use_cases.settlement.preview() == before
    close(provider)
    assert close(provider).lines == ()


def test_columns_are_read_as_they_are_kept(provider):
    with provider.use_cases.work.reading() as connection:
        names = placed(connection, ["b", "a", "b", "it's 100 %"])
        found = read_columns(connection, select(names.c.place, names.c.name), width=12)
    assert sorted(zip(found["place"].tolist(), found["name"].tolist(), strict=True)) == [
        (0, b"b"),
        (1, b"a"),
        (2, b"b"),
        (3, b"it's 100 %"),
    ]


def test_many_rows_are_read_in_parts_and_one_that_lacks_a_number_is_an_error(provider, monkeypatch):
    monkeypatch.setattr(columns, "AT_ONCE", 3)
    with provider.use_cases.work.reading() as connection:
        names = placed(connection, [f"n{number}" for number in range(10)])
        found = read_columns(connection, select(names.c.place, names.c.name), width=3)
        assert sorted(found["place"].tolist()) == list(range(10))
        assert all(name == f"n{place}".encode() for place, name in zip(*found.values(), strict=True))
        with pytest.raises((ValueError, TypeError)):
            read_columns(connection, select(names.c.place, literal(None, BigInteger).label("none")))
        assert read_columns(connection, select(names.c.place).where(names.c.place < 0))["place"].size == 0
