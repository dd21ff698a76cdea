"""Settlement: every window that has ended is judged, with or without an incident, and corrected when facts change."""

import os
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import partial
from itertools import pairwise
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from include.sla_logic.domain.money import Money
from include.sla_logic.persistence.queries.board_filter import BoardFilter
from include.sla_logic.services.imports import UnableToNoteComplete
from include.sla_logic.services.settlement import UnableToSettle
from include.sla_logic.services.settling import Settling
from include.sla_logic.services.typed_amounts import UnableToDecideCredit
from tests.assessment.provider import Provider
from tests.sharing import MIGRATED
from tests.state_machine.test_agreements_that_change import empty_database

OCTOBER = datetime(2026, 10, 1, tzinfo=UTC)
LONG = (OCTOBER + timedelta(days=2), OCTOBER + timedelta(days=3, hours=16))
SHORT = (OCTOBER + timedelta(days=9), OCTOBER + timedelta(days=9, hours=1))


@pytest.fixture
def provider(tmp_path) -> Provider:
    return Provider(tmp_path, empty_database())


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def either(request, tmp_path) -> Provider:
    """Open a provider on a database of either kind."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    return Provider(tmp_path, empty_database(), url=url)


def agreed(provider: Provider) -> Provider:
    assert provider.agree("A-1,K-1,S-1,K-1,1,2026-09-01,,100,EUR,B-1,") == []
    complete(provider)
    return provider


def complete(provider: Provider, until: datetime = datetime(2027, 1, 5, tzinfo=UTC)) -> None:
    provider.use_cases.imports.complete("outages", until=until, by="ann", source="outages.csv")


def close(provider: Provider, **how):
    """Settle, with a second person where the run is held."""
    settlement = provider.use_cases.settlement
    run = settlement.run(by="ann", shards=1, **how)
    if run.state == "held":
        settlement.release(run.number, by="ben", reason="checked")
        run = settlement.run(by="ann")
    assert run.state == "ended"
    monitoring = provider.use_cases.monitoring
    assert [str(one) for one in (*monitoring.violations(), *monitoring.unsettled())] == []
    waits = any(one.state == "held" for one in provider.use_cases.credits.waiting())
    assert waits or [str(one) for one in monitoring.credited_beyond_owed()] == []
    return settlement.preview_of_run(run.number)[1]


def booked(provider: Provider) -> dict[str, Decimal]:
    """Return what is booked for each month."""
    found = provider.use_cases.settlement.windows().windows
    return {f"{one.window.start:%Y-%m}": one.booked.amount for one in found if one.booked}


def booked_of(provider: Provider, service: str) -> dict[str, Decimal]:
    """Return what is booked for each month of one of several services."""
    found = provider.use_cases.settlement.windows(limit=1_000).windows
    return {f"{one.window.start:%Y-%m}": one.booked.amount for one in found if one.booked and one.service == service}


def windows(provider: Provider, state: str):
    return provider.use_cases.settlement.windows(state=state).windows


def test_a_month_that_nobody_complained_of_is_credited_once(either):
    provider = agreed(either)
    provider.fail(LONG)
    before = provider.use_cases.settlement.preview()
    assert before.booked == {"EUR": Decimal("25.00")}
    assert booked(provider) == {}
    assert close(provider) == before
    assert booked(provider) == {"2026-10": Decimal("25.00")}
    assert close(provider).lines == ()
    assert close(provider).lines == ()
    assert [one.windows for one in provider.use_cases.settlement.windows().counts] == [4]


def test_a_window_waits_for_its_grace_to_be_over(provider):
    agreed(provider)
    provider.clock.now = datetime(2026, 11, 3, 23, 59, 50, tzinfo=UTC)
    assert sum(line.windows for line in provider.use_cases.settlement.preview().lines) == 1
    provider.clock.now = datetime(2026, 11, 4, tzinfo=UTC)
    assert sum(line.windows for line in provider.use_cases.settlement.preview().lines) == 2


def test_what_an_incident_was_credited_is_taken_off(provider):
    agreed(provider).fail(SHORT)
    assert provider.lead(SHORT[0]) == Decimal("10.00")
    provider.fail(LONG)
    close(provider)
    assert booked(provider) == {"2026-10": Decimal("25.00")}
    assert provider.lead(LONG[0]) == 0


def test_an_outage_that_is_recorded_later_brings_the_difference(provider):
    agreed(provider).fail(SHORT)
    close(provider)
    provider.fail(LONG)
    assert not provider.use_cases.settlement.window("K-1", "S-1", at=OCTOBER).same
    assert close(provider).booked == {"EUR": Decimal("15.00")}
    found = provider.use_cases.settlement.window("K-1", "S-1", at=OCTOBER)
    assert (found.same, [one.round for one in found.rounds]) == (True, [2, 1])
    assert booked(provider) == {"2026-10": Decimal("25.00")}


def correct(provider: Provider, start: datetime, end: datetime) -> None:
    """Record another end of an outage that is on record."""
    row = f"S-1,O-{start:%m%dT%H%M%S},{start.isoformat()},{end.isoformat()}"
    assert provider.bring("outages", f"service,reference,started_at,ended_at\n{row}\n") == []


@pytest.mark.parametrize(("decide", "left"), [("decline", "25.00"), ("approve", "10.00")])
def test_a_difference_in_the_providers_favour_is_a_persons_to_waive_or_to_charge(provider, decide, left):
    agreed(provider).fail(LONG)
    close(provider)
    correct(provider, LONG[0], LONG[0] + timedelta(hours=1))
    close(provider)
    assert booked(provider) == {"2026-10": Decimal("25.00")}
    [held] = [one for one in provider.use_cases.credits.waiting() if one.state == "held"]
    assert held.amount is not None
    assert held.amount.amount == Decimal("-15.00")
    assert [one.window.start for one in windows(provider, "to_decide")] == [OCTOBER]
    getattr(provider.use_cases.credits, decide)(held.reference, by="cleo", reason="seen")
    close(provider)
    assert booked(provider) == {"2026-10": Decimal(left)}
    assert windows(provider, "to_decide") == []


def test_of_two_corrections_the_later_replaces_what_is_undecided_of_the_earlier(either):
    provider = agreed(either)
    provider.fail(LONG)
    close(provider)
    correct(provider, LONG[0], LONG[0] + timedelta(hours=1))
    close(provider)
    correct(provider, LONG[0], LONG[0] + timedelta(minutes=1))
    close(provider)
    [held] = [one for one in provider.use_cases.credits.waiting() if one.state == "held"]
    assert held.amount is not None
    assert held.amount.amount == Decimal("-25.00")
    correct(provider, *LONG)
    close(provider)
    assert [one for one in provider.use_cases.credits.waiting() if one.state == "held"] == []
    assert booked(provider) == {"2026-10": Decimal("25.00")}


def test_a_held_difference_that_later_facts_have_made_wrong_is_not_approved_as_it_stands(provider):
    agreed(provider).fail(LONG)
    close(provider)
    correct(provider, LONG[0], LONG[0] + timedelta(hours=1))
    close(provider)
    [held] = [one for one in provider.use_cases.credits.waiting() if one.state == "held"]
    correct(provider, *LONG)
    with pytest.raises(UnableToDecideCredit, match=r"Facts have changed since SR-.*: run `sla settlement run`"):
        provider.use_cases.credits.approve(held.reference, by="cleo", reason="seen")
    correct(provider, LONG[0], LONG[0] + timedelta(hours=1))  # as it was when it was held
    provider.use_cases.credits.approve(held.reference, by="cleo", reason="seen")
    assert booked(provider) == {"2026-10": Decimal("10.00")}


def test_an_incidents_credit_that_a_round_replaces_is_no_longer_under_review(tmp_path):
    provider = agreed(Provider(tmp_path, empty_database(), approval_limit=20))
    provider.fail(LONG)
    assert provider.lead(LONG[0]) == 0
    correct(provider, LONG[0], LONG[0] + timedelta(hours=1))
    close(provider)
    assert booked(provider) == {"2026-10": Decimal("10.00")}
    [line] = provider.use_cases.board.incidents(BoardFilter(shown="all")).rows
    assert (line.credit, line.credit_state) == (Money.zero("EUR"), "superseded")


def test_after_correct_until_a_person_decides(tmp_path):
    provider = agreed(Provider(tmp_path, empty_database(), correct_until="60 d"))
    provider.fail(SHORT)
    close(provider, at=datetime(2026, 11, 10, tzinfo=UTC))
    provider.fail(LONG)
    close(provider)
    [held] = [one for one in provider.use_cases.credits.waiting() if one.state == "held"]
    assert held.reason is not None
    assert "the contract's correct_until has passed for 2026-10-01" in held.reason
    provider.use_cases.credits.approve(held.reference, by="cleo", reason="seen")
    close(provider)
    assert booked(provider) == {"2026-10": Decimal("25.00")}


def test_an_outage_without_an_end_delays_its_window_until_a_person_decides(provider):
    agreed(provider)
    assert provider.bring("outages", f"service,started_at\nS-1,{LONG[0].isoformat()}\n") == []
    close(provider, at=datetime(2026, 11, 17, 23, 59, tzinfo=UTC))
    assert [(one.state, one.reason) for one in windows(provider, "waiting")] == [
        ("waiting", "availability rests on something still open")
    ]
    close(provider, at=datetime(2026, 11, 18, tzinfo=UTC))
    assert windows(provider, "waiting") == []
    [held] = provider.use_cases.credits.waiting()
    long = "S-1:20261003T000000Z lasts longer than a window, from 2026-10-03 and has no end"
    assert (held.state, held.reason) == ("held", f"availability rests on something still open; {long}")


def test_an_incident_under_way_delays_its_window_and_one_that_has_ended_does_not(provider):
    agreed(provider).fail(LONG)
    said = {"customer": "K-1", "service": "S-1", "symptom": "service_down", "description": "Down."}
    notification = said | {"observed_from": LONG[0].isoformat()}
    provider.clock.now = datetime(2026, 11, 10, tzinfo=UTC)
    provider.use_cases.incidents.accept(notification, run_id="run-1", origin="test")
    close(provider)
    assert [one.reason for one in windows(provider, "waiting")] == ["TT-000001 is still under way"]
    provider.clock.now = datetime(2026, 11, 18, tzinfo=UTC)
    close(provider)
    [held] = provider.use_cases.credits.waiting()
    assert (held.state, held.reason) == ("held", "TT-000001 is still under way")


def claimed(folder, **terms) -> Provider:
    return agreed(Provider(folder, empty_database(), claim={"within_days": 60}, **terms))


def test_what_must_be_claimed_waits_for_the_claim_and_the_claim_holds_for_later_differences(tmp_path):
    provider = claimed(tmp_path)
    provider.fail(SHORT)
    provider.clock.now = datetime(2026, 11, 10, tzinfo=UTC)
    close(provider)
    [unclaimed] = provider.use_cases.credits.waiting()
    assert (unclaimed.state, unclaimed.claim_until) == ("unclaimed", date(2026, 12, 30))
    assert str(provider.use_cases.credits.claim(unclaimed.reference, by="cleo")) == "10.00 EUR"
    provider.fail(LONG)
    close(provider)
    assert booked(provider) == {"2026-10": Decimal("25.00")}


def test_a_correction_replaces_what_is_unclaimed_and_what_nobody_claimed_lapses(tmp_path):
    provider = claimed(tmp_path)
    provider.fail(SHORT)
    provider.clock.now = datetime(2026, 11, 10, tzinfo=UTC)
    close(provider)
    provider.fail(LONG)
    close(provider)
    [unclaimed] = provider.use_cases.credits.waiting()
    assert str(unclaimed.amount) == "25.00 EUR"
    provider.clock.now = datetime(2027, 1, 1, tzinfo=UTC)
    close(provider)
    assert provider.use_cases.credits.waiting() == []
    with provider.use_cases.work.reading() as connection:
        states = connection.exec_driver_sql("SELECT state FROM applied_billing_credits ORDER BY recorded_at").scalars()
        assert list(states) == ["superseded", "lapsed"]
    assert booked(provider) == {}


def test_a_run_that_would_book_more_than_usual_waits_for_another_person(provider):
    agreed(provider).fail(LONG)
    settlement = provider.use_cases.settlement
    run = settlement.run(by="ann", limit=24, shards=2)
    assert (run.state, run.held_because) == ("held", "it would book 25.00 EUR, more than the limit of 24")
    assert booked(provider) == {}
    with pytest.raises(UnableToSettle, match="another person"):
        settlement.release(run.number, by=" Ann", reason="mine")
    with pytest.raises(UnableToSettle, match="books nothing"):
        settlement.settle(run.number, 0)
    newer = settlement.run(by="ann", limit=24, shards=2)
    with pytest.raises(UnableToSettle, match="out of date"):
        settlement.release(run.number, by="ben", reason="checked")
    settlement.release(newer.number, by="ben", reason="checked")
    assert settlement.run(by="ann", limit=24).state == "ended"
    assert booked(provider) == {"2026-10": Decimal("25.00")}
    days = [datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 12, 2, tzinfo=UTC)]
    provider.fail(*((day, day + timedelta(hours=40)) for day in days))
    assert settlement.run(by="ann", shards=2).state == "ended"  # 50.00 is not more than three times 25.00


def test_a_run_says_how_far_it_has_come(provider):
    agreed(provider).fail(LONG)
    said: list[str] = []
    provider.use_cases.settlement.run(by="ann", limit=100, shards=2, progress=said.append)
    assert said[1:4:2] == ["looked at 2 of 2 shards: 4 windows to settle", "settled 2 of 2 shards: 4 of 4 windows"]


def test_three_times_the_median_is_more_than_usual(provider):
    agreed(provider).fail(SHORT)
    close(provider)
    days = [datetime(2026, month, 2, tzinfo=UTC) for month in (11, 12)]
    provider.fail(*((day, day + timedelta(hours=40)) for day in days))
    run = provider.use_cases.settlement.run(by="ann", limit=1_000, shards=1)
    assert run.held_because is not None
    assert "50.00 EUR, more than 3 times the 10.00 that were usual" in run.held_because


def test_what_changes_between_the_preview_and_the_booking_is_left_to_the_next_run(provider):
    agreed(provider).fail(SHORT)
    settlement = provider.use_cases.settlement
    run = settlement.open(by="ann", shards=1)
    settlement.look(run.number, 0)
    provider.fail(LONG)
    settlement.check(run.number, limit=100)
    settlement.settle(run.number, 0)
    assert settlement.end(run.number).state == "ended"
    assert booked(provider) == {}
    close(provider)
    assert booked(provider) == {"2026-10": Decimal("25.00")}


def test_what_a_round_has_judged_changes_only_with_a_first_day(provider):
    agreed(provider)
    close(provider)
    dearer = "A-1,K-1,S-1,K-1,1,2026-09-01,,200,EUR,B-1,"
    [refused] = provider.agree(dearer)
    assert "a window was judged under it: to change it to 200.00 EUR, write valid_from" in refused
    assert provider.agree(f"{dearer}2027-02-01") == []
    assert close(provider).lines == ()


def test_rounds_and_what_is_said_to_be_complete_are_only_ever_added(either):
    provider = agreed(either)
    close(provider)
    for statement in ("DELETE FROM settlement_rounds", "DELETE FROM completeness"):
        with pytest.raises(DBAPIError, match="only ever added"), provider.use_cases.work.writing() as connection:
            connection.exec_driver_sql(statement)


def test_a_moment_in_the_future_is_only_for_a_preview(provider):
    agreed(provider)
    later = provider.clock.now + timedelta(days=40)
    assert sum(line.windows for line in provider.use_cases.settlement.preview(at=later).lines) == 5
    with pytest.raises(UnableToSettle, match="lies in the future"):
        provider.use_cases.settlement.run(by="ann", at=later)


# An independent program of what a month owes: seconds of outage, a share of the month, a tier, a part of the charge.
FIRST, LAST = datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
MONTHS = [datetime(2026, month, 1, tzinfo=UTC) for month in range(9, 13)] + [LAST]


def owed(joined: date, outages: Sequence[tuple[datetime, datetime]]) -> dict[str, Decimal]:
    found = {}
    for start, end in pairwise(MONTHS):
        begins = max(start, datetime(joined.year, joined.month, joined.day, tzinfo=UTC))
        down = set()
        for one, two in outages:
            down |= set(
                range(max(0, int((one - begins).total_seconds())), int((min(two, end) - begins).total_seconds()))
            )
        seconds = int((end - begins).total_seconds())
        share = 100 - Fraction(100 * len(down), seconds)
        tier = 0 if share >= Fraction("99.9") else 10 if share >= 99 else 25
        exact = Fraction(tier, 100) * 100 * Fraction(seconds, int((end - start).total_seconds()))
        cents = Decimal(exact.numerator * 100) / Decimal(exact.denominator)
        amount = cents.quantize(Decimal(1), ROUND_HALF_UP) / 100
        if amount:
            found[f"{start:%Y-%m}"] = amount
    return found


minutes = st.integers(0, int((LAST - FIRST).total_seconds()) // 60 - 1)
outages = st.tuples(minutes, st.sampled_from([1, 43, 44, 45, 430, 446, 447, 2_000])).map(
    lambda two: (FIRST + timedelta(minutes=two[0]), FIRST + timedelta(minutes=sum(two)))
)
acts = st.lists(st.one_of(outages, st.just("settle"), minutes), max_size=8)


several = partial(settings, suppress_health_check=list(HealthCheck), deadline=None)


@several(max_examples=int(os.environ.get("SLA_EXAMPLES", "3")))
@given(day=st.integers(1, 30), acts=acts)
def test_in_whatever_order_facts_incidents_and_rounds_come_each_month_is_paid_what_it_owes(tmp_path_factory, day, acts):
    play(Provider(tmp_path_factory.mktemp("provider"), empty_database()), day, acts)


@pytest.mark.more
@several(max_examples=12)
@given(day=st.integers(1, 30), acts=acts)
def test_so_it_is_on_postgresql(tmp_path_factory, postgres_server, day, acts):
    name = f"order_{uuid4().hex}"
    url = postgres_server.create_database(name, template=MIGRATED)
    provider = Provider(tmp_path_factory.mktemp("provider"), b"", url=url)
    play(provider, day, acts)
    provider.use_cases.work.database.engine.dispose()
    postgres_server.drop_database(name)


def play(provider, day, acts):
    joined, known = date(2026, 9, day), []
    provider.agree(f"A-1,K-1,S-1,K-1,1,{joined},,100,EUR,B-1,")
    complete(provider)
    for act in acts:
        if act == "settle":
            close(provider)
        elif isinstance(act, tuple):
            if act[0] not in [start for start, _ in known]:
                known.append(act)
                provider.fail(act)
        elif (at := FIRST + timedelta(minutes=act)).date() > joined:
            try:
                provider.lead(at)
            except Exception as error:  # noqa: BLE001 - the same minute was reported before
                assert "run-" in str(error)  # noqa: PT017
    close(provider)
    assert booked(provider) == owed(joined, known)
    assert close(provider).lines == ()


def test_no_window_is_settled_before_its_sources_are_complete(provider):
    provider.agree("A-1,K-1,S-1,K-1,1,2026-10-01,,100,EUR,B-1,")
    provider.fail(LONG)
    close(provider)
    assert "outages are not known to be complete until 2026-11-01 00:00 UTC" in [
        one.reason for one in windows(provider, "waiting")
    ]
    assert booked(provider) == {}
    complete(provider, datetime(2026, 12, 1, tzinfo=UTC))
    close(provider)
    assert [one.window.start.month for one in windows(provider, "waiting")] == [12]
    assert booked(provider) == {"2026-10": Decimal("25.00")}


def test_what_nobody_can_know_is_not_noted_as_complete(provider):
    agreed(provider)
    imports = provider.use_cases.imports
    said = {"until": datetime(2026, 12, 1, tzinfo=UTC), "by": "ann", "source": "x"}
    with pytest.raises(UnableToNoteComplete, match="S-9 is not known"):
        imports.complete("outages", services=["S-9"], **said)
    with pytest.raises(UnableToNoteComplete, match="No contract is judged on alarms"):
        imports.complete("alarms", **said)
    with pytest.raises(UnableToNoteComplete, match="lies in the future"):
        imports.complete("outages", **(said | {"until": provider.clock.now + timedelta(days=1)}))


def test_doctor_names_a_window_without_a_round_and_one_that_is_not_booked_as_owed(provider):
    agreed(provider).fail(LONG)
    close(provider)
    said = "INSERT INTO settlement_rounds SELECT number + 100, run, customer, service, window_start, window_end, 2,"
    said += " agreement, contract, contract_version, state, reason, owed + 500, currency, facts, rebate, recorded_at,"
    said += " basis, changed"
    with provider.use_cases.work.writing() as connection:
        connection.exec_driver_sql(f"{said} FROM settlement_rounds WHERE owed > 0")
    [wrong] = map(str, provider.use_cases.monitoring.violations())
    assert wrong.startswith("I10 K-1 S-1 2026-10-01")
    assert wrong.endswith("owes 30.00 EUR by its round 2, and 25.00 EUR are booked")
    provider.agree("A-2,K-2,S-2,K-1,1,2026-12-01,,100,EUR,B-2,")
    [missing] = map(str, provider.use_cases.monitoring.unsettled())
    assert missing.startswith("I10 K-2 S-2 2026-12-01")


def test_an_outage_that_lasts_longer_than_a_window_is_a_persons_to_believe(provider):
    agreed(provider).fail((OCTOBER + timedelta(days=20), OCTOBER + timedelta(days=55)))
    close(provider)
    assert booked(provider) == {}
    reasons = {one.window_start.month: one.reason for one in provider.use_cases.credits.waiting()}
    assert reasons.keys() == {10, 11}
    assert "O-1021T000000 lasts longer than a window, from 2026-10-21 to 2026-11-25" in (reasons[10] or "")


def test_a_shard_that_dies_is_done_again_without_doubling(provider, monkeypatch):
    agreed(provider).fail(LONG)
    provider.agree("A-2,K-2,S-2,K-1,1,2026-10-01,,200,EUR,B-2,")
    row = f"S-2,{LONG[0].isoformat()},{LONG[1].isoformat()}"
    provider.bring("outages", f"service,started_at,ended_at\n{row}\n")
    settlement = provider.use_cases.settlement
    run = settlement.open(by="ann", shards=1)
    settlement.look(run.number, 0)
    settlement.check(run.number, limit=1_000)
    flushed, flush = [], Settling.flush

    def dies(work):
        flush(work)
        flushed.append(work.subscription)
        if len(flushed) == 2:
            raise RuntimeError

    monkeypatch.setattr(Settling, "flush", dies)
    with pytest.raises(RuntimeError):
        settlement.settle(run.number, 0)
    assert booked(provider) == {"2026-10": Decimal("25.00")}
    settlement.settle(run.number, 0)
    settlement.settle(run.number, 0)
    assert settlement.end(run.number).state == "ended"
    found = {one.service: one.booked.amount for one in settlement.windows().windows if one.booked}
    assert found == {"S-1": Decimal("25.00"), "S-2": Decimal("50.00")}
    assert close(provider).lines == ()
