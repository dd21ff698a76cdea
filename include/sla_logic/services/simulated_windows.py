"""Windows of many customers' services under contracts that stand in for their own; what owes nothing in columns."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cached_property

import numpy as np
from sqlalchemy import Connection

from include.sla_logic.domain.calendars import local_day, local_midnight
from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.contract.sources import sources_of
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.longer_outages import longer, longer_columns
from include.sla_logic.domain.measurements import Charges, ServiceFacts
from include.sla_logic.domain.money import round_to_minor_unit
from include.sla_logic.domain.period import Period, from_seconds, of_span, to_seconds
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.domain.simulated_windows import BEYOND, NOT_OVER, Outcome, hold_to_caps, not_judged, outcome_of
from include.sla_logic.domain.sla import compare
from include.sla_logic.domain.sla.agreed import find_agreed_window
from include.sla_logic.domain.sla.charge import charge_base
from include.sla_logic.domain.sla.columns import Column
from include.sla_logic.domain.sla.quiet_windows import ColumnarContract, FactColumns, WindowColumns
from include.sla_logic.domain.spans import Span
from include.sla_logic.persistence.completeness import Completeness, completeness_of
from include.sla_logic.persistence.contracts import ContractRegister, Subscription
from include.sla_logic.persistence.fact_columns import CompleteColumns
from include.sla_logic.persistence.measurements import MeasurementRegister
from include.sla_logic.services.screening import Known
from include.sla_logic.services.stand_ins import StandInRegister, Terms, Version
from include.sla_logic.services.window_columns import LaidWindows, lay_windows

_ALWAYS: Span = (0, 0)  # stands for the window of all time
_Cut = tuple[LaidWindows, Column, WindowColumns, Column]  # contract, agreements, windows that lie in the days, quiet


@dataclass
class Facts:
    """What is on record about these customers' services at that moment, whichever contract they are judged by."""

    connection: Connection
    subscriptions: Sequence[Subscription]
    at: datetime
    columns: FactColumns
    in_columns: CompleteColumns
    growth: Fraction = Fraction(1)
    left: dict[Span, set[Subscription]] = field(default_factory=dict)
    _measured: dict[Span, MeasurementRegister] = field(default_factory=dict)

    @cached_property
    def on_record(self) -> ContractRegister:
        """The agreements as they are on record."""
        return ContractRegister(connection=self.connection, subscriptions=self.subscriptions)

    @cached_property
    def terms(self) -> Terms:
        """The register by which facts are read: that of the contract that is judged just now."""
        return Terms(connection=self.connection)

    def measured(self, calendar: Span) -> MeasurementRegister:
        """Return what was measured of the services that are judged exactly in that window, under any contract."""
        if self.growth != 1:
            calendar = _ALWAYS  # an outage that has grown reaches into later windows
        if calendar not in self._measured:
            left = self.left[calendar] if calendar in self.left else set().union(*self.left.values())
            self._measured[calendar] = MeasurementRegister(
                connection=self.connection, contracts=self.terms, subscriptions=sorted(left)
            )
        return self._measured[calendar]

    def grown(self, growth: Fraction) -> "Facts":
        """Return the facts with every outage longer by this factor; none is stretched beyond `at`."""
        if growth == 1:
            return self
        return replace(self, columns=longer_columns(self.columns, growth, self.at), growth=growth)

    @cached_property
    def complete(self) -> dict[str, Completeness]:
        """Up to when the records of each service are complete."""
        return completeness_of(self.connection, {service for _customer, service in self.subscriptions})


@dataclass
class SimulatedWindows:
    """The windows under the contracts of `instead`, between two days of their zones, as one transaction sees them.

    `known` are contracts that were met before; `exactly` judges all of them one by one, as a check.
    """

    facts: Facts
    instead: Mapping[Version, Contract]
    days: tuple[date, date]
    known: Known = field(default_factory=dict)
    exactly: bool = False
    _cuts: list[_Cut] = field(default_factory=list)
    _grown: dict[Agreement, ServiceFacts] = field(default_factory=dict)

    def cut(self) -> None:
        """Look which windows there are, and which of them must be judged exactly: `facts` reads for all at once."""
        self._cuts = [self._cut(one) for one in self._laid()]
        for _laid, _agreement, windows, quiet in self._cuts:
            left = windows.where(quiet == 0)
            ends = (left.place.tolist(), left.calendar_start.tolist(), left.calendar_end.tolist())
            for place, *calendar in zip(*ends, strict=True):
                mine = self.facts.left.setdefault((calendar[0], calendar[1]), set())
                mine.add(self.facts.subscriptions[place])

    def outcomes(self) -> dict[int, list[Outcome]]:
        """Return by the place of each service the outcomes of its windows that share time with the days.

        What earlier windows within the days have left of a cap over several of them is the most that a window owes.
        """
        found: dict[int, list[Outcome]] = {}
        under_caps = set()
        self.facts.terms.of = self._register
        for laid, agreement, windows, quiet in self._cuts:
            for place, outcome in self._judged(laid, agreement, windows, quiet):
                found.setdefault(place, []).append(outcome)
                if outcome.cap is not None:
                    under_caps.add(place)
        for place in under_caps:
            hold_to_caps(found[place])
        return found

    @cached_property
    def _register(self) -> StandInRegister:
        return StandInRegister(connection=self.facts.connection, on_record=self.facts.on_record, instead=self.instead)

    def _laid(self) -> Iterator[LaidWindows]:
        mine = {(one.id, one.version) for one in self.instead.values()}
        for one in lay_windows(self._register, self.facts.subscriptions, self.facts.at):
            if (one.contract.id, one.contract.version) in mine:
                yield one

    def _cut(self, laid: LaidWindows) -> _Cut:
        """Leave out what shares no second with the days; tell which owe nothing."""
        windows, agreement, torn = laid.columns(to_seconds(self.facts.at))
        low, high = (to_seconds(local_midnight(day, laid.contract.zone)) for day in self.days)
        kept = (windows.start < high) & (windows.end > low)
        windows, contract = windows.where(kept), laid.contract
        key = contract.id, contract.version, contract.billing_day, contract.first_month
        judged = self.known.setdefault(key, ColumnarContract(contract)).judge(windows, self.facts.columns)
        quiet = judged.quiet & ~torn[kept] & (not self.exactly)
        missed = np.any(judged.missed, axis=0) if judged.missed else np.zeros(quiet.size, dtype=bool)
        return laid, agreement[kept], windows, np.where(quiet, np.where(missed, 2, 1), 0)

    def _judged(
        self, laid: LaidWindows, agreement: Column, windows: WindowColumns, quiet: Column
    ) -> Iterator[tuple[int, Outcome]]:
        """Yield the place of its service, and the outcome, of each window."""
        contract, at = laid.contract, to_seconds(self.facts.at)
        low, high = (to_seconds(local_midnight(day, contract.zone)) for day in self.days)
        complete = self.facts.in_columns.in_windows(windows.place, windows.start, windows.end)
        charges, alone = _Charges(self._register, contract), {one[0] for one in laid.alone}
        rows = zip(*(getattr(windows, name).tolist() for name in _COLUMNS), strict=True)
        numbers = zip(agreement.tolist(), quiet.tolist(), complete.tolist(), strict=True)
        for (place, start, end, *calendar), (number, calm, known) in zip(rows, numbers, strict=True):
            span, whole, agreed = (start, end), (calendar[0], calendar[1]), laid.agreements[number]
            month = charges.month(end)
            if not (low <= start and end <= high):
                yield place, not_judged(span, month, BEYOND)
            elif end > at:
                yield place, not_judged(span, month, NOT_OVER)
            elif agreed.monthly_charge.currency != contract.currency:
                said = (
                    f"the agreement is charged in {agreed.monthly_charge.currency}, the contract in {contract.currency}"
                )
                yield place, not_judged(span, month, said)
            elif calm:
                verdict, caveat = "breached" if calm > 1 else "met", "" if known else _INCOMPLETE
                charge = charges.of(agreed, span, whole, alone=place in alone)
                yield place, Outcome(span, month, verdict, _NOTHING, charge, caveat=caveat)
            else:
                yield place, self._exact(contract, agreed, span, whole, month)

    def _known_facts(self, agreement: Agreement, calendar: Span) -> ServiceFacts:
        measured, at = self.facts.measured(calendar), self.facts.at
        if self.facts.growth == 1:
            return measured.facts(agreement, of_span(calendar), as_of=at)
        if agreement not in self._grown:
            whole = Period(start=local_midnight(date(1970, 1, 1), "UTC"), end=at)
            self._grown[agreement] = longer(measured.facts(agreement, whole, as_of=at), self.facts.growth, at)
        return self._grown[agreement]

    def _exact(self, contract: Contract, agreement: Agreement, span: Span, calendar: Span, month: str) -> Outcome:
        window, at = of_span(calendar), self.facts.at
        contract = self._register.contract(agreement)
        try:
            facts = self._known_facts(agreement, calendar)
            judged = compare(contract, facts, window=window, as_of=at)
        except ForeseenError as error:
            return not_judged(span, month, str(error))
        missing = self.facts.complete[agreement.service].missing(sources_of(contract), judged.window)
        return outcome_of(judged, span, month, caveat=_INCOMPLETE if missing else "")


_COLUMNS = ("place", "start", "end", "calendar_start", "calendar_end")
_NOTHING = Decimal(0)
_INCOMPLETE = "nobody has said that its records are complete"


@dataclass
class _Charges:
    """The charges of windows that owe nothing, and the months in which they end; each worked out once."""

    register: StandInRegister
    contract: Contract
    _known: dict[object, Decimal | None] = field(default_factory=dict)
    _months: dict[int, str] = field(default_factory=dict)

    def month(self, end: int) -> str:
        if end not in self._months:
            self._months[end] = f"{local_day(from_seconds(end - 1), self.contract.zone):%Y-%m}"
        return self._months[end]

    def of(self, agreement: Agreement, span: Span, calendar: Span, *, alone: bool) -> Decimal | None:
        if span != calendar or not alone:
            return self._worked_out(agreement, calendar)
        key = agreement.monthly_charge.amount, span
        if key not in self._known:
            self._known[key] = self._worked_out(agreement, calendar)
        return self._known[key]

    def _worked_out(self, agreement: Agreement, calendar: Span) -> Decimal | None:
        charges = Charges(recurring=agreement.monthly_charge)
        agreed = self.register.agreed_times(agreement)
        facts = ServiceFacts(service=agreement.service, charges=charges, agreements=agreed)
        base = charge_base(self.contract, facts, find_agreed_window(self.contract, facts, of_span(calendar)))
        return None if base is None else round_to_minor_unit(base.window, self.contract.currency).amount
