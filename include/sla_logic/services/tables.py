"""Rows for a spreadsheet, as CSV that no spreadsheet reads as formulas."""

import csv
import io
from collections.abc import Iterable, Sequence

from include.sla_logic.domain.finance import FinanceReport
from include.sla_logic.domain.simulation import Simulation

FINANCE_COLUMNS = (
    *("month", "reference", "customer", "service", "contract", "cause", "state", "reasons", "payment"),
    *("period_start", "period_end", "currency", "amount", "booked_at", "invoice"),
)
SIMULATION_COLUMNS = (
    *("customer", "service", "period_start", "period_end", "old_verdict", "new_verdict"),
    *("old_owed", "new_owed", "difference", "currency", "capped", "not_judged_because"),
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


def simulation_as_csv(found: Simulation) -> str:
    """Return one row for each pair of windows that changes or could not be judged; amounts in one currency."""
    rows = [*found.largest, *found.unjudged]
    return as_csv(
        SIMULATION_COLUMNS,
        (
            (
                *(pair.customer, pair.service, pair.window.start.isoformat(), pair.window.end.isoformat()),
                *pair.verdicts,
                *(("", "", "") if pair.why_not else (*pair.owed, pair.difference)),
                *(found.currency, "yes" if pair.is_capped else "no", pair.why_not),
            )
            for pair in rows
        ),
    )
