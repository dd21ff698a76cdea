"""A window whose facts have not changed is not judged again; a change of any kind is never missed, and is named."""

import os
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.judged_facts import FIELDS, FactKind
from include.sla_logic.domain.measurements import ServiceFacts
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.settlement import settlement_rounds
from include.sla_logic.services import settling
from include.sla_logic.services.judged_bases import FOR_A_YEAR, Read
from tests.assessment.provider import Provider
from tests.assessment.test_settlement import LONG, OCTOBER, SHORT, agreed, close, complete
from tests.assessment.test_statements import decide, in_words, letters
from tests.domain.sla.make import objective, text_of
from tests.state_machine.test_agreements_that_change import empty_database

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SLOW = {"kind": "overrun_tiers", "thresholds": [{"overrun": 10, "credit": "10%"}, {"overrun": 100, "credit": "50%"}]}
LATENCY = objective(SLOW, id="latency", metric="latency", target=30)


@pytest.fixture
def provider(tmp_path) -> Provider:
    return agreed(Provider(tmp_path, empty_database()))


def judged(monkeypatch) -> list[object]:
    """Note every judgement that settlement asks for from now on."""
    found: list[object] = []
    asked = settling.compare

    def compare(*args, **kwargs):
        found.append((args, kwargs))
        return asked(*args, **kwargs)

    monkeypatch.setattr(settling, "compare", compare)
    return found


def everything_is_settled(provider: Provider) -> None:
    """Judge every window as if none had a round that rests on the same facts: nothing may come out differently."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Read, "stands", lambda *_: False)
        assert provider.use_cases.settlement.preview().lines == ()


def newest(provider: Provider) -> tuple[str, ...]:
    """Return what the round with the highest number names as changed."""
    with provider.use_cases.work.reading() as connection:
        query = select(settlement_rounds.c.changed).order_by(settlement_rounds.c.number.desc()).limit(1)
        return tuple((connection.scalar(query) or "").split(","))


def write(provider: Provider, *statements) -> None:
    with provider.use_cases.work.writing() as connection:
        for statement in statements:
            connection.execute(statement)


def test_every_fact_belongs_to_a_kind():
    named = [name for names in FIELDS.values() for name in names]
    assert sorted([*named, "service", "as_of", "credited"]) == sorted(ServiceFacts.model_fields)


def test_a_window_that_owes_money_is_judged_again_only_when_something_has_changed_or_a_year_is_over(
    provider, monkeypatch
):
    provider.fail(LONG, SHORT)
    close(provider)
    asked = judged(monkeypatch)
    close(provider)
    assert asked == []
    provider.bring("maintenance", f"service,reference,starts_at,ends_at\nS-1,W-1,{LONG[1]},{LONG[1] + HOUR}\n")
    close(provider)
    assert asked
    asked.clear()
    close(provider)  # it came out as before, which is kept
    assert asked == []
    provider.clock.now += FOR_A_YEAR + DAY
    complete(provider, provider.clock.now)
    close(provider)
    assert OCTOBER in {keywords["window"].start for _, keywords in asked}


CHANGES = {
    FactKind.OUTAGES: lambda provider: provider.fail(SHORT),
    FactKind.ATTRIBUTIONS: lambda provider: write(provider, update(t.outages).values(attribution="customer")),
    FactKind.MAINTENANCE: lambda provider: write(
        provider,
        insert(t.maintenance_windows).values(
            service="S-1", reference="W", starts_at=LONG[0], ends_at=LONG[1], announced_at=LONG[0] - 9 * DAY
        ),
    ),
    FactKind.HOLDS: lambda provider: write(
        provider,
        insert(t.holds).values(service="S-1", starts_at=LONG[0], ends_at=LONG[1], reason="closed", owner="customer"),
    ),
    FactKind.CHARGES: lambda provider: write(provider, update(t.agreements).values(monthly_charge=90_00)),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_round_that_changes_an_amount_names_the_kind_of_fact_that_has_changed(tmp_path, kind):
    provider = agreed(Provider(tmp_path, empty_database(), counting={"holds_stop_the_clock": True}))
    provider.fail(LONG)
    close(provider)
    CHANGES[kind](provider)
    close(provider)
    assert newest(provider) == (kind.value,)
    assert provider.use_cases.settlement.window("K-1", "S-1", at=OCTOBER).rounds[0].changed == (kind,)
    everything_is_settled(provider)


@pytest.mark.parametrize("kind", [FactKind.OUTAGES, FactKind.ATTRIBUTIONS, FactKind.MAINTENANCE, FactKind.HOLDS])
def test_so_does_one_that_follows_a_window_that_was_settled_in_columns(tmp_path, kind):
    provider = agreed(Provider(tmp_path, empty_database(), counting={"holds_stop_the_clock": True}))
    if kind is not FactKind.OUTAGES:
        provider.fail(LONG)
        CHANGES[kind](provider)
    close(provider)
    assert provider.use_cases.settlement.window("K-1", "S-1", at=OCTOBER).rounds[0].owed.amount == 0
    if kind is FactKind.ATTRIBUTIONS:
        write(provider, update(t.outages).values(attribution="provider"))
    elif kind is FactKind.OUTAGES:
        provider.fail(LONG)
    else:
        write(provider, delete(t.holds if kind is FactKind.HOLDS else t.maintenance_windows))
    close(provider)
    assert newest(provider) == (kind.value,)


def test_the_letter_names_what_has_changed_since_the_letter_before(provider):
    provider.fail(LONG, SHORT)
    close(provider)
    CHANGES[FactKind.CHARGES](provider)
    close(provider)
    decide(provider, "approve")
    kind, text = letters(provider)[-1]
    assert kind == "charge"
    said = "These records have been added or corrected: what you pay for the service."
    assert said in in_words(text)


# What can happen between two rounds, by the hour after 1 September; every kind of fact that this contract knows.
FIRST = datetime(2026, 9, 1, tzinfo=UTC)
KINDS = ["fail", "blame", "work", "hold", "unwatch", "charge", "end", "sample", "claim", "decide", "wait", "settle"]
hours = st.integers(1, 24 * 110)
acts = st.lists(st.tuples(st.sampled_from([*KINDS, "settle", "fail"]), hours, st.integers(1, 60)), max_size=12)
several = partial(settings, suppress_health_check=list(HealthCheck), deadline=None)


@several(max_examples=int(os.environ.get("SLA_EXAMPLES", "2")))
@given(acts=acts)
def test_whatever_changes_and_whenever_judging_everything_finds_nothing_that_a_run_has_missed(tmp_path_factory, acts):
    play(Provider(tmp_path_factory.mktemp("provider"), empty_database(), **TERMS), acts)


@pytest.mark.more
@several(max_examples=int(os.environ.get("SLA_EXAMPLES", "20")))
@given(acts=acts)
def test_so_it_is_for_more_of_them(tmp_path_factory, acts):
    play(Provider(tmp_path_factory.mktemp("provider"), empty_database(), **TERMS), acts)


TERMS = {"claim": {"within_days": 60}, "counting": {"holds_stop_the_clock": True}}
TERMS |= {"cap": {"share": "30%", "over": "quarter"}, "settle_latest": "5 d"}


def play(provider: Provider, acts) -> None:
    provider.use_cases.imports.contracts([("sampled.yaml", text_of(LATENCY, id="K-9", version="1"))])
    rows = [f"A-{k},K-{k},S-1,{terms},1,2026-09-01,,100,EUR,B-{k}," for k, terms in ((1, "K-1"), (2, "K-9"))]
    assert provider.agree(*rows) == []
    metric = {"service": "S-1", "metric": "latency", "unit": "ms", "step_seconds": 3600, "decimals": 0}
    write(provider, insert(t.measured_metrics).values(metric), insert(t.samples).values(samples()))
    provider.clock.now = datetime(2026, 11, 10, tzinfo=UTC)
    complete(provider, provider.clock.now)
    for number, (act, hour, length) in enumerate([*acts, ("settle", 1, 1)]):
        start = FIRST + hour * HOUR + timedelta(seconds=number)
        happen(provider, act, start, start + length * HOUR)


def samples() -> list[dict[str, object]]:
    """Return one a day until the new year."""
    days = (FIRST + number * DAY for number in range(123))
    return [{"service": "S-1", "metric": "latency", "at": int(day.timestamp()), "value": 20} for day in days]


def happen(provider: Provider, act: str, start: datetime, end: datetime) -> None:
    """Change one thing on record, or settle."""
    span, hours_ = {"service": "S-1", "starts_at": start, "ends_at": end}, int((end - start) / HOUR)
    if act == "settle":
        settle(provider)
    elif act == "wait":
        provider.clock.now += hours_ * DAY
        complete(provider, provider.clock.now)
    elif act == "fail" and start < provider.clock.now:
        provider.fail((start, end))
    elif act in ("claim", "decide"):
        waiting = provider.use_cases.credits.waiting()
        for one in [one for one in waiting if one.state == ("held" if act == "decide" else "unclaimed")][:1]:
            ways = {"claim": ["claim"], "decide": ["approve", "decline"]}[act]
            try:
                how = ways[hours_ % len(ways)]
                said = {} if how == "claim" else {"reason": "seen"}
                getattr(provider.use_cases.credits, how)(one.reference, by="cleo", **said)
            except ForeseenError:
                pass  # too late, or there is no amount to approve
    elif act in (changes := changed(start, end, span, hours_)):
        write(provider, changes[act])


def changed(start: datetime, end: datetime, span, hours_: int):
    sampled, seconds = t.samples.c, [int(one.timestamp()) for one in (start, end + 9 * DAY)]
    whose = "customer" if hours_ % 2 else "provider"
    ends = None if hours_ % 3 == 0 else start.date()
    return {
        "blame": update(t.outages).values(attribution=whose),
        "work": insert(t.maintenance_windows).values(
            **span, reference=f"W-{start:%m%dT%H%M%S}", announced_at=start - 9 * DAY
        ),
        "hold": insert(t.holds).values(**span, reason="closed", owner="customer"),
        "unwatch": insert(t.unobserved).values(service="S-1", started_at=start, ended_at=end),
        "charge": update(t.agreements).values(monthly_charge=100 * hours_),
        "end": update(t.agreements).values(ends=ends).where(t.agreements.c.id == "A-1"),
        "sample": update(t.samples).values(value=hours_).where(sampled.at >= seconds[0], sampled.at < seconds[1]),
    }


def settle(provider: Provider) -> None:
    settlement = provider.use_cases.settlement
    run = settlement.run(by="ann", shards=1, limit=1_000_000)
    if run.state == "held":
        settlement.release(run.number, by="ben", reason="checked")
        run = settlement.run(by="ann")
    assert run.state == "ended"
    everything_is_settled(provider)
