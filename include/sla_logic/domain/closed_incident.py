"""How the run of one incident ended (row 31)."""

from enum import StrEnum

from pydantic import AwareDatetime

from include.sla_logic.domain.customer_report import CreditState
from include.sla_logic.domain.document import Document
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.resolution import Outcome


class Ending(StrEnum):
    """Whether the ticket is resolved, or stays open for specialists."""

    RESOLVED = "resolved"
    ESCALATED = "escalated"


class ClosedIncident(Document):
    """The outcome of the process at Customer Service; an escalated incident is not a failed run."""

    ticket: str
    ending: Ending
    outcome: Outcome
    credit: Money
    credit_state: CreditState
    premium: bool
    closed_at: AwareDatetime
