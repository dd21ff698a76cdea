"""The figures of a month: what was closed in it, how fast, what it cost, and what finance books of it."""

from dataclasses import dataclass

from include.sla_logic.domain.finance import FinanceReport, added_up
from include.sla_logic.persistence.queries.finance import finance_entries
from include.sla_logic.persistence.queries.reports import Group, MonthReport, UnableToReadMonth, month_of, report_month
from include.sla_logic.persistence.unit_of_work import UnitOfWork

__all__ = ["FinanceReport", "Group", "MonthReport", "Reports", "UnableToReadMonth"]

_CHOICES = 12


@dataclass(frozen=True)
class Reports:
    """Months are those of UTC."""

    work: UnitOfWork

    def month(self, month: str) -> MonthReport:
        """Return the figures of a month such as 2026-11; raise `UnableToReadMonth`."""
        with self.work.reading() as connection:
            return report_month(connection, month_of(month))

    def finance(self, month: str) -> FinanceReport:
        """Return credits as they stood at the end of a month, or now in the present one; raise `UnableToReadMonth`."""
        period = month_of(month)
        with self.work.reading() as connection:
            now = self.work.database.now(connection)
            if period.start > now:
                raise UnableToReadMonth(f"{month} lies in the future.")
            at = min(period.end, now)
            entries = finance_entries(connection, period, at)
        return FinanceReport(month=month, at=at, lines=added_up(entries), entries=tuple(entries))

    def recent_months(self) -> list[str]:
        """Return the last twelve months, the present one first."""
        with self.work.reading() as connection:
            now = self.work.database.now(connection)
        count = now.year * 12 + now.month - 1
        return [f"{(count - back) // 12}-{(count - back) % 12 + 1:02d}" for back in range(_CHOICES)]
