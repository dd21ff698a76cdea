"""Windows settled in columns come out as the exact judgement finds them, from either database."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select

from include.sla_logic.persistence.batch import Batch
from include.sla_logic.persistence.columns import placed, read_columns
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.settlement import subscriptions
from include.sla_logic.services import many_windows
from include.sla_logic.services.screening import Screening
from include.sla_logic.services.settling import Settling
from tests.assessment.provider import Provider
from tests.assessment.test_settlement import close, complete
from tests.state_machine.test_agreements_that_change import empty_database

SEPTEMBER, OCTOBER = (datetime(2026, month, 1, tzinfo=UTC) for month in (9, 10))
COUNTED = {"holds_stop_the_clock": True, "attributions": ["provider", "third_party"]}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def provider(request, tmp_path) -> Provider:
    url = None if request.param == "sqlite" else request.getfixturevalue("empty_postgres_url")
    notice = {"maintenance": {"notice": "1 d"}, "claim": {"within_days": 60}, "counting": COUNTED}
    return Provider(tmp_path, empty_database(), url=url, **notice)


def some_register(provider: Provider) -> None:
    """Agreements of every kind, with outages, planned work and holds of every kind; some with tickets and credits."""
    chance = random.Random(7)  # noqa: S311 - seeded
    rows, outages, work, holds = [], [], [], []
    for number in range(2, 26):
        start = SEPTEMBER + timedelta(days=chance.randrange(40))
        ends = start + timedelta(days=chance.randrange(20, 70)) if number % 3 else None
        said = f"{start:%Y-%m-%d},{'' if ends is None else f'{ends:%Y-%m-%d}'}"
        rows.append(f"A-{number},K-{number % 2 + 1},S-{number},K-1,{number % 3 + 1},{said},100,EUR,B-{number},")
        for count in range(chance.randrange(8)):
            at = SEPTEMBER + timedelta(seconds=chance.randrange(110 * 86_400))
            until = at + timedelta(seconds=chance.choice((30, 400, 2_000, 9_000, 90_000)))
            shown = "" if count == 5 else until.isoformat()
            who = chance.choice(("provider", "provider", "third_party", "customer"))
            outages.append(f"S-{number},O-{count},{at.isoformat()},{shown},{who}")
        at = SEPTEMBER + timedelta(seconds=chance.randrange(100 * 86_400))
        told = chance.choice((at - timedelta(days=2), at - timedelta(hours=2)))
        work.append(f"S-{number},M-1,{at.isoformat()},{(at + timedelta(hours=9)).isoformat()},{told.isoformat()}")
        until = None if number == 9 else at + timedelta(hours=30)
        holds.append({"service": f"S-{number}", "starts_at": at, "ends_at": until, "reason": "x", "owner": "customer"})
    assert provider.agree("A-1,K-1,S-1,K-1,1,2026-09-01,,100,EUR,B-1,", *rows) == []
    assert provider.agree("A-1,K-1,S-1,K-1,1,2026-09-01,,120,EUR,B-1,2026-11-10") == []
    assert provider.bring("outages", "service,reference,started_at,ended_at,attribution\n" + "\n".join(outages)) == []
    header = "service,reference,starts_at,ends_at,announced_at\n"
    assert provider.bring("maintenance", header + "\n".join(work)) == []
    unobserved = {"service": "S-3", "started_at": OCTOBER, "ended_at": OCTOBER + timedelta(hours=3)}
    with provider.use_cases.work.writing() as connection:
        connection.execute(insert(t.holds), holds)
        connection.execute(insert(t.unobserved), unobserved)
    provider.lead(OCTOBER + timedelta(days=3))


def exactly(provider: Provider, at: datetime):
    """Return what the exact judgement finds of every window that is due, by customer, service and window."""
    found = {}
    with provider.use_cases.work.reading() as connection:
        batch = Batch(connection, [], now=at, gateways=provider.use_cases.work.gateways, looks=True)
        for name in subscriptions(connection):
            work = Settling(batch, name, at, 0)
            judge = work._judge

            def kept(ended, name=name, judge=judge):
                one = judge(ended)
                found[name, ended.window.span] = one
                return one

            work._judge = kept
            list(work.settle())
    return found


@pytest.mark.parametrize("known", [datetime(2027, 1, 5, tzinfo=UTC), datetime(2026, 11, 10, tzinfo=UTC)])
def test_a_register_comes_out_alike_in_columns_and_one_by_one(provider, known):
    some_register(provider)
    complete(provider, known)
    at = datetime(2027, 1, 4, 6, tzinfo=UTC)
    exact = exactly(provider, at)
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


def _span(row) -> tuple[int, int]:
    return int(row["window_start"].timestamp()), int(row["window_end"].timestamp())


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
