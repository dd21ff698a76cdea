"""What a claim means for the window: paid by itself, still to be claimed and until when, in time, or too late."""

from collections.abc import Sequence

from include.sla_logic.domain.sla.case import Case
from include.sla_logic.domain.sla.claim_days import day_before
from include.sla_logic.domain.sla.claims import Claimable, incidents_of, shown_day, whole_window
from include.sla_logic.domain.sla.objective_judgement import ClaimFinding
from include.sla_logic.domain.sla.refusal import UnableToJudge

_NAMED = 5  # lost incidents in one sentence; the steps of the judgement name all


def find_claim(case: Case, *, whole: bool) -> ClaimFinding:
    """Tell whether the credit is paid by itself, or until when it must be claimed; the last day counts.

    `whole` tells that something is owed for the window as a whole, and not for an incident. The day that is named is
    the first on which something would be lost.
    """
    terms = case.contract.claim
    if terms.automatic:
        return ClaimFinding(state="automatic", reason="The contract pays without a claim.")
    claimable = _claimable(case, whole=whole)
    alive = [one for one in claimable if not one.late]
    late = [one for one in claimable if one.late]
    waiting = [one for one in alive if one.filed is None]
    dated = sorted(
        (one for one in waiting or alive or late if one.deadline is not None), key=lambda one: (one.deadline, one.name)
    )
    first = None if not dated else dated[0] if alive else dated[-1]
    deadline = None if first is None else first.deadline
    return ClaimFinding(
        state="open" if waiting else "in_time" if alive else "late",
        reason=" ".join([_reason(case, first, waiting=bool(waiting), alive=bool(alive)), *_lost(case, alive, late)]),
        deadline=deadline,
        last_day=None if deadline is None else day_before(deadline, case.contract.zone),
        late=tuple(one.name for one in late) if alive else (),
    )


def _claimable(case: Case, *, whole: bool) -> list[Claimable]:
    try:
        found = list(incidents_of(case))
    except UnableToJudge:  # the refusal is the objective's to tell
        found = []
    return [*found, whole_window(case)] if whole or not found else found


def _reason(case: Case, first: Claimable | None, *, waiting: bool, alive: bool) -> str:
    terms = case.contract.claim
    if first is None or first.deadline is None:
        if terms.note:
            return terms.note
        begins = terms.has_days and terms.counted_from != "window_end"
        return (
            "The days for the claim begin when the outage has ended."
            if begins
            else "The contract names no deadline for the claim."
        )
    shown = shown_day(first.deadline, case.contract.zone)
    if waiting:
        return f"The credit must be claimed until {shown}."
    if alive:
        return f"Claimed in time (until {shown})."
    if first.filed is None:
        return f"No claim was filed until {shown}."
    return f"Claimed at {first.filed:%Y-%m-%d %H:%M:%S} UTC, after {shown}."


def _lost(case: Case, alive: Sequence[Claimable], late: Sequence[Claimable]) -> list[str]:
    if not alive or not late:
        return []
    zone = case.contract.zone
    named = [f"{one.name} (until {day_before(one.deadline, zone)})" for one in late if one.deadline]
    more = [f"{len(named) - _NAMED} more"] if len(named) > _NAMED else []
    return [f"Too late for {'; '.join([*named[:_NAMED], *more])}."]
