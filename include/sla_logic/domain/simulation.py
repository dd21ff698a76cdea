"""What windows owe under one contract beside another: sums by month and by customer, and what changes."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from include.sla_logic.domain.bootstrap import Interval, resample
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.simulated_windows import NOT_JUDGED, Outcome, Pair
from include.sla_logic.domain.spans import Span

_YEAR, _DAY = "365.25", 86_400  # days, seconds
_NOTHING, _NO_CAVEAT = Decimal(0), frozenset([""])


class UnableToSimulate(ForeseenError):
    """What is to be simulated names no windows, or not one contract."""


@dataclass
class Sums:
    """Windows, their charge and what they owe, under the old contract and under the new one."""

    old_windows: int = 0
    old_charge: Decimal = Decimal(0)
    old_owed: Decimal = Decimal(0)
    new_windows: int = 0
    new_charge: Decimal = Decimal(0)
    new_owed: Decimal = Decimal(0)

    @property
    def difference(self) -> Decimal:
        """What the new contract costs more."""
        return self.new_owed - self.old_owed

    def add_old(self, outcome: Outcome) -> None:
        """Count a window that was judged under the old contract."""
        self.old_windows += 1
        self.old_charge += outcome.charge or 0
        if outcome.owed:
            self.old_owed += outcome.owed

    def add_new(self, outcome: Outcome) -> None:
        """Count a window that was judged under the new contract."""
        self.new_windows += 1
        self.new_charge += outcome.charge or 0
        if outcome.owed:
            self.new_owed += outcome.owed


@dataclass
class Simulation:
    """A simulation: which contracts, over which days of their zones (the last excluded), known up to which moment.

    All amounts are in `currency`. Only pairs that were judged under both contracts are in the sums; `months` are by the
    month in which a window ends under its contract, `customers` what each is owed, if anything. `histories` are what
    each customer's service owes under the new contract, `spans` the windows of that. `changed` are the pairs
    that change, `unjudged` those that could not be compared, `capped` those cut by a cap. `caveats` counts pairs by why
    what was judged may still change.
    """

    old: tuple[str, ...]
    new: str
    currency: str
    first: date
    last: date
    as_of: datetime
    months: dict[str, Sums] = field(default_factory=dict)
    customers: dict[str, Sums] = field(default_factory=dict)
    histories: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    spans: set[Span] = field(default_factory=set)
    changed: list[Pair] = field(default_factory=list)
    unjudged: list[Pair] = field(default_factory=list)
    capped: list[Pair] = field(default_factory=list)
    caveats: Counter[str] = field(default_factory=Counter)

    def add(self, pair: Pair) -> None:
        """Count a pair."""
        before, after = pair.verdicts
        if NOT_JUDGED in (before, after):
            self.unjudged.append(pair)
            return
        for one in pair.old:
            self._month(one.month).add_old(one)
        for one in pair.new:
            self._month(one.month).add_new(one)
            self.spans.add(one.span)
        old, new = pair.owed
        history = pair.customer, pair.service
        self.histories[history] = self.histories.get(history, _NOTHING) + new
        if old or new:
            sums = self.customers.setdefault(pair.customer, Sums())
            sums.old_owed, sums.new_owed = sums.old_owed + old, sums.new_owed + new
        if caveats := {pair.caveat, *(one.caveat for one in pair.old), *(one.caveat for one in pair.new)} - _NO_CAVEAT:
            self.caveats.update(caveats)
        if pair.is_capped:
            self.capped.append(pair)
        if old != new or before != after:
            self.changed.append(pair)

    def _month(self, month: str) -> Sums:
        found = self.months.get(month)
        if found is None:
            found = self.months[month] = Sums()
        return found

    @property
    def total(self) -> Sums:
        """The sums of all months."""
        found = Sums()
        for one in self.months.values():
            for name, value in vars(one).items():
                setattr(found, name, getattr(found, name) + value)
        return found

    def interval(self, *, draws: int, seed: int) -> Interval:
        """Return what a year costs under the new contract, with an interval; raise `UnableToDraw`.

        It is reckoned from the days between the first and the last window that was judged.
        """
        ends = [second for span in self.spans for second in span] or [0, _DAY]
        year = Decimal(_YEAR) / max(1, round((max(ends) - min(ends)) / _DAY))
        costs = [owed for _who, owed in sorted(self.histories.items())]
        return resample(costs, factor=year, currency=self.currency, draws=draws, seed=seed)

    @property
    def reasons(self) -> Counter[str]:
        """How many pairs could not be compared, by why."""
        return Counter(pair.why_not for pair in self.unjudged)

    @property
    def largest(self) -> list[Pair]:
        """The pairs that change, the largest difference first."""
        return sorted(self.changed, key=lambda one: (-abs(one.difference), one.customer, one.service, one.window.start))

    @property
    def payers(self) -> list[tuple[str, Sums]]:
        """The customers to whom either contract pays, the one to whom the new one pays most first."""
        return sorted(self.customers.items(), key=lambda one: (-one[1].new_owed, -one[1].old_owed, one[0]))


def percent(part: Decimal, whole: Decimal) -> Decimal | None:
    """Return the part in percent with two decimals; None of nothing."""
    return (part * 100 / whole).quantize(Decimal("0.01")) if whole else None
