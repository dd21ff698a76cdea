"""The right to leave after missed windows: a number of them in a row, or among a larger number."""

import itertools

from include.sla_logic.domain.calendars import local_day
from include.sla_logic.domain.contract.contract import Contract, Objective
from include.sla_logic.domain.contract.reach import earlier_windows
from include.sla_logic.domain.contract.terms import MissedWindows
from include.sla_logic.domain.measurements import ServiceFacts
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.sla.agreed import UnableToFindAgreedTime, find_agreed_window
from include.sla_logic.domain.sla.case import Case
from include.sla_logic.domain.sla.charge import charge_base
from include.sla_logic.domain.sla.judgement import judge
from include.sla_logic.domain.sla.refusal import UnableToJudge
from include.sla_logic.domain.sla.rolling import of_one_window


class MissedInARow:
    """The last windows up to the judged one, and which of them missed what was promised."""

    def __init__(self, case: Case, terms: MissedWindows) -> None:
        """Judge each window again, on the same facts and under every agreement: rights follow the customer."""
        self._case, self._terms = case, terms
        contract = case.contract.model_copy(update={"on_agreement_change": "together"})
        agreements = tuple(one.model_copy(update={"judged": True}) for one in case.facts.agreements)
        facts = case.facts.model_copy(update={"agreements": agreements})
        starts = [case.agreed.calendar.start, *earlier_windows(contract, case.window, terms.of_windows - 1)]
        self.windows = [contract.window_at(start) for start in starts]
        self.missed = [self._is_missed(contract, facts, window) for window in self.windows]

    def _is_missed(self, contract: Contract, facts: ServiceFacts, window: Period) -> bool | None:
        """Tell whether the window missed; None where that cannot be judged."""
        try:
            agreed = find_agreed_window(contract, facts, window)
        except UnableToFindAgreedTime:
            return False
        if not agreed.parts:
            return False
        case = Case(contract, facts, agreed, self._case.as_of)
        wanted = [o for o in contract.objectives if self._terms.objective in (None, o.id)]
        found = [self._is_breached(one, case) for one in wanted]
        return True if any(found) else None if None in found else False

    def _is_breached(self, objective: Objective, case: Case) -> bool | None:
        is_earlier = case.agreed.calendar != self.windows[0]
        if is_earlier and of_one_window(objective, case.facts) is not None:
            return None
        try:
            base = charge_base(case.contract, case.facts, case.agreed)
        except UnableToJudge:  # a target is missed whatever it is worth
            base = None
        return judge(objective, case.counted_for(objective), base).judgement.breached

    @property
    def is_reached(self) -> bool:
        """Tell whether this window completes the right."""
        return bool(self.missed[0]) and self.count >= self._terms.windows

    @property
    def count(self) -> int:
        """How many of the windows missed."""
        return sum(bool(one) for one in self.missed)

    @property
    def left(self) -> int:
        """How many further missed windows complete the right: this one too, while it runs."""
        running = not self.missed[0] and self._case.as_of < self.windows[0].end
        known = [bool(one) for one in (self.missed[1:] if running else self.missed)]
        wanted, of = self._terms.windows, self._terms.of_windows
        return next(more for more in itertools.count(1) if more + sum(known[: of - more]) >= wanted)

    @property
    def names(self) -> list[str]:
        """The missed windows, by their first day."""
        return [f"window from {self._day(w)}" for w, one in zip(self.windows, self.missed, strict=True) if one]

    def reason(self) -> str:
        """Say how many windows missed, and which nobody can judge."""
        terms, what = self._terms, self._terms.objective or "the promise"
        of = "in a row" if terms.of_windows == terms.windows else f"of {terms.of_windows}"
        unknown = [self._day(w) for w, one in zip(self.windows, self.missed, strict=True) if one is None]
        beside = f"; not known: the windows from {', '.join(unknown)}" if unknown else ""
        return f"{self.count} of the last {terms.of_windows} windows missed {what} ({terms.windows} {of}){beside}"

    def _day(self, window: Period) -> str:
        return f"{local_day(window.start, self._case.contract.zone)}"
