"""A reader with a pencil: works every amount of a letter out from what the letter prints, and from nothing else."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil, floor

from babel import Locale
from babel.numbers import get_decimal_symbol

from include.sla_logic.domain.money import CURRENCIES
from include.sla_logic.letters import translations

SIGN = r"(?:US\$|AU\$|A\$|JP¥|\$US|\$AU|£GB|[$€£¥₹])"
DIGITS = r"-?(?<!\d)\d{1,3}(?:[., ]\d{3})*(?:[.,]\d+)?(?!\d)"
CODE = rf"(?<![A-Z])(?:{'|'.join(sorted(CURRENCIES))})"
AMOUNT = rf"-?(?:{SIGN} ?{DIGITS}|{DIGITS} {SIGN}|{CODE} ?{DIGITS}|{DIGITS} {CODE}\b)"
NUMBER = r"\d[\d., ]*"
WHEN = r"(\d+)\.? (\w+) (\d{4}), (\d\d:\d\d:\d\d) \(UTC([+-]\d\d:\d\d)\)"
RULE = "-" * 70

Row = tuple[str, Decimal | None]


class Read:
    """A letter as its reader has it: words on one line, and numbers read as the reader's language writes them."""

    def __init__(self, text: str, language: str) -> None:
        self.lines = text.replace("\xa0", " ").splitlines()
        self.text = one_line(text)
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
        for place, part in enumerate(re.split(r"\{(\w+)\}", one_line(self.phrases[key]))):
            if place % 2 == 0:
                found += re.escape(part).replace(r"\ ", " ")
            else:
                found += f"(?P={part})" if part in known else f"(?P<{part}>{fields.get(part, '.+?')})"
                known.add(part)
        return found

    def match(self, key: str, text: str, **fields: str) -> re.Match[str] | None:
        return re.fullmatch(self.pattern(key, **fields), text)

    def moment(self, day: str, month: str, year: str, clock: str, offset: str) -> datetime:
        months = [name.lower() for name in self.locale.months["format"]["wide"].values()]
        hours, minutes = map(int, offset.split(":"))
        zone = timezone(timedelta(hours=hours, minutes=minutes if not offset.startswith("-") else -minutes))
        hour, minute, second = map(int, clock.split(":"))
        number = months.index(month.lower()) + 1
        return datetime(int(year), number, int(day), hour, minute, second, tzinfo=zone)

    @property
    def _units(self) -> dict[str, int]:
        """The words for the units of time, with their seconds."""
        sizes = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
        return {
            one_line(form.replace("{0}", "")): size
            for unit, size in sizes.items()
            for form in self.locale._data["unit_patterns"][f"duration-{unit}"]["long"].values()
            if isinstance(form, str)
        }

    @property
    def lengths(self) -> str:
        """A length of time, as a pattern."""
        words = "|".join(sorted(self._units, key=len, reverse=True))
        return rf"(?:{DIGITS} s|\d+ (?:{words})\b(?: \d+ (?:{words})\b)*)"

    def length(self, text: str) -> Fraction:
        """Read a length of time such as 1 day 2 hours, or 2,160.3 s."""
        if re.fullmatch(rf"{DIGITS} s", text):
            return Fraction(self.number(text))
        parts = re.findall(r"(\d+) ([^\d ]+)", text)
        assert parts, text
        return Fraction(sum(int(count) * self._units[word] for count, word in parts))

    def share(self, text: str) -> Fraction:
        """Read 10% or 1/30."""
        if "/" in text:
            above, below = text.split("/")
            return Fraction(self.number(above)) / Fraction(self.number(below))
        number = Fraction(self.number(text))
        return number / 100 if "%" in text else number


def one_line(text: str) -> str:
    return " ".join(text.replace("\xa0", " ").replace("\u202f", " ").split())


def half_up(value: Fraction, digits: int) -> Decimal:
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


class Reckoning:
    """Goes through a letter; `explained` are the amounts that it has come to itself, or that nothing else can tell.

    Charges, sums and limits of the contract, and bookings, are told: nobody can work them out.
    """

    def __init__(self, text: str, language: str, digits: int = 2) -> None:
        self.read = Read(text, language)
        self.explained: set[Decimal] = {Decimal(0)}
        self.worked: dict[str, Fraction] = {}
        self.totals: list[Decimal] = []
        self.named: dict[str, Decimal] = {}
        self.digits = digits

    def check(self) -> "Reckoning":
        """Work everything out; fail where an amount is printed that cannot be explained."""
        self._worked_out()
        for account, (label, total) in self._accounts():
            self._account(account, total)
            self.named[label] = total
        self._told()
        printed = {self.read.number(one) for one in re.findall(AMOUNT, self.read.text)}
        unexplained = {one for one in printed if abs(one) not in {abs(each) for each in self.explained}}
        assert unexplained == set(), unexplained
        return self

    def rounded(self, exact: Fraction) -> Decimal:
        return half_up(exact, self.digits)

    # what is worked out one by one

    def _worked_out(self) -> None:
        """Work out each unit of each promise, and their sum."""
        intro = self.read.pattern("credit.worked", name=".+")
        paragraphs = self._paragraphs()
        for place, lines in enumerate(paragraphs):
            found = re.fullmatch(intro, one_line(" ".join(lines)))
            if found is not None:
                self.worked[found["name"]] = self._units(list(self._steps(paragraphs[place + 1])))

    def _units(self, steps: list[tuple[str, str]]) -> Fraction:
        together, worth = one_line(self.read.phrases["credit.together"]), Fraction(0)
        for title, said in steps:
            items = said.split("; ") if "[" not in said else re.split(r"; (?![^\[]*\])", said)
            if title == together:
                assert self.read.number(items[0]) == self.rounded(worth), (steps, worth)
                self._note(items[0])
                worth = self._limited(worth, items[1:])
            else:
                worth += self._unit(items)
        return worth

    def _unit(self, items: list[str]) -> Fraction:  # noqa: C901 - one branch for each sentence
        """Return what a unit is worth: its products, within its limits; check its blocks on the way."""
        worth, size, blocks, counts, products = Fraction(0), None, None, Fraction(0), 0
        for item in items:
            if found := self.read.match("credit.most_blocks", item, number=r"\d+"):
                assert blocks is not None
                assert int(found["number"]) < blocks
                blocks = int(found["number"])
            elif self._is_limit(item):
                worth = self._limited(worth, [item])
            elif found := self.read.match("credit.unit_sum", item, amount=AMOUNT):
                assert self.read.number(found["amount"]) == self.rounded(worth)
                self._note(found["amount"])
            elif found := self.read.match("credit.allowed", item, target=r"[\d., ]+? ?%"):
                target, total, free = (Fraction(self.read.number(found[name])) for name in ("target", "total", "free"))
                assert (100 - target) / 100 * total == free
            elif found := self.read.match("credit.beyond", item):
                assert size is not None
                size = self._size(found["left"], abs(size - self._size(found["free"])))
            elif found := self.read.match("credit.nearest", item):
                assert size is not None
                step = self.read.length(found["step"])
                size = self._size(found["left"], Fraction(int(half_up(size / step, 0))) * step)
            elif (several := self._blocks(item)) is not None:
                assert size is not None
                how, block = several
                blocks = how(size / self._size(block))
            elif re.search(AMOUNT, item):
                count, value = self._product(item)
                worth, counts, products = worth + value, counts + count, products + 1
            else:
                size = self._size(item)
        if blocks is not None and products == 1:
            assert counts == blocks, items
        return worth

    def _blocks(self, item: str) -> tuple[Callable[[Fraction], int], str] | None:
        for key, how in (("credit.blocks_started", ceil), ("credit.blocks_full", floor)):
            if found := self.read.match(key, item, number=r"\d+"):
                return (lambda parts, how=how, said=int(found["number"]): self._same(how(parts), said)), found["block"]
        return None

    def _same(self, one: int, said: int) -> int:
        assert one == said
        return said

    def _size(self, text: str, expected: Fraction | None = None) -> Fraction:
        """Read a length of time, or a value with its unit; what follows from others must be the same."""
        try:
            size = self.read.length(text)
        except (AssertionError, KeyError):
            size = Fraction(self.read.number(re.match(r"[\d., ]+", text)[0]))  # type: ignore[index]
        assert expected is None or abs(size - expected) < Fraction(1, 10**7), (text, expected)
        return size if expected is None else expected

    def _is_limit(self, item: str) -> bool:
        return any(self.read.match(key, item) for key in ("credit.at_least", "credit.at_most"))

    def _limited(self, worth: Fraction, items: list[str]) -> Fraction:
        for item in items:
            least, most = (self.read.match(key, item) for key in ("credit.at_least", "credit.at_most"))
            if least is not None:
                worth = max(worth, self._product(least["limit"])[1])
            else:
                assert most is not None, item
                worth = min(worth, self._product(most["limit"])[1])
        return worth

    def _product(self, text: str) -> tuple[Fraction, Fraction]:
        """Work out `2 × 10% × €100.00 = €20.00`: return how many blocks, and the exact result."""
        *left, result = re.split(r" = ", text)
        exact = self.value(left[0] if left else result)
        if left:
            assert self.read.number(result) == self.rounded(exact), (text, exact)
        self._note(text)
        count = re.match(r"(\d[\d., ]*) × ", text)
        return Fraction(self.read.number(count[1])) if count else Fraction(1), exact

    def value(self, text: str) -> Fraction:
        """Work out an expression of numbers, shares and amounts."""
        for key, choose in (("credit.greatest", max), ("credit.smallest", min)):
            before, after = one_line(self.read.phrases[key]).split("{rates}")
            while before in text:
                start = text.index(before)
                inner, _end, rest = text[start + len(before) :].partition(after)
                chosen = choose(self.value(one) for one in inner.split("; "))
                text = f"{text[:start]}<{chosen}>{rest}"
        return self._sum(text)

    def _sum(self, text: str) -> Fraction:
        while found := re.search(r"\(([^()]*)\)", text):
            text = f"{text[: found.start()]}<{self._sum(found[1])}>{text[found.end() :]}"
        return sum((self._term(part) for part in text.split(" + ")), Fraction(0))

    def _term(self, text: str) -> Fraction:
        first, *others = re.split(r" ([×÷]) ", text.strip())
        found = self._factor(first)
        for sign, factor in zip(others[::2], others[1::2], strict=True):
            found = found * self._factor(factor) if sign == "×" else found / self._factor(factor)
        return found

    def _factor(self, text: str) -> Fraction:
        return Fraction(text.strip("<>")) if text.startswith("<") else self.read.share(text)

    # the accounts

    def _account(self, rows: list[Row], total: Decimal) -> None:
        """Explain each row by its own words, and the total by the rows."""
        exact, said = Fraction(0), Decimal(0)
        for text, amount in rows:
            if amount is None:
                self._unlike(text, total)
                continue
            found = self._exact(text)
            if found is not None:
                assert self.rounded(found) == amount, (text, amount, found)
                exact += found
            elif (changed := self._changed(text, exact)) is not None:
                assert self.rounded(changed) - said == amount, (text, amount, changed, said)
                exact = changed
            else:
                assert self._is_told(text), text
                exact += Fraction(amount)
            said += amount
            self.explained.add(amount)
        assert said == total, (rows, total)
        self.explained.add(total)
        self.totals.append(total)

    def _unlike(self, text: str, credited: Decimal) -> None:
        """Explain what is credited beside what is owed, which the account before this one ends in."""
        more, *less = (f"statement.{name}" for name in ("reviewed_more", "reviewed_less", "lapsed_less"))
        for key, beyond in [(more, credited - self.totals[-1]), *((one, self.totals[-1] - credited) for one in less)]:
            if found := self.read.match(key, text, amount=AMOUNT):
                assert self.read.number(found["amount"]) == beyond, (text, self.totals)
                self.explained.add(beyond)
                return
        raise AssertionError(text)

    def _exact(self, text: str) -> Fraction | None:
        """Return what a promise pays by its line: a share of the charge, or what is worked out above."""
        if found := self.read.match("credit.sum_of", text):
            return self.worked[found["name"]]
        for key in ("credit.percent_of", "credit.percent_of_plain"):
            if found := self.read.match(key, text, percent=r"(?:[\d., ]+ ?%|[\d., ]+/[\d., ]+)", base=f"{AMOUNT}.*"):
                return self._factor(found["percent"]) * self._charge(found["base"])
        return None

    def _charge(self, text: str) -> Fraction:
        """Read a charge, or work it out from the charges that it is made of."""
        self._note(text)
        found = re.fullmatch(rf"(?P<whole>{AMOUNT}) \((?P<terms>.*)\)", text)
        if found is None:
            return Fraction(self.read.number(text))
        exact = self._sum(found["terms"])
        assert self.rounded(exact) == self.read.number(found["whole"])
        return exact

    def _changed(self, text: str, exact: Fraction) -> Fraction | None:
        """Return what rounding, the cap, or whole units make of the sum so far."""
        if self.read.match("credit.rounded", text):
            return exact
        for key in ("credit.cap", "credit.cap_over"):
            if found := self.read.match(key, text):
                return min(exact, self._product(found["limit"])[1])
        if found := self.read.match("credit.cap_left", text, **dict.fromkeys(("cap", "used", "left"), AMOUNT)):
            cap, used, left = (self.read.number(found[name]) for name in ("cap", "used", "left"))
            assert cap - used == left
            self._note(text)
            return Fraction(left)
        rounding: dict[str, Callable[[Fraction], int]] = {
            "half_up": lambda parts: int(half_up(parts, 0)),
            "up": ceil,
            "down": floor,
        }
        for name, how in rounding.items():
            if found := self.read.match(f"credit.units_{name}", text, unit=AMOUNT):
                self._note(text)
                unit = Fraction(self.read.number(found["unit"]))
                return how(exact / unit) * unit
        return None

    def _is_told(self, text: str) -> bool:
        """Tell whether a row names a booking, a decision or an earlier credit: nobody can work those out."""
        told = (
            *("credit.earlier", "credit.decided", "credit.rest", "credit.limited", "credit.agreed"),
            *("statement.now", "statement.owed", "statement.before", "statement.provisionally"),
        )
        booked = ("statement.credit_line", "statement.credit_line_on", "statement.charge_line")
        patterns = [self.read.pattern(key) for key in (*told, *booked, "statement.charge_line_on")]
        return any(re.match(pattern, text) for pattern in patterns)

    def _told(self) -> None:
        """Note the amounts of sentences that nobody can work out: an invoice, a cap, the bound of what is too small."""
        text = self.read.text
        for key in ("credit.invoice", "credit.charge_invoice"):
            for found in re.finditer(self.read.pattern(key, amount=AMOUNT), text):
                self._note(found["amount"])
        least = {"credit.none_at_least", "credit.none_more_than", "credit.none_down", "credit.none_half_up"}
        for key in least:
            for found in re.finditer(self.read.pattern(key, least=AMOUNT, unit=AMOUNT, amount=AMOUNT), text):
                bound, amount = self.read.number(found[1]), self.read.number(found["amount"])
                exact = sum(self.worked.values(), Fraction(0))
                assert amount in (self.rounded(exact), half_up(exact, 8).normalize())
                assert amount <= bound if key == "credit.none_more_than" else amount < bound
                self._note(found[0])
        for found in re.finditer(self.read.pattern("credit.none_left", cap=AMOUNT), text):
            self._note(found[0])

    def _note(self, text: str) -> None:
        self.explained |= {self.read.number(one) for one in re.findall(AMOUNT, text)}

    # how plain text is laid out

    def _paragraphs(self) -> list[list[str]]:
        found: list[list[str]] = [[]]
        for line in self.read.lines:
            if line.strip():
                found[-1].append(line)
            elif found[-1]:
                found.append([])
        return found

    def _steps(self, lines: list[str]) -> Iterator[tuple[str, str]]:
        title, said = "", ""
        for line in lines:
            if not line.startswith("    "):
                if said:
                    yield title, one_line(said)
                    title, said = "", ""
                title = f"{title} {line.strip()}".strip()
            else:
                said = f"{said} {line.strip()}"
        yield title, one_line(said)

    def _accounts(self) -> Iterator[tuple[list[Row], tuple[str, Decimal]]]:
        for lines in self._paragraphs():
            if not any(line.strip() == RULE for line in lines):
                continue
            place = [line.strip() for line in lines].index(RULE)
            [(label, total)] = self._rows(lines[place + 1 :])
            assert total is not None, lines
            yield list(self._rows(lines[:place])), (label, total)

    def _rows(self, lines: list[str]) -> Iterator[Row]:
        words = ""
        for line in lines:
            edge = re.search(rf"(?:  +|^)({AMOUNT})$", line) if len(line) == 72 else None
            words = f"{words} {line[: edge.start()] if edge else line}"
            if edge:
                yield one_line(words), self.read.number(edge[1])
                words = ""
        if words:
            yield one_line(words), None
