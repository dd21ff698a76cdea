"""Planned work as the picture of a judgement shows it: what the contract leaves out, and what it does not."""

from include.sla_logic.domain.measurements import ServiceFacts
from include.sla_logic.domain.period import Period, of_span
from include.sla_logic.domain.sla.case import Case
from include.sla_logic.domain.sla.exclusions import Exclusions


def planned_work(facts: ServiceFacts) -> tuple[Period, ...]:
    """Return all planned work on record; what ends before it starts is left to the judgement, which refuses it."""
    sound = (Period(start=m.start, end=m.end) for m in facts.maintenance if m.end >= m.start)
    return tuple(sorted(sound, key=lambda period: period.span))


def refused_work(case: Case) -> tuple[Period, ...]:
    """Return the planned work that counts all the same: announced too late, or never left out."""
    found = Exclusions.of_work(case.contract, case.facts)
    return tuple(of_span(span) for span in sorted(found.refused) if span[1] >= span[0])
