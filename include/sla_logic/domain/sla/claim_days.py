"""The last day of a claim: counted in the contract's zone from a local day, the last day included."""

from datetime import date, datetime, timedelta

import pendulum

from include.sla_logic.domain.calendars import local_day, local_midnight
from include.sla_logic.domain.contract.contract import Contract
from include.sla_logic.domain.contract.terms import Claim


def last_day(contract: Contract, day: date) -> date | None:
    """Return the last day on which what happened that day can be claimed; None where the contract names none.

    A month later is the same day of the next month, or its last day where it has no such day.
    """
    terms: Claim = contract.claim
    if terms.within_days is not None:
        return day + timedelta(days=terms.within_days)
    if terms.within_working_days is not None:
        return contract.calendar.after_working_days(day, terms.within_working_days)
    if terms.within_months is not None:
        later = pendulum.date(day.year, day.month, day.day).add(months=terms.within_months)
        return date(later.year, later.month, later.day)
    return None


def deadline_after(day: date, zone: str) -> datetime:
    """Return the first instant that is too late: the midnight that ends the last day."""
    return local_midnight(day + timedelta(days=1), zone)


def day_before(deadline: datetime, zone: str) -> date:
    """Return the last day of which a deadline is the end: what customers and operators are told."""
    return local_day(deadline - timedelta(seconds=1), zone)
