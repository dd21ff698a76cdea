"""Comparing one service with one contract in one window (process.md, row 2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from include.sla_logic.domain.contract.contract import Contract
from include.sla_logic.domain.contract.quantities import exact_text
from include.sla_logic.domain.measurements import ServiceFacts
from include.sla_logic.domain.money import Money, half_up, round_to_minor_unit
from include.sla_logic.domain.paid import Payout
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.sla.agreed import find_agreed_window, judged_time
from include.sla_logic.domain.sla.case import Case
from include.sla_logic.domain.sla.charge import ChargeBase, charge_base
from include.sla_logic.domain.sla.claim_finding import find_claim
from include.sla_logic.domain.sla.claimed import is_of_incidents
from include.sla_logic.domain.sla.claims import by_incident, whole_window
from include.sla_logic.domain.sla.comparison import (
    ChronicFinding,
    ClaimFinding,
    ObjectiveJudgement,
    RefusalCode,
    SlaComparison,
    Verdict,
)
from include.sla_logic.domain.sla.judgement import Judged, judge
from include.sla_logic.domain.sla.next_cost import with_costs
from include.sla_logic.domain.sla.payment import payable, payout_of
from include.sla_logic.domain.sla.planned import planned_work, refused_work
from include.sla_logic.domain.sla.reason import said_of_claim
from include.sla_logic.domain.sla.refusal import UnableToJudge
from include.sla_logic.domain.sla.reported import lacks_ticket
from include.sla_logic.domain.sla.rights import find_chronic
from include.sla_logic.domain.sla.stacking import Entry, share_out, shared_events, stack

RULES_VERSION = "1"


@dataclass(frozen=True, slots=True)
class _Due:
    """What is owed after stacking, cap and claim; rounded here and nowhere else."""

    money: Money | None
    percent: Fraction | None
    shares: tuple[tuple[str, Money], ...]
    steps: tuple[str, ...]
    cap: Fraction | None
    capped: bool
    full: bool
    payout: Payout | None = None


@dataclass(frozen=True, slots=True)
class Assessed:
    """A judgement with the terms and the facts that it rests on."""

    contract: Contract
    facts: ServiceFacts
    comparison: SlaComparison


def compare(contract: Contract, facts: ServiceFacts, *, window: Period, as_of: datetime) -> SlaComparison:
    """Judge every objective of the contract on these facts; nothing is guessed, every doubt is stated.

    `as_of` is the moment up to which the facts are known: what is open is counted up to it. The window is cut to the
    agreements of the facts; raise `UnableToFindAgreedTime` where several hold it that are judged apart.
    """
    agreed = find_agreed_window(contract, facts, window)
    case = Case(contract, facts, agreed, as_of)
    base, missing = _base(case)
    judged = [judge(objective, case.counted_for(objective), base, missing) for objective in contract.objectives]
    whole = _owed_as_a_whole(contract, judged)
    claim = find_claim(case, whole=bool(whole))
    due = _due(case, judged, base, claim, unpaid=_unpaid(case, whole))
    cap_window = None if due.cap is None else _cap_window(case)
    costed = with_costs(judged, case, due.cap, cap_window)
    judgements = tuple(said_of_claim(entry.judgement, claim) for entry in costed)
    open_reasons = _open_reasons(case, judgements)
    approval = _approval(contract, judgements, due)
    return SlaComparison(
        **_names(case),
        objectives=judgements,
        credit_due=due.money,
        credit_percent=None if due.percent is None else half_up(due.percent * 100, 8).normalize() + 0,
        credit_steps=due.steps,
        shares=due.shares,
        payout=due.payout,
        charge_base=None if base is None else round_to_minor_unit(base.window, contract.currency),
        capped=due.capped,
        cap=None if due.cap is None else round_to_minor_unit(due.cap, contract.currency),
        cap_window=cap_window,
        provisional=bool(open_reasons),
        provisional_reasons=open_reasons,
        needs_approval=bool(approval),
        approval_reasons=approval,
        claim=claim,
        chronic=_chronic(case),
        maintenance=planned_work(facts),
        refused_maintenance=refused_work(case),
    )


def _names(case: Case) -> dict[str, Any]:
    """Say what was judged: under which contract, of which service, in which window, and when."""
    contract = case.contract
    return {
        "contract": contract.id,
        "contract_version": contract.version,
        "contract_title": contract.title,
        "service_hours": contract.service_hours,
        "rules_version": RULES_VERSION,
        "service": case.facts.service,
        "window": case.window,
        "contract_window": case.agreed.calendar,
        "zone": contract.zone,
        "currency": contract.currency,
        "as_of": case.as_of,
    }


def _unpaid(case: Case, whole: Sequence[str]) -> dict[str, str]:
    """Say which credits for the window as a whole are lost, and why."""
    late = by_incident(case) and whole_window(case).late
    found = dict.fromkeys(whole, "the window was not claimed in time") if late else {}
    silent = [name for name in whole if lacks_ticket(case.counted_for(case.contract.objective(name)))]
    return found | dict.fromkeys(silent, "the customer reported nothing in the window")


def _owed_as_a_whole(contract: Contract, judged: Sequence[Judged]) -> tuple[str, ...]:
    """Name the objectives that owe something for the window and not for incidents in it."""
    pairs = zip(contract.objectives, judged, strict=True)
    return tuple(o.id for o, entry in pairs if entry.exact and (entry.stated or not is_of_incidents(o)))


def _base(case: Case) -> tuple[ChargeBase | None, UnableToJudge | None]:
    """Return the charge, or why there is none: only an objective that owes money is refused for it."""
    contract, facts = case.contract, case.facts
    if contract.charge_base != "recurring" and facts.charges.usage is None and "usage" in facts.not_kept:
        reason = "Credits are a share of a usage charge, of which no record is kept here: give it in a facts file."
        return None, UnableToJudge(RefusalCode.CHARGE_UNKNOWN, reason)
    try:
        return charge_base(contract, facts, case.agreed), None
    except UnableToJudge as refusal:
        return None, refusal


def _cap_window(case: Case) -> Period:
    contract, window = case.contract, case.window
    if contract.cap is None or contract.cap.over == "window":
        return window
    stretch = contract.stretch(contract.cap.over, window.start)
    return judged_time(case.facts.agreements, stretch)


def _due(
    case: Case, judged: Sequence[Judged], base: ChargeBase | None, claim: ClaimFinding, *, unpaid: Mapping[str, str]
) -> _Due:
    contract = case.contract
    named = [entry for entry in judged if entry.exact is not None]
    cap = None
    if contract.cap is not None and base is not None:
        cap = contract.cap.share * base.over(contract.cap.over, contract, case.agreed)
    if judged and not named:
        return _Due(None, None, (), ("no objective could be judged",), cap, capped=False, full=False)
    events = shared_events([entry.judgement for entry in named])
    amounts = {e.judgement.objective: e.exact or Fraction(0) for e in named} | dict.fromkeys(unpaid, Fraction(0))
    entries = [(name, events[name], amounts[name]) for name in events]
    paid = stack(entries, contract.stacking)
    steps = [
        f"{name}: {exact_text(amount)}, not paid beside a higher one"
        for name, _e, amount in entries
        if amount and not paid[name]
    ]
    steps += [f"{name}: not paid, since {why}" for name, why in unpaid.items()]
    total, payout = sum(paid.values(), Fraction(0)), payout_of(contract, paid, cap, base)
    capped = cap is not None and total > cap
    if capped and cap is not None and contract.cap is not None:
        steps.append(
            f"{exact_text(total)} is above the cap of {exact_text(contract.cap.share * 100)} % "
            f"of the {contract.cap.over} = {exact_text(cap)}"
        )
        total = cap
    total, more = payable(total, cap, contract)
    steps += more
    full = base is not None and base.window > 0 and total >= base.window * contract.approval_share
    percent = _percent(contract, entries, named, total, base)
    if claim.state == "late" and total:
        steps.append(f"nothing is paid: {claim.reason}")
        total, percent = Fraction(0), None if percent is None else Fraction(0)
    money = round_to_minor_unit(total, contract.currency)
    steps.append(f"rounded once, half up: {exact_text(total)} = {money}")
    return _Due(money, percent, share_out(money, paid), tuple(steps), cap, capped, full and bool(total), payout)


def _percent(
    contract: Contract, entries: Sequence[Entry], named: Sequence[Judged], total: Fraction, base: ChargeBase | None
) -> Fraction | None:
    """Return the credit as a share of the charge, where every paying rule speaks in shares."""
    paid = stack(entries, contract.stacking)
    paying = [entry for entry in named if paid[entry.judgement.objective]] or list(named)
    if not all(entry.share is not None for entry in paying):
        return None
    if base is not None and base.window:
        return total / base.window
    # A share of nothing is a share all the same.
    shares = [
        (name, events, entry.share or Fraction(0)) for (name, events, _), entry in zip(entries, named, strict=True)
    ]
    stacked = sum(stack(shares, contract.stacking).values(), Fraction(0))
    return stacked if contract.cap is None else min(stacked, contract.cap.share)


def _chronic(case: Case) -> ChronicFinding | None:
    try:
        return find_chronic(case)
    except UnableToJudge as refusal:
        assert case.contract.chronic is not None  # noqa: S101 - else there is nothing to judge
        return ChronicFinding(state="none", right=case.contract.chronic.right, reason=f"Not judged: {refusal.reason}")


def _open_reasons(case: Case, judgements: Sequence[ObjectiveJudgement]) -> tuple[str, ...]:
    reasons = [f"{o.objective} rests on something still open" for o in judgements if o.provisional]
    if case.as_of < case.window.end:
        reasons.append(f"the facts end at {case.as_of:%Y-%m-%d %H:%M} UTC, before the window does")
    return tuple(reasons)


def _approval(contract: Contract, judgements: Sequence[ObjectiveJudgement], due: _Due) -> tuple[str, ...]:
    reasons = [o.approval_reason for o in judgements if o.needs_approval and o.approval_reason]
    limit = contract.approval_above()
    if due.money is None and not reasons:
        reasons.append("no objective could be judged")
    if due.money is not None and due.full:
        reasons.append(f"the credit of {due.money} reaches {exact_text(contract.approval_share * 100)} % of the charge")
    if due.money is not None and limit is not None and due.money > limit:
        reasons.append(f"the credit of {due.money} is above the approval limit of {limit}")
    bracketed = (o for o in judgements if o.verdict is not Verdict.NO_DATA)
    if due.money and any(o.counted_at_most != o.counted_seconds for o in bracketed):
        reasons.append("the length of an outage is only known within bounds")
    return tuple(reasons)
