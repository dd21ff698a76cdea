"""The windows of a customer's service, as its agreements have them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.domain.sla.agreed import judged_time
from include.sla_logic.domain.spans import Span
from include.sla_logic.persistence.contracts import ContractRegister, Subscription

_AT_ONCE = 500  # services in one look-up


@dataclass(frozen=True)
class EndedWindow:
    """A window with the agreement that it is booked under; `calendar` is the contract's, `window` what is judged."""

    agreement: Agreement
    contract: Contract
    calendar: Period
    window: Period


def at_once(subscriptions: Sequence[Subscription]) -> Iterator[Sequence[Subscription]]:
    """Yield them by as many as are looked up at once."""
    for first in range(0, len(subscriptions), _AT_ONCE):
        yield subscriptions[first : first + _AT_ONCE]


def windows_until(
    register: ContractRegister, at: datetime, subscription: Subscription | None = None
) -> list[EndedWindow]:
    """Return every window that has begun, of this subscription or of all here, in the order of time; each once."""
    found: dict[Span, EndedWindow] = {}
    for agreement in register.agreements(subscription):
        contract, moment = register.contract(agreement), agreement.begins
        until = at if agreement.over is None else min(at, agreement.over)
        while moment is not None and moment < until:
            calendar = contract.window_at(moment)
            window = judged_time(register.agreed_times(agreement), calendar)
            found[window.span] = EndedWindow(agreement, contract, calendar, window)
            moment = calendar.end
    return [found[span] for span in sorted(found)]
