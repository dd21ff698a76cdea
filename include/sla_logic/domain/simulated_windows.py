"""What a window owes under a contract, and the windows of two contracts put together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from include.sla_logic.domain.credit import within_cap
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.netting import EarlierCredit, together
from include.sla_logic.domain.period import Period, of_span
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.domain.sla import SlaComparison
from include.sla_logic.domain.spans import Span

_NOTHING = Decimal(0)
_OPEN = "something is still open"
NOT_JUDGED = "not_judged"
BEYOND = Sentence("it reaches beyond the days that were asked for")
NOT_OVER = Sentence("it is not over yet")
LEFT_OUT = Sentence("a window beside it reaches beyond the days and is left out")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One window under one contract; `owed` and `charge` are in the contract's currency, None where not judged.

    `span` is in seconds since 1970; `month` (2026-10) is the one in which it ends in the contract's zone. `verdict` is
    met, breached or not_judged, for which `reason` says why. `caveat` says why what was judged may still change. `cap`
    is the most for all windows that begin in `cap_window`, where it is not for this window alone.
    """

    span: Span
    month: str
    verdict: str
    owed: Decimal | None
    charge: Decimal | None
    reason: str = ""
    capped: bool = False
    caveat: str = ""
    cap: Money | None = None
    cap_window: Period | None = None

    @property
    def window(self) -> Period:
        """The window as instants."""
        return of_span(self.span)


@dataclass(frozen=True, slots=True)
class Pair:
    """A customer's service in the windows of both contracts that share time: most often one of each."""

    customer: str
    service: str
    old: tuple[Outcome, ...]
    new: tuple[Outcome, ...]
    caveat: str = ""

    @property
    def window(self) -> Period:
        """The time that they take up together."""
        both = [one.span for one in (*self.old, *self.new)]
        return of_span((min(start for start, _end in both), max(end for _start, end in both)))

    @property
    def is_capped(self) -> bool:
        """Tell whether a cap cut what is owed under either contract."""
        return any(one.capped for one in (*self.old, *self.new))

    @property
    def why_not(self) -> str:
        """Say why it cannot be compared, and under which contract; empty where it can."""
        found = [("old", one) for one in self.old] + [("new", one) for one in self.new]
        said = [(side, one.reason) for side, one in found if one.verdict == NOT_JUDGED]
        if not said:
            return ""
        reasons = sorted({reason for _side, reason in said})
        reason = reasons[0] if len(reasons) == 1 else "; ".join(reasons)
        sides = {side for side, _reason in said}
        if len(sides) > 1:
            return reason
        return Sentence("old contract: %(why)s" if "old" in sides else "new contract: %(why)s", why=reason)

    @property
    def owed(self) -> tuple[Decimal, Decimal]:
        """What it owes under the old contract and under the new one."""
        return _sum(self.old), _sum(self.new)

    @property
    def difference(self) -> Decimal:
        """What the new contract costs more."""
        old, new = self.owed
        return new - old

    @property
    def verdicts(self) -> tuple[str, str]:
        """The verdicts under the old contract and under the new one."""
        return _verdict(self.old), _verdict(self.new)


def outcome_of(judged: SlaComparison, span: Span, month: str, *, caveat: str = "") -> Outcome:
    """Read an exact judgement."""
    if judged.credit_due is None or judged.undecided:
        why = "; ".join(f"{one.objective}: {one.reason}" for one in judged.undecided)
        return not_judged(span, month, why or "a person must say what is owed")
    shared = judged.cap_window is not None and judged.cap_window != judged.window
    return Outcome(
        span,
        month,
        "breached" if judged.breached else "met",
        judged.credit_due.amount,
        None if judged.charge_base is None else judged.charge_base.amount,
        reason=judged.claim.reason if judged.claim.state == "late" else "",
        capped=judged.capped and bool(judged.credit_due),
        caveat=caveat or (_OPEN if judged.provisional else ""),
        cap=judged.cap if shared else None,
        cap_window=judged.cap_window if shared else None,
    )


def not_judged(span: Span, month: str, why: str) -> Outcome:
    """Say why a window has no amount."""
    return Outcome(span, month, NOT_JUDGED, None, None, reason=why)


def hold_to_caps(outcomes: list[Outcome]) -> None:
    """Cut what one customer's service owes to what its earlier windows have left of each cap over several windows."""
    owed: list[EarlierCredit] = []
    currency = next((one.cap.currency for one in outcomes if one.cap is not None), "")
    for place in sorted(range(len(outcomes)), key=lambda place: outcomes[place].span):
        one = outcomes[place]
        if not one.owed:
            continue
        due = Money(amount=one.owed, currency=currency if one.cap is None else one.cap.currency)
        left = within_cap(due, one.window, one.cap, one.cap_window, owed)
        if left < due:
            outcomes[place] = replace(one, owed=left.amount, capped=True)
        owed.append(EarlierCredit(window=one.window, amount=left, reference=one.month))


def pairs(customer: str, service: str, old: Sequence[Outcome], new: Sequence[Outcome]) -> Iterator[Pair]:
    """Put the outcomes of one customer's service together that share time.

    What reaches beyond the days is left out where other windows of the same contract are left to be compared.
    """
    if len(old) == len(new) and all(one.span == two.span for one, two in zip(old, new, strict=True)):
        for one, two in zip(old, new, strict=True):  # as almost always
            if BEYOND not in (one.reason, two.reason):
                yield Pair(customer, service, (one,), (two,))
        return
    olds, news = ({one.span: one for one in side} for side in (old, new))
    for group in together(olds.keys() | news.keys()):
        both = [tuple(side[span] for span in group if span in side) for side in (olds, news)]
        within = [tuple(one for one in side if one.reason != BEYOND) for side in both]
        if any(within):
            kept = within if all(within) else both
            cut = sum(map(len, kept)) < sum(map(len, both))
            yield Pair(customer, service, kept[0], kept[1], caveat=LEFT_OUT if cut else "")


def _sum(outcomes: Sequence[Outcome]) -> Decimal:
    if len(outcomes) == 1:
        return outcomes[0].owed or _NOTHING
    return sum((one.owed or _NOTHING for one in outcomes), _NOTHING)


def _verdict(outcomes: Sequence[Outcome]) -> str:
    if len(outcomes) == 1:
        return outcomes[0].verdict
    found = {one.verdict for one in outcomes}
    return next((one for one in (NOT_JUDGED, "breached", "met") if one in found), "no_window")
