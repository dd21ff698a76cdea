import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
import yaml
from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_percent, get_currency_symbol, get_decimal_symbol
from babel.units import format_unit
from hypothesis import given
from hypothesis import strategies as st

from include.sla_logic.domain.customer_report import CreditState, NextStep
from include.sla_logic.domain.mail_message import read_message
from include.sla_logic.domain.money import CURRENCIES, Money, minor_digits
from include.sla_logic.domain.network import Action
from include.sla_logic.domain.notification import Metric, Symptom
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.resolution import Outcome
from include.sla_logic.letters import translations
from include.sla_logic.letters.letter_outbox import render, write_letter
from include.sla_logic.letters.translations import UnableToFindPhrase, Wording, languages
from tests.letters.reports import customer, report

NOON = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)


def plain(text: str) -> str:
    return text.replace("\xa0", " ")


def fields(phrase: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(phrase) if name is not None}


@pytest.mark.parametrize("language", sorted(languages()))
def test_every_language_has_the_same_sentences_with_the_same_gaps(language: str) -> None:
    english, other = translations._phrases("en"), translations._phrases(language)

    assert set(other) == set(english)
    assert {key for key in english if fields(english[key]) != fields(other[key])} == set()
    assert {key for key, phrase in other.items() if not phrase} == set()


@pytest.mark.parametrize("language", sorted(languages()))
def test_every_code_of_a_report_can_be_said(language: str) -> None:
    wording = Wording(language, "UTC")

    needed = {f"symptom.{s.value}" for s in Symptom} | {f"metric.{m.value}" for m in Metric}
    needed |= {f"done.{a.value}" for a in Action} | {f"next.{n.value}" for n in NextStep}
    needed |= {f"outcome.{o.value}.{p}" for o in Outcome for p in ("badge", "subject", "headline", "opening")}
    needed |= {f"credit.{s.value}" for s in CreditState if s is not CreditState.NONE_DUE}
    assert {key for key in needed if not wording.has(key)} == set()


@pytest.mark.parametrize("language", sorted(languages()))
def test_every_type_of_problem_of_the_remedy_table_can_be_said(language: str) -> None:
    table = translations.LANGUAGES.parents[1] / "policies" / "remedies.yaml"
    types = {row["type"] for row in yaml.safe_load(table.read_text(encoding="utf-8"))["remedies"]}

    assert {name for name in types if not Wording(language, "UTC").has(f"problem.{name}")} == set()


@pytest.fixture
def languages_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the letters a folder of languages of their own, and forget it afterwards."""
    folder = Path(shutil.copytree(translations.LANGUAGES, tmp_path / "languages"))
    monkeypatch.setattr(translations, "LANGUAGES", folder)
    translations.languages.cache_clear()
    translations._phrases.cache_clear()
    yield folder
    translations.languages.cache_clear()
    translations._phrases.cache_clear()


def in_italian(node: Any) -> Any:
    """Mark every sentence, so that one that does not come from the new file is seen."""
    return {key: in_italian(value) for key, value in node.items()} if isinstance(node, dict) else f"it·{node}"


def test_a_language_is_added_by_a_file_and_nothing_else(languages_folder: Path) -> None:
    english = yaml.safe_load((languages_folder / "en.yaml").read_text(encoding="utf-8"))
    told, reader = report(locale="it"), customer(locale="it")
    assert write_letter(told, reader).language == "en"

    translations.languages.cache_clear()  # what a new process does
    italian = in_italian(english) | {"formats": "it_IT"}
    (languages_folder / "it.yaml").write_text(yaml.safe_dump(italian, allow_unicode=True), encoding="utf-8")
    message = read_message(render(told, reader, installation="k3")["message"])

    assert message["Content-Language"] == "it"
    assert message["Subject"].startswith("it·")
    for kind in ("plain", "html"):
        said = plain(message.get_body((kind,)).get_content())
        assert "it·" in said
        assert "18,90 €" in said
        assert "17 novembre 2026" in said
        assert "November" not in said
        assert "€18.90" not in said
    assert 'lang="it"' in message.get_body(("html",)).get_content()
    pictures = [part for part in message.walk() if part.get_content_type() == "image/png"]
    assert len(pictures) == 2
    assert read_message(render(report(), customer(), installation="k3")["message"])["Content-Language"] == "en"


def test_a_missing_sentence_is_named() -> None:
    with pytest.raises(UnableToFindPhrase, match=r"en.yaml has no sentence 'no.such.thing'"):
        Wording("en", "UTC").say("no.such.thing")


@pytest.mark.parametrize(
    ("asked", "language", "amount", "day"),
    [
        ("en", "en", "€1,234.50", "20 November 2026"),
        ("en-US", "en", "€1,234.50", "November 20, 2026"),
        ("de", "de", "1.234,50 €", "20. November 2026"),
        ("de_AT", "de", "€ 1.234,50", "20. November 2026"),
        ("de-CH", "de", "EUR 1’234.50", "20. November 2026"),
        ("fr", "fr", "1 234,50 €", "20 novembre 2026"),
        ("it", "en", "€1,234.50", "20 November 2026"),
        ("", "en", "€1,234.50", "20 November 2026"),
        ("no locale", "en", "€1,234.50", "20 November 2026"),
        ("../../etc", "en", "€1,234.50", "20 November 2026"),
    ],
)
def test_a_locale_chooses_language_and_formats(asked: str, language: str, amount: str, day: str) -> None:
    wording = Wording(asked, "UTC")

    money = Money(amount=Decimal("1234.50"), currency="EUR")
    said = (wording.language, plain(wording.money(money)), plain(wording.day(NOON)))
    assert said == (language, amount, day)


@pytest.mark.parametrize("language", sorted(languages()))
def test_numbers_and_dates_of_a_language_are_those_of_cldr(language: str) -> None:
    wording = Wording(language, "UTC")
    locale = Locale.parse(wording.say("formats"))
    money = Money(amount=Decimal("-12345.60"), currency="CHF")

    assert plain(wording.money(money)) == usual(format_currency(money.amount, "CHF", locale=locale))
    assert plain(wording.quantity(Decimal("99.95"), "percent")) == usual(
        format_percent(Decimal("0.9995"), "#,##0.00 %" if language != "en" else "#,##0.00%", locale=locale)
    )
    assert plain(wording.day(NOON)) == usual(format_date(NOON.date(), "long", locale=locale))
    assert plain(wording.moment(NOON)).endswith(usual(format_time(NOON.time(), "short", locale=locale)))
    assert plain(wording.exact_length(3661)) == usual(
        " ".join(format_unit(1, f"duration-{unit}", "long", locale=locale) for unit in ("hour", "minute", "second"))
    )


def usual(text: str) -> str:
    return plain(text.replace("\u202f", " "))


@pytest.mark.more
@given(st.text(max_size=12))
def test_any_text_at_all_is_taken_as_a_locale(asked: str) -> None:
    assert Wording(asked, "UTC").language in languages()


def test_currencies_show_their_own_minor_unit() -> None:
    wording = Wording("en", "UTC")

    assert plain(wording.money(Money(amount=Decimal(1200), currency="JPY"))) == "JP¥1,200"
    assert plain(wording.money(Money(amount=Decimal("-3.125"), currency="KWD"))) == "-KWD3.125"


@pytest.mark.parametrize("asked", [*sorted(languages()), "de-AT", "de-CH", "en-US", "en-IN", "fr-CA", "fr-CH"])
def test_amounts_of_every_currency_read_back_as_what_is_booked(asked: str) -> None:
    """CLDR writes some currencies without the decimals that their accounts have."""
    wording = Wording(asked, "UTC")
    for currency in sorted(CURRENCIES):
        digits = minor_digits(currency)
        for units in (0, 1, 10, 99, 1050, 10050, -1005, 123_456_789_012_345):
            money = Money(amount=Decimal(units).scaleb(-digits), currency=currency)
            for shown in (wording.money(money), wording.exact_money(money.exact, currency)):
                read = read_amount(shown, currency, wording)
                assert (read, read.as_tuple().exponent) == (money.amount, -digits), shown
        finer = Fraction(1, 10 ** (digits + 2)) + 5
        assert read_amount(wording.exact_money(finer, currency), currency, wording) == finer


def read_amount(shown: str, currency: str, wording: Wording) -> Decimal:
    locale = wording._locale
    digits = shown.replace(get_currency_symbol(currency, locale).replace("\u202f", "\xa0"), "")
    kept = re.sub(rf"[^\d{re.escape(get_decimal_symbol(locale))}-]", "", digits)
    return Decimal(kept.replace(get_decimal_symbol(locale), "."))


def test_times_are_those_of_the_contracts_zone() -> None:
    berlin, honolulu = Wording("en", "Europe/Berlin"), Wording("en", "Pacific/Honolulu")

    assert plain(berlin.moment(NOON)) == "20 November 2026, 14:05"
    assert plain(honolulu.moment(NOON)) == "20 November 2026, 03:05"
    assert berlin.zone_name == "Central European Time"


def test_a_month_ends_on_its_last_day_in_the_zone() -> None:
    month = Period(start=datetime(2026, 10, 31, 23, tzinfo=UTC), end=datetime(2026, 11, 30, 23, tzinfo=UTC))

    assert plain(Wording("de", "Europe/Berlin").period(month)) == "1. November 2026 – 30. November 2026"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (3599, "59 minutes 59 seconds"),
        (3600, "1 hour"),
        (26_100, "7 hours 15 minutes"),
        (86_399, "1 day"),
        (172_799, "2 days"),
        (90_000, "1 day 1 hour"),
        (172_800, "2 days"),
    ],
)
def test_a_length_of_time_is_said_in_its_two_largest_units(seconds: int, said: str) -> None:
    assert plain(Wording("en", "UTC").length(seconds)) == said


@given(
    st.decimals(min_value=0, max_value=100, places=8),
    st.decimals(min_value=0, max_value=100, places=3),
)
def test_a_measured_value_is_never_shown_on_the_other_side_of_its_promise(measured: Decimal, target: Decimal) -> None:
    shown = plain(Wording("en", "UTC").measured(measured, "percent", target))

    read = Decimal(re.sub(r"[%,]", "", shown))
    assert (read > target) - (read < target) == (measured > target) - (measured < target)
