"""The letters about settled windows: what is decided is told once, in full, and can be worked out from the letter."""

import os
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from include.sla_logic.domain.mail_message import read_message, text_of
from include.sla_logic.domain.period import Period
from include.sla_logic.persistence.schema.settlement import settlement_statements
from include.sla_logic.persistence.schema.system_t import outbox
from include.sla_logic.persistence.statements import statements_of
from include.sla_logic.services.statements import Statements
from tests.assessment.provider import Provider
from tests.assessment.test_settlement import LONG, SHORT, agreed, claimed, close, complete, correct
from tests.letters.by_hand import Read, Reckoning
from tests.state_machine.test_agreements_that_change import empty_database


@pytest.fixture
def provider(tmp_path) -> Provider:
    return Provider(tmp_path, empty_database())


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def either(request, tmp_path) -> Provider:
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    return Provider(tmp_path, empty_database(), url=url)


def letters(provider: Provider) -> list[tuple[str, str]]:
    """Return kind and text of every mail about a settled window, as the outbox would send it."""
    of_window, mail = settlement_statements.c, outbox.c
    joined = outbox.outerjoin(settlement_statements, of_window.key == mail.key)
    query = select(of_window.kind, mail.payload).select_from(joined)
    with provider.use_cases.work.reading() as connection:
        rows = connection.execute(query.where(mail.kind == "mail", mail.ticket.is_(None)).order_by(mail.id)).all()
    texts = [text_of(read_message(row.payload["message"])).replace("\r\n", "\n") for row in rows]
    return [(str(row.kind), text) for row, text in zip(rows, texts, strict=True)]


def in_words(text: str) -> str:
    return " ".join(text.replace("\xa0", " ").split())


def decide(provider: Provider, how: str) -> None:
    [held] = [one for one in provider.use_cases.credits.waiting() if one.state == "held"]
    getattr(provider.use_cases.credits, how)(held.reference, by="cleo", reason="seen")


WHEN = r"\d+ \w+ \d{4}, [\d:]{8} \(UTC[+-]\d\d:\d\d\)"


def moment(text: str) -> datetime:
    return datetime.strptime(text.replace("UTC", ""), "%d %B %Y, %H:%M:%S (%z)")


def worked_out(text: str) -> dict[str, Decimal]:
    """Work out every amount of a letter from what else it says; return the sums that it ends in.

    Charges and bookings are told; a letter that prints anything else which cannot be worked out fails.
    """
    read, reckoning = Read(text, "en"), Reckoning(text, "en")
    [(begins, ends, whole)] = re.findall(rf"the time from ({WHEN}) to ({WHEN}): ([\w ]+)\.", read.text)
    window = int((moment(ends) - moment(begins)).total_seconds())
    assert window == read.length(whole)
    if listed := re.search(r"one by one: (.*?) Together ([\d,]+) s count: ([\w ]+)\.", read.text):
        rows = re.findall(rf"({WHEN}) – ({WHEN}) ({read.lengths}): ([\d,]+) s count", listed[1])
        assert len(rows) == listed[1].count(" – ") > 0
        for begun, ended, length, seconds in rows:
            assert (moment(ended) - moment(begun)).total_seconds() == read.length(length) == read.number(seconds)
        together = sum(read.number(row[-1]) for row in rows)
        assert together == read.number(listed[2]) == read.length(listed[3])
        [stated] = re.findall(rf"Downtime that counts: ({read.lengths})", read.text)
        assert read.length(stated) == together
        [arithmetic] = re.findall(r"100% × \(([\d,]+) − ([\d,]+)\) ÷ ([\d,]+) = ([\d.]+)%", read.text)
        total, counted, again, measured = map(read.number, arithmetic)
        assert (total, counted, again) == (window, together, window)
        assert abs(100 - 100 * counted / total - measured) <= Decimal("0.00000001")
    return reckoning.check().named


def test_a_provisional_credit_is_restated_as_final_with_the_difference_and_every_outage(either):
    provider = agreed(either)
    provider.clock.now = SHORT[1]
    provider.fail(SHORT)
    assert provider.lead(SHORT[0]) == Decimal("10.00")
    assert "This is provisional" in in_words(provider.use_cases.letters.as_text("TT-000001"))
    provider.fail(LONG)
    provider.clock.now = datetime(2026, 11, 10, tzinfo=UTC)
    close(provider)
    [(kind, text)] = letters(provider)
    assert kind == "final"
    assert worked_out(text) == {
        "What your contract credits for this period": Decimal("25.00"),
        "Credited for this period": Decimal("25.00"),
        "Difference": Decimal("15.00"),
    }
    words = in_words(text)
    assert "Credited provisionally: €10.00 Credited for this period: €25.00 Difference: €15.00" in words
    assert "3 October 2026, 00:00:00 (UTC+00:00) – 4 October 2026, 16:00:00 (UTC+00:00) 1 day 16 hours" in words
    assert "10 October 2026, 01:00:00 (UTC+00:00) 1 hour" in words


def test_a_provisional_credit_that_does_not_change_is_called_final_and_nothing_is_told_twice(provider):
    agreed(provider)
    provider.clock.now = SHORT[1]
    provider.fail(SHORT)
    provider.lead(SHORT[0])
    provider.clock.now = datetime(2026, 11, 10, tzinfo=UTC)
    for _ in range(3):
        close(provider)
    [(kind, text)] = letters(provider)
    assert kind == "final"
    assert "Your credit for this period is €10.00." in in_words(text)
    assert worked_out(text)["Difference"] == 0


def test_a_window_of_which_nothing_was_promised_and_nothing_is_owed_has_no_letter(provider):
    agreed(provider)
    close(provider)
    assert letters(provider) == []


def test_a_correction_a_waiver_and_a_charge(provider):
    agreed(provider).fail(SHORT)
    close(provider)
    provider.fail(LONG)
    close(provider)
    assert [kind for kind, _ in letters(provider)] == ["final", "correction"]
    said = in_words(letters(provider)[1][1])
    assert "We have credited €15.00 more to your account: €25.00 in all" in said
    why = "These records have been added or corrected: outages."
    assert f"last letter - {why} This downtime counts now: 3 October 2026, 00:00:00" in re.sub("-+", "-", said)
    correct(provider, LONG[0], LONG[0] + timedelta(hours=2))
    close(provider)
    assert len(letters(provider)) == 2  # a person must decide first
    [window] = [one for one in provider.use_cases.settlement.windows().windows if one.letter]
    assert letters(provider)[1][1] == provider.use_cases.letters.as_text(window.letter).replace("\r\n", "\n")
    decide(provider, "decline")
    close(provider)
    assert len(letters(provider)) == 2  # the customer keeps what they were told
    correct(provider, LONG[0], LONG[0] + timedelta(hours=3))
    close(provider)
    decide(provider, "approve")
    kind, text = letters(provider)[2]
    assert (kind, len(letters(provider))) == ("charge", 3)
    said = "We had credited €25.00 to you for this period. By the figures below, €10.00 is what you keep."
    assert "This downtime no longer counts: 3 October 2026, 00:00:00 (UTC+00:00) – 4 October 2026" in in_words(text)
    assert f"{said} We charge you the difference of €15.00 on your next invoice." in in_words(text)
    assert worked_out(text) == {
        "What your contract credits for this period": Decimal("10.00"),
        "Credited for this period": Decimal("10.00"),
        "Difference": Decimal("-15.00"),
    }


def test_what_a_person_decided_before_is_said_with_the_next_correction(provider):
    agreed(provider).fail(LONG)
    close(provider)
    correct(provider, LONG[0], LONG[0] + timedelta(hours=1))
    close(provider)
    decide(provider, "decline")
    month = datetime(2026, 11, 2, tzinfo=UTC)
    provider.fail((month, month + timedelta(hours=40)))
    close(provider)
    assert [kind for kind, _ in letters(provider)] == ["final", "final"]  # November's; October is left alone


def test_what_must_be_claimed_is_told_with_the_last_day_and_again_once_it_is_claimed(tmp_path):
    provider = claimed(tmp_path)
    provider.fail(SHORT)
    provider.clock.now = datetime(2026, 11, 10, tzinfo=UTC)
    close(provider)
    [(kind, text)] = letters(provider)
    assert kind == "final"
    assert "You are entitled to a credit of €10.00. Under your contract you have to claim it by 30 December 2026." in (
        in_words(text)
    )
    [waiting] = provider.use_cases.credits.waiting()
    provider.use_cases.credits.claim(waiting.reference, by="cleo")
    kind, text = letters(provider)[1]
    assert (kind, len(letters(provider))) == ("correction", 2)
    assert "We have credited €10.00 to your account for this period." in in_words(text)
    worked_out(text)
    close(provider)
    assert len(letters(provider)) == 2


def test_a_claim_that_is_withdrawn_by_newer_facts_is_corrected(tmp_path):
    provider = claimed(tmp_path)
    provider.fail(SHORT)
    provider.clock.now = datetime(2026, 11, 10, tzinfo=UTC)
    close(provider)
    correct(provider, SHORT[0], SHORT[0] + timedelta(minutes=1))
    close(provider)
    kind, text = letters(provider)[1]
    assert (kind, len(letters(provider))) == ("correction", 2)
    assert "No credit is due, because we kept our promises in this period." in in_words(text)


class Killed(BaseException):
    pass


@pytest.mark.parametrize("dies", ["before", "within"])
def test_a_run_that_dies_while_it_writes_letters_writes_each_of_them_once(provider, monkeypatch, dies):
    assert provider.agree("A-1,K-1,S-1,K-1,1,2026-09-01,,100,EUR,B-1,") == []
    provider.use_cases.imports.complete("outages", until=datetime(2027, 1, 5, tzinfo=UTC), by="ann", source="x")
    provider.fail(LONG)
    settlement, intact = provider.use_cases.settlement, Statements._post

    def killed(self, statement, round_):
        if dies == "within":
            intact(self, statement, round_)
        raise Killed

    monkeypatch.setattr(Statements, "_post", killed)
    with pytest.raises(Killed):
        settlement.run(by="ann", limit=100, shards=1)
    assert letters(provider) == []
    monkeypatch.setattr(Statements, "_post", intact)
    assert settlement.run(by="ann", limit=100).state == "ended"
    assert [kind for kind, _ in letters(provider)] == ["final"]
    close(provider)
    assert [kind for kind, _ in letters(provider)] == ["final"]


def test_the_letter_is_in_the_customers_language_and_of_the_contracts_provider(tmp_path):
    provider = Provider(tmp_path, empty_database(), provider="Fibra Andina")
    agreed(provider)
    assert provider.bring("customers", "id,name,email,locale\nK-1,Eins,eins@example.org,de-AT\n") == []
    provider.fail(LONG)
    close(provider)
    [(_, text)] = letters(provider)
    words = in_words(text)
    assert "Guten Tag Eins," in words
    assert "Wir haben Ihrem Konto für diesen Zeitraum € 25,00 gutgeschrieben." in words
    assert "Fibra Andina Kundenservice" in words
    assert "TELECO" not in text
    page = provider.use_cases.letters.as_page(round_of_the_letter(provider))
    assert "Fibra Andina Kundenservice" in page
    assert "Die Ausfallzeit, die zählt, im Einzelnen" in page
    assert 'class="recipient"' in page  # without an address nothing stands where an envelope has its window


def test_the_page_has_the_address_of_the_register_and_none_where_there_is_none(either):
    provider = agreed(either)
    header = "id,name,email,address\n"
    refused = provider.bring("customers", header + "K-1,Eins,eins@example.org,a;b;c;d;e;f;g\n")
    assert len(refused) == 1
    assert "address" in refused[0]
    assert provider.bring("customers", header + "K-1,Eins,eins@example.org,Hauptstraße 7; 1010 Wien\n") == []
    provider.fail(LONG)
    close(provider)
    page = provider.use_cases.letters.as_page(round_of_the_letter(provider))
    assert "Eins<br>Hauptstraße 7<br>1010 Wien</div>" in page


def round_of_the_letter(provider: Provider) -> str:
    with provider.use_cases.work.reading() as connection:
        return f"SR-{connection.scalar(select(settlement_statements.c.round))}"


def statements(provider: Provider):
    with provider.use_cases.work.reading() as connection:
        return statements_of(connection, ("K-1", "S-1"))


LENGTHS = [1, 50, 200, 430, 446, 700, 2_000]  # minutes, around the bounds of the tiers
steps = st.lists(
    st.one_of(st.tuples(st.integers(0, 3), st.sampled_from(LENGTHS)), st.sampled_from(["close", "approve", "decline"])),
    min_size=2,
    max_size=9,
)


@pytest.mark.more
@settings(max_examples=int(os.environ.get("SLA_EXAMPLES", "8")), suppress_health_check=list(HealthCheck), deadline=None)
@given(steps=steps)
def test_whatever_happens_the_last_letter_of_each_window_says_what_is_booked(tmp_path_factory, steps):
    provider = Provider(tmp_path_factory.mktemp("provider"), empty_database())
    assert provider.agree("A-1,K-1,S-1,K-1,2,2026-09-17,,99.99,EUR,B-1,") == []  # Berlin, from the 10th to the 9th
    complete(provider)
    for step in (*steps, "close"):
        if isinstance(step, tuple):
            start = datetime(2026, 9, 20, tzinfo=UTC) + timedelta(days=12 * step[0])
            correct(provider, start, start + timedelta(minutes=step[1]))
        elif step == "close":
            close(provider)
        elif any(one.state == "held" for one in provider.use_cases.credits.waiting()):
            first = next(one for one in provider.use_cases.credits.waiting() if one.state == "held")
            getattr(provider.use_cases.credits, step)(first.reference, by="cleo", reason="seen")
    told = {one.performance.window: one for one in statements(provider)}
    held = {one.window for one in provider.use_cases.credits.waiting() if one.state == "held"}
    for one in provider.use_cases.settlement.windows().windows:
        if one.window not in held:
            said = told[one.window].final.amount if one.window in told else Decimal(0)
            assert said == (one.booked.amount if one.booked else 0)
    brought: dict[Period, Decimal] = {}
    for one in statements(provider):
        window = one.performance.window
        assert one.before.amount == brought.get(window, 0)
        brought[window] = one.final.amount
    for _, text in letters(provider):
        worked_out(text)


def test_a_part_of_a_charge_is_worked_out_with_its_rounding(tmp_path):
    provider = Provider(tmp_path, empty_database())
    assert provider.agree("A-1,K-1,S-1,K-1,2,2026-09-17,,99.99,EUR,B-1,") == []
    complete(provider)
    provider.fail(LONG, (SHORT[0] + timedelta(days=10), SHORT[0] + timedelta(days=13)))
    close(provider)
    for _, text in letters(provider):
        worked_out(text)
    assert len(letters(provider)) == 2
    summer = letters(provider)[1][1]  # clocks are put back in this window
    assert "10 October 2026, 00:00:00 (UTC+02:00) to 10 November 2026, 00:00:00 (UTC+01:00): 31 days 1 hour." in (
        in_words(summer)
    )
