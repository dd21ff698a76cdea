"""When customers claimed credits of a window."""

from collections.abc import Collection

from sqlalchemy import Connection, select, tuple_

from include.sla_logic.domain.measurements import ClaimFiled
from include.sla_logic.domain.period import Period
from include.sla_logic.persistence.counted_credits import Subscription
from include.sla_logic.persistence.schema.accounts import applied_billing_credits


def filed_claims(
    connection: Connection, subscriptions: Collection[Subscription], window: Period
) -> dict[Subscription, list[ClaimFiled]]:
    """Return the claims to credits of windows that share time with this one, under any agreement, oldest first."""
    table = applied_billing_credits.c
    shared = (table.window_start < window.end) & (table.window_end > window.start)
    mine = tuple_(table.customer, table.service).in_(list(subscriptions)) & table.claimed_at.is_not(None)
    query = select(table.customer, table.service, table.claimed_at).distinct().order_by(table.claimed_at)
    found: dict[Subscription, list[ClaimFiled]] = {one: [] for one in subscriptions}
    for row in connection.execute(query.where(mine, shared)):
        found[row.customer, row.service].append(ClaimFiled(filed_at=row.claimed_at))
    return found
