"""The extra problem fix process for premium customers; the process text gives no details."""

from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.premium import PremiumCase, PremiumState
from include.sla_logic.process.ports import CaseFile
from include.sla_logic.process.step import step


@step
def take_over_incident(file: CaseFile) -> None:
    """Take over the incident of a premium customer in a child ticket, assigned to this process.

    Reads the PremiumCase that Customer Service wrote; writes its next round with the number of the child ticket.
    The run of the incident does not wait for this.
    """
    case = file.read(PremiumCase)
    child = file.open_child_ticket(f"Extra problem fix for {case.service}", to=Lane.EXTRA_PROBLEM_FIX)
    file.write(
        case.model_copy(update={"state": PremiumState.TAKEN_OVER, "child_ticket": child, "taken_over_at": file.now})
    )
    file.record(f"Taken over as {child}.", lane=Lane.EXTRA_PROBLEM_FIX)
