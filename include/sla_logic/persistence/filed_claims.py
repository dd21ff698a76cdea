"""When customers claimed credits, as known at one moment."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, select

from include.sla_logic.domain.measurements import ClaimFiled
from include.sla_logic.domain.period import Period
from include.sla_logic.persistence.schema.accounts import applied_billing_credits


def filed_claims(
    connection: Connection, agreements: Collection[str], window: Period, *, as_of: datetime
) -> dict[str, list[ClaimFiled]]:
    """Return by agreement the claims to credits of windows that share time with this one, oldest first."""
    table = applied_billing_credits.c
    shared = (table.window_start < window.end) & (table.window_end > window.start)
    query = select(table.agreement, table.claimed_at).distinct().order_by(table.claimed_at)
    found: dict[str, list[ClaimFiled]] = defaultdict(list)
    for row in connection.execute(query.where(table.agreement.in_(agreements), shared, table.claimed_at <= as_of)):
        found[row.agreement].append(ClaimFiled(filed_at=row.claimed_at))
    return found
