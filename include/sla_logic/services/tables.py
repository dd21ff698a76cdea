"""Rows for a spreadsheet, as CSV that no spreadsheet reads as formulas."""

import csv
import io
from collections.abc import Iterable, Sequence

from include.sla_logic.domain.finance import FinanceReport

FINANCE_COLUMNS = (
    *("month", "reference", "customer", "service", "contract", "cause", "state", "reasons", "payment"),
    *("period_start", "period_end", "currency", "amount", "booked_at", "invoice"),
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[object]], *, delimiter: str = ",") -> str:
    """Return the rows as CSV; texts lose the power of formulas, amounts stay as they are."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(columns)
    writer.writerows([harmless(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return out.getvalue()


def harmless(text: str) -> str:
    """Return the text so that no spreadsheet reads it as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def finance_as_csv(report: FinanceReport) -> str:
    """Return one row for each credit, with the period that it belongs to."""
    return as_csv(
        FINANCE_COLUMNS,
        (
            (
                *(report.month, one.reference, one.customer, one.service, one.contract, one.cause),
                *(one.standing.value, " ".join(one.reasons), one.payment.value),
                *(one.window.start.isoformat(), one.window.end.isoformat(), one.currency, one.amount),
                *("" if one.booked_at is None else one.booked_at.isoformat(), one.invoice),
            )
            for one in report.entries
        ),
    )
