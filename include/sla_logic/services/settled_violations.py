"""Broken promises that settlement finds, in windows that are judged exactly and in those settled in columns."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from include.sla_logic.domain.open_apis.parts import reference
from include.sla_logic.domain.open_apis.sla_violation import Violation, violations_in
from include.sla_logic.domain.settlement import RoundState
from include.sla_logic.persistence.batch import Batch
from include.sla_logic.persistence.contracts import Subscription
from include.sla_logic.persistence.sla_violations import note_violations, violated, withdraw_violations
from include.sla_logic.services.found_windows import Found

if TYPE_CHECKING:
    from include.sla_logic.services.quiet_rounds import QuietRounds


def keep_violations(batch: Batch, subscription: Subscription, found: Sequence[Found], *, run: int) -> None:
    """Keep what these rounds of a customer's service say of promises; what only waits says nothing."""
    customer, service = subscription
    judged_in = reference("SettlementRunRef", str(run))
    judged = [
        each
        for one in found
        if one.judged is not None
        for each in violations_in(one.judged, customer=customer, judged_in=judged_in)
    ]
    note_violations(batch.connection, judged, now=batch.now, settled=True)
    for one in found:
        if one.judged is None and one.state is RoundState.DONE:  # no agreement has the window any more
            withdraw_violations(batch.connection, customer, service, one.ended.window, now=batch.now)


def quiet_violations(
    connection: Connection, quiet: "QuietRounds", subscriptions: Sequence[Subscription], *, run: int
) -> Iterator[Violation]:
    """Yield what the new rounds of windows that owe nothing say of promises: those broken, and those once broken."""
    done = [number for number in quiet.changed.tolist() if quiet.complete[number]]
    of = {number: subscriptions[int(quiet.windows.place[number])] for number in done}
    before = violated(connection, set(of.values()))
    for number, subscription in of.items():
        if subscription in before or any(missed[number] for missed in quiet.judged.missed):
            judged_in = reference("SettlementRunRef", str(run))
            comparison = quiet.comparison(number, subscription[1])
            yield from violations_in(comparison, customer=subscription[0], judged_in=judged_in)
