"""A page is in the language that the browser asks for, where there is a file for it; a program reads English."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from include.sla_logic.domain.money import CURRENCIES, Money, minor_digits
from include.sla_logic.web import rendering, translations
from tests.web.desk_sample import HERE, client_of

FILE = """
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8\\nPlural-Forms: nplurals=2; plural=(n > 1);\\n"

msgid "Board"
msgstr "Tableau"

msgid "Waiting"
msgstr "<En attente>"
"""


@pytest.fixture
def french(monkeypatch, tmp_path):
    """Let there be one language beside English, by its file alone."""
    (tmp_path / "fr.po").write_text(FILE, encoding="utf-8")
    monkeypatch.setattr(translations, "LANGUAGES", tmp_path)
    translations.forget()
    yield
    monkeypatch.undo()
    translations.forget()


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("fr", "fr"),
        ("fr-CA,fr;q=0.8,en;q=0.5", "fr"),
        ("en-GB,en;q=0.9,fr;q=0.8", "en"),
        ("en;q=0.3, fr;q=0.7", "fr"),
        ("fr;q=0", "en"),
        ("fr;q=much", "en"),
        ("da, *;q=0.5", "en"),
        ("", "en"),
        ("../../etc/passwd,\xff;q=nan,;;", "en"),
        pytest.param("x," * 500 + "fr", "en", id="too long"),
    ],
)
@pytest.mark.usefixtures("french")
def test_the_language_is_the_one_most_wanted_of_those_that_there_are(accepted, chosen):
    assert translations.language_of(accepted) == chosen


@pytest.mark.usefixtures("french")
def test_a_page_is_in_the_readers_language_and_says_so(sample):
    with client_of(sample) as client:
        page = client.get("/", headers={"Accept-Language": "fr-CA,en;q=0.5"})
        english = client.get("/")
    assert page.headers["vary"] == english.headers["vary"] == "Accept-Language"
    assert page.headers["cache-control"] == "no-store"
    assert '<html lang="fr">' in page.text
    assert ">Tableau</a>" in page.text
    assert '<html lang="en">' in english.text
    assert ">Board</a>" in english.text
    assert ">Reports</a>" in page.text  # what the file lacks is said in English


@pytest.mark.usefixtures("french")
def test_what_programs_read_stays_english_and_does_not_vary(sample):
    with client_of(sample) as client:
        for path in ("/api/v1/incidents", "/assets/desk.css"):
            answer = client.get(path, headers={"Accept-Language": "fr"})
            assert "vary" not in answer.headers
        assert client.get("/api/v1/incidents/none", headers={"Accept-Language": "fr"}).json()["title"] == "Not Found"


def test_numbers_and_instants_are_written_as_the_reader_writes_them():
    at = datetime(2026, 12, 1, 13, 5, 7, tzinfo=UTC)
    with translations.reading("de"):
        assert rendering.moment(at) == "1. Dez. 2026 13:05"
        assert rendering.short(at) == "1. Dez. 13:05"
        assert rendering.exactly(at) == "1. Dez. 2026 13:05:07"
        assert rendering.day(at.date()) == "1. Dezember 2026"
        assert rendering.month(at.date()) == "Dezember 2026"
        assert rendering.amount(Money(amount=Decimal("1234567.50"), currency="EUR")) == "1.234.567,50 EUR"
        assert rendering.number(Decimal(-1234)) == "-1.234"
        assert rendering.figure(Decimal("99.89999999"), "percent", Decimal("99.9")) == "99,89999999 %"
        assert rendering.length(93_784) == "1 Tg. 2 Std."
        assert rendering.length(-61) == "-1 Min. 1 Sek."
    assert rendering.amount(Money(amount=Decimal("1234567.50"), currency="EUR")) == "1,234,567.50 EUR"
    assert rendering.moment(at) == "1 Dec 2026 13:05"


@pytest.mark.parametrize(("language", "signs"), [("en", ",."), ("de", ".,")])
def test_amounts_of_every_currency_are_shown_with_all_its_decimals(language, signs):
    with translations.reading(language):
        for currency in sorted(CURRENCIES):
            digits = minor_digits(currency)
            for units in (0, 1, 10, 1050, -10050, 123_456_789_012_345):
                money = Money(amount=Decimal(units).scaleb(-digits), currency=currency)
                shown, sign = rendering.amount(money).split(" ")
                read = Decimal(shown.replace(signs[0], "").replace(signs[1], "."))
                assert (read, read.as_tuple().exponent, sign) == (money.amount, -digits, currency)


def test_a_german_reader_acts_in_german_and_the_audit_keeps_what_was_typed(own_sample):
    ticket = own_sample.walk("held_and_released").id
    german = {"Accept-Language": "de-AT,de;q=0.9", **HERE}
    act = f"/acts/ticket/{ticket}/assign"
    with client_of(own_sample) as client:
        client.get("/")  # who has seen the board can be chosen
        asked = client.get(act, headers=german).text
        refused = client.post(act, data={"person": "otto operates"}, headers=german)
        done = client.post(act, data={"person": "otto operates", "reason": "Spätschicht"}, headers=german)
        page = client.get(done.headers["location"], headers=german).text
        english = client.get(f"/api/v1/incidents/{ticket}", headers=german).json()
    assert "Ticket zuweisen?" in asked
    assert refused.status_code == 422
    assert "Geben Sie eine Begründung an" in refused.text
    assert "Das Ticket ist zugewiesen." in page
    assert "Spätschicht" in page
    assert english["ticket"]["status"] in {"inProgress", "resolved"}
