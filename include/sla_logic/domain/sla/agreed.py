"""The window of a contract, and what of it the customer's agreements hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from include.sla_logic.domain import spans
from include.sla_logic.domain.calendars import local_days
from include.sla_logic.domain.contract.contract import Contract
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.measurements import AgreedTime, ServiceFacts
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period, of_span, to_seconds
from include.sla_logic.domain.spans import Span

_ALWAYS: Span = (-(2**40), 2**40)


class UnableToFindAgreedTime(ForeseenError):
    """No agreement is in force then, or more than one that the contract judges apart."""


@dataclass(frozen=True, slots=True)
class Part:
    """One stretch of the window under one charge; no charge here means the one that the facts name for all."""

    span: Span
    charge: Money | None = None

    @property
    def period(self) -> Period:
        """The stretch as instants."""
        return of_span(self.span)


@dataclass(frozen=True, slots=True)
class AgreedWindow:
    """`calendar` is the contract's whole window, `window` the part of it that is judged and paid.

    `parts` are the stretches that agreements hold, in order; `total` is what a share of time is a share of.
    """

    calendar: Period
    window: Period
    parts: tuple[Part, ...]
    total: int
    promised: bool = True

    @property
    def held(self) -> list[Span]:
        """The time that agreements hold, merged."""
        return spans.merge(part.span for part in self.parts)

    @property
    def seconds(self) -> int:
        """How many seconds agreements hold."""
        return spans.total(self.held)

    @property
    def is_cut(self) -> bool:
        """Tell whether agreements hold less than the contract's window."""
        return self.held != [self.calendar.span]

    def contains(self, second: int) -> bool:
        """Tell whether an agreement holds that second of the window."""
        return any(start <= second < end for start, end in self.held)


def find_agreed_window(contract: Contract, facts: ServiceFacts, window: Period) -> AgreedWindow:
    """Cut the window to the agreements that are judged; without any of them nothing is promised.

    Raise `UnableToFindAgreedTime` for several that the contract judges apart.

    Without agreements in the facts the whole window is agreed; a part of the contract's window is then one in part.
    """
    calendar = contract.window_at(window.start)
    if window.end > calendar.end or window.start == window.end:
        calendar = window
    parts = _parts(contract, facts.agreements, window)
    held = spans.merge(part.span for part in parts)
    is_whole = held == [calendar.span]
    return AgreedWindow(
        calendar=calendar,
        window=window if not held or held == [window.span] else of_span((held[0][0], held[-1][1])),
        parts=parts,
        total=calendar.seconds if contract.partial_window == "whole" else spans.total(held),
        promised=bool(parts) and (is_whole or contract.partial_window != "excluded"),
    )


def _parts(contract: Contract, agreements: Sequence[AgreedTime], window: Period) -> tuple[Part, ...]:
    if not agreements:
        return (Part(window.span),)
    cut = [Part(span, one.charge) for one in agreements if one.judged for span in spans.clip([one.span], window.span)]
    found = sorted(cut, key=lambda part: part.span)
    if contract.on_agreement_change == "apart" and len(found) > 1:
        shown = " and ".join(str(part.period) for part in found)
        raise UnableToFindAgreedTime(f"The contract judges agreements apart: say which of {shown} is meant.")
    return tuple(found)


def choose_agreement(contract: Contract, facts: ServiceFacts, at: datetime) -> ServiceFacts:
    """Judge only the agreement in force at that moment, where the contract judges agreements apart."""
    if not facts.agreements or contract.on_agreement_change == "together":
        return facts
    second = to_seconds(at)
    chosen = [one.model_copy(update={"judged": one.span[0] <= second < one.span[1]}) for one in facts.agreements]
    if not any(one.judged for one in chosen):
        raise UnableToFindAgreedTime(f"No agreement was in force at {at:%Y-%m-%d %H:%M:%S} UTC.")
    return facts.model_copy(update={"agreements": tuple(chosen)})


def unagreed(agreements: Sequence[AgreedTime]) -> list[Span]:
    """Return the time in which no agreement gave the customer the service; none where agreements are not stated."""
    return spans.subtract([_ALWAYS], [one.span for one in agreements]) if agreements else []


def charged_part(contract: Contract, span: Span, full: Period) -> tuple[Fraction, str]:
    """Return which part of a full window's charge such a stretch of it pays (`proration`), and how that was found."""
    if span == full.span or contract.proration == "none":
        return Fraction(1), ""
    part = of_span(span)
    if contract.proration == "by_day":
        days, of = local_days(part, contract.zone), local_days(full, contract.zone)
        return Fraction(days, of), f" x {days}/{of} days"
    return Fraction(part.seconds, full.seconds), f" x {part.seconds}/{full.seconds} s of the {contract.window}"


def charged_windows(contract: Contract, stretch: Period, span: Span) -> Fraction:
    """Return how many full windows of the stretch the time of an agreement is charged for."""
    charged, at = Fraction(0), stretch.start
    while at < stretch.end:
        full = contract.window_at(at)
        charged += sum((charged_part(contract, cut, full)[0] for cut in spans.clip([span], full.span)), Fraction(0))
        at = full.end
    return charged


def judged_time(agreements: Sequence[AgreedTime], stretch: Period) -> Period:
    """Cut a stretch of the calendar to the agreements that are judged together."""
    held = spans.clip(spans.merge(one.span for one in agreements if one.judged), stretch.span)
    return of_span((held[0][0], held[-1][1])) if held else stretch


def part_at(parts: Sequence[Part], second: int) -> Part:
    """Return the part that holds that second, else the next one, else the last."""
    return next((part for part in parts if second < part.span[1]), parts[-1])
