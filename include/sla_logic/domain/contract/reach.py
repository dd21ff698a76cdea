"""How far before a window, and beyond it, the facts matter that its judgement rests on."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from include.sla_logic.domain.contract.contract import Contract, Objective
from include.sla_logic.domain.contract.credit_rule import Credit, RollingDays
from include.sla_logic.domain.contract.measures import ONE_BY_ONE
from include.sla_logic.domain.contract.terms import Counting
from include.sla_logic.domain.period import Period

_LONGEST_EVENT = timedelta(days=366)  # an event counts whole, and may have begun that long before its window


def rights_reach(contract: Contract, window: Period) -> Period:
    """Return the period whose downtime matters: a right to leave also counts what was before the window."""
    terms, starts = contract.chronic, [window.start]
    if terms is not None:
        days = [days for days in (terms.within_days, terms.total_within_days) if days is not None]
        starts += [window.start - timedelta(days=max(days, default=0))]
        starts += [contract.stretch(terms.total_over, window.start).start]
        starts += earlier_windows(contract, window, terms.missed.of_windows - 1) if terms.missed else []
    starts += earlier_windows(contract, window, max(map(_windows_of, contract.objectives), default=1) - 1)
    return Period(start=min(starts), end=window.end)


def looks_at_earlier_windows(contract: Contract) -> bool:
    """Tell whether values of earlier windows matter, so that their samples do too."""
    missed = contract.chronic is not None and contract.chronic.missed is not None
    return missed or any(_windows_of(objective) > 1 for objective in contract.objectives)


def _windows_of(objective: Objective) -> int:
    """Return how many windows the credit of one of them rests on."""
    in_a_row = objective.rule.in_a_row if isinstance(objective.rule, Credit) else None
    return (objective.rolling_windows or 1) + (in_a_row or 1) - 1


def earlier_windows(contract: Contract, window: Period, count: int) -> list[datetime]:
    """Return where the earlier windows begin, as many as are asked for, the nearest first."""
    found, start = [], contract.window_at(window.start).start
    for _number in range(count):
        start = contract.window_at(start - timedelta(seconds=1)).start
        found.append(start)
    return found


def records_reach(contract: Contract, window: Period) -> Period:
    """Return the period whose records matter: an event that ends in the window counts from its start."""
    starts = [rights_reach(contract, window).start]
    if contract.maintenance.allowance is not None:
        starts.append(contract.stretch(contract.maintenance.allowance_over, window.start).start)
    for objective in contract.objectives:
        rule = objective.rule
        by_event = isinstance(rule, Credit) and rule.for_each != "window"
        if by_event or isinstance(objective.lengths, ONE_BY_ONE):
            starts.append(window.start - _LONGEST_EVENT)
        if isinstance(rule, Credit) and rule.events_over != "window":
            starts.append(_numbered_from(contract, rule.events_over, window) - _LONGEST_EVENT)
    return Period(start=min(starts), end=window.end)


def edges_that_matter(contract: Contract) -> tuple[bool, bool]:
    """Tell whether what lies across the start of the records matters as a whole, and what lies across their end.

    A least length asks for all of an outage, a rule by event or day for where it begins and ends; a clock that the
    ticket stops runs on after the outage.
    """
    short = any(one.shortest is not None for one in _countings(contract))
    rules = [objective.rule for objective in contract.objectives]
    by_event = any(isinstance(rule, Credit) and rule.for_each != "window" for rule in rules)
    return short or stopped_by_tickets(contract), short or by_event


def stopped_by_tickets(contract: Contract) -> bool:
    """Tell whether an outage counts until its ticket is closed, under any of the objectives."""
    return any(one.clock_stop == "ticket_closed" for one in _countings(contract))


def _countings(contract: Contract) -> Sequence[Counting]:
    """Return what counts by the contract, and for each objective."""
    return [contract.counting, *(contract.counted_for(objective).counting for objective in contract.objectives)]


def edges_reach(contract: Contract, window: Period) -> Period:
    """Return the period in which records may lie that belong together with those at an edge of `records_reach`."""
    records, (before, after) = records_reach(contract, window), edges_that_matter(contract)
    return Period(
        start=records.start - (_LONGEST_EVENT if before else timedelta(0)),
        end=records.end + (_LONGEST_EVENT if after else timedelta(0)),
    )


def _numbered_from(contract: Contract, over: str | RollingDays, window: Period) -> datetime:
    if isinstance(over, RollingDays):
        return window.start - timedelta(days=over.days)
    return contract.stretch(over, window.start).start
