"""Put a rebate and its booking together as the customer reads them."""

from include.sla_logic.domain.credit import BillingAdjustment, Rebate
from include.sla_logic.domain.customer_report import CreditLine, CreditState, CreditStatement
from include.sla_logic.domain.money import Money


def state_credit(rebate: Rebate, adjustment: BillingAdjustment) -> CreditStatement:
    """Put rebate and booking together as the customer reads them."""
    state = _credit_state(rebate, adjustment)
    waiting = rebate.total if adjustment.waiting is None else adjustment.waiting
    amount = waiting if state is CreditState.UNDER_REVIEW else adjustment.booked
    return CreditStatement(
        state=state,
        amount=amount,
        lines=_credit_lines(rebate, amount, state, decided=adjustment.decided is not None),
        reason=rebate.held_because if adjustment.held and rebate.held_because else rebate.reason,
        provisional=rebate.provisional,
        account=adjustment.account,
        invoice=adjustment.invoice,
        invoice_after=adjustment.invoice_after,
        claim_deadline=rebate.claim_deadline,
        payout=rebate.payout,
        cap=rebate.cap,
        cap_window=rebate.cap_window,
    )


def _credit_lines(rebate: Rebate, amount: Money, state: CreditState, *, decided: bool) -> tuple[CreditLine, ...]:
    """Explain the amount line by line; one that a person named is one line of its own."""
    if state is CreditState.DECLINED:
        return ()
    if decided and not amount:
        due = rebate.total if rebate.total.amount > 0 else rebate.gross
        return (CreditLine(objective="", amount=amount, arithmetic=(), gross=due, earlier=due),) if due else ()
    if decided and amount != rebate.total:
        return (CreditLine(objective="", amount=amount, arithmetic=(), gross=amount),)
    return tuple(
        CreditLine(
            objective=line.objective,
            amount=line.net,
            arithmetic=line.arithmetic,
            gross=line.gross,
            earlier=line.earlier,
        )
        for line in rebate.lines
    )


def _credit_state(rebate: Rebate, adjustment: BillingAdjustment) -> CreditState:
    if adjustment.held or (rebate.held_for_approval and adjustment.decided is None):
        return CreditState.UNDER_REVIEW
    if adjustment.decided == "declined" and not adjustment.booked:
        return CreditState.DECLINED
    if not adjustment.booked and (not rebate.total or adjustment.decided is not None):
        return CreditState.NONE_DUE
    if not adjustment.booked and rebate.claim_required:
        return CreditState.TO_BE_CLAIMED
    return CreditState.PROVISIONAL if rebate.provisional else CreditState.BOOKED
