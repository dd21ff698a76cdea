"""The windows of a customer's service, as its agreements have them."""

from dataclasses import dataclass
from datetime import datetime

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.domain.sla.agreed import judged_time
from include.sla_logic.domain.spans import Span
from include.sla_logic.persistence.contracts import ContractRegister, Subscription


@dataclass(frozen=True)
class EndedWindow:
    """A window with the agreement that it is booked under; `calendar` is the contract's, `window` what is judged."""

    agreement: Agreement
    contract: Contract
    calendar: Period
    window: Period


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
