"""Windows that were settled once and that no agreement has any more: what was booked for them is not left unsaid."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from include.sla_logic.domain.disputes import DISPUTED
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.netting import EarlierCredit, net_off
from include.sla_logic.domain.period import Period, to_seconds
from include.sla_logic.domain.rebate import work_out_rebate
from include.sla_logic.domain.settlement import RoundState
from include.sla_logic.domain.sla import RULES_VERSION, ClaimFinding, SlaComparison
from include.sla_logic.persistence.billing import BillingLedger
from include.sla_logic.persistence.contracts import ContractRegister
from include.sla_logic.persistence.counted_credits import window_of
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.services.ended_windows import EndedWindow
from include.sla_logic.services.found_windows import LOOKING, Found

LEFT = "No agreement on record has this window any more"


def is_open(newest: Row[Any], at: datetime) -> bool:
    """Tell whether a window that is gone has something left to close."""
    undone = newest.state != RoundState.DONE or bool(newest.owed)
    return undone and to_seconds(newest.window_end) <= to_seconds(at)


def close(gone: EndedWindow, now: Sequence[Found | EndedWindow], ledger: BillingLedger, *, as_of: datetime) -> Found:
    """Say what became of the window, and hold for a person what was booked beyond what is owed now.

    `now` are the windows that share time with it, judged where they are due: one that holds it whole takes off what was
    booked for it, smaller ones take nothing back.
    """
    judged = [one for one in now if isinstance(one, Found)]
    if len(judged) < len(now) or any(one.state is not RoundState.DONE for one in judged):
        return Found(gone, RoundState.WAITING, f"{LEFT}; what shares its time is not settled")
    windows = [one.ended.window for one in judged]
    said = f"{LEFT}; its time is judged as {' and '.join(map(str, windows))}" if windows else LEFT
    nothing = Money.zero(gone.contract.currency)
    owed = sum((one.owed or nothing for one in judged), start=nothing)
    earlier = ledger.earlier_credits(gone.agreement, gone.window, ticket=LOOKING)
    netted = net_off(owed, gone.window, earlier)
    if any(_holds(window, gone.window) for window in windows) or netted.net.amount >= 0:
        return Found(gone, RoundState.DONE, said, closes=True)
    comparison = _nothing_promised(gone, owed, netted.taken_off, as_of)
    rebate = work_out_rebate(comparison, earlier=earlier, decided=ledger.decisions(gone.agreement))
    if rebate.total:
        rebate = rebate.held_also([said])
    return Found(gone, RoundState.DONE, said, rebate.facts, rebate.gross, rebate)


def find_newest(newest: Row[Any], windows: Sequence[EndedWindow]) -> EndedWindow | None:
    """Return the window of a round under the agreement that it was booked under, or the last one of its service."""
    mine = [one for one in windows if one.agreement.id == newest.agreement] or windows
    window = window_of(newest)
    return EndedWindow(mine[-1].agreement, mine[-1].contract, window, window) if mine else None


def frozen_of(gone: EndedWindow | None) -> Found | None:
    """Let a disputed window wait; of a customer who has no agreement any more nothing is done either."""
    return None if gone is None else Found(gone, RoundState.WAITING, DISPUTED)


def left_behind(newest: Row[Any], connection: Connection) -> Found | None:
    """Return for a person the window of a customer who has no agreement about the service any more."""
    agreement = select(t.agreements.c.customer).where(t.agreements.c.id == newest.agreement)
    register = ContractRegister(
        connection=connection, subscriptions=[(one, newest.service) for one in connection.scalars(agreement)]
    )
    held = [one for one in register.agreements() if one.id == newest.agreement]
    if not held:
        return None
    window = window_of(newest)
    said = f"{LEFT}; the agreement {newest.agreement} is another customer's: a person must decide"
    return Found(EndedWindow(held[-1], register.contract(held[-1]), window, window), RoundState.TO_DECIDE, said)


def _nothing_promised(
    gone: EndedWindow, owed: Money, taken_off: Sequence[EarlierCredit], as_of: datetime
) -> SlaComparison:
    contract = gone.contract
    named = taken_off[-1].objective or "availability"
    return SlaComparison(
        contract=contract.id,
        contract_version=contract.version,
        contract_title=contract.title,
        rules_version=RULES_VERSION,
        service=gone.agreement.service,
        window=gone.window,
        zone=contract.zone,
        currency=contract.currency,
        as_of=as_of,
        objectives=(),
        credit_due=owed,
        shares=((named, owed),) if owed else (),
        claim=ClaimFinding(state="automatic", reason=LEFT),
    )


def _holds(window: Period, other: Period) -> bool:
    return window.start <= other.start and other.end <= window.end
