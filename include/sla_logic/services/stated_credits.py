"""Credits as the customer reads them."""

from typing import Any

from sqlalchemy import Row

from include.sla_logic.domain.statement import StatedCredit
from include.sla_logic.persistence.counted_credits import window_of
from include.sla_logic.persistence.schema.columns import from_minor_units


def stated_credit(row: Row[Any], state: str, *, new: bool = False) -> StatedCredit:
    """Return a credit as the customer reads it."""
    return StatedCredit(
        reference=row.id,
        window=window_of(row),
        amount=from_minor_units(row.amount, row.currency),
        state=state,
        booked_at=row.decided_at or row.recorded_at,
        invoice=row.invoice,
        new=new,
    )
