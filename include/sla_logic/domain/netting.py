"""What a window still brings: its one amount, less all that was booked for windows that share a second with it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from include.sla_logic.domain.document import Value
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.spans import Span


class EarlierCredit(Value):
    """A credit that counts for the customer's service, under whatever agreement, account or version it was booked."""

    window: Period
    amount: Money
    reference: str
    objective: str = ""


class Netted(NamedTuple):
    """The difference that is left, what was taken off, and why a second person must look at it."""

    net: Money
    earlier: Money
    held_because: str | None
    taken_off: tuple[EarlierCredit, ...]


def net_off(owed: Money, window: Period, credited: Iterable[EarlierCredit]) -> Netted:
    """Take off everything booked for windows that share time with this one; no share by seconds is computed.

    A window wholly inside this one is taken off whole. One that only overlaps is taken off whole too, and what is
    then left is held: nobody can say how much of it was for the time that both have. It takes nothing back.
    """
    shared = [one for one in credited if one.window.overlaps(window)]
    touching = tuple(one for one in shared if one.amount.currency == owed.currency)
    foreign = [one for one in shared if one.amount.currency != owed.currency and one.amount]
    within = [one for one in touching if _holds(window, one.window)]
    beside = [one for one in touching if not _holds(window, one.window)]
    inside, across = _sum(within, owed.currency), _sum(beside, owed.currency)
    net = owed - inside
    if foreign and net:
        other = ", ".join(f"{one.amount} ({one.reference})" for one in foreign)
        said = f"{other} were credited before for the same time, which cannot be taken off {net}"
        return Netted(net, inside, said, tuple(within))
    if net.amount < 0:
        said = f"{inside} were credited before for {window}, more than the {owed} that are due now"
        return Netted(net, inside, said, tuple(within))
    if not across:
        return Netted(net, inside, None, tuple(within))
    left = max(net - across, Money.zero(owed.currency))
    windows = ", ".join(dict.fromkeys(str(one.window) for one in beside if one.amount))
    because = f"{across} were credited before for {windows}, which only overlaps {window}" if left else None
    return Netted(left, owed - left, because, touching)


def most_for(owed: Mapping[Span, int]) -> int:
    """Return the most that windows can bring together where no second is paid twice.

    It is the dearest choice of windows that share no second: whatever is booked in whatever order, each time less
    what was booked for windows that share a second, never exceeds it.
    """
    best: list[tuple[int, int]] = [(min((start for start, _ in owed), default=0), 0)]  # up to when, how much
    for (start, end), amount in sorted(owed.items(), key=lambda one: one[0][1]):
        before = next(total for until, total in reversed(best) if until <= start)
        best.append((end, max(best[-1][1], before + amount)))
    return best[-1][1]


def together(windows: Iterable[Span]) -> Sequence[list[Span]]:
    """Group windows that share a second with each other, also through a third."""
    groups: list[list[Span]] = []
    until = 0
    for start, end in sorted(windows):
        if groups and start < until:
            groups[-1].append((start, end))
        else:
            groups.append([(start, end)])
            until = end
        until = max(until, end)
    return groups


def _holds(outer: Period, inner: Period) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _sum(credited: Iterable[EarlierCredit], currency: str) -> Money:
    return sum((one.amount for one in credited), start=Money.zero(currency))
