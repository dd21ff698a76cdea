"""Which agreement holds which time of a customer's service: a day belongs to one, in the zone of its contract."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, date, datetime

from include.sla_logic.domain import spans
from include.sla_logic.domain.calendars import local_midnight
from include.sla_logic.domain.measurements import AgreedTime
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.domain.spans import Span

_NEVER = date.max.toordinal()


@dataclass(frozen=True, slots=True)
class Terms:
    """What was agreed from a day on, in the contract's zone; None is the first day of the agreement."""

    agreement: Agreement
    valid_from: date | None
    zone: str


def lay_out(terms: Iterable[Terms]) -> list[Agreement]:
    """Return agreements with the time that each holds, in order; one whose terms changed comes once for each.

    Where zones differ, one that follows on the next day begins at the instant at which the earlier ended. Where
    days overlap, which no import accepts, they belong to the one that began last.
    """
    by_agreement: dict[str, list[Terms]] = defaultdict(list)
    for one in terms:
        by_agreement[one.agreement.id].append(one)
    subscriptions: dict[tuple[str, str], list[tuple[Span, Terms]]] = defaultdict(list)
    for agreed in by_agreement.values():
        for days, one in _in_force(agreed):
            subscriptions[one.agreement.customer, one.agreement.service].append((days, one))
    return [agreement for held in subscriptions.values() for agreement in _timed(_apart(held))]


def days_of(starts: date, ends: date | None) -> Span:
    """Return the days as numbers, the last one excluded."""
    return starts.toordinal(), _NEVER if ends is None or ends.year == MAXYEAR else ends.toordinal() + 1


def days_in_force(starts: date, ends: date | None, first_days: Sequence[date]) -> list[Span]:
    """Return the days of terms by their first days, in order; what was over before the agreement began has none."""
    start, end = days_of(starts, ends)
    begins = [start, *(max(start, first.toordinal()) for first in first_days[1:])]
    return [(first, min(following, end)) for first, following in zip(begins, [*begins[1:], end], strict=True)]


def overlapping(held: Iterable[tuple[str, int, Sequence[tuple[str, str, Span]]]]) -> list[tuple[str, str, str]]:
    """Return pairs of agreements that hold a day of one customer's service: the later one, the earlier one, whose.

    An agreement is given by its name, its place (0: known before), and its days by customer and service. Every
    agreement is named once as the later one, and those that are named hold no days against others.
    """
    taken: dict[tuple[str, str], list[tuple[Span, str, int]]] = defaultdict(list)
    found: list[tuple[str, str, str]] = []
    for name, place, days in sorted(held, key=lambda one: (one[1], one[0])):
        conflicts = (
            (name, other, customer)
            for customer, service, (start, end) in days
            for (begins, over), other, other_place in taken[customer, service]
            if begins < end and start < over and (place or other_place)
        )
        if (conflict := next(conflicts, None)) is not None:
            found.append(conflict)
            continue
        for customer, service, span in days:
            taken[customer, service].append((span, name, place))
    return found


def _in_force(agreed: Sequence[Terms]) -> Iterable[tuple[Span, Terms]]:
    """Yield the days of each change of one agreement that was ever in force."""
    in_order = sorted(agreed, key=lambda one: one.valid_from or date.min)
    first_days = [one.valid_from or date.min for one in in_order]
    spans_ = days_in_force(agreed[0].agreement.starts, agreed[0].agreement.ends, first_days)
    yield from ((span, one) for span, one in zip(spans_, in_order, strict=True) if span[0] < span[1])


def _apart(held: Iterable[tuple[Span, Terms]]) -> list[tuple[Span, Terms]]:
    found: list[tuple[Span, Terms]] = []
    for days, one in sorted(held, key=lambda entry: (entry[0][0], entry[1].agreement.id)):
        found = [(left, other) for known, other in found for left in spans.subtract([known], [days])]
        found.append((days, one))
    return sorted(found, key=lambda entry: entry[0])


def _timed(held: Iterable[tuple[Span, Terms]]) -> Iterable[Agreement]:
    last_day, over = 0, None
    for (first, end), one in held:
        begins = local_midnight(date.fromordinal(first), one.zone)
        if over is not None:
            begins = over if first == last_day else max(begins, over)
        last_day = end
        until = None if end == _NEVER else max(begins, local_midnight(date.fromordinal(end), one.zone))
        over = until
        if until is None or begins < until:
            yield one.agreement.model_copy(update={"begins": begins, "over": until})


def agreed_times(held: Sequence[Agreement], judged: Agreement, *, together: bool) -> tuple[AgreedTime, ...]:
    """Return the time that the agreements of one customer and service hold, and which of it is judged with `judged`.

    Together: everything under the same version of the contract. Apart: what follows on without any change of the
    agreement, its charge or its version; another account is no change.
    """
    others = [one for one in held if one != judged and not _overlap(one, judged)]
    in_order = sorted([*others, judged], key=_begins)
    alike = {judged.begins} if not together else {one.begins for one in in_order if _version(one) == _version(judged)}
    if not together:
        at = in_order.index(judged)
        for side in (in_order[at + 1 :], in_order[:at][::-1]):
            beside = judged
            for one in side:
                if not (_touch(one, beside) and _unchanged(one, judged)):
                    break
                alike.add(one.begins)
                beside = one
    found: list[AgreedTime] = []
    for one in in_order:
        time = AgreedTime(start=_begins(one), end=one.over, charge=one.monthly_charge, judged=one.begins in alike)
        if found and found[-1] == time.model_copy(update={"start": found[-1].start, "end": time.start}):
            time = time.model_copy(update={"start": found.pop().start})
        found.append(time)
    return tuple(found)


def _begins(agreement: Agreement) -> datetime:
    assert agreement.begins is not None  # noqa: S101 - it was laid out
    return agreement.begins


def _overlap(one: Agreement, two: Agreement) -> bool:
    return (two.over is None or _begins(one) < two.over) and (one.over is None or _begins(two) < one.over)


def _touch(one: Agreement, two: Agreement) -> bool:
    return one.over == two.begins or two.over == one.begins


def _version(agreement: Agreement) -> tuple[str, str]:
    return agreement.contract, agreement.contract_version


def _unchanged(one: Agreement, two: Agreement) -> bool:
    return (one.id, *_version(one), one.monthly_charge) == (two.id, *_version(two), two.monthly_charge)
