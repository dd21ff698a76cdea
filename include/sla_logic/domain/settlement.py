"""Settlement of windows: when one is due, what a round found of it, and what a run may book without a person."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from statistics import median

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.document import Value
from include.sla_logic.domain.judged_facts import FactKind
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period, to_seconds
from include.sla_logic.domain.sla.comparison import CountedInterval, SlaComparison

LARGEST = 100  # credits that a preview names
TIMES_THE_USUAL, USUAL_RUNS = 3, 6


class RoundState(StrEnum):
    """What became of a window in a round; only what is done is final, until facts change."""

    DONE = "done"
    WAITING = "waiting"
    TO_DECIDE = "to_decide"
    FAILED = "failed"


class Line(Value):
    """How many windows of one contract came out alike, and what they bring together; no credit, no amount."""

    contract: str
    state: RoundState
    credit: str | None
    currency: str
    windows: int
    amount: Decimal


class Due(Value):
    """One window in a preview: whose it is, what a round would bring it and why, and the longest time that counts.

    `changed` names the kinds of fact that have changed since the judgement before.
    """

    customer: str
    service: str
    window: Period
    contract: str
    state: RoundState
    credit: str | None
    amount: Money
    reason: str
    rests_on: CountedInterval | None = None
    changed: tuple[FactKind, ...] = ()


class Preview(Value):
    """What a run would do: counts and sums by contract, and the largest amounts, with their causes."""

    lines: tuple[Line, ...] = ()
    largest: tuple[Due, ...] = ()

    @property
    def windows(self) -> int:
        """Return how many windows come out differently than before."""
        return sum(line.windows for line in self.lines)

    @property
    def booked(self) -> dict[str, Decimal]:
        """Return what is booked without a person, by currency."""
        found: dict[str, Decimal] = defaultdict(Decimal)
        for line in self.lines:
            if line.credit == "booked":
                found[line.currency] += line.amount
        return dict(found)


def preview_of(found: Iterable[Due]) -> Preview:
    """Count windows that came out alike, and keep the largest amounts."""
    return together(_preview_of(one) for one in found)


def together(previews: Iterable[Preview]) -> Preview:
    """Add up previews."""
    lines: dict[tuple[str, str, str, str], Line] = {}
    largest: list[Due] = []
    for preview in previews:
        if preview.largest:
            largest = sorted([*largest, *preview.largest], key=_largest_first)[:LARGEST]
        for line in preview.lines:
            key = line.contract, line.state, line.credit or "", line.currency
            if (known := lines.get(key)) is not None:
                sums = {"windows": known.windows + line.windows, "amount": known.amount + line.amount}
                lines[key] = known.model_copy(update=sums)
            else:
                lines[key] = line
    return Preview(lines=tuple(lines[key] for key in sorted(lines)), largest=tuple(largest))


def _preview_of(one: Due) -> Preview:
    line = Line(
        contract=one.contract,
        state=one.state,
        credit=one.credit,
        currency=one.amount.currency,
        windows=1,
        amount=one.amount.amount,
    )
    return Preview(lines=(line,), largest=(one,) if one.amount else ())


def _largest_first(one: Due) -> tuple[Decimal, str, str, datetime]:
    return -abs(one.amount.amount), one.customer, one.service, one.window.start


def rests_on(comparison: SlaComparison) -> CountedInterval | None:
    """Return the longest stretch that counts, of all objectives: where an amount is a surprise, it is the cause."""
    counted = (each for one in comparison.objectives for each in one.intervals if each.kind == "counted")
    return max(counted, key=lambda each: each.seconds, default=None)


def why_held(
    booked: Mapping[str, Decimal], *, limit: int | None, before: Sequence[Mapping[str, Decimal]]
) -> str | None:
    """Say why a run that would book this much waits for a second person; None where it may go on.

    `limit` is in units of each currency; `before` is what the last runs booked that booked anything, the newest first.
    """
    for currency, amount in sorted(booked.items()):
        if limit is not None and amount > limit:
            return f"it would book {amount} {currency}, more than the limit of {limit}"
        usual = [one[currency] for one in before if one.get(currency)][:USUAL_RUNS]
        if not usual and amount and limit is None:
            return f"it would book {amount} {currency}, with neither a limit nor a run before to compare it with"
        if usual and amount > TIMES_THE_USUAL * median(usual):
            said = f"{TIMES_THE_USUAL} times the {median(usual)} that were usual in the last {len(usual)} runs"
            return f"it would book {amount} {currency}, more than {said}"
    return None


def is_due(contract: Contract, window: Period, at: datetime) -> bool:
    """Tell whether the window has ended and its grace is over."""
    return to_seconds(window.end) + int(contract.settle_after.total_seconds()) <= to_seconds(at)


def can_wait(contract: Contract, window: Period, at: datetime) -> bool:
    """Tell whether what is still under way can delay the window."""
    wait = contract.settle_after + contract.settle_latest
    return to_seconds(at) < to_seconds(window.end) + int(wait.total_seconds())


def may_be_corrected(contract: Contract, window: Period, at: datetime) -> bool:
    """Tell whether what the window owes can still be booked without a second person."""
    until = contract.correct_until
    return until is None or to_seconds(at) <= to_seconds(window.end) + int(until.total_seconds())
