"""The documents of a credit: the rebate of a window, what people decided about it, and what was booked."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from include.sla_logic.domain.document import Document, Value
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.netting import EarlierCredit, Netted, net_off
from include.sla_logic.domain.paid import Payout
from include.sla_logic.domain.period import Instant, Period


class Decision(Value):
    """What a person decided about a credit of a window; `facts` names the judgement that they saw.

    `entered_by` is who named the amount, None where it is the judgement's.
    """

    window: Period
    state: str  # booked, posted or declined
    amount: Money | None
    gross: Money | None
    facts: str | None
    by: str
    at: Instant
    reference: str
    entered_by: str | None = None

    @property
    def follows(self) -> bool:
        """Tell whether the credit was closed because another incident's was decided."""
        return self.state == "declined" and self.amount is not None and not self.amount

    def against(self, window: Period) -> str | None:
        """Say why nothing is booked for this window by itself: it was declined, on other facts."""
        if self.state != "declined" or self.follows or not self.window.overlaps(window):
            return None
        what = "the credit" if self.amount is None else str(self.amount)
        return f"{self.by} declined {what} for {self.window} ({self.reference}), and facts have changed since"

    def covers(self, left: Money) -> bool:
        """Tell whether it also decides about what the same facts still bring.

        Who declined to pay, or named the amount, has spoken about the whole window. Who approved what was due then, or
        took nothing back, has not: a cap that other windows leave again brings the customer more.
        """
        refused = self.state == "declined" and (self.amount is None or self.amount.amount > 0)
        return refused or self.entered_by is not None or left.amount <= 0


class Settlement(NamedTuple):
    """The state in which a credit is kept, None for no credit; its amount, None where a person must name it; why."""

    state: str | None
    amount: Money | None
    because: str | None


class RebateLine(Value):
    """What one objective explains of a window's amount; the `net` of all lines is what is still to be booked.

    What was credited before is taken off the lines in their order: it belongs to the window, to no objective.
    """

    key: str
    objective: str
    gross: Money
    earlier: Money
    net: Money
    arithmetic: tuple[str, ...]


class Rebate(Document):
    """The rebate of one window; a held one books nothing until a second person approves it.

    `owed` is the window's one amount, after stacking and cap and before netting; `named` is false where a person must
    name it. `facts` names the judgement.
    `notes` name what is owed besides credits: hours left off the bill, a right to leave (or its announcement).
    All credits in `cap_window` together never exceed `cap`. `undecided` objectives take nothing back. `payout` is how
    the credits of the objectives became what the window owes.
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
    claim_last_day: date | None = None
    reason: str
    notes: tuple[str, ...] = ()
    cap: Money | None = None
    cap_window: Period | None = None
    undecided: tuple[str, ...] = ()
    owed: Money | None = None
    named: bool = True
    facts: str | None = None
    payout: Payout | None = None

    @property
    def gross(self) -> Money:
        """What the window owes; rebates of earlier releases have it line by line."""
        if self.owed is not None:
            return self.owed
        return sum((line.gross for line in self.lines), start=Money.zero(self.total.currency))

    def held_also(self, reasons: Sequence[str]) -> "Rebate":
        """Hold the rebate for these reasons too."""
        if not reasons:
            return self
        because = "; ".join((*([self.held_because] if self.held_because else []), *reasons))
        return self.model_copy(update={"held_for_approval": True, "held_because": because})

    def net_of(self, credited: Iterable[EarlierCredit]) -> Netted:
        """Take off what counts now, under the lock that booking takes; what is undecided takes nothing back."""
        counted = list(credited)
        netted = net_off(within_cap(self.gross, self.window, self.cap, self.cap_window, counted), self.window, counted)
        if netted.net.amount < 0 and self.undecided:
            return netted._replace(net=Money.zero(self.total.currency), held_because=None)
        return netted

    def settle(self, credited: Iterable[EarlierCredit], decided: Sequence[Decision]) -> Settlement:
        """Say what is booked, held or left alone now, under the lock that booking takes."""
        netted = self.net_of(credited)
        if (one := standing(decided, self, left=min(self.total, netted.net))) is not None:
            reason = f"{one.by} decided on the same facts before ({one.reference}): that stands."
            return Settlement(None, Money.zero(self.total.currency), reason)
        if self.held_for_approval:
            return Settlement("held", self.total if self.named else None, self.held_because)
        if netted.net.amount <= 0:  # credited meanwhile, perhaps on newer facts: that takes nothing back
            said = "Everything that is due was credited before." if self.total else None
            return Settlement(None, Money.zero(self.total.currency), said)
        because = [netted.held_because] if netted.held_because else []
        because += [why for one in decided if (why := one.against(self.window))]
        if because:
            return Settlement("held", netted.net, "; ".join(because))
        return Settlement("unclaimed" if self.claim_required else "booked", netted.net, None)


class BillingAdjustment(Document):
    """What Billing & Collections did with a rebate (TMF678 applied billing credit).

    `booked` is what was credited now (zero for a held rebate), `waiting` what is held, `decided` how a person decided;
    totals are those of the open invoice. Without an open invoice what is booked is to be paid out.
    """

    account: str
    invoice: str | None
    references: tuple[str, ...]
    booked: Money
    invoice_before: Money | None = None
    invoice_after: Money | None = None
    held: bool = False
    waiting: Money | None = None
    decided: str | None = None
    reason: str


def within_cap(
    owed: Money, window: Period, cap: Money | None, cap_window: Period | None, credited: Iterable[EarlierCredit]
) -> Money:
    """Return what the cap leaves of an amount beside the other windows under it; what this one shares is netted."""
    if cap is None or cap_window is None:
        return owed
    others = (one for one in credited if not one.window.overlaps(window))
    return min(owed, left_of_cap(cap, cap_window, others))


def left_of_cap(cap: Money, cap_window: Period, credited: Iterable[EarlierCredit]) -> Money:
    """Return what these credits have left of a cap; netting holds what another currency was credited for."""
    mine = (one for one in credited if one.amount.currency == cap.currency)
    used = (one.amount for one in mine if cap_window.contains(one.window.start))
    return max(cap - sum(used, start=Money.zero(cap.currency)), Money.zero(cap.currency))


def standing(decided: Sequence[Decision], rebate: Rebate, *, left: Money) -> Decision | None:
    """Return the newest decision about this window, if it was made on the same facts and covers what is left to book.

    Decisions from before the facts had a name are compared by the amount that was due. Where a credit was closed with
    another incident's, the decision about that one counts.
    """
    mine = sorted((one for one in decided if one.window == rebate.window), key=lambda one: one.at)
    if not mine:
        return None
    newest = mine[-1]
    same = newest.facts == rebate.facts if newest.facts else newest.gross == rebate.gross
    meant = [one for one in mine if not one.follows] or mine
    return newest if same and meant[-1].covers(left) else None
