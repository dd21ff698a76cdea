"""A sentence keeps what another language needs to say it."""

import pickle
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.raw_payload import printable
from include.sla_logic.domain.sentence import Code, Sentence, sentence_of
from include.sla_logic.domain.trouble_ticket import TicketStatus

AT = datetime(2026, 11, 2, 9, 15, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize(
    ("sentence", "english"),
    [
        (Sentence("All of it: 100 %."), "All of it: 100 %."),
        (Sentence("%(ticket)s is %(status)s.", ticket="TT-1", status=TicketStatus.HELD), "TT-1 is held."),
        (Sentence("at %(at)s", at=AT), "at 2026-11-02 08:15 UTC"),
        (Sentence("%(due)s", due=Money(amount=Decimal("1000.50"), currency="EUR")), "1000.50 EUR"),
        (Sentence("not %(wanted)s", wanted=(Code("held"), Code("booked"))), "not held, booked"),
        (Sentence("%(why)s; stop", why=Sentence("%(n)s files", n=3)), "3 files; stop"),
        (Sentence("%(text)s", text="50 % %(more)s"), "50 % %(more)s"),
    ],
)
def test_it_is_english_where_nobody_translates_it(sentence, english):
    assert sentence == english
    assert str(ForeseenError(sentence)) == english


def test_it_survives_a_process():
    said = Sentence("%(who)s has %(count)s %%", who="nora", count=7)
    again = pickle.loads(pickle.dumps(ForeseenError(said)))  # noqa: S301 - our own
    found = sentence_of(again)
    assert isinstance(found, Sentence)
    assert (found, found.says, found.values) == ("nora has 7 %", said.says, {"who": "nora", "count": 7})


def test_texts_among_its_values_can_be_changed_and_nothing_else():
    inner = Sentence("%(sent)s is not read", sent="a\x00b")
    said = Sentence("%(what)s at %(at)s: %(state)s", what=inner, at=AT.astimezone(UTC), state=Code("held"))
    changed = said.with_texts(printable)
    assert changed == "a\\x00b is not read at 2026-11-02 08:15 UTC: held"
    assert changed.says == said.says


@pytest.mark.parametrize("error", [ForeseenError(), ForeseenError("plain"), ForeseenError("a", "b")])
def test_an_error_without_one_says_its_text(error):
    assert sentence_of(error) == str(error)
