"""Which days a credit rule counts, and the number of each: of all days, or of working days alone."""

from collections.abc import Iterable, Iterator
from datetime import date

from include.sla_logic.domain.calendars import BusinessCalendar
from include.sla_logic.domain.contract.credit_rule import Credit


def first_after_grace(rule: Credit, day: date, calendar: BusinessCalendar) -> date:
    """Return the day with which numbering begins: this one, or the one after it and after what is free."""
    if rule.grace_working_days:
        day = calendar.after_working_days(day, rule.grace_working_days)
    after = rule.grace_working_days or rule.first_day == "after_report"
    return date.fromordinal(day.toordinal() + 1) if after else day


def numbered_days(
    rule: Credit, first: date, days: Iterable[date], calendar: BusinessCalendar
) -> Iterator[tuple[date, int]]:
    """Yield those of the days, given in order, that the rule counts, each with its number from the first on."""
    number, before = 0, date.fromordinal(first.toordinal() - 1)
    for day in days:
        if day < first or (rule.days == "working" and not calendar.is_working_day(day)):
            continue
        between = day.toordinal() - before.toordinal() - 1
        number += 1 + (calendar.working_days_between(before, day) if rule.days == "working" and between else between)
        before = day
        yield day, number
