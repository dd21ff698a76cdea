"""The link to the extra problem fix process (row 5)."""

from enum import StrEnum

from pydantic import AwareDatetime

from include.sla_logic.domain.document import Document


class PremiumState(StrEnum):
    """The state of the extra process, as this incident knows it."""

    REQUESTED = "requested"
    TAKEN_OVER = "taken_over"


class PremiumCase(Document):
    """An incident of a premium customer that the extra problem fix process also handles."""

    ticket: str
    customer: str
    service: str
    contract: str
    state: PremiumState
    requested_at: AwareDatetime
    child_ticket: str | None = None
    taken_over_at: AwareDatetime | None = None
