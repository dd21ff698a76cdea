"""A contested window is frozen: nothing is booked, settled or told as final until another person has decided."""

import os
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from include.sla_logic.domain.customer_report import CreditState, CustomerReport, NextStep
from include.sla_logic.domain.judged_facts import FactKind
from include.sla_logic.persistence.disputes import UnableToFindDispute
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.services.disputed_windows import UnableToFindWindow, UnableToRecordDispute
from include.sla_logic.services.disputes import UnableToDecideDispute
from include.sla_logic.services.typed_amounts import UnableToDecideCredit
from tests.assessment.provider import Provider
from tests.assessment.test_settlement import (
    FIRST,
    LONG,
    OCTOBER,
    SHORT,
    acts,
    agreed,
    booked,
    claimed,
    close,
    complete,
    correct,
    minutes,
    outages,
    owed,
    several,
    windows,
)
from tests.assessment.test_statements import in_words, letters
from tests.sharing import MIGRATED
from tests.state_machine.test_agreements_that_change import empty_database

NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
FURTHER = [(OCTOBER + timedelta(days=20, hours=n), OCTOBER + timedelta(days=21)) for n in range(12)]
WORDS = "The line was down for two days, not for an hour."
LINE = {"contested": "outages", "words": WORDS, "by": "ann"}


@pytest.fixture
def provider(tmp_path) -> Provider:
    return Provider(tmp_path, empty_database())


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def either(request, tmp_path) -> Provider:
    """Open a provider on a database of either kind."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    return Provider(tmp_path, empty_database(), url=url)


def contest(provider: Provider, *, at: datetime = OCTOBER, **changed):
    return provider.use_cases.disputes.record_window("K-1", "S-1", at=at, **(LINE | changed))


def sound(provider: Provider) -> list[str]:
    monitoring = provider.use_cases.monitoring
    return [str(one) for one in (*monitoring.violations(), *monitoring.unsettled())]


def told(provider: Provider, reference: str = "TT-000001") -> CustomerReport:
    report = provider.use_cases.lookups.incident(reference).document(CustomerReport)
    assert report is not None
    return report


def october(provider: Provider):
    [found] = [one for one in provider.use_cases.settlement.windows().windows if f"{one.window.start:%m}" == "10"]
    return found


def test_a_contested_window_waits_whatever_is_imported_and_the_rest_is_settled(either):
    provider = agreed(either)
    provider.fail(SHORT)
    close(provider)
    assert booked(provider) == {"2026-10": Decimal("10.00")}
    dispute = contest(provider)
    assert sound(provider) == []
    provider.fail(LONG)
    assert close(provider).booked == {}
    assert (october(provider).state, october(provider).reason) == ("waiting", "disputed")
    assert booked(provider) == {"2026-10": Decimal("10.00")}
    assert close(provider).lines == ()
    [period] = [one for one in provider.use_cases.settlement_views.periods().periods if one.month == "2026-10"]
    assert [(why.reason, why.windows) for why in period.reasons] == [("disputed", 1)]

    provider.use_cases.disputes.accept(dispute.reference, by="ben", reason="The log of the card shows it.")
    assert close(provider).booked == {"EUR": Decimal("15.00")}
    assert (october(provider).state, booked(provider)) == ("done", {"2026-10": Decimal("25.00")})
    text = in_words(letters(provider)[-1][1])
    assert "On 20 January 2027 we decided that you are right." in text
    assert WORDS in text
    assert "Our reason: The log of the card shows it." in text
    assert "These records have been added or corrected: outages." in text
    assert sound(provider) == []


def test_a_window_that_owes_nothing_waits_too(either):
    provider = agreed(either)
    close(provider)
    dispute = contest(provider)
    close(provider)
    assert [one.reason for one in windows(provider, "waiting")] == ["disputed"]
    provider.use_cases.disputes.decline(dispute.reference, by="ben", reason="Nothing was down.")
    close(provider)
    assert windows(provider, "waiting") == []
    [(_kind, text)] = letters(provider)
    assert "we decided that our records stand. " in in_words(text)
    assert "Our reason: Nothing was down." in in_words(text)
    assert close(provider).lines == ()
    assert len(letters(provider)) == 1


def test_a_declined_dispute_about_a_settled_window_is_told_at_once_and_only_once(either):
    provider = agreed(either)
    provider.fail(SHORT)
    close(provider)
    before = len(letters(provider))
    dispute = contest(provider)
    provider.use_cases.disputes.decline(dispute.reference, by="ben", reason="Our probe was sound.")
    assert len(letters(provider)) == before + 1
    close(provider)
    assert len(letters(provider)) == before + 1
    assert booked(provider) == {"2026-10": Decimal("10.00")}


def test_an_incident_under_a_dispute_books_nothing_says_so_and_is_paid_after_the_decision(either):
    provider = agreed(either)
    provider.clock.now = SHORT[1]
    provider.fail(SHORT)
    disputes = provider.use_cases.disputes

    def contested():
        disputes.record("run-1010T000000", **LINE)

    assert provider.lead(SHORT[0], meanwhile=contested) == 0
    report = told(provider)
    assert report.credit is not None
    assert (report.credit.state, report.credit.amount.amount) == (CreditState.UNDER_REVIEW, Decimal("10.00"))
    assert NextStep.DISPUTE_IS_DECIDED in report.next_steps
    words = in_words(provider.use_cases.letters.as_text("TT-000001"))
    assert "You contest what we have on record for this period: outages (DP-1, " in words
    assert "these figures are provisional" in words
    assert "Nothing is booked before we have decided about what you contest." in words
    assert "second person" not in words
    [held] = provider.use_cases.credits.waiting()
    assert (held.state, held.reason) == ("held", "disputed")
    assert sound(provider) == []

    correct(provider, SHORT[0], SHORT[0] + timedelta(days=2))
    provider.clock.now += timedelta(days=3)
    decided = disputes.accept("dp-1", by="ben", reason="The card was down.")
    assert decided.changed == (FactKind.OUTAGES,)
    report = told(provider)
    assert report.credit is not None
    assert report.credit.state is CreditState.PROVISIONAL
    assert report.credit.amount.amount == Decimal("25.00")
    words = in_words(provider.use_cases.letters.as_text("TT-000001"))
    assert "we decided that you are right" in words
    assert "Our reason: The card was down." in words
    assert provider.use_cases.lookups.incident("TT-000001").audit[-1].action == "dispute decided"
    assert [one.state for one in provider.use_cases.credits.waiting() if one.state == "held"] == []
    assert sound(provider) == []


def test_a_credit_that_was_held_before_the_dispute_is_judged_again_on_the_corrected_facts(either):
    provider = agreed(either)
    provider.fail(LONG)
    provider.clock.now = datetime(2027, 6, 1, tzinfo=UTC)
    assert provider.lead(LONG[0]) == 0  # as it is old, a second person must look
    assert [str(one.amount) for one in provider.use_cases.credits.waiting()] == ["25.00 EUR"]
    dispute = provider.use_cases.disputes.record("TT-000001", **LINE)
    correct(provider, LONG[0], LONG[0] + timedelta(hours=1))
    provider.use_cases.disputes.accept(dispute.reference, by="ben", reason="You are right.")
    assert [str(one.amount) for one in provider.use_cases.credits.waiting()] == ["10.00 EUR"]
    assert sound(provider) == []
    close(provider)


@pytest.mark.parametrize("act", ["approve", "decline", "enter"])
def test_nobody_decides_a_credit_of_a_contested_window(provider, act):
    agreed(provider).fail(LONG)
    close(provider)
    correct(provider, LONG[0], LONG[0] + timedelta(hours=1))
    close(provider)
    [held] = [one for one in provider.use_cases.credits.waiting() if one.state == "held"]
    contest(provider)
    credits_, values = provider.use_cases.credits, {"amount": "5"} if act == "enter" else {}
    with pytest.raises(UnableToDecideCredit, match="is disputed: decide DP-1 first"):
        getattr(credits_, act)(held.reference, by="cleo", reason="seen", **values)
    provider.use_cases.disputes.decline("DP-1", by="ben", reason="It was an hour.")
    credits_.decline(held.reference, by="cleo", reason="waived")
    close(provider)
    assert sound(provider) == []


def test_a_claim_in_a_contested_window_is_kept_with_its_day_and_booked_after_the_decision(tmp_path):
    provider = claimed(tmp_path)
    provider.fail(SHORT)
    provider.clock.now = datetime(2026, 11, 10, tzinfo=UTC)
    close(provider)
    [waiting] = [one for one in provider.use_cases.credits.waiting() if one.state == "unclaimed"]
    contest(provider)
    assert provider.use_cases.credits.claim(waiting.reference, by="ann").amount == 0
    assert booked(provider) == {}
    provider.use_cases.disputes.decline("DP-1", by="ben", reason="It was an hour.")
    close(provider)
    assert booked(provider) == {"2026-10": Decimal("10.00")}
    assert sound(provider) == []


def test_nobody_decides_what_they_recorded_and_nobody_decides_twice(provider):
    agreed(provider).fail(SHORT)
    contest(provider, by="ann")
    disputes = provider.use_cases.disputes
    for same in ("ann", " Ann ", "ann, signed in as root"):
        with pytest.raises(UnableToDecideDispute, match="another person must decide it"):
            disputes.decline("DP-1", by=same, reason="mine")
    with pytest.raises(UnableToDecideDispute, match="Nobody can tell whether"):
        disputes.decline("DP-1", by="ben, signed in as root", reason="mine")
    with pytest.raises(UnableToDecideDispute, match="the customer reads it"):
        disputes.decline("DP-1", by="ben", reason=" ")
    with pytest.raises(UnableToDecideDispute, match=r"Nothing on record about .* has changed since DP-1"):
        disputes.accept("DP-1", by="ben", reason="right")
    disputes.decline("DP-1", by="ben", reason="no")
    with pytest.raises(UnableToDecideDispute, match="is declined already, by ben"):
        disputes.decline("DP-1", by="cleo", reason="no")
    with pytest.raises(UnableToFindDispute):
        disputes.decline("DP-2", by="cleo", reason="no")


@pytest.mark.parametrize(
    ("changed", "error", "says"),
    [
        ({"contested": "weather"}, UnableToRecordDispute, "say outages, attributions, samples"),
        ({"words": "  "}, UnableToRecordDispute, "Write down what the customer says"),
        ({"words": "x" * 4_001}, UnableToRecordDispute, "more than 4000"),
        ({"at": datetime(2020, 1, 1, tzinfo=UTC)}, UnableToFindWindow, "no window that has begun"),
    ],
)
def test_what_cannot_be_contested_is_refused_with_what_to_do(provider, changed, error, says):
    agreed(provider)
    with pytest.raises(error, match=says):
        contest(provider, **changed)


def test_the_same_dispute_is_recorded_once_and_a_window_is_free_after_the_last_one(provider):
    agreed(provider).fail(SHORT)
    first = contest(provider)
    assert contest(provider) == first
    other = contest(provider, contested="maintenance", by="dora")
    assert [one.reference for one in provider.use_cases.disputes.listed().rows] == ["DP-1", "DP-2"]
    provider.use_cases.disputes.decline(first.reference, by="ben", reason="no")
    close(provider)
    assert [one.reason for one in windows(provider, "waiting")] == ["disputed"]
    provider.use_cases.disputes.decline(other.reference, by="ben", reason="no")
    close(provider)
    assert booked(provider) == {"2026-10": Decimal("10.00")}
    assert provider.use_cases.disputes.listed().rows == []
    assert provider.use_cases.disputes.listed(state=None).total == 2


def test_the_report_of_a_month_says_that_its_figures_are_contested(provider):
    agreed(provider).fail(SHORT)
    close(provider)
    contest(provider)
    [report] = provider.use_cases.monthly_reports.report("K-1", "2026-10").services
    assert (report.settled, report.disputed) == (False, True)
    assert "you contest them" in in_words(provider.use_cases.monthly_reports.as_page("K-1", "2026-10"))


def money_of_october(provider: Provider) -> int:
    """Add up what is booked for October and every window that shares its time, whatever brought it."""
    c = applied_billing_credits.c
    query = select(func.coalesce(func.sum(c.amount), 0)).where(c.state.in_(("booked", "posted")))
    with provider.use_cases.work.reading() as connection:
        return int(connection.scalar(query.where(c.window_start < NOVEMBER, c.window_end > OCTOBER)) or 0)


def decide_whatever_waits(provider: Provider, how: str) -> None:
    values = {"amount": "1.00"} if how == "enter" else {}
    values |= {"by": "cleo"} if how == "claim" else {"by": "cleo", "reason": "seen"}
    for waiting in provider.use_cases.credits.waiting():
        with suppress(UnableToDecideCredit):
            getattr(provider.use_cases.credits, how)(waiting.reference, **values)


decisions = st.sampled_from(["approve", "decline", "enter", "claim"])
frozen_acts = st.lists(st.one_of(outages, st.just("settle"), minutes, decisions, st.just("shorten")), max_size=8)


@several(max_examples=int(os.environ.get("SLA_EXAMPLES", "3")))
@given(before=acts, during=frozen_acts, accepted=st.booleans())
def test_while_a_window_is_contested_its_booked_sum_does_not_change(tmp_path_factory, before, during, accepted):
    provider = Provider(tmp_path_factory.mktemp("provider"), empty_database())
    freeze(provider, before, during, accepted=accepted)


@pytest.mark.more
@several(max_examples=12)
@given(before=acts, during=frozen_acts, accepted=st.booleans())
def test_so_it_is_on_postgresql(tmp_path_factory, postgres_server, before, during, accepted):
    name = f"frozen_{uuid4().hex}"
    url = postgres_server.create_database(name, template=MIGRATED)
    provider = Provider(tmp_path_factory.mktemp("provider"), b"", url=url)
    freeze(provider, before, during, accepted=accepted)
    provider.use_cases.work.database.engine.dispose()
    postgres_server.drop_database(name)


def freeze(provider: Provider, before: list[object], during: list[object], *, accepted: bool) -> None:
    """Do something, contest October, do more, decide: until then its money stays, then each month is paid."""
    provider.agree("A-1,K-1,S-1,K-1,1,2026-09-01,,100,EUR,B-1,")
    complete(provider)
    known: dict[datetime, datetime] = {}
    for act in before:
        do(provider, act, known)
    contest(provider)
    frozen = money_of_october(provider)
    for act in during:
        do(provider, act, known)
        assert money_of_october(provider) == frozen
        assert sound(provider) == []
    if accepted:
        do(provider, next(one for one in FURTHER if one[0] not in known), known)
        provider.use_cases.disputes.accept("DP-1", by="ben", reason="right")
    else:
        provider.use_cases.disputes.decline("DP-1", by="ben", reason="wrong")
    close(provider)
    if not any(one in ("decline", "shorten") for one in during):
        assert booked(provider) == owed(date(2026, 9, 1), list(known.items()))
    assert close(provider).lines == ()


def do(provider: Provider, act: object, known: dict[datetime, datetime]) -> None:
    if act == "settle":
        close(provider)
    elif act == "shorten" and known:
        start = min(known)
        known[start] = start + timedelta(minutes=2)
        correct(provider, start, known[start])
    elif isinstance(act, tuple) and act[0] not in known:
        known[act[0]] = act[1]
        provider.fail(act)
    elif isinstance(act, int):
        with suppress(Exception):  # the same minute was reported before
            provider.lead(FIRST + timedelta(minutes=act))
    elif isinstance(act, str) and act != "shorten":
        decide_whatever_waits(provider, act)
