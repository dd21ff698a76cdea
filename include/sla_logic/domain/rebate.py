"""What is owed for a window, net of what was credited before (process.md, rows 28 and 29)."""

import json
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

from include.sla_logic.domain.credit import Decision, Rebate, RebateLine, standing, within_cap
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.netting import EarlierCredit, Netted, net_off
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.sla.comparison import SlaComparison


def line_key(contract: str, service: str, window: Period, objective: str) -> str:
    """Name a line of a rebate: contract, service, window, objective."""
    return f"{contract}:{service}:{window.start:%Y%m%dT%H%M%SZ}-{window.end:%Y%m%dT%H%M%SZ}:{objective}"


def work_out_rebate(
    comparison: SlaComparison, *, earlier: Sequence[EarlierCredit], decided: Sequence[Decision] = ()
) -> Rebate:
    """Return what is still to be credited for this window.

    `earlier` are the credits already booked for this customer's service in windows that share time with this one or
    lie under its cap, `decided` what people decided about its credits.
    """
    grosses, cut = _shares_within_cap(comparison, earlier)
    owed = _sum((gross for _, gross in grosses), comparison.currency)
    netted = _net(comparison, owed, earlier)
    held = list(_why_held(comparison, netted, decided))
    rebate = Rebate(
        contract=comparison.contract,
        contract_version=comparison.contract_version,
        rules_version=comparison.rules_version,
        service=comparison.service,
        window=comparison.window,
        lines=_lines(comparison, grosses, netted, cut),
        total=netted.net,
        provisional=comparison.provisional,
        held_for_approval=bool(held),
        held_because="; ".join(held) or None,
        claim_required=comparison.claim.state not in ("automatic", "in_time"),
        claim_deadline=comparison.claim.deadline,
        claim_last_day=comparison.claim.last_day,
        reason=_reason(comparison, netted),
        notes=tuple(_notes(comparison)),
        cap=comparison.cap,
        cap_window=comparison.cap_window,
        undecided=tuple(o.objective for o in comparison.undecided),
        owed=owed,
        payout=comparison.payout,
        named=not comparison.needs_decision or netted.net.amount > 0,
        facts=facts_of(comparison),
    )
    stands = standing(decided, rebate, left=rebate.total)
    return rebate if stands is None else _left_alone(rebate, stands)


def _left_alone(rebate: Rebate, stands: Decision) -> Rebate:
    """Book and hold nothing: a person has decided on the same facts."""
    return rebate.model_copy(
        update={
            "lines": (),
            "total": Money.zero(rebate.total.currency),
            "held_for_approval": False,
            "held_because": None,
            "reason": f"{stands.by} decided on the same facts before ({stands.reference}): that stands.",
        }
    )


def facts_of(comparison: SlaComparison) -> str:
    """Name what a judgement found: the same name means that no fact has changed that matters for the credit."""
    found: list[list[str | int | None]] = [
        [o.objective, o.verdict.value, o.measured_exact, o.counted_seconds, o.credit_exact, o.refusal]
        for o in comparison.objectives
    ]
    due = None if comparison.credit_due is None else str(comparison.credit_due)
    return name_of_facts(str(comparison.window), found, late=comparison.claim.state == "late", due=due)


def name_of_facts(window: str, found: Sequence[Sequence[str | int | None]], *, late: bool, due: str | None) -> str:
    """Name what was found of a window: by objective its id, verdict, value, counted seconds, credit and refusal."""
    return sha256(json.dumps([window, late, due, found]).encode()).hexdigest()


def _sum(amounts: Iterable[Money], currency: str) -> Money:
    return sum(amounts, start=Money.zero(currency))


def _shares_within_cap(
    comparison: SlaComparison, earlier: Sequence[EarlierCredit]
) -> tuple[list[tuple[str, Money]], dict[str, Money]]:
    """Share the window's amount out among its objectives; return also where the cap left less."""
    undecided = {o.objective for o in comparison.undecided}
    shares = [(name, amount) for name, amount in comparison.shares if name not in undecided and amount]
    due = _sum((amount for _, amount in shares), comparison.currency)
    room = within_cap(due, comparison.window, comparison.cap, comparison.cap_window, earlier)
    left, cut, kept = room, {}, []
    for name, amount in shares:
        kept.append((name, min(amount, left)))
        if amount > left:
            cut[name] = left
        left -= kept[-1][1]
    return kept, cut


def _net(comparison: SlaComparison, owed: Money, earlier: Sequence[EarlierCredit]) -> Netted:
    netted = net_off(owed, comparison.window, earlier)
    late = comparison.claim.state == "late"
    if netted.net.amount < 0 and (comparison.undecided or late):  # a refusal takes nothing back
        return netted._replace(net=Money.zero(comparison.currency), earlier=owed, held_because=None)
    return netted


def _lines(
    comparison: SlaComparison, grosses: Sequence[tuple[str, Money]], netted: Netted, cut: dict[str, Money]
) -> tuple[RebateLine, ...]:
    if not grosses and netted.taken_off:  # nothing is due any more of what was credited
        grosses = [(netted.taken_off[-1].objective or comparison.worst.objective, Money.zero(comparison.currency))]
    left = netted.earlier
    references = ", ".join(dict.fromkeys(one.reference for one in netted.taken_off))
    lines = []
    for position, (name, gross) in enumerate(grosses, 1):
        before = left if position == len(grosses) else min(left, gross)
        left -= before
        arithmetic = [f"{name}: {dict(comparison.shares).get(name, gross)} due for {comparison.window}"]
        if name in cut:
            arithmetic.append(f"the cap leaves {cut[name]} for it")
        if before:
            arithmetic.append(f"{gross} - {before} credited before ({references}) = {gross - before}")
        lines.append(
            RebateLine(
                key=line_key(comparison.contract, comparison.service, comparison.window, name),
                objective=name,
                gross=gross,
                earlier=before,
                net=gross - before,
                arithmetic=tuple(arithmetic),
            )
        )
    return tuple(lines)


def _why_held(comparison: SlaComparison, netted: Netted, decided: Sequence[Decision]) -> Iterator[str]:
    """Say why a second person must look; where everything was credited before, there is nothing to look at."""
    if comparison.needs_approval and (netted.net or comparison.needs_decision):
        yield from comparison.approval_reasons
    if netted.held_because:
        yield netted.held_because
    if netted.net:
        yield from (why for one in decided if (why := one.against(comparison.window)))


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


def _reason(comparison: SlaComparison, netted: Netted) -> str:
    if comparison.credit_due is None:
        return "No credit can be named yet: " + "; ".join(f"{o.objective}: {o.reason}" for o in comparison.undecided)
    if comparison.claim.state == "late":
        return comparison.claim.reason
    if netted.net:
        return "Credit for " + ", ".join(name for name, amount in comparison.shares if amount)
    if netted.earlier:
        return "Everything that is due was credited before."
    return "No credit is due: " + "; ".join(f"{o.objective}: {o.reason}" for o in comparison.objectives)
