"""The link to the extra problem fix process (row 5)."""

from enum import StrEnum

from pydantic import AwareDatetime

from include.sla_logic.domain.document import Document


class PremiumState(StrEnum):
    """How far the extra process has come, as far as this incident knows."""

    REQUESTED = "requested"
    TAKEN_OVER = "taken_over"


class PremiumCase(Document):
    """An incident of a premium customer that the extra problem fix process takes over beside this one."""

    ticket: str
    customer: str
    service: str
    contract: str
    state: PremiumState
    requested_at: AwareDatetime
    child_ticket: str | None = None
    taken_over_at: AwareDatetime | None = None
