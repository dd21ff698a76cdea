"""Time that does not count: planned work announced early enough, and holds that stop the clock."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from include.sla_logic.domain import spans
from include.sla_logic.domain.calendars import local_day
from include.sla_logic.domain.contract.contract import Contract
from include.sla_logic.domain.durations import show_duration
from include.sla_logic.domain.measurements import Hold, MaintenanceWindow, ServiceFacts
from include.sla_logic.domain.period import to_seconds
from include.sla_logic.domain.sla.agreed import unagreed
from include.sla_logic.domain.sla.recurring_work import beyond_allowance, recurring, within_hours
from include.sla_logic.domain.spans import Span


@dataclass(slots=True)
class Exclusions:
    """Excluded stretches with the reason of each; what was asked for but not granted is a warning."""

    reasons: list[tuple[Span, str, str | None]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    open_reasons: list[str] = field(default_factory=list)
    refused: list[Span] = field(default_factory=list)
    work: list[Span] = field(default_factory=list)

    @property
    def spans(self) -> list[Span]:
        """All excluded stretches, in any order."""
        return [span for span, _why, _reference in self.reasons]

    @classmethod
    def of(cls, contract: Contract, facts: ServiceFacts, until: int) -> Self:
        """Collect what this contract excludes."""
        found = cls()
        found._add_work(contract, facts)
        found.reasons += [(span, "no agreement was in force", None) for span in unagreed(facts.agreements)]
        for span, why in recurring(contract, facts, until):
            found.work.append(span)
            found.reasons.append((span, why, None))
        if contract.counting.holds_stop_the_clock:
            for hold in sorted(facts.holds, key=lambda hold: (hold.start, hold.reason, hold.owner)):
                found._add_hold(contract, hold, until)
        return found

    @classmethod
    def of_work(cls, contract: Contract, facts: ServiceFacts) -> Self:
        """Collect the planned work on record that this contract excludes, and what it refuses."""
        found = cls()
        found._add_work(contract, facts)
        return found

    def _add_work(self, contract: Contract, facts: ServiceFacts) -> None:
        for window in sorted(facts.maintenance, key=lambda window: (window.start, window.reference)):
            self._add_maintenance(contract, window)

    def within_allowance(self, contract: Contract, raw: Sequence[Span]) -> list[Span]:
        """Take out of planned work what its allowance no longer covers; return that time, which counts."""
        if not self.work or contract.maintenance.allowance is None:
            return []
        if over := beyond_allowance(contract, spans.intersect(raw, self.work)):
            is_work = set(self.work)
            self.reasons = [
                (part, why, reference)
                for span, why, reference in self.reasons
                for part in (spans.subtract([span], over) if span in is_work else [span])
            ]
            self.work = spans.subtract(self.work, over)
        return over

    def _add_hold(self, contract: Contract, hold: Hold, until: int) -> None:
        if not contract.counting.stopped_by(hold.owner):
            self.warnings.append(f"the clock is not stopped: {hold.reason} (owed by {hold.owner})")
            return
        end = until if hold.end is None else to_seconds(hold.end)
        if hold.end is None:
            self.open_reasons.append(f"the hold ({hold.reason}) is still open")
        why = f"the clock is stopped: {hold.reason} (owed by {hold.owner})"
        self.reasons.append(((to_seconds(hold.start), end), why, None))

    def _add_maintenance(self, contract: Contract, window: MaintenanceWindow) -> None:
        objection = _objection(contract, window)
        if objection is None:
            span = to_seconds(window.start), to_seconds(window.end)
            inside = within_hours(contract, span)
            self.work += inside
            why = f"maintenance {window.reference}, {_announced(window)}"
            self.reasons += [(part, why, window.reference) for part in inside]
            if outside := spans.subtract([span], inside):
                self.refused += outside
                hours = "; ".join(map(str, contract.maintenance.within or ()))
                text = f"{show_duration(spans.total(outside))} of it lie outside {hours} and are not left out"
                self.warnings.append(f"maintenance {window.reference}: {text}")
        else:
            self.refused.append((to_seconds(window.start), to_seconds(window.end)))
            self.warnings.append(f"maintenance {window.reference} is not left out: {objection}")


def _announced(window: MaintenanceWindow) -> str:
    if window.announced_at is None:
        return "no notice needed"
    return f"announced {window.announced_at:%Y-%m-%d %H:%M} UTC"


def _objection(contract: Contract, window: MaintenanceWindow) -> str | None:
    """Return why the contract does not accept this window, or None."""
    terms = contract.maintenance
    if not terms.excluded:
        return "the contract counts maintenance"
    if terms.notice is None and terms.notice_working_days is None:
        return None
    if window.announced_at is None:
        return "it was never announced"
    ahead = to_seconds(window.start) - to_seconds(window.announced_at)
    if terms.notice is not None and ahead < terms.notice:
        return f"announced {show_duration(ahead)} ahead, the contract wants {show_duration(terms.notice)}"
    if terms.notice_working_days is not None:
        announced, starts = (local_day(at, contract.zone) for at in (window.announced_at, window.start))
        days = contract.calendar.working_days_between(announced, starts)
        if days < terms.notice_working_days:
            return f"announced {days} working days ahead, the contract wants {terms.notice_working_days}"
    return None
