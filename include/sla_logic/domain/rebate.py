"""What is owed for a breach, line by line, net of what was credited before (process.md, rows 28 and 29)."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from include.sla_logic.domain.document import Document, Value
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Instant, Period
from include.sla_logic.domain.sla.comparison import SlaComparison


class EarlierCredit(Value):
    """A credit that was booked before, for one contract, window and objective."""

    contract: str
    window: Period
    objective: str
    amount: Money
    reference: str


class RebateLine(Value):
    """The credit of one objective in one window; `net` is what is still to be booked.

    `key` names contract, service, window and objective: booking it twice has no effect.
    """

    key: str
    objective: str
    gross: Money
    earlier: Money
    net: Money
    arithmetic: tuple[str, ...]


class Rebate(Document):
    """The rebate of one window; a held one books nothing until a second person approves it.

    `notes` name what is owed besides credits: hours left off the bill, a right to leave (or its announcement).
    All credits in `cap_window` together never exceed `cap`. `undecided` objectives take nothing back.
    """

    contract: str
    contract_version: str
    rules_version: str
    service: str
    window: Period
    lines: tuple[RebateLine, ...]
    total: Money
    provisional: bool
    held_for_approval: bool
    held_because: str | None
    claim_required: bool
    claim_deadline: Instant | None
    reason: str
    notes: tuple[str, ...] = ()
    cap: Money | None = None
    cap_window: Period | None = None
    undecided: tuple[str, ...] = ()


class BillingAdjustment(Document):
    """What Billing & Collections did with a rebate (TMF678 applied billing credit).

    `booked` is what was credited now (zero for a held rebate); totals are those of the open invoice.
    """

    account: str
    invoice: str | None
    references: tuple[str, ...]
    booked: Money
    invoice_before: Money | None = None
    invoice_after: Money | None = None
    held: bool = False
    reason: str


def line_key(contract: str, service: str, window: Period, objective: str) -> str:
    """Return the name under which a credit is booked once: contract, service, window, objective."""
    return f"{contract}:{service}:{window.start:%Y%m%dT%H%M%SZ}-{window.end:%Y%m%dT%H%M%SZ}:{objective}"


def work_out_rebate(comparison: SlaComparison, *, earlier: Sequence[EarlierCredit]) -> Rebate:
    """Return what is still to be credited for this window.

    `earlier` are the credits already booked under this contract, of this window and of the cap's.
    A difference in the provider's favour is never booked by itself: it is held for a second person.
    """
    mine = [credit for credit in earlier if credit.contract == comparison.contract]
    room = _room_under_cap(comparison, mine)
    lines = tuple(_lines(comparison, [c for c in mine if c.window == comparison.window], room))
    total = _sum((line.net for line in lines), comparison.currency)
    held = _why_held(comparison, lines)
    return Rebate(
        contract=comparison.contract,
        contract_version=comparison.contract_version,
        rules_version=comparison.rules_version,
        service=comparison.service,
        window=comparison.window,
        lines=lines,
        total=total,
        provisional=comparison.provisional,
        held_for_approval=bool(held),
        held_because="; ".join(held) or None,
        claim_required=comparison.claim.state != "automatic",
        claim_deadline=comparison.claim.deadline,
        reason=_reason(comparison, total, lines),
        notes=tuple(_notes(comparison)),
        cap=comparison.cap,
        cap_window=comparison.cap_window,
        undecided=tuple(o.objective for o in comparison.undecided),
    )


def still_due(rebate: Rebate, line: RebateLine, *, credited: Sequence[EarlierCredit]) -> Money:
    """Return what is left of a line after credits that other incidents booked meanwhile; never below 0.

    `credited` is everything that counts under the agreement now, in the window and in the cap's stretch. The line
    keeps to what is due for its objective, all lines together to what is due for the window, everything to the cap.
    """
    zero = Money.zero(line.gross.currency)
    here = [c for c in credited if c.window == rebate.window and c.objective not in rebate.undecided]
    mine = [c.amount for c in here if c.objective == line.objective]
    whole = _sum((one.gross for one in rebate.lines), zero.currency)
    rooms = [line.gross - _sum(mine, zero.currency), whole - _sum((c.amount for c in here), zero.currency)]
    if (room := room_under_cap(rebate, credited)) is not None:
        rooms.append(room)
    return max(min(rooms), zero)


def room_under_cap(rebate: Rebate, credited: Sequence[EarlierCredit]) -> Money | None:
    """Return what the cap still allows beside all credits under it; None without a cap."""
    if rebate.cap is None or rebate.cap_window is None:
        return None
    inside = (c.amount for c in credited if rebate.cap_window.contains(c.window.start))
    return rebate.cap - _sum(inside, rebate.cap.currency)


def _sum(amounts: Iterable[Money], currency: str) -> Money:
    return sum(amounts, start=Money.zero(currency))


def _room_under_cap(comparison: SlaComparison, earlier: Sequence[EarlierCredit]) -> Money | None:
    """Return what the cap still allows this window, after the other windows under it."""
    if comparison.cap is None or comparison.cap_window is None:
        return None
    inside = comparison.cap_window
    others = [
        credit.amount
        for credit in earlier
        if credit.window != comparison.window and inside.start <= credit.window.start < inside.end
    ]
    room = comparison.cap - _sum(others, comparison.currency)
    return max(room, Money.zero(comparison.currency))


def _lines(comparison: SlaComparison, earlier: Sequence[EarlierCredit], room: Money | None) -> Iterable[RebateLine]:
    zero = Money.zero(comparison.currency)
    due = dict(comparison.shares)
    undecided = {o.objective for o in comparison.undecided}
    names = [o.objective for o in comparison.objectives]
    names += sorted({credit.objective for credit in earlier} - set(names))
    names = [name for name in names if name not in undecided]  # what cannot be judged now takes nothing back
    for name in names:
        gross = due.get(name, zero)
        before = _sum((c.amount for c in earlier if c.objective == name), comparison.currency)
        if not gross and not before:
            continue
        arithmetic = [f"{name}: {gross} due for {comparison.window}"]
        if room is not None and gross > room:
            arithmetic.append(f"the cap leaves {room} for it")
            gross = room
        room = None if room is None else room - gross
        if before:
            references = ", ".join(c.reference for c in earlier if c.objective == name)
            arithmetic.append(f"{gross} - {before} credited before ({references}) = {gross - before}")
        yield RebateLine(
            key=line_key(comparison.contract, comparison.service, comparison.window, name),
            objective=name,
            gross=gross,
            earlier=before,
            net=gross - before,
            arithmetic=tuple(arithmetic),
        )


def _why_held(comparison: SlaComparison, lines: Sequence[RebateLine]) -> list[str]:
    reasons = list(comparison.approval_reasons) if comparison.needs_approval else []
    reasons += [
        f"{line.objective}: {line.earlier} were credited before, more than is due now"
        for line in lines
        if line.net.amount < Decimal(0)
    ]
    return reasons


def _notes(comparison: SlaComparison) -> Iterable[str]:
    for objective in comparison.objectives:
        if objective.waived_hours:
            yield f"{objective.objective}: {objective.waived_hours} clock hour(s) are left off the bill."
    chronic = comparison.chronic
    if chronic is not None and chronic.state == "reached":
        until = "" if chronic.notice_until is None else f", notice before {chronic.notice_until:%Y-%m-%d %H:%M} UTC"
        yield f"The customer has the right of {chronic.right}: {chronic.reason}{until}."
    elif chronic is not None and chronic.state == "one_event_before":
        yield f"One more event gives the customer the right of {chronic.right}: {chronic.reason}."


def _reason(comparison: SlaComparison, total: Money, lines: Sequence[RebateLine]) -> str:
    if comparison.credit_due is None:
        return "No credit can be named yet: " + "; ".join(f"{o.objective}: {o.reason}" for o in comparison.undecided)
    if comparison.claim.state == "late":
        return comparison.claim.reason
    if total:
        return "Credit for " + ", ".join(line.objective for line in lines if line.net)
    if any(line.earlier for line in lines):
        return "Everything that is due was credited before."
    return "No credit is due: " + "; ".join(f"{o.objective}: {o.reason}" for o in comparison.objectives)
