import re
from decimal import Decimal
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from include.sla_logic.domain.contract.contract import MetricName
from include.sla_logic.domain.customer_report import CreditState, CustomerReport
from include.sla_logic.domain.mail_message import read_message
from include.sla_logic.domain.notification import Metric, ProblemParameter
from include.sla_logic.domain.resolution import Outcome
from include.sla_logic.letters.letter_outbox import render, write_letter
from include.sla_logic.letters.rendering import COLUMNS, as_html, as_text
from include.sla_logic.letters.statement_letter import write_statement
from tests.letters.reports import (
    AVAILABILITY,
    LATENCY,
    NOVEMBER,
    WRITTEN,
    course,
    credit,
    customer,
    eur,
    performance,
    report,
    variants,
)
from tests.letters.statements import statements
from tests.spread import spread

GOLDEN = Path(__file__).parent / "golden"
LOCALES = ("en", "de", "fr")
VOID = {"meta", "img", "br", "link", "hr"}


def in_words(name: str, locale: str = "en", **changes: Any) -> str:
    if not changes:
        return in_usual_words(name, locale)
    told = variants()[name].model_copy(update={"locale": locale, "series": ()} | changes)
    return as_text(write_letter(told, customer(locale=locale)))


@cache
def in_usual_words(name: str, locale: str) -> str:
    told = variants()[name].model_copy(update={"locale": locale, "series": ()})
    return as_text(write_letter(told, customer(locale=locale)))


@cache
def text_page_and_subject(name: str, locale: str) -> tuple[str, str, str]:
    """Return a letter without pictures to a customer who reads English: as text, the words of its page, its subject."""
    told = variants()[name].model_copy(update={"locale": locale, "series": ()})
    letter = write_letter(told, customer())
    return as_text(letter), Page(as_html(letter)).words, letter.subject


def in_one_line(text: str) -> str:
    return " ".join(text.replace("\xa0", " ").split())


class Page(HTMLParser):
    """Read a page strictly: what is opened is closed, in order; keep what it would fetch and run."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.handlers: list[str] = []
        self.words = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "action", "background")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "title"):
            self.words += f" {data}"


@pytest.mark.parametrize(("name", "locale"), spread(statements(), LOCALES, every=4))
def test_every_statement_reads_as_it_did_when_it_was_last_looked_at(name: str, locale: str) -> None:
    told = statements()[name].model_copy(update={"locale": locale})
    letter = write_statement(told, customer(locale=locale))

    assert as_text(letter) == (GOLDEN / f"{name}.{locale}.txt").read_text(encoding="utf-8")
    assert in_one_line(letter.preview) in in_one_line(Page(as_html(letter)).words)


@pytest.mark.parametrize(("name", "locale"), spread(variants(), LOCALES, every=5))
def test_every_letter_reads_as_it_did_when_it_was_last_looked_at(name: str, locale: str) -> None:
    kept = GOLDEN / f"{name}.{locale}.txt"

    assert in_words(name, locale) == kept.read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "locale"), spread(variants(), LOCALES, every=5))
def test_every_letter_fits_a_plain_text_reader(name: str, locale: str) -> None:
    text = in_words(name, locale)

    assert max(map(len, text.splitlines())) <= COLUMNS
    assert "\n\n\n" not in text
    assert not re.search(r"[{}<]|None|Decimal", text)


@pytest.mark.parametrize(("name", "locale"), spread(variants(), LOCALES, every=5))
def test_no_internal_name_reaches_the_customer(name: str, locale: str) -> None:
    internal = {"avail-1", "lat-1", "olt-7/3/12", "EUR due"}
    codes = {*Outcome, *CreditState, *Metric, "port_failure", "fibre_damage", "restart_port", "packet_loss"}
    codes -= {Metric.AVAILABILITY, Metric.LATENCY, Metric.JITTER, Metric.OTHER, CreditState.BOOKED, Outcome.RESTORED}
    codes -= {CreditState.PROVISIONAL}

    words = "|".join(re.escape(word) for word in {*internal, *map(str, codes)})
    for said in text_page_and_subject(name, locale):
        assert not re.search(rf"\b(?:{words})\b", said)


@pytest.mark.parametrize(("name", "locale"), spread(variants(), LOCALES, every=5))
def test_the_page_says_every_word_that_the_plain_text_says(name: str, locale: str) -> None:
    text, page, _subject = text_page_and_subject(name, locale)
    on_page = set(re.findall(r"[\w.,€%]+", page))
    in_text = set(re.findall(r"[\w.,€%]+", text))

    assert {word.strip(".,:") for word in in_text} <= {word.strip(".,:") for word in on_page}


def test_the_page_fetches_nothing_and_runs_nothing() -> None:
    page = Page(as_html(write_letter(report(), customer())))

    assert page.links == ["cid:performance-1", "cid:performance-2"]
    assert page.handlers == []
    assert not page.tags & {"script", "iframe", "object", "embed", "form", "link", "table"}
    assert "url(" not in as_html(write_letter(report(series=()), customer()))
    assert "@import" not in as_html(write_letter(report(series=()), customer()))


def test_every_picture_says_in_words_what_it_shows() -> None:
    letter = write_letter(report(), customer())

    downtime, delay = (image.alt.replace("\xa0", " ") for image in letter.images)
    assert "7 hours 15 minutes" in downtime
    assert "43 minutes 12 seconds" in downtime
    assert "at most 45 ms" in delay


def test_a_letter_without_measurements_to_draw_has_no_pictures() -> None:
    assert write_letter(report(series=()), customer()).images == ()
    empty = course().model_copy(update={"target": None})
    assert write_letter(report(series=(empty,)), customer()).images == ()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("resolved", "We have credited €18.90 to your account."),
        ("resolved", "10% of the charge of €189.00 €18.90"),
        ("resolved", "The credit is taken off invoice 2026-11-0417, which now comes to €170.10."),
        ("provisional", "This is provisional"),
        ("provisional", "Credit so far €18.90"),
        (
            "under_review",
            "is under review: amounts like this are confirmed by a second person. Nothing has been booked",
        ),
        (
            "to_be_claimed",
            "entitled to a credit of €18.90. Under your contract you have to claim it by 14 December 2026.",
        ),
        ("no_problem", "found no fault"),
        ("no_problem", "No credit is due, because we kept our promises"),
        ("nothing_known", "could not examine it"),
        ("nothing_known", "We tried to measure (Availability): there was no answer."),
        ("not_examined", "We are looking into it, and the incident stays open."),
        ("not_examined", "We write to you again by 19 November 2026 at the latest."),
        ("not_restored", "Your service is not restored."),
        ("not_restored", "No correction has been made yet."),
        ("rejected", "Your service is not restored yet."),
        ("not_verified", "So we do not call it solved."),
        ("not_verified", "We measured: Availability 0%, but required is at least 100%."),
        ("not_verified", "We tried to measure (Delay): there was no answer."),
        ("no_cause", "have not found the cause yet"),
        ("no_cause", "could not correct it yet"),
        ("unknown", "Measured: not known"),
        ("unknown", "Your credit: not yet known"),
        ("unknown", "We count this neither as working nor as down."),
        ("unknown", "We cannot name a credit yet"),
        ("credited_before", "No further credit is due"),
        ("credited_before", "Credited to you before -€18.90"),
    ],
)
def test_the_letter_states_plainly(name: str, said: str) -> None:
    assert said in in_one_line(in_words(name))


def test_a_service_that_failed_in_part_is_not_said_to_have_been_down() -> None:
    [one] = variants()["was_down"].times
    stretches = tuple(each.model_copy(update={"in_part": each.counts}) for each in one.stretches)
    assert "was down" in in_one_line(in_words("was_down"))
    told = in_one_line(in_words("was_down", times=(one.model_copy(update={"stretches": stretches}),)))
    assert "was down" not in told
    assert "found no fault" in told


@pytest.mark.parametrize("name", ["not_restored", "rejected", "not_verified", "no_cause"])
def test_a_service_that_is_not_restored_is_never_called_resolved(name: str) -> None:
    told = in_one_line(in_words(name))

    assert "Not yet restored" in write_letter(variants()[name].model_copy(update={"series": ()}), customer()).badge
    assert "resolved" not in told
    assert "works again" not in told
    assert "We made corrections" not in told or name == "not_verified"
    assert "is settled" not in told


@pytest.mark.parametrize("locale", LOCALES)
def test_what_could_not_be_examined_is_not_called_free_of_faults(locale: str) -> None:
    told = in_one_line(in_words("not_examined", locale))

    for word in ("no fault", "works normally", "is settled", "keinen Fehler", "funktioniert jetzt", "abgeschlossen"):
        assert word not in told


def test_a_credit_whose_amount_nobody_knows_yet_is_not_called_zero() -> None:
    held = credit(CreditState.UNDER_REVIEW, amount=eur("0"), lines=())

    told = in_one_line(in_words("resolved", credit=held))

    assert "before an amount is named" in told
    assert "€0.00" not in told


def test_a_missed_promise_without_credit_is_explained_by_the_contract() -> None:
    none = credit(CreditState.NONE_DUE, amount=eur("0"), lines=())

    assert "does not reach the first step of the credit" in in_one_line(in_words("resolved", credit=none))


def test_what_is_charged_is_added_to_the_invoice() -> None:
    line = credit(CreditState.BOOKED).lines[0].model_copy(update={"gross": eur("9.45"), "amount": eur("-9.45")})
    charged = credit(CreditState.BOOKED, amount=eur("-9.45"), lines=(line,), invoice_after=eur("198.45"))

    told = in_one_line(in_words("resolved", credit=charged))

    assert "We charge you €9.45 on your next invoice" in told
    assert "The charge is added to invoice 2026-11-0417, which now comes to €198.45." in told
    assert "taken off" not in told


def test_what_the_cap_takes_away_stands_in_a_line_of_its_own() -> None:
    line = credit(CreditState.BOOKED).lines[0].model_copy(update={"gross": eur("12.00"), "amount": eur("12.00")})
    capped = credit(CreditState.BOOKED, amount=eur("12.00"), lines=(line,))

    told = in_one_line(in_words("resolved", credit=capped))

    assert "€18.90 Limited to the most that your contract credits -€6.90" in told


def test_a_credit_that_is_no_percentage_refers_to_the_contract() -> None:
    days = AVAILABILITY.model_copy(update={"credit_percent": None})

    told = in_one_line(in_words("resolved", performance=performance(days)))

    assert "Availability: credit as agreed in your contract €18.90" in told


def test_a_credit_counted_in_days_says_how_many() -> None:
    days = AVAILABILITY.model_copy(update={"credit_percent": None, "credited_days": 8})

    told = in_one_line(in_words("resolved", performance=performance(days)))

    assert "Availability, 7 hours 15 minutes of downtime: the charge for 8 days, as agreed" in told
    assert "(charge of the whole period: €189.00) €18.90" in told


def test_two_promises_of_one_kind_are_told_apart_by_the_title_in_the_contract() -> None:
    night = AVAILABILITY.model_copy(update={"objective": "avail-2", "title": "Nights"})

    told = in_words("resolved", performance=performance(AVAILABILITY, night))

    assert "Availability (Nights)" in told
    assert "Availability (Availability of the line)" in told


def test_a_measured_value_is_never_rounded_onto_the_promise_that_it_missed() -> None:
    nearly = AVAILABILITY.model_copy(update={"measured": Decimal("99.89996")})

    told = in_words("resolved", performance=performance(nearly))

    assert "99.89996%" in told.replace("\xa0", " ")


def test_the_rest_of_the_period_is_not_called_unmeasured() -> None:
    left = int((NOVEMBER.end - WRITTEN).total_seconds())
    only_future = LATENCY.model_copy(update={"no_data_seconds": left})
    an_hour = LATENCY.model_copy(update={"no_data_seconds": left + 3600})

    assert "Not measured" not in in_words("resolved", performance=performance(only_future), series=(course("latency"),))
    told = in_words("resolved", performance=performance(an_hour), series=(course("latency"),))
    assert "Not measured: 1 hour." in in_one_line(told)


def test_a_period_that_is_not_over_is_not_called_kept_for_good() -> None:
    kept = performance(LATENCY, provisional=True)

    assert "kept our promises in this period so far" in in_one_line(in_words("no_problem", performance=kept))


def test_a_promise_without_one_figure_refers_to_the_table_in_the_contract() -> None:
    tiers = AVAILABILITY.model_copy(update={"promised": None})

    assert "the steps agreed in your contract" in in_words("resolved", performance=performance(tiers))


@pytest.mark.parametrize("metric", spread(MetricName, every=4))
def test_every_metric_of_a_contract_has_a_name_in_every_language(metric: MetricName) -> None:
    for locale in LOCALES:
        one = LATENCY.model_copy(update={"metric": metric.value, "title": ""})
        words = in_words("resolved", locale, performance=performance(one), credit=None)
        assert not re.search(rf"\b{metric.value}\b", words)


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}} {% raw %} {name.__class__} %s %(x)s",
    "name\r\nBcc: everybody@example.org",
    "a\u2028b\x00c\x1b[31m",
    "\u202eevil\u2066",
    "=cmd|' /C calc'!A0",
    "x" * 5000,
]


@pytest.mark.parametrize(("hostile", "locale"), spread(HOSTILE, LOCALES, every=2))
def test_hostile_words_do_nothing_in_page_text_and_headers(hostile: str, locale: str) -> None:
    told = hostile_report(hostile, locale)
    payload = render(told, customer(name=hostile, locale=locale), installation="k3")
    message = read_message(payload["message"])
    html, text = (str(message.get_body((kind,)).get_content()) for kind in ("html", "plain"))

    page = Page(html)
    assert (
        page.tags
        == Page(as_html(write_letter(variants()["resolved"].model_copy(update={"series": ()}), customer()))).tags
    )
    assert page.handlers == []
    assert set(message.keys()) == {
        *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"),
        "Content-Language",
    }
    for said in (html, text, payload["subject"], str(message["To"])):
        assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\u2028-\u202e\u2066-\u2069]", said)
    assert "49" not in payload["subject"].replace("TT-000017", "")
    assert len(payload["subject"]) <= 180


def hostile_report(hostile: str, locale: str) -> CustomerReport:
    return report().model_copy(
        update={
            "locale": locale,
            "series": (),
            "service_name": hostile,
            "customer_name": hostile,
            "description": hostile,
            "external_reference": hostile,
            "type_of_problem": hostile,
            "parameters": (ProblemParameter.model_construct(metric=Metric.LATENCY, value=Decimal(1), unit=hostile),),
            "performance": performance(
                AVAILABILITY.model_copy(update={"title": hostile, "unit": hostile, "objective": hostile}),
                AVAILABILITY.model_copy(update={"title": hostile}),
            ),
        }
    )


def test_the_customers_own_words_keep_their_lines_and_their_language() -> None:
    told = in_words("resolved", description="שלום עולם\n\nمرحبا {x}\n中文的投诉")

    assert "> שלום עולם\n>\n> مرحبا {x}\n> 中文的投诉" in told


SIGNED = [("en", "Fibra Andina Customer Service"), ("de", "Fibra Andina Kundenservice")]


@pytest.mark.parametrize(("locale", "signed"), SIGNED)
def test_a_letter_is_signed_by_the_provider_of_the_contract(locale: str, signed: str) -> None:
    told = report(locale=locale, series=(), provider="Fibra Andina\u202e")
    payload = render(told, customer(locale=locale), installation="k1", sender="desk@teleco.example")

    message = read_message(payload["message"])
    assert message["From"] == f"{signed} <desk@teleco.example>"
    text, page = message.get_body(("plain",)).get_content(), message.get_body(("html",)).get_content()
    assert "TELECO" not in text + page
    assert text.splitlines()[0] == "Fibra Andina"
    assert signed in text.splitlines()


def test_the_downtime_that_counts_is_said_to_the_second_as_its_stretches_are() -> None:
    known = variants()["resolved"].performance
    objectives = tuple(
        one.model_copy(update={"counted_seconds": one.counted_seconds + 10}) if one.counted_seconds else one
        for one in known.objectives
    )
    said = in_one_line(in_words("resolved", performance=known.model_copy(update={"objectives": objectives})))
    assert "Downtime that counts: 7 hours 15 minutes 10 seconds" in said
