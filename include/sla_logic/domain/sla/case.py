"""One contract, its facts and the window, and the values measured from them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Self

from include.sla_logic.domain import spans
from include.sla_logic.domain.calendars import local_day
from include.sla_logic.domain.contract.contract import Contract, Objective
from include.sla_logic.domain.contract.measures import FromUnavailableState
from include.sla_logic.domain.contract.quantities import exact_text
from include.sla_logic.domain.contract.terms import Counting, MaintenanceTerms
from include.sla_logic.domain.measurements import ServiceFacts
from include.sla_logic.domain.money import half_up
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.sla.agreed import AgreedWindow
from include.sla_logic.domain.sla.downtime import Downtime, count_downtime
from include.sla_logic.domain.sla.figures import figure
from include.sla_logic.domain.sla.objective_judgement import DataState


@dataclass(frozen=True, slots=True)
class Repair:
    """One repair: how long it took, its place in its window or period, and when the outage began (None: unknown)."""

    name: str
    seconds: Fraction
    number: int
    at: int | None = None


@dataclass(frozen=True, slots=True)
class LateDay:
    """One day late; a number of days that was only stated has no days of the calendar."""

    kind: str
    day: date | None
    number: int


@dataclass(slots=True)
class Measured:
    """The value of one objective in its unit, with the evidence; no value means nothing was measured.

    `claimed` is the part that credits are calculated from, where late tickets leave less than was measured. `repairs`
    are the single repairs, `paid_days` the single days late. A value is `stated` where a reading alone tells it.
    """

    total: int
    value: Fraction | None = None
    state: DataState = DataState.MEASURED
    downtime: Downtime | None = None
    samples: int | None = None
    unknown_seconds: int = 0
    steps: list[str] = field(default_factory=list)
    note: str | None = None
    days: int | None = None
    late_days: list[date] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)
    paid_days: list[LateDay] = field(default_factory=list)
    open_reasons: list[str] = field(default_factory=list)
    events: tuple[str, ...] = ()
    stated: bool = False
    claimed: Self | None = None
    ahead: Self | None = None
    is_claimed: bool = True

    def not_kept(self, what: str) -> Self:
        """Say that the source does not record this, so that a missing value is unknown, not zero."""
        self.state, self.unknown_seconds = DataState.NO_DATA, self.total
        self.note = f"No record of {what} is kept here: give them in a facts file."
        return self

    @property
    def paid(self) -> Self:
        """The measured value that credits are calculated from."""
        return self.claimed or self

    @property
    def coverage(self) -> Fraction:
        """The measured share of the window, in percent."""
        return 100 - Fraction(100 * self.unknown_seconds, self.total) if self.total else Fraction(100)

    def doubt(self, contract: Contract) -> str | None:
        """Return why too little was measured for this contract, or None."""
        least = contract.counting.least_coverage
        if least is None or self.coverage >= least * 100:
            return None
        shown = half_up(self.coverage, 2)
        return f"Only {shown} % of the window was measured, the contract asks for {exact_text(least * 100)} %."


@dataclass(slots=True)
class Case:
    """One contract, its facts, the window and the moment; the downtime is counted once for all objectives."""

    contract: Contract
    facts: ServiceFacts
    agreed: AgreedWindow
    as_of: datetime
    states: dict[FromUnavailableState, Downtime] = field(default_factory=dict)
    missed_before: dict[str, int] = field(default_factory=dict)  # windows in a row, by objective
    incidents: Sequence[Any] | None = None  # what `claims` found to be claimable, looked up once
    _filed: list[datetime] | None = None
    _downtime: Downtime | None = None
    _held: list[spans.Span] | None = None
    _counted_apart: dict[tuple[Counting, MaintenanceTerms], "Case"] = field(default_factory=dict)

    def counted_for(self, objective: Objective) -> "Case":
        """Return the case as this objective counts; objectives that count alike share their downtime."""
        contract = self.contract.counted_for(objective)
        if contract is self.contract:
            return self
        key = contract.counting, contract.maintenance
        if key not in self._counted_apart:
            self._counted_apart[key] = Case(contract, self.facts, self.agreed, self.as_of)
        return self._counted_apart[key]

    @property
    def window(self) -> Period:
        """The part of the contract's window that is judged."""
        return self.agreed.window

    @property
    def span(self) -> spans.Span:
        """The window in seconds."""
        return self.window.span

    @property
    def held(self) -> list[spans.Span]:
        """The time of the window that agreements hold and that lies in the service hours."""
        if self._held is None:
            served = self.contract.counting.service_hours is not None
            held = self.agreed.held
            self._held = spans.intersect(held, self.contract.service_time(self.span)) if served else held
        return self._held

    @property
    def seconds(self) -> int:
        """How many seconds that is."""
        return spans.total(self.held)

    @property
    def filed(self) -> list[datetime]:
        """When credits were claimed, in order."""
        if self._filed is None:
            self._filed = sorted(claim.filed_at for claim in self.facts.claims_filed)
        return self._filed

    @property
    def downtime(self) -> Downtime:
        """The counted outages; raise `UnableToJudge` where a record cannot be right."""
        if self._downtime is None:
            self._downtime = count_downtime(self.contract, self.facts, self.held, self.as_of)
        return self._downtime

    @property
    def today(self) -> date:
        """The local day of the moment of judgement."""
        return local_day(self.as_of, self.contract.zone)


def total_seconds(case: Case) -> int:
    """Return the real length of the time that a share of time is a share of."""
    calendar = case.agreed.calendar
    if case.contract.counting.service_hours is None:
        return case.agreed.total
    is_whole = case.agreed.total == calendar.seconds  # or the contract counts a cut window as whole
    return spans.total(case.contract.service_time(calendar.span)) if is_whole else case.seconds


def availability_of(case: Case, downtime: Downtime) -> Measured:
    """Return the share of the window without counted downtime, in percent of all its seconds."""
    total, seconds, counts = total_seconds(case), downtime.seconds, downtime.counts
    found = Measured(total=total, downtime=downtime, unknown_seconds=spans.total(downtime.unknown))
    found.open_reasons = downtime.open_reasons
    found.events = downtime.events
    if found.unknown_seconds >= case.seconds:
        found.state = DataState.NO_DATA
        return found
    found.value = 100 - Fraction(100 * counts, total)
    lengths, shown = [end - start for start, end in downtime.counted], exact_text(Fraction(counts))
    summed = f"{' + '.join(map(str, lengths))} = {seconds} s" if 1 < len(lengths) <= 20 else f"{seconds} s"  # noqa: PLR2004
    found.steps += [
        f"downtime {summed} in {len(lengths)} counted interval(s)" if lengths else "downtime 0 s",
        *([f"of which {shown} s count, as outages count in part"] if counts != seconds else []),
        f"availability = 100 x (1 - {shown}/{total}) = {figure(found.value)} %",
    ]
    return found
