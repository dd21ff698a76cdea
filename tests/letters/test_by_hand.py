"""Each amount of a letter follows from what the letter itself prints: a reader with a pencil comes to the same."""

import re
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from babel import Locale
from babel.numbers import get_decimal_symbol

from include.sla_logic.letters import translations
from include.sla_logic.letters.rendering import as_text
from include.sla_logic.letters.statement_letter import write_statement
from include.sla_logic.letters.translations import languages
from tests.letters.reports import customer, variants
from tests.letters.statements import statements
from tests.letters.test_letters import in_words

AMOUNT = r"(?:[€£]|[A-Z]{3})?-?[€£]?\d[\d.,]*(?: (?:€|£|[A-Z]{3}))?"
NUMBER = r"\d[\d., ]*"


class Read:
    """A letter as its reader has it: words on one line, and numbers read as the reader's language writes them."""

    def __init__(self, text: str, language: str) -> None:
        self.text = " ".join(text.replace("\xa0", " ").split())
        self.language = language
        self.phrases = translations._phrases(language)
        self.locale = Locale.parse(self.phrases["formats"])

    def number(self, text: str) -> Decimal:
        point = get_decimal_symbol(self.locale)
        kept = re.sub(rf"[^\d{re.escape(point)}-]", "", text.replace("−", "-"))
        return Decimal(kept.replace(point, "."))

    def pattern(self, key: str, **fields: str) -> str:
        """Return the sentence of that key as a pattern; what is not named is anything."""
        known: set[str] = set()
        found = ""
        for place, part in enumerate(re.split(r"\{(\w+)\}", self.phrases[key])):
            if place % 2 == 0:
                found += re.escape(part).replace(r"\ ", " ")
            else:
                found += f"(?P={part})" if part in known else f"(?P<{part}>{fields.get(part, '.+?')})"
                known.add(part)
        return found

    def moment(self, day: str, month: str, year: str, clock: str, offset: str) -> datetime:
        months = [name.lower() for name in self.locale.months["format"]["wide"].values()]
        hours, minutes = map(int, offset.split(":"))
        zone = timezone(timedelta(hours=hours, minutes=minutes if hours >= 0 else -minutes))
        hour, minute, second = map(int, clock.split(":"))
        number = months.index(month.lower()) + 1
        return datetime(int(year), number, int(day), hour, minute, second, tzinfo=zone)


WHEN = r"(\d+)\.? (\w+) (\d{4}), (\d\d:\d\d:\d\d) \(UTC([+-]\d\d:\d\d)\)"


def outages(read: Read) -> list[tuple[int, bool]]:
    """Return the length of each stretch in seconds, out of its two ends, and whether the letter says that it counts."""
    counts = r"[^:]*?\d [^:]*? ?: " + re.escape(read.phrases["times.counts"].partition(": ")[2]) + r"(?! nicht)"
    found = []
    for match in re.finditer(f"{WHEN} – {WHEN}", read.text):
        ends = match.groups()
        seconds = (read.moment(*ends[5:]) - read.moment(*ends[:5])).total_seconds()
        after = read.text[match.end() :]
        found.append((int(seconds), re.match(f" {counts}", after) is not None))
    return found


def half_up(value: Fraction, digits: int) -> Decimal:
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def check_value(read: Read, counted_by_table: int | None) -> int:
    """Compare the printed value with the printed fraction, and its counted seconds with the printed table."""
    printed = read.pattern("measured.arithmetic", total=NUMBER, counted=NUMBER, value=NUMBER)
    found = list(re.finditer(printed, read.text))
    for match in found:
        total, counted, value = (read.number(match[name]) for name in ("total", "counted", "value"))
        assert half_up(Fraction(100 * (int(total) - int(counted)), int(total)), 8) == value
        if counted_by_table is not None:
            assert counted_by_table == counted
    return len(found)


def check_credit(read: Read) -> int:
    """Compare each amount that is a share of the charge with that share, and the sum below with its lines."""
    line = read.pattern("credit.percent_of", percent=NUMBER + r" ?%?", base=AMOUNT) + rf" (?P<amount>{AMOUNT})"
    found = list(re.finditer(line, read.text))
    for match in found:
        percent, base, amount = (read.number(match[name]) for name in ("percent", "base", "amount"))
        assert half_up(Fraction(percent) * Fraction(base) / 100, 2) == amount
    return len(found)


def check_sums(text: str, read: Read) -> int:
    """Compare the total of each account with the amounts at the right edge of its lines."""
    added, sums = Decimal(0), 0
    for line in text.replace("\xa0", " ").splitlines():
        edge = re.search(rf"  +({AMOUNT})$", line) if len(line) == 72 else None
        if line.strip() == "-" * 70:
            sums += 1
            continue
        if edge and sums % 2 == 1:
            assert read.number(edge[1]) == added
            added, sums = Decimal(0), sums + 1
        elif edge:
            added += read.number(edge[1])
    return sums // 2


@pytest.mark.parametrize("language", sorted(languages()))
@pytest.mark.parametrize("name", variants())
def test_each_amount_of_a_letter_follows_from_the_letter_alone(name: str, language: str) -> None:
    told, text = variants()[name], in_words(name, language)
    read = Read(text, language)
    stretches = outages(read)

    timed = [one for one in told.performance.objectives if one.metric == "availability" and one.measured is not None]
    assert len(stretches) == sum(len(one.stretches) for one in told.times)
    assert check_value(read, sum(seconds for seconds, counts in stretches if counts)) == len(timed)
    lines = told.credit.lines if told.credit else ()
    assert check_credit(read) == len(lines)
    assert check_sums(text, read) == bool(lines)
    assert all(number in read.text for number in ("C-1001", "S-1001", "4.2"))
    provisional = {"en": "provisional", "de": "vorläufig", "fr": "provisoire"}[language]
    assert len(re.findall(provisional, read.text, re.IGNORECASE)) <= 1


@pytest.mark.parametrize("language", sorted(languages()))
@pytest.mark.parametrize("name", statements())
def test_each_amount_of_a_statement_follows_from_the_statement_alone(name: str, language: str) -> None:
    told = statements()[name].model_copy(update={"locale": language})
    text = as_text(write_statement(told, customer(locale=language)))
    read = Read(text, language)

    check_value(read, None)
    check_credit(read)
    accounts = check_sums(text, read)
    assert accounts >= 1 or not told.final


@pytest.mark.parametrize(("right", "wrong"), [("26,100", "26,101"), ("10% of", "11% of"), ("04:40:00", "04:41:00")])
def test_a_wrong_amount_is_noticed(right: str, wrong: str) -> None:
    text = in_words("resolved", "en")
    assert right in text
    with pytest.raises(AssertionError):
        check_all(Read(text.replace(right, wrong), "en"))


def check_all(read: Read) -> None:
    check_value(read, sum(seconds for seconds, counts in outages(read) if counts))
    check_credit(read)
