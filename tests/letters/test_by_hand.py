"""Each amount of a letter follows from what the letter itself prints: a reader with a pencil comes to the same."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from include.sla_logic.domain.credit import Decision
from include.sla_logic.domain.money import minor_digits
from include.sla_logic.domain.netting import EarlierCredit
from include.sla_logic.domain.period import Period, from_seconds
from include.sla_logic.domain.rebate import work_out_rebate
from include.sla_logic.domain.sla import Assessed, compare
from include.sla_logic.letters.presenter import write_letter
from include.sla_logic.letters.rendering import as_text
from include.sla_logic.letters.statement_letter import write_statement
from include.sla_logic.letters.translations import languages
from tests.domain.sla.oracle.against import contract_and_facts
from tests.domain.sla.test_contract_oracle import case
from tests.letters.by_hand import AMOUNT, NUMBER, WHEN, Read, Reckoning, half_up
from tests.letters.gallery import NAMES, changed, judged, report_about, statement_about
from tests.letters.reports import customer, variants
from tests.letters.statements import statements
from tests.letters.test_letters import in_words
from tests.spread import spread

TINY = Fraction(1, 10**7)  # what eight decimals leave out of a third


def outages(read: Read) -> list[tuple[int, Fraction]]:
    """Return the length of each stretch in seconds, out of its two ends, and how much of it the letter says counts."""
    found = []
    for match in re.finditer(f"{WHEN} – {WHEN} ", read.text):
        ends = match.groups()
        seconds = int((read.moment(*ends[5:]) - read.moment(*ends[:5])).total_seconds())
        found.append((seconds, counted(read, read.text[match.end() :], seconds)))
    return found


def counted(read: Read, after: str, seconds: int) -> Fraction:
    """Return how many seconds of a stretch count, by the words that follow it; a share of it is worked out."""
    length = read.lengths
    share = r"(?:[\d., ]+ ?%|\d+/\d+)"
    for key in ("statement.counts_in_part", "times.counts_in_part"):
        words = read.pattern(key, length=length, percent=share, counted=length, seconds=NUMBER)
        if found := re.match(words, after):
            counts = read.share(found["percent"]) * seconds
            assert read.length(found["length"]) == seconds
            assert abs(read.length(found["counted"]) - counts) < TINY
            assert key.startswith("times") or abs(Fraction(read.number(found["seconds"])) - counts) < TINY
            return counts
    if found := re.match(read.pattern("statement.counts", length=length, seconds=NUMBER), after):
        assert read.length(found["length"]) == seconds == read.number(found["seconds"])
        return Fraction(seconds)
    if found := re.match(read.pattern("times.counts", length=length) + r"(?! nicht)", after):
        assert read.length(found["length"]) == seconds
        return Fraction(seconds)
    return Fraction(0)


def check_values(read: Read) -> int:
    """Compare each printed value with the printed fraction, and the printed tables with the counted seconds."""
    found = list(
        re.finditer(read.pattern("measured.arithmetic", total=NUMBER, counted=NUMBER, value=NUMBER), read.text)
    )
    for match in found:
        total, counts, value = (Fraction(read.number(match[name])) for name in ("total", "counted", "value"))
        assert half_up(100 * (total - counts) / total, 8) == value
    return len(found)


def check_tables(read: Read, objectives: list[Fraction]) -> None:
    """Compare what the tables say counts, one promise after the other, with the seconds that count for each."""
    rows = [seconds for _length, seconds in outages(read) if seconds]
    for wanted in objectives:
        found = Fraction(0)
        while wanted - found >= TINY:
            assert rows, (wanted, objectives)
            found += rows.pop(0)
        assert abs(found - wanted) < TINY, objectives
    assert rows == []


def seconds_of(told) -> list[Fraction]:
    """Return the seconds that count for each promise, in the order of the letter."""
    from include.sla_logic.letters.counted_times_section import counted_by
    from include.sla_logic.letters.objectives_section import worst_first

    return [seconds for one in worst_first(told) if (seconds := counted_by(one))]


@pytest.mark.parametrize(("name", "language"), spread(variants(), sorted(languages()), every=5))
def test_each_amount_of_a_letter_follows_from_the_letter_alone(name: str, language: str) -> None:
    told, text = variants()[name], in_words(name, language)
    read = Read(text, language)
    timed = [one for one in told.performance.objectives if one.metric == "availability" and one.measured is not None]
    assert len(outages(read)) == sum(len(one.stretches) for one in told.times)
    assert check_values(read) == len(timed)
    check_tables(read, seconds_of(told) if told.times else [])
    lines = told.credit.lines if told.credit else ()
    assert len(Reckoning(text, language).check().totals) == bool(lines)
    assert all(number in read.text for number in ("C-1001", "S-1001", "4.2"))
    provisional = {"en": "provisional", "de": "vorläufig", "fr": "provisoire"}[language]
    assert len(re.findall(provisional, read.text, re.IGNORECASE)) <= 1


@pytest.mark.parametrize(("name", "language"), spread(statements(), sorted(languages()), every=4))
def test_each_amount_of_a_statement_follows_from_the_statement_alone(name: str, language: str) -> None:
    told = statements()[name].model_copy(update={"locale": language})
    text = as_text(write_statement(told, customer(locale=language)))
    check_values(Read(text, language))
    totals = Reckoning(text, language).check().totals
    assert told.final.amount in totals or not told.final


def both_letters(assessed: Assessed, language: str, earlier: Sequence[EarlierCredit] = ()) -> dict[str, str]:
    """Return the letter about the settled window, and the one about an incident in it."""
    statement, report = statement_about(assessed, language, earlier), report_about(assessed, language, earlier)
    reader = customer(locale=language)
    return {"statement": as_text(write_statement(statement, reader)), "incident": as_text(write_letter(report, reader))}


def reckon(assessed: Assessed, language: str) -> None:
    """Work both letters out, and compare with what the contract owes."""
    statement, currency = statement_about(assessed, language), assessed.contract.currency
    for text in both_letters(assessed, language).values():
        read, totals = Read(text, language), Reckoning(text, language, minor_digits(currency)).check().totals
        assert statement.owed.amount in totals or not statement.owed, (statement.owed, totals)
        check_values(read)
        check_tables(read, seconds_of(statement))


@pytest.mark.parametrize(("name", "language"), spread(NAMES, sorted(languages()), every=4))
def test_each_amount_of_a_letter_about_a_contract_of_the_gallery_follows_from_the_letter_alone(
    name: str, language: str
) -> None:
    reckon(judged(name), language)


@pytest.mark.parametrize("language", sorted(languages()))
def test_a_letter_prints_the_hundredths_that_unicode_leaves_out_of_a_currency(language: str, tmp_path: Path) -> None:
    terms = {"currency: USD": "currency: RSD", "rate: 2%": "rate: 10%"}
    assessed = changed("data-service", tmp_path, contract=terms, facts={"40.00, currency: USD": "1005, currency: RSD"})
    assert str(assessed.comparison.credit_due) == "100.50 RSD"
    reckon(assessed, language)
    amount = "100.50" if language == "en" else "100,50"
    assert all(text.count(amount) > 1 for text in both_letters(assessed, language).values())


@pytest.mark.parametrize("name", spread(NAMES, every=4))
def test_each_result_that_is_another_is_noticed(name: str) -> None:
    """Make each amount that is no charge and no sum of the contract another one in turn: nothing adds up any more."""
    currency = judged(name).contract.currency
    for text in both_letters(judged(name), "en").values():
        plain = text.replace("\xa0", " ")
        for found in re.finditer(rf"(?:(?<== )|(?<=  )|(?<=credited )){AMOUNT}$", plain, re.MULTILINE):
            last = found.end() - 1
            wrong = f"{plain[:last]}{(int(plain[last]) + 1) % 10}{plain[last + 1 :]}"
            with pytest.raises(AssertionError):
                Reckoning(wrong, "en", minor_digits(currency)).check()


UNITS = "credit_units: {unit: 0.05, rounded: down}"
LEAST = "least_credit: {more_than: 1}"


@pytest.mark.parametrize("language", sorted(languages()))
@pytest.mark.parametrize(
    ("terms", "charge", "key"),
    [
        ({}, "40.00", "none_more_than"),
        ({UNITS: "credit_units: {unit: 5, rounded: down}"}, "200.00", "none_down"),
        ({UNITS: "credit_units: {unit: 10, rounded: half_up}"}, "200.00", "none_half_up"),
        ({UNITS: "", LEAST: "least_credit: {at_least: 4.01}"}, "200.30", "none_at_least"),  # 4.006 would be 4.01
    ],
)
def test_a_credit_that_the_contract_does_not_pay_is_told_with_its_amount_and_the_reason(
    terms: dict[str, str], charge: str, key: str, language: str, tmp_path: Path
) -> None:
    assessed = changed("data-service", tmp_path, contract=terms, facts={"40.00": charge})
    assert not assessed.comparison.credit_due
    reckon(assessed, language)
    for text in both_letters(assessed, language).values():
        read = Read(text, language)
        assert re.search(read.pattern(f"credit.{key}"), read.text)


@pytest.mark.parametrize("language", sorted(languages()))
def test_a_cap_that_other_windows_have_used_up_is_named(language: str) -> None:
    known = judged("fixed-wireless")
    comparison, month = known.comparison, timedelta(days=30)
    assert comparison.credit_due
    window, cap = comparison.window, comparison.credit_due
    capped = {"cap": cap, "cap_window": Period(start=window.start - month, end=window.end)}
    assessed = replace(known, comparison=comparison.model_copy(update=capped))
    used = EarlierCredit(window=Period(start=window.start - month, end=window.start), amount=cap, reference="TT-1:1")
    for text in both_letters(assessed, language, [used]).values():
        read = Reckoning(text, language).check().read
        assert re.search(read.pattern("credit.none_left"), read.text)
        assert not re.search(read.pattern("credit.none_contract"), read.text)


def test_a_credit_about_which_a_person_has_decided_is_not_told_as_none_by_contract() -> None:
    known = judged("fixed-wireless")
    rebate = work_out_rebate(known.comparison, earlier=())
    moment = known.comparison.window.end
    said = {"window": rebate.window, "state": "declined", "amount": rebate.total, "gross": rebate.gross}
    declined = Decision(**said, facts=rebate.facts, by="ann", at=moment, reference="TT-1:1")
    text = as_text(write_letter(report_about(known, "en", decided=[declined]), customer()))
    assert "a second person has decided about the credit for this period" in Read(text, "en").text


def reckoned(seed: int, language: str) -> bool:
    """Work out the letters about a contract that was drawn; tell whether it owes anything.

    Letters list at most a hundred stretches of time, and as many units.
    """
    terms, facts, moment = case(seed)
    found = contract_and_facts(terms, facts)
    if found is None:
        return False
    contract, known, now = found
    comparison = compare(contract, known, window=contract.window_at(from_seconds(moment)), as_of=now)
    listed = all(len(one.intervals) <= 100 and not (one.paid and one.paid.others) for one in comparison.objectives)
    if comparison.credit_due is None or comparison.undecided or not listed:
        return False
    reckon(Assessed(contract, known, comparison), language)
    return bool(comparison.credit_due)


@pytest.mark.parametrize("seed", range(0, 60, 20))
def test_each_amount_of_a_letter_about_a_drawn_contract_follows_from_the_letter_alone(seed: int) -> None:
    assert sum(reckoned(number, sorted(languages())[number % 3]) for number in range(seed, seed + 20)) > 1


@pytest.mark.more
@pytest.mark.parametrize("seed", range(1000, 1300, 50))
def test_many_letters_about_drawn_contracts_follow_from_the_letters_alone(seed: int) -> None:
    assert sum(reckoned(number, sorted(languages())[number % 3]) for number in range(seed, seed + 50)) > 5


@pytest.mark.parametrize(("right", "wrong"), [("26,100", "26,101"), ("10% of", "11% of"), ("04:40:00", "04:41:00")])
def test_a_wrong_figure_is_noticed(right: str, wrong: str) -> None:
    text = in_words("resolved", "en")
    assert right in text
    with pytest.raises(AssertionError):
        everything(text.replace(right, wrong))


def everything(text: str) -> None:
    check_values(Read(text, "en"))
    check_tables(Read(text, "en"), seconds_of(variants()["resolved"]))
    Reckoning(text, "en").check()
